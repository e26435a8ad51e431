import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { projectRoot } from '../../../kiosk/project.ts';
import { type Visitor, openChromium } from '../../harness/browser.ts';
import { DemoProcess } from './demo-process.ts';

let demo: DemoProcess;
let chromium: Visitor;

beforeAll(async () => {
  [demo, chromium] = await Promise.all([DemoProcess.start('--port', '0'), openChromium()]);
});
afterAll(async () => {
  await chromium.close();
  await demo.stop();
});

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
async function violations(page: Page): Promise<unknown> {
  return await page.evaluate(`${axe}; axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'] })
    .then((found) => found.violations.map(({ id, nodes }) => ({ id, at: nodes.map(({ target, failureSummary }) => [target, failureSummary]) })))`);
}

const pictureFile = join(projectRoot(), 'docs', 'pictures', 'bench.png');

// With PICTURES=all, or a word of "bench", the picture of the bench is taken anew; then looked at by somebody.
test('a newcomer who does what the bench says, and nothing else, ends with both parts of the codes', { timeout: 90_000 }, async () => {
  const { page: bench, complaints } = await chromium.visit({ width: 1360, height: 1100 }, 0.75);
  await bench.goto(demo.addresses.bench);
  const now = bench.locator('.bench-steps [aria-current=step]');
  const first = now.first();

  await first.getByText('Inserisci una tessera').waitFor();
  expect(await violations(bench)).toEqual([]);
  await bench.getByRole('button', { name: /^Inserisci:\s*Tessera sanitaria\s*MARIO ROSSI/ }).click();

  const citizenLink = bench.getByRole('link', { name: 'schermo del cittadino', exact: true });
  const { page: citizen } = await chromium.visit();
  await citizen.goto((await citizenLink.getAttribute('href')) ?? '');
  await citizen.getByRole('button', { name: 'Sì, voglio attivarla' }).click();
  await citizen.getByRole('button', { name: 'Ho letto' }).click();

  const { page: desk } = await chromium.visit({ width: 1280, height: 800 });
  await desk.goto((await bench.getByRole('link', { name: 'pagina dell’operatore', exact: true }).getAttribute('href')) ?? '');
  const [id = '', pin = '', number = '', issuer = '', email = ''] = await now.locator('code').allTextContents();
  await desk.getByLabel('Codice operatore').fill(id);
  await desk.getByLabel('PIN').fill(pin);
  await desk.getByRole('button', { name: 'Accedi' }).click();
  await desk.getByLabel('Numero').fill(number);
  await desk.getByLabel('Ente emittente').fill(issuer);
  await desk.getByLabel(/^Scadenza/).fill('31/12/2035');
  await desk.keyboard.press('Enter');

  await citizen.getByLabel('La tua e-mail').fill(email);
  await citizen.getByRole('button', { name: 'Manda il codice' }).click();
  const code = await bench.locator('.bench-code').textContent();
  await citizen.getByLabel('Codice di sei cifre').fill(code ?? '');
  const confirm = citizen.getByRole('button', { name: 'Conferma' });
  if (await confirm.isVisible()) await confirm.click();

  await first.getByText('Il foglio').waitFor();
  const drawn = bench.getByRole('img', { name: 'Foglio 1 come è uscito dalla stampante' });
  await drawn.waitFor();
  expect(await drawn.evaluate((image) => Reflect.get(image, 'naturalWidth') as number)).toBeGreaterThan(100);
  await citizen.getByRole('button', { name: 'L’ho preso' }).click();
  await desk.locator('.decisions button').first().click();

  await first.getByRole('heading', { name: 'La seconda parte' }).waitFor();
  expect(await violations(bench)).toEqual([]);
  const mail = (await bench.locator('.bench-mail pre').first().textContent()) ?? '';
  const { PICTURES } = process.env;
  if (PICTURES !== undefined && (PICTURES === 'all' || 'bench'.includes(PICTURES))) await bench.screenshot({ path: pictureFile });
  await bench.getByRole('button', { name: 'Mostra come testo' }).click();
  const slip = (await bench.locator('.bench-slip pre').textContent()) ?? '';
  for (const [label, digits] of [
    ['PIN', 5],
    ['PUK', 8],
  ] as const) {
    const [, onPaper = ''] = new RegExp(`${label}[^\\n]*\\n\\s*([0-9 ]+[0-9])`).exec(slip) ?? [];
    const [, byMail = ''] = new RegExp(`${label} - seconda parte: ([0-9]+)`).exec(mail) ?? [];
    expect(onPaper.replaceAll(' ', '') + byMail, label).toMatch(new RegExp(`^[0-9]{${digits}}$`));
  }

  await bench.getByRole('button', { name: 'Togli la tessera' }).click();
  await first.getByText('Inserisci una tessera').waitFor();
  expect(complaints).toEqual([]);
  expect(existsSync(pictureFile)).toBe(true);
});

test('a card that must not pass is explained at the bench', async () => {
  const { page: bench, complaints } = await chromium.visit({ width: 1360, height: 1150 });
  await bench.goto(demo.addresses.bench);
  await bench.getByRole('button', { name: /^Inserisci:\s*revocata\s*MARIO ROSSI/ }).click();
  await bench.getByText('Il certificato è nella lista delle revoche').waitFor();
  await bench.getByRole('button', { name: 'Togli la tessera' }).click();
  await bench.getByText('Il lettore è vuoto').waitFor();
  expect(complaints).toEqual([]);
});
