import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { specimens } from '../../devices/card/virtual/specimen.ts';
import { type Visitor, openChromium } from '../harness/browser.ts';
import { askCms, copyCard, handOverSlip, identifyByCard, on, proveAddress, signOn, touch } from '../harness/people.ts';
import { Sportello } from '../harness/sportello.ts';

/** Lombardy's. */
const theirs = { ...specimens.secondAdult, personalData: { ...specimens.secondAdult.personalData, issuer: '0030' } };
const ofAnotherRegion = {
  profile: 'sardegna',
  reader: 'in-process',
  holder: theirs,
  registered: { register: 'national', activated: false },
} as const;

let desk: Sportello;
let pharmacy: Sportello;
let chromium: Visitor;
beforeAll(async () => {
  [desk, pharmacy, chromium] = await Promise.all([
    Sportello.start(ofAnotherRegion),
    Sportello.start({ ...ofAnotherRegion, desk: 'pharmacy' }),
    openChromium(),
  ]);
}, 60_000);
afterAll(async () => {
  await chromium.close();
  await Promise.all([desk.close(), pharmacy.close()]);
});

/** The card goes in; what is offered for it. */
async function offered(citizen: Page): Promise<readonly string[]> {
  await on(citizen, 'welcome');
  await desk.insertCard();
  await on(citizen, 'menu');
  await citizen.getByText('Questa tessera è di un’altra regione', { exact: true }).waitFor();
  return await citizen.locator('.choices button').allTextContents();
}

test('SAR 8: a card of another region is activated, given new codes and revoked at a health authority’s desk, through the national system', async () => {
  const citizen = await chromium.visit();
  const operator = await chromium.visit({ width: 1280, height: 800 });
  await signOn(operator.page, desk);
  await citizen.page.goto(`http://127.0.0.1:${desk.client.port}`);
  const ask = async (wish: string): Promise<void> => {
    expect(await offered(citizen.page)).toContain(wish);
    await touch(citizen.page, wish);
    await on(citizen.page, 'notice');
    await touch(citizen.page, 'Ho letto');
    await on(citizen.page, 'operator');
  };

  for (const [many, wish, operation] of [
    [1, 'Attivare una tessera di un’altra regione', 'interop-activation'],
    [2, 'Avere codici nuovi per una tessera di un’altra regione', 'interop-duplicate'],
  ] as const) {
    await ask(wish);
    await identifyByCard(operator.page);
    await proveAddress(citizen.page, desk);
    await handOverSlip(citizen.page, operator.page);
    desk.operationId = desk.operations().at(-1) ?? '';
    await desk.closed('CONFIRMED');
    expect(desk.row('OP_OPEN')).toMatchObject({ profile: 'sardegna', operation });
    await expect.poll(() => desk.secondParts().length).toBe(many);
    await desk.takeCard();
  }

  await ask('Revocare una tessera di un’altra regione');
  await copyCard(operator.page);
  await operator.page.getByLabel('Motivo', { exact: true }).selectOption('codici in mani d’altri');
  await askCms(operator.page);
  await operator.page.getByText('La tessera dell’altra regione viene revocata per sempre.').waitFor();
  await touch(operator.page, 'Conferma e firma');
  await on(citizen.page, 'service-done');
  await citizen.page.getByText('Dove andare: Per una tessera nuova rivolgiti all’Agenzia delle Entrate o alla ASL.').waitFor();
  expect(desk.ledger.cardStatus(theirs.cardId)).toBe('revoked');
  expect([...citizen.complaints, ...operator.complaints]).toEqual([]);
}, 60_000);

test('SAR 8: at a pharmacy nobody speaks of it: neither the menu nor the operator’s services', async () => {
  const citizen = await chromium.visit();
  const operator = await chromium.visit({ width: 1280, height: 800 });
  await signOn(operator.page, pharmacy);
  await operator.page.getByText('Servizio senza tessera').click();
  const services = await operator.page.getByLabel('Che cosa chiede').locator('option').allTextContents();
  expect(services).toContain('Revocare la tessera per sempre');
  expect(services.filter((service) => service.includes('altra regione'))).toEqual([]);

  await citizen.page.goto(`http://127.0.0.1:${pharmacy.client.port}`);
  await on(citizen.page, 'welcome');
  await pharmacy.insertCard();
  await on(citizen.page, 'menu');
  expect(await citizen.page.locator('.choices button').allTextContents()).toEqual(['Ricevere il lettore di tessere', 'Sbloccare il PIN']);
  expect([...citizen.complaints, ...operator.complaints]).toEqual([]);
}, 60_000);
