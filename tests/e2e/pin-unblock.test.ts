import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openChromium, type Visitor } from '../harness/browser.ts';
import { factoryCodes } from '../harness/envelope-specimens.ts';
import { verifyPin } from '../harness/opensc.ts';
import { Sportello } from '../harness/sportello.ts';
import { filesBelow, findSecret } from '../proof/secrets/writings.ts';

const chosen = '71829604';
const wrongPuk = '95173846';

let world: Sportello;
let chromium: Visitor;
beforeAll(async () => {
  [world, chromium] = await Promise.all([Sportello.start({ product: true, plainCards: true }), openChromium()]);
}, 60_000);
afterAll(async () => {
  await chromium.close();
  await world.close();
});

test(
  'OP-PUK, COD-03: a PIN that three wrong tries blocked is set anew at the screen by the PUK, and opens the card in OpenSC; no code stands anywhere',
  { timeout: 180_000 },
  async () => {
    await world.stopKiosk();
    await world.insertCard();
    for (let tries = 0; tries < 3; tries += 1) expect(await verifyPin(world, '99999')).not.toBe(0);
    expect(await verifyPin(world, factoryCodes.pin), 'the PIN is blocked').not.toBe(0);
    await world.startKiosk();

    const { page, complaints } = await chromium.visit({ width: 1080, height: 1920 });
    const answers: Promise<string>[] = [];
    page.on('response', (response) => {
      if (!response.url().includes('events')) answers.push(response.text().catch(() => ''));
    });
    const pages: string[] = [];
    const on = async (screen: string): Promise<void> => {
      await page.waitForSelector(`[data-screen="${screen}"]`);
      pages.push(await page.content());
    };
    const touch = (name: string): Promise<void> => page.getByRole('button', { name, exact: true }).click();

    await page.goto(`http://127.0.0.1:${world.client.port}`);
    await on('recognised');
    await touch('Altro');
    await on('menu');
    await touch('Sbloccare il PIN');

    await on('unblock');
    await typeOnKeypad(page, 'Scrivi il PUK', wrongPuk);
    pages.push(await page.content());
    await touch('Avanti');
    await typeOnKeypad(page, 'Scegli un PIN nuovo', chosen);
    await touch('Avanti');
    await typeOnKeypad(page, 'Scrivi il PIN nuovo un’altra volta', '71829605');
    await touch('Imposta il PIN');
    await page.getByText('I due PIN non erano uguali.').waitFor();
    await typeOnKeypad(page, 'Scegli un PIN nuovo', chosen);
    await touch('Avanti');
    await typeOnKeypad(page, 'Scrivi il PIN nuovo un’altra volta', chosen);
    pages.push(await page.content());
    await touch('Imposta il PIN');
    await page.getByText('Il PUK non è giusto. Restano 2 prove').waitFor();
    pages.push(await page.content());

    await typeOnKeypad(page, 'Scrivi il PUK', factoryCodes.puk);
    await touch('Avanti');
    await typeOnKeypad(page, 'Scegli un PIN nuovo', chosen);
    await touch('Avanti');
    await typeOnKeypad(page, 'Scrivi il PIN nuovo un’altra volta', chosen);
    await touch('Imposta il PIN');
    await on('unblock-done');
    expect(await page.textContent('main')).toContain('La tessera ha il PIN che hai scelto.');
    expect(complaints).toEqual([]);

    const tries = world.operations();
    expect(tries).toHaveLength(2);
    expect(world.journal(tries[0]).at(-2)).toEqual({ kind: 'PIN_EVIDENCE', pin: 'not-set', answer: 'wrong-puk', triesLeft: 2 });
    expect(world.journal(tries[1]).map(({ kind }) => kind)).toEqual(['OP_OPEN', 'PIN_INTENT', 'PIN_EVIDENCE', 'CLOSED']);
    expect(world.journal(tries[1]).at(-2)).toEqual({ kind: 'PIN_EVIDENCE', pin: 'set', answer: 'set', triesLeft: null });

    // The old PIN first: it costs a try, and the right one gives it back.
    await world.stopKiosk();
    expect(await verifyPin(world, factoryCodes.pin)).not.toBe(0);
    expect(await verifyPin(world, chosen)).toBe(0);

    const places: [string, Buffer][] = [
      ...filesBelow(join(world.folder, 'state')).map((file): [string, Buffer] => [file, readFileSync(file)]),
      ...world.logs.map((line): [string, Buffer] => ['log', Buffer.from(line)]),
      ...world.client.heard.map((text): [string, Buffer] => ['stream', Buffer.from(text)]),
      ...(await Promise.all(answers)).map((text): [string, Buffer] => ['answer', Buffer.from(text)]),
      ...pages.map((text): [string, Buffer] => ['page', Buffer.from(text)]),
    ];
    for (const secret of [factoryCodes.puk, wrongPuk, chosen])
      for (const [where, bytes] of places) expect(findSecret(bytes, secret), `${where} holds a code`).toBeNull();
  },
);

/** Types with the screen's own keys, once the page asks for it. */
async function typeOnKeypad(page: Page, asked: string, digits: string): Promise<void> {
  await page.getByRole('heading', { name: asked, exact: true }).waitFor();
  for (const digit of digits)
    await page.getByRole('group', { name: 'Tastierino' }).getByRole('button', { name: digit, exact: true }).click();
}
