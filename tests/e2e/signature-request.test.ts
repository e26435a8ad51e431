import { afterAll, beforeAll, expect, test } from 'vitest';
import { specimens } from '../../devices/card/virtual/specimen.ts';
import { type Visitor, openChromium } from '../harness/browser.ts';
import { on, signOn, touch } from '../harness/people.ts';
import { Sportello } from '../harness/sportello.ts';

const wish = 'Chiedere il certificato di firma';

let minor: Sportello;
let adult: Sportello;
let chromium: Visitor;
beforeAll(async () => {
  const there = { profile: 'sardegna', reader: 'in-process', registered: {} } as const;
  [minor, adult, chromium] = await Promise.all([
    Sportello.start({ ...there, holder: specimens.minor }),
    Sportello.start(there),
    openChromium(),
  ]);
}, 60_000);
afterAll(async () => {
  await chromium.close();
  await Promise.all([minor.close(), adult.close()]);
});

test('OP-SIG, COD-01: a minor is offered much, and no signature certificate', async () => {
  const { page, complaints } = await chromium.visit();
  await page.goto(`http://127.0.0.1:${minor.client.port}`);
  await minor.insertCard();
  await on(page, 'recognised');
  await touch(page, 'Altro');
  await on(page, 'menu');
  const offered = await page.locator('.choices button').allTextContents();
  expect(offered).toContain('Attivare la tessera');
  expect(offered).not.toContain(wish);
  expect(await minor.client.citizenDoes({ type: 'wish', operation: 'signature-certificate' })).toBe(false);
  expect(complaints).toEqual([]);
}, 60_000);

test('OP-SIG, COD-01: nobody asks for it in an adult’s place: the desk has no such case, and the operator sends a delegate away', async () => {
  const citizen = await chromium.visit();
  const desk = await chromium.visit({ width: 1280, height: 800 });
  await signOn(desk.page, adult);
  await citizen.page.goto(`http://127.0.0.1:${adult.client.port}`);
  await adult.insertCard();
  await on(citizen.page, 'recognised');
  await touch(citizen.page, 'Altro');
  await touch(citizen.page, wish);
  await on(citizen.page, 'notice');
  await touch(citizen.page, 'Ho letto');
  await desk.page.getByRole('heading', { name: wish }).waitFor();
  expect(await desk.page.getByLabel('Chi è il titolare').count()).toBe(0);
  await desk.page.getByLabel('Altro motivo').check();
  await touch(desk.page, 'Rifiuta');
  await on(citizen.page, 'stopped');
  expect(await citizen.page.textContent('main')).toContain('Se ti serve aiuto chiama il 800 336 611.');
  expect(adult.operations()).toEqual([]);
  expect([...citizen.complaints, ...desk.complaints]).toEqual([]);
}, 60_000);
