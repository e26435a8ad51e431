import { afterEach, expect, test, vi } from 'vitest';
import { Sportello } from '../harness/sportello.ts';

let world: Sportello;
afterEach(() => world.close());

test('the printer is unplugged in the middle of the slip: locked, unknown, held; plugged in again it is cleared before anybody is served', async () => {
  world = await Sportello.start({ msPerLine: 60 });
  await world.issue();
  await vi.waitUntil(() => world.printer.hanging().includes('PIN'), { timeout: 15_000, interval: 5 });
  await world.printer.control('unplug');
  expect(await world.client.on('stopped', 30_000)).toMatchObject({ reason: 'printer-failed', codes: 'held' });
  await world.closed('HELD');
  expect(world.row('EVIDENCE')).toMatchObject({ class: 'E1', buffer: 'locked' });
  expect(world.row('OUTCOME')).toMatchObject({ outcome: 'unknown', exposed: true });

  await world.card('remove');
  await world.client.citizenDoes({ type: 'stay' });
  await world.client.on('out-of-service');
  await world.printer.control('plug');
  await world.client.on('welcome', 30_000);
  expect(world.secondParts()).toEqual([]);
  const slips = world.wholeSlips().length;
  await world.activateAgain();
  await world.closed('CONFIRMED');
  expect(world.wholeSlips()).toHaveLength(slips + 1);
});
