import { afterAll, beforeAll, expect, test } from 'vitest';
import { specimens } from '../../devices/card/virtual/specimen.ts';
import { type Visitor, openChromium } from '../harness/browser.ts';
import { factoryCodes } from '../harness/envelope-specimens.ts';
import { handOverSlip, on, proveAddress, touch, signOn } from '../harness/people.ts';
import { Sportello } from '../harness/sportello.ts';

const successor = { ...specimens.adult, cardId: '6080100000000057' };

let world: Sportello;
let chromium: Visitor;
beforeAll(async () => {
  [world, chromium] = await Promise.all([Sportello.start(), openChromium()]);
}, 60_000);
afterAll(async () => {
  await chromium.close();
  await world.close();
});

test('OP-OLD: who has the card before, and its PIN, activates the new one: no document, and both parts', { timeout: 90_000 }, async () => {
  await world.activateAgain();
  await world.closed('CONFIRMED');
  await world.secondPart();
  await world.takeCard();

  const citizen = await chromium.visit();
  const desk = await chromium.visit({ width: 1280, height: 800 });
  await signOn(desk.page, world);
  await citizen.page.goto(`http://127.0.0.1:${world.client.port}`);
  await on(citizen.page, 'welcome');
  await world.card('insert');
  await on(citizen.page, 'recognised');
  await touch(citizen.page, 'Altro');
  await touch(citizen.page, 'Attivare la tessera nuova con quella di prima');
  await on(citizen.page, 'prior-pin');
  await citizen.page.keyboard.type(factoryCodes.pin);
  await citizen.page.keyboard.press('Enter');
  await on(citizen.page, 'swap-cards');
  expect(await citizen.page.textContent('h1')).toBe('Riprendi la tessera di prima');
  await world.card('remove');
  await citizen.page.getByRole('heading', { name: 'Inserisci la tessera nuova' }).waitFor();
  await world.insertCard(successor);
  await on(citizen.page, 'notice');
  await touch(citizen.page, 'Ho letto');
  await proveAddress(citizen.page, world);
  await handOverSlip(citizen.page, desk.page);

  world.operationId = world.operations().at(-1) ?? '';
  await world.closed('CONFIRMED');
  expect(world.row('OP_OPEN')).toMatchObject({ operation: 'renewal' });
  expect(world.row('OP_OPEN')).not.toHaveProperty('operator');
  for (const { label } of world.ledger.codes(world.operationId)) expect(world.wholeSlips().at(-1)).toContain(world.paperPart(label));
  await expect.poll(() => world.secondParts().length).toBe(2);
  expect([...citizen.complaints, ...desk.complaints]).toEqual([]);
});
