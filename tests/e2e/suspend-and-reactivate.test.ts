import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Visitor, openChromium } from '../harness/browser.ts';
import { startRegistered } from '../harness/service-desk.ts';
import { mario, marioCard } from '../harness/services.ts';
import { askCms, beginService, signOn, touch } from '../harness/people.ts';
import { type Sportello } from '../harness/sportello.ts';

let world: Sportello;
let chromium: Visitor;
beforeAll(async () => {
  [world, chromium] = await Promise.all([startRegistered(), openChromium()]);
}, 60_000);
afterAll(async () => {
  await chromium.close();
  await world.close();
});

test('a card that was lost is suspended without it, and reactivated when it is found: in the browser, each with its receipt', async () => {
  const citizen = await chromium.visit({ width: 1080, height: 1920 });
  const desk = await chromium.visit({ width: 1280, height: 800 });
  const kiosk = `http://127.0.0.1:${world.client.port}`;
  await citizen.page.goto(kiosk);
  await citizen.page.waitForSelector('[data-screen="welcome"]');
  await signOn(desk.page, world);

  const begin = async (what: string, confirmed = true): Promise<void> => {
    await beginService(desk.page, what, mario);
    await citizen.page.waitForSelector('[data-screen="operator"]');
    if (what.startsWith('Sospendere')) await desk.page.getByLabel('Motivo', { exact: true }).selectOption('smarrimento');
    await askCms(desk.page);
    if (confirmed) await touch(desk.page, 'Conferma e firma');
  };

  await begin('Sospendere la tessera');
  await citizen.page.waitForSelector('[data-screen="service-done"]');
  expect(await citizen.page.textContent('h1')).toBe('La tessera è sospesa');
  expect(world.ledger.cardStatus(marioCard.cardId)).toBe('suspended');
  const [first] = world.operations();
  expect(world.journal(first).map(({ kind }) => kind)).toEqual(['OP_OPEN', 'SERVICE_INTENT', 'SERVICE_RECEIPT', 'CLOSED']);
  await world.client.citizenDoes({ type: 'stay' });
  await citizen.page.waitForSelector('[data-screen="welcome"]');

  // Twice is refused, and it is said by which rule.
  await begin('Sospendere la tessera', false);
  await desk.page.getByText('La tessera è sospesa: va prima riattivata.').waitFor();
  await touch(desk.page, 'Rifiuta');
  await citizen.page.waitForSelector('[data-screen="stopped"]');
  expect(await citizen.page.textContent('main')).toContain('Non è stato cambiato nulla.');
  await world.client.citizenDoes({ type: 'stay' });
  await citizen.page.waitForSelector('[data-screen="welcome"]');

  await begin('Riattivare la tessera sospesa');
  await citizen.page.waitForSelector('[data-screen="service-done"]');
  expect(await citizen.page.textContent('h1')).toBe('La tessera è di nuovo attiva');
  expect(world.ledger.cardStatus(marioCard.cardId)).toBe('active');
  expect(world.operations()).toHaveLength(2);
  expect([...citizen.complaints, ...desk.complaints]).toEqual([]);
}, 120_000);
