import { afterEach, expect, test, vi } from 'vitest';
import { Sportello } from '../harness/sportello.ts';
import { agree } from './expectations.ts';

// That it is killed before and after each row is looked at in `tests/proof/kill`.

let world: Sportello;
afterEach(() => world.close());

test('the core is killed in the middle of the slip: the orphaned worker clears the printer and ends; held', async () => {
  world = await Sportello.start({ msPerLine: 60 });
  await world.issue();
  await vi.waitUntil(() => world.printer.hanging().includes('PIN'), { timeout: 15_000, interval: 5 });
  expect(world.printWorkers()).toHaveLength(1);
  await world.killKiosk();
  await vi.waitUntil(() => world.printWorkers().length === 0, { timeout: 15_000, interval: 20 });
  expect(world.printer.hanging()).not.toContain('800 033 033');

  await world.startKiosk();
  await agree(world, 'HELD');
  expect(world.wholeSlips()).toEqual([]);
});
