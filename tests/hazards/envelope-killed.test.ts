import { afterEach, expect, test } from 'vitest';
import { scan, toEnvelope } from '../harness/envelope-desk.ts';
import { Sportello, operator } from '../harness/sportello.ts';

let world: Sportello;
afterEach(() => world.close());

test('killed once the PIN was set, and found handed over: the operator’s signed decision ends it', async () => {
  world = await Sportello.start({ envelopes: true, reader: 'in-process', pauseAfter: 'CHIP_EVIDENCE' });
  const number = await toEnvelope(world);
  scan(world, number);
  await world.paused('CHIP_EVIDENCE');
  await world.killKiosk();
  await world.startKiosk();
  await world.closed('HELD');
  await world.client.signOn(operator.id, operator.pin);
  await world.client.untilOperator(({ held }) => held[0]?.stage === 'held');
  expect(world.client.operator()?.held[0]).toMatchObject({ envelope: { number, pin: 'set' } });
  expect(await world.client.resolve(world.operationId, 'handed-over')).toBe(true);
  await world.closed('CONFIRMED');
  expect(world.envelope(number)).toBe('handed');
});
