import { afterEach, expect, test } from 'vitest';
import { Sportello } from '../harness/sportello.ts';

let world: Sportello;
afterEach(() => world.close());

test('the paper ends in the middle of the slip: buffer cleared, unknown, held; new paper brings no more of it', async () => {
  world = await Sportello.start();
  await world.printer.control('jam-after 6');
  await world.issue();
  expect(await world.client.on('stopped')).toMatchObject({ reason: 'printer-failed', codes: 'held' });
  await world.closed('HELD');
  expect(world.row('EVIDENCE')).toMatchObject({ class: 'E1', buffer: 'cleared' });
  expect(world.row('OUTCOME')).toMatchObject({ outcome: 'unknown', exposed: true });
  expect(world.printer.hanging()).not.toContain('800 033 033');

  await world.card('remove');
  await world.client.citizenDoes({ type: 'stay' });
  await world.client.on('out-of-service');
  await world.printer.control('paper-ok');
  await world.client.on('welcome');
  expect(world.printer.hanging()).toBe('');
  expect(world.wholeSlips()).toEqual([]);
  expect(world.secondParts()).toEqual([]);
});
