import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { specimens } from '../../devices/card/virtual/specimen.ts';
import type { Holder } from '../../flows/ports/services.ts';
import { type Visitor, openChromium } from '../harness/browser.ts';
import { copyCard, on, signOn, touch } from '../harness/people.ts';
import { contacts, luca, mario, marioCardId, numbers, startSpaceRegion } from '../harness/remote-desk.ts';
import type { Sportello } from '../harness/sportello.ts';

/** Codes that are long enough to be looked for: a part of eight digits stands nowhere by chance. */
const codes = [
  { label: 'PIN', length: 16, paperCharacters: 8 },
  { label: 'PUK', length: 16, paperCharacters: 8 },
];

let world: Sportello;
let chromium: Visitor;
beforeAll(async () => {
  [world, chromium] = await Promise.all([startSpaceRegion({ codes }), openChromium()]);
}, 60_000);
afterAll(async () => {
  await chromium.close();
  await world.close();
});

async function begin(desk: Page, { surname, name, fiscalCode }: Holder, born: string, number: string): Promise<void> {
  await desk.getByText('Attivazione a distanza (videochiamata)').click();
  await desk.getByLabel('Cognome').fill(surname);
  await desk.getByLabel('Nome', { exact: true }).fill(name);
  await desk.getByLabel('Codice fiscale').fill(fiscalCode);
  await desk.getByLabel('Data di nascita').fill(born);
  await desk.getByLabel('Numero di identificazione della tessera').fill(number);
  await touch(desk, 'Comincia');
  await desk.getByRole('heading', { name: 'Attivare la tessera a distanza' }).waitFor();
}

const messagesOf = (id: string) => world.mailbox.messages().filter(({ messageId }) => messageId.includes(id));

/** Both messages are there, each once, and with the two together the holder has the codes that the CMS holds. */
async function haveBothParts(operationId: string): Promise<void> {
  await vi.waitUntil(() => messagesOf(operationId).length === 2, { timeout: 15_000, interval: 10 });
  const [mail, text] = [contacts.email, contacts.mobile].map(
    (to) => messagesOf(operationId).find((message) => message.to === to)?.text ?? '',
  );
  const held = world.ledger.remoteCodes(operationId);
  expect(held.map(({ label }) => label)).toEqual(['PIN', 'PUK']);
  for (const { label, value } of held) {
    const first = new RegExp(`${label} - prima parte: (\\d+)`).exec(mail ?? '')?.[1] ?? '';
    const second = new RegExp(`${label} (\\d+)`).exec(text ?? '')?.[1] ?? '';
    expect(first + second).toBe(value);
  }
}

