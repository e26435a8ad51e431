import { afterEach, expect, test } from 'vitest';
import { Sportello } from '../harness/sportello.ts';

let world: Sportello;
afterEach(() => world.close());

test('the card is pulled while the CMS reserves: void on both sides, nothing printed, no second part', async () => {
  world = await Sportello.start();
  const code = await world.toContactCode();
  await world.cms('slow ms=2000 call=reserve');
  await world.client.citizenDoes({ type: 'contact-code', code });
  await world.client.on('issuing');
  await world.card('remove');
  expect(await world.client.on('stopped')).toMatchObject({ reason: 'card-removed', codes: 'not-issued' });
  await world.closed('VOIDED');
  expect(world.row('OUTCOME')).toMatchObject({ outcome: 'not-handed-over', class: 'E0', exposed: false, reason: 'card-removed' });
  expect(world.row('PRINT_INTENT')).toBeUndefined();
  expect(world.wholeSlips()).toEqual([]);
  expect(world.secondParts()).toEqual([]);
});
