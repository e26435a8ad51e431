import { afterEach, expect, test } from 'vitest';
import { scan, toEnvelope } from '../harness/envelope-desk.ts';
import { Sportello, operator } from '../harness/sportello.ts';

let world: Sportello;
afterEach(() => world.close());

test.each([
  ['ENVELOPE_DRAWN', 'assigned', 'VOIDED'],
  ['ENVELOPE_SCANNED', 'aborted', 'VOIDED'],
  ['ENVELOPE_BOUND', 'aborted', 'VOIDED'],
  ['CHIP_EVIDENCE', 'quarantined', 'HELD'],
] as const)('killed after %s: the envelope is %s, and the operation %s', async (row, becomes, state) => {
  world = await Sportello.start({ envelopes: true, reader: 'in-process', pauseAfter: row });
  const walked = toEnvelope(world).catch(() => '');
  if (row === 'ENVELOPE_DRAWN') await world.paused(row);
  else {
    scan(world, await walked);
    await world.paused(row);
  }
  const number = world.journal().flatMap((each) => (each.kind === 'ENVELOPE_DRAWN' ? [each.number] : []))[0] ?? '';
  await world.killKiosk();
  await walked;
  await world.startKiosk();
  await world.closed(state);
  expect(world.envelope(number)).toBe(becomes);
});

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
