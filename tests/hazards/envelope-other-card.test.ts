import { afterEach, expect, test, vi } from 'vitest';
import { specimens } from '../../devices/card/virtual/specimen.ts';
import { scan, toEnvelope } from '../harness/envelope-desk.ts';
import { factoryCodes } from '../harness/envelope-specimens.ts';
import { verifyPin } from '../harness/opensc.ts';
import { Sportello } from '../harness/sportello.ts';

let world: Sportello;
afterEach(() => world.close());

test('another card in its place while the CMS sets the PIN: the envelope goes to nobody, the other card keeps its PIN, and its holder can be next', async () => {
  world = await Sportello.start({ envelopes: true });
  const number = await toEnvelope(world);
  await world.card('slow 200');
  scan(world, number);
  await world.client.until((status) => status.screen === 'envelope' && status.stage === 'setting');
  await world.swapCard(specimens.secondAdult);
  await world.client.on('stopped');
  const chip = await vi.waitUntil(() => world.row('CHIP_EVIDENCE'), { timeout: 10_000, interval: 10 });
  expect(chip.pin).not.toBe('set');
  const held = chip.pin === 'unknown';
  await world.closed(held ? 'HELD' : 'VOIDED');
  expect(world.envelope(number)).toBe(held ? 'quarantined' : 'aborted');

  // Cards that change within moments may look like one: whose card is in now takes it out, and begins anew with it.
  await world.card('remove');
  await world.client.until((status) => status.screen === 'welcome' || (status.screen === 'stopped' && !status.cardIn));
  await world.client.citizenDoes({ type: 'stay' });
  await world.client.on('welcome');
  await world.card('insert');
  await world.client.on('recognised');
  await world.stopKiosk();
  expect(await verifyPin(world, factoryCodes.pin)).toBe(0);
});
