import { afterEach, expect, test } from 'vitest';
import { Sportello } from '../harness/sportello.ts';

let world: Sportello;
afterEach(() => world.close());

test('the paper ends before the slip: void on both sides, no code released, and service again with new paper', async () => {
  world = await Sportello.start();
  const code = await world.toContactCode();
  await world.printer.control('paper-out');
  await world.client.citizenDoes({ type: 'contact-code', code });
  expect(await world.client.on('stopped')).toMatchObject({ reason: 'printer-failed', codes: 'void' });
  await world.closed('VOIDED');
  expect(world.journal().map(({ kind }) => kind)).toEqual(['OP_OPEN', 'RESERVE_INTENT', 'RESERVED', 'OUTCOME', 'RECEIPT', 'CLOSED']);
  expect(world.ledger.releases(world.operationId)).toBe(0);
  expect(world.secondParts()).toEqual([]);

  await world.card('remove');
  await world.client.citizenDoes({ type: 'stay' });
  expect(await world.client.on('out-of-service')).toMatchObject({ reason: 'printer' });
  await world.printer.control('paper-ok');
  await world.client.on('welcome');
  expect(world.wholeSlips()).toEqual([]);
  expect(world.printer.hanging()).toBe('');
});
