import { afterEach, expect, test } from 'vitest';
import { drawn, problemIs, scan, toEnvelope } from '../harness/envelope-desk.ts';
import { ofAnother } from '../harness/envelope-specimens.ts';
import { Sportello } from '../harness/sportello.ts';

let world: Sportello;
afterEach(() => world.close());

test('an envelope of another operator, of another region, or scanned twice, is not taken; the one that was drawn is', async () => {
  world = await Sportello.start({ envelopes: true, reader: 'in-process' });
  const first = await toEnvelope(world);
  scan(world, ofAnother.number);
  await problemIs(world, 'of-another');
  scan(world, '100000000008');
  await problemIs(world, 'other-form');
  expect(world.journal().map(({ kind }) => kind)).not.toContain('ENVELOPE_SCANNED');
  scan(world, first);
  await world.client.untilOperator(({ waiting }) => waiting?.task === 'hand-envelope');
  await world.client.operatorDoes({ type: 'hand-over', handedOver: true });
  await world.closed('CONFIRMED');

  await world.card('remove');
  await world.client.on('welcome');
  await toEnvelope(world);
  expect(drawn(world)).not.toBe(first);
  scan(world, first);
  await problemIs(world, 'used');
  expect(world.envelope(first)).toBe('handed');
});
