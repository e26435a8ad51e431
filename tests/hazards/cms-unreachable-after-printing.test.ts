import { afterEach, expect, test } from 'vitest';
import { Sportello } from '../harness/sportello.ts';

let world: Sportello;
afterEach(() => world.close());

test('handed over and the CMS lost: the citizen is told that it comes later; confirmed, and sent once, when it is back', async () => {
  world = await Sportello.start();
  await world.toCollect();
  await world.killCms();
  await world.client.operatorDoes({ type: 'hand-over', handedOver: true });
  expect(await world.client.on('done', 30_000)).toMatchObject({ secondPart: 'pending' });
  expect(world.row('OUTCOME')).toMatchObject({ outcome: 'handed-over', class: 'E4' });
  expect(world.row('RECEIPT')).toBeUndefined();
  expect(world.secondParts()).toEqual([]);

  await world.startCms();
  await world.closed('CONFIRMED');
  await world.secondPart();
});

test('the answer to the confirmation is lost: confirmed once, sent once', async () => {
  world = await Sportello.start();
  await world.toCollect();
  await world.cms('lose-answer call=outcome times=2');
  await world.client.operatorDoes({ type: 'hand-over', handedOver: true });
  await world.client.on('done', 30_000);
  await world.closed('CONFIRMED');
  await world.secondPart();
});

test('the CMS is back only after its time limit: the confirmation is refused, the slip is dead, nothing is sent', async () => {
  world = await Sportello.start();
  await world.toCollect();
  await world.killCms();
  await world.client.operatorDoes({ type: 'hand-over', handedOver: true });
  await world.client.on('done', 30_000);
  world.ledger.outlastReservation();
  await world.startCms();
  await world.closed('VOIDED');
  expect(world.row('OUTCOME')).toMatchObject({ outcome: 'handed-over' });
  expect(world.secondParts()).toEqual([]);
});
