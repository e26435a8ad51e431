import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Visitor, openChromium } from '../harness/browser.ts';
import { askCms, beginService, on, signOn, touch } from '../harness/people.ts';
import { startRegistered } from '../harness/service-desk.ts';
import { anna, mario } from '../harness/services.ts';
import type { Sportello } from '../harness/sportello.ts';

let world: Sportello;
let chromium: Visitor;
beforeAll(async () => {
  [world, chromium] = await Promise.all([startRegistered(), openChromium()]);
}, 60_000);
afterAll(async () => {
  await chromium.close();
  await world.close();
});

test('OP-RDR: one reader a household: the form is asked for, and who lives with somebody who has one is refused, with its source', async () => {
  const citizen = await chromium.visit({ width: 1080, height: 1920 });
  const desk = await chromium.visit({ width: 1280, height: 800 });
  const refused = async (why: string): Promise<void> => {
    await desk.page.getByText(why).waitFor();
    await desk.page.getByRole('alert').getByText('SAR 9.3.2(10)').waitFor();
  };
  await citizen.page.goto(`http://127.0.0.1:${world.client.port}`);
  await on(citizen.page, 'welcome');
  await signOn(desk.page, world);

  await beginService(desk.page, 'Ricevere il lettore di tessere', mario);
  await askCms(desk.page);
  await refused('Manca: il modulo per il lettore.');
  await desk.page.getByLabel('modulo per il lettore').check();
  await askCms(desk.page);
  await desk.page.getByText('Consegna il lettore: viene registrato per tutta la famiglia.').waitFor();
  await touch(desk.page, 'Conferma e firma');
  await on(citizen.page, 'service-done');
  expect(await citizen.page.textContent('h1')).toBe('Prendi il lettore');
  const [operationId] = world.operations();
  expect(world.journal(operationId).map(({ kind }) => kind)).toEqual(['OP_OPEN', 'SERVICE_INTENT', 'SERVICE_RECEIPT', 'CLOSED']);
  await world.client.citizenDoes({ type: 'stay' });
  await on(citizen.page, 'welcome');

  // At the same address.
  await beginService(desk.page, 'Ricevere il lettore di tessere', anna);
  await desk.page.getByLabel('modulo per il lettore').check();
  await askCms(desk.page);
  await refused('Il tuo nucleo familiare ha già ricevuto un lettore.');
  await desk.page.getByLabel('Altro motivo').check();
  await touch(desk.page, 'Rifiuta');
  await on(citizen.page, 'stopped');
  expect(await citizen.page.textContent('main')).toContain('Non è stato cambiato nulla.');
  expect(world.operations()).toEqual([operationId]);
  expect([...citizen.complaints, ...desk.complaints]).toEqual([]);
}, 60_000);