/** No part of any code is in what the kiosk wrote, said or heard. */
function nothingOfThemHere(operationIds: readonly string[], seen: readonly string[]): void {
  const parts = operationIds.flatMap((id) => world.ledger.remoteCodes(id).flatMap(({ value }) => [value.slice(0, 8), value.slice(8)]));
  expect(parts).toHaveLength(operationIds.length * 4);
  const state = join(world.folder, 'state');
  const files = readdirSync(state, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  expect(files.length).toBeGreaterThan(1);
  const written = files.map((entry) => readFileSync(join(entry.parentPath, entry.name)).toString('latin1'));
  const cms = new Database(join(world.folder, 'cms.db'), { readonly: true });
  const answers = cms.prepare('SELECT body FROM answers').pluck().all() as Buffer[];
  cms.close();
  expect(answers.length).toBeGreaterThanOrEqual(operationIds.length);
  const told = [...written, ...answers.map(String), ...world.logs, ...world.client.heard, ...seen];
  for (const part of parts) expect(told.filter((words) => words.includes(part))).toEqual([]);
  expect(world.printer.slips()).toEqual([]);
}

test(
  'an adult and a minor with a parent, recognised by video: one part by e-mail, one by text message, and none at the kiosk (OP-REM, C12, C13)',
  { timeout: 120_000 },
  async () => {
    const citizen = await chromium.visit({ width: 1080, height: 1920 });
    const desk = await chromium.visit({ width: 1280, height: 800 });
    const heard: string[] = [];
    for (const { page } of [citizen, desk])
      page.on(
        'response',
        (response) =>
          void response.text().then(
            (text) => heard.push(text),
            () => undefined,
          ),
      );
    await citizen.page.goto(`http://127.0.0.1:${world.client.port}`);
    await on(citizen.page, 'welcome');
    await signOn(desk.page, world);

    await begin(desk.page, mario, '09/07/1972', numbers.mario);
    await on(citizen.page, 'operator');
    await copyCard(desk.page);
    await desk.page.getByLabel('E-mail (prima parte)').fill(contacts.email);
    await desk.page.getByLabel('modulo di richiesta firmato').check();
    await desk.page.getByLabel('Copie leggibili').check();
    // Nobody was recognised yet, and there is one channel only.
    await touch(desk.page, 'Riconosciuto: chiedi al sistema centrale');
    await desk.page.getByText('soltanto dopo il riconoscimento del volto').waitFor();
    await desk.page.getByText('per la seconda serve un numero di cellulare').waitFor();
    await desk.page.getByLabel('Volto riconosciuto').check();
    await desk.page.getByLabel('Cellulare (seconda parte)').fill('333 1234567');
    await touch(desk.page, 'Riconosciuto: chiedi al sistema centrale');
    await desk.page.getByText(contacts.mobile).waitFor();
    await touch(desk.page, 'Conferma e firma');
    await on(citizen.page, 'service-done');
    expect(await citizen.page.textContent('h1')).toBe('I codici sono in viaggio');
    const [adult = ''] = world.operations();
    expect(world.journal(adult)).toMatchObject([
      { kind: 'OP_OPEN', operation: 'activation', case: 'adult' },
      { kind: 'SERVICE_INTENT', identification: 'remote-video' },
      { kind: 'SERVICE_RECEIPT', state: 'DONE' },
      { kind: 'CLOSED', state: 'DONE' },
    ]);
    await haveBothParts(adult);
    expect(world.ledger.activated(marioCardId)).toBe(true);
    await world.client.citizenDoes({ type: 'stay' });
    await on(citizen.page, 'welcome');

    const { minor, parent } = specimens;
    await begin(desk.page, luca, '20/11/2014', numbers.luca);
    const represented = desk.page.getByRole('group', { name: 'minore, con un genitore' });
    await represented.getByLabel('Cognome').fill(parent.personalData.surname);
    await represented.getByLabel('Nome', { exact: true }).fill(parent.personalData.name);
    await represented.getByLabel('Codice fiscale', { exact: true }).fill(parent.personalData.fiscalCode);
    await represented.getByLabel('Codice fiscale del titolare').fill(minor.personalData.fiscalCode);
    await represented.getByLabel('modulo firmato dal rappresentante legale').check();
    await represented.getByLabel('documento del titolare, anche in copia').check();
    await copyCard(desk.page);
    await desk.page.getByLabel('E-mail (prima parte)').fill(contacts.email);
    await desk.page.getByLabel('Cellulare (seconda parte)').fill(contacts.mobile);
    await desk.page.getByLabel('Copie leggibili').check();
    await desk.page.getByLabel('Volto riconosciuto').check();
    await touch(desk.page, 'Riconosciuto: chiedi al sistema centrale');
    await touch(desk.page, 'Conferma e firma');
    await on(citizen.page, 'service-done');
    const [, child = ''] = world.operations();
    expect(world.journal(child)[0]).toMatchObject({ case: 'minor', representative: expect.stringMatching(/^[0-9a-f]{64}$/) as string });
    await haveBothParts(child);

    nothingOfThemHere([adult, child], heard);
    expect(JSON.stringify([world.journal(adult), world.journal(child)])).not.toMatch(/ROSSI|RSS|mario\.rossi|3331234567/);
    expect([...citizen.complaints, ...desk.complaints]).toEqual([]);
  },
);
