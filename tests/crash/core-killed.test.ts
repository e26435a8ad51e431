import { afterEach, expect, test, vi } from 'vitest';
import { Sportello } from '../harness/sportello.ts';
import { agree, endings, rows, walkTo } from './expectations.ts';

let world: Sportello;
afterEach(() => world.close());

test.each(rows)('the core is killed right after %s; started again, it prints nothing and both sides agree', async (kind) => {
  world = await Sportello.start({ pauseAfter: kind });
  await walkTo(world, kind);
  expect(world.printWorkers(), 'no print worker lives while a row is written').toEqual([]);
  await world.killKiosk();
  const slips = world.wholeSlips().length;
  expect(slips).toBe(rows.indexOf(kind) >= rows.indexOf('EVIDENCE') ? 1 : 0);

  await world.startKiosk();
  await agree(world, endings[kind].core);
  expect(world.wholeSlips()).toHaveLength(slips);
  expect(world.printer.hanging()).toBe('');
  expect(world.printWorkers()).toEqual([]);
});

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
