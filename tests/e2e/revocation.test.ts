import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Page } from 'playwright-core';
import { specimens } from '../../devices/card/virtual/specimen.ts';
import { type Visit, type Visitor, openChromium } from '../harness/browser.ts';
import { askCms, beginService, on, signOn, touch } from '../harness/people.ts';
import { mario, marioCard } from '../harness/services.ts';
import { Sportello } from '../harness/sportello.ts';
import { ask, importInto, newFolder } from '../kiosk/trust/crl/store.ts';

const { personalData: anna, cardId: annaCard } = specimens.secondAdult;
const newCard = 'Dove andare: Per una tessera nuova rivolgiti all’Agenzia delle Entrate o alla ASL.';

let world: Sportello;
let chromium: Visitor;
let citizen: Visit;
let desk: Visit;
beforeAll(async () => {
  const there = { profile: 'sardegna', reader: 'in-process', holder: specimens.secondAdult, registered: {}, issuesCrl: true } as const;
  [world, chromium] = await Promise.all([Sportello.start(there), openChromium()]);
  citizen = await chromium.visit({ width: 1080, height: 1920 });
  desk = await chromium.visit({ width: 1280, height: 800 });
  await citizen.page.goto(`http://127.0.0.1:${world.client.port}`);
  await signOn(desk.page, world);
}, 60_000);
afterEach(() => expect([...citizen.complaints, ...desk.complaints]).toEqual([]));
afterAll(async () => {
  await chromium.close();
  await world.close();
});

const reason = (page: Page, why: string) => page.getByLabel('Motivo', { exact: true }).selectOption(why);
const proof = (page: Page, shown: string) => page.getByLabel('Prova di furto o smarrimento').selectOption(shown);
const slips = (): string =>
  world.printer
    .slips()
    .map(({ text }) => text)
    .join('\n');

const authority = (): Parameters<typeof ask>[1] => ({ certificate: Buffer.from(world.pki.cnsCa.certificate) });

/** What the kiosk knows of a card, by its certificate's serial number. */
function known(serial: string): string {
  return ask(join(world.folder, 'state', 'crl'), authority(), serial, {}, new Date()).status;
}

/** What the authority's list of now says of it. */
function listed(serial: string): string {
  const store = newFolder();
  const now = new Date();
  expect(importInto(store, [authority()], [readFileSync(world.pki.files.cnsCrl)], now)).toMatchObject({ ok: true });
  return ask(store, authority(), serial, {}, now).status;
}

/** The holder reads that it is done and where new cards are given, and takes that along. */
async function revoked(): Promise<void> {
  await on(citizen.page, 'service-done');
  expect(await citizen.page.textContent('h1')).toBe('La tessera è revocata');
  await citizen.page.getByText(newCard).waitFor();
  await touch(citizen.page, 'Stampa');
  await citizen.page.getByText('Prendi il foglio.').waitFor();
  expect(slips()).toContain('Per una tessera nuova');
  expect(world.journal(world.operations().at(-1)).map(({ kind }) => kind)).toEqual([
    'OP_OPEN',
    'SERVICE_INTENT',
    'SERVICE_RECEIPT',
    'CLOSED',
  ]);
  await world.client.citizenDoes({ type: 'stay' });
  await on(citizen.page, 'welcome');
}

test('OP-REV: a card that was stolen is revoked with the police report, and not without it', { timeout: 60_000 }, async () => {
  await on(citizen.page, 'welcome');
  await beginService(desk.page, 'Revocare la tessera per sempre', mario);
  await reason(desk.page, 'furto');
  await askCms(desk.page);
  await desk.page.getByText('Serve, per furto o smarrimento, la copia della denuncia o un’autocertificazione.').waitFor();
  await desk.page.getByText('SAR 9.7.1').first().waitFor();
  expect(world.operations()).toEqual([]);
  await proof(desk.page, 'copia della denuncia');
  await askCms(desk.page);
  await touch(desk.page, 'Conferma e firma');
  await revoked();
  expect(world.ledger.cardStatus(marioCard.cardId)).toBe('revoked');
  await expect.poll(() => listed('5a01')).toBe('revoked');
  expect(listed('0a01')).toBe('good');
});

test(
  'OP-REV, OP-CRD: a card that was lost is revoked with a declaration that the desk prints; when it is found it is refused',
  { timeout: 60_000 },
  async () => {
    await on(citizen.page, 'welcome');
    await beginService(desk.page, 'Revocare la tessera per sempre', anna);
    await reason(desk.page, 'smarrimento');
    await proof(desk.page, 'autocertificazione firmata');
    await touch(desk.page, 'Stampa: la dichiarazione di furto o smarrimento');
    await desk.page.getByText('Stampato.').waitFor();
    expect(slips()).toContain('Dichiarazione di furto o smarrimento');
    await askCms(desk.page);
    await touch(desk.page, 'Conferma e firma');
    await revoked();
    expect(world.ledger.cardStatus(annaCard)).toBe('revoked');
    await expect.poll(() => listed('0a01')).toBe('revoked');
    await expect.poll(() => known('0a01'), { timeout: 20_000 }).toBe('revoked');

    await world.insertCard();
    // A reader is for who has any card (SAR 9.3.2, 10); this one is good for nothing else.
    await on(citizen.page, 'menu');
    await citizen.page.getByText('Questa tessera è revocata', { exact: true }).waitFor();
    await citizen.page.getByText(newCard).waitFor();
    expect(await citizen.page.locator('.choices button').allTextContents()).toEqual(['Ricevere il lettore di tessere']);
    await desk.page.getByRole('heading', { name: 'Il cittadino legge dove andare (OP-CRD)' }).waitFor();
    expect(world.operations()).toHaveLength(2);
  },
);
