import { afterEach, expect, test } from 'vitest';
import { Sportello } from '../harness/sportello.ts';

let world: Sportello;
afterEach(() => world.close());

test('the card is pulled with the slip out, and nobody confirms: exposed, void, no second part', async () => {
  world = await Sportello.start({ policy: { collectWithoutCard: 1 } });
  await world.toCollect();
  await world.card('remove');
  expect(await world.client.on('stopped')).toMatchObject({ reason: 'slip-not-collected', codes: 'void' });
  await world.closed('VOIDED');
  expect(world.row('OUTCOME')).toMatchObject({ outcome: 'not-handed-over', class: 'E2', exposed: true });
  expect(world.wholeSlips()).toHaveLength(1);
  expect(world.secondParts()).toEqual([]);
});

test('the card is pulled with the slip out, and the operator confirms the hand-over in time: confirmed', async () => {
  world = await Sportello.start();
  await world.toCollect();
  await world.card('remove');
  await world.client.operatorDoes({ type: 'hand-over', handedOver: true });
  expect(await world.client.on('done')).toMatchObject({ secondPart: 'received' });
  await world.closed('CONFIRMED');
  await world.secondPart();
});
