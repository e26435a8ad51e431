import { afterEach, expect, test } from 'vitest';
import { problemIs, scan, toEnvelope } from '../harness/envelope-desk.ts';
import { ofAnother } from '../harness/envelope-specimens.ts';
import { Sportello } from '../harness/sportello.ts';

let world: Sportello;
afterEach(() => world.close());

test('unplugged while the envelope is looked for: the number is typed, twice alike; what is scanned earlier or by halves is nobody’s', async () => {
  world = await Sportello.start({ envelopes: true, reader: 'in-process' });
  scan(world, '200000000006');
  const number = await toEnvelope(world);
  world.scanner?.send(Buffer.from(`]A0${number.slice(0, 5)}`));
  await world.scanner?.unplug();
  await problemIs(world, 'scanner-gone');
  expect(world.client.operator()?.envelopes?.scanner).toBe('disconnected');
  await world.client.operatorDoes({ type: 'envelope-typed', text: number });
  await world.client.untilOperator(({ waiting }) => waiting?.task === 'envelope' && waiting.entry === 'second');
  await world.client.operatorDoes({ type: 'envelope-typed', text: ofAnother.number });
  await world.client.untilOperator(({ waiting }) => waiting?.task === 'envelope' && waiting.entry === 'first');
  expect(world.journal().map(({ kind }) => kind)).not.toContain('ENVELOPE_SCANNED');
  await world.scanner?.plug();
  await problemIs(world, null);
  await world.client.operatorDoes({ type: 'envelope-typed', text: number });
  await world.client.untilOperator(({ waiting }) => waiting?.task === 'envelope' && waiting.entry === 'second');
  await world.client.operatorDoes({ type: 'envelope-typed', text: number });
  await world.client.untilOperator(({ waiting }) => waiting?.task === 'hand-envelope');
  expect(world.row('ENVELOPE_SCANNED')).toMatchObject({ number, by: 'hand' });
  await world.client.operatorDoes({ type: 'hand-over', handedOver: true });
  await world.closed('CONFIRMED');
});
