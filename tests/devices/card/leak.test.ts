import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Held } from '../../bench/processes.ts';
import { slope } from '../../bench/figures.ts';
import { Endurance } from './endurance.ts';

/**
 * The short form of `npm run bench -- readers`. A young process grows for some 1,000 readings before V8 first collects the whole, and keeps that
 * size for the next 10,000: only then does its size say something. Files and threads do from the start.
 */
let world: Endurance;
beforeEach(async () => {
  world = await Endurance.start();
});
afterEach(() => world.close());

/** Does `work` in `rounds` and looks after each what the process holds. */
async function heldOver(rounds: number, work: () => Promise<unknown>): Promise<readonly Held[]> {
  const held: Held[] = [];
  for (let round = 0; round < rounds; round += 1) {
    await work();
    held.push(await world.held());
  }
  return held;
}

function growthOf(held: readonly Held[], field: keyof Held): number {
  const rounds = held.map((_, round) => round);
  return slope(
    rounds,
    held.map((each) => each[field]),
  );
}

test('500 readings, each connected and disconnected: memory, open files and threads stay flat', async () => {
  const [rounds, each] = [20, 20];
  await world.insertOne();
  await world.read(1_500);
  const held = await heldOver(rounds, () => world.read(each));
  expect(growthOf(held, 'residentMB') / each, 'MB a reading').toBeLessThan(0.008);
  expect(held.at(-1)).toMatchObject({ files: held[0]?.files, threads: held[0]?.threads });
});

test('40 insertions in four readers: memory, open files and threads stay flat', async () => {
  await world.insertAndRemove();
  const held = await heldOver(9, () => world.insertAndRemove());
  expect(growthOf(held, 'residentMB') / 4, 'MB an insertion').toBeLessThan(0.1);
  expect(held.at(-1)).toMatchObject({ files: held[0]?.files, threads: held[0]?.threads });
});

test('12 restarts of pcscd: what the binding leaves behind is collected', async () => {
  await world.restartService();
  const [before] = await heldOver(1, () => world.restartService());
  await heldOver(10, () => world.restartService());
  const after = await vi.waitUntil(
    async () => {
      const held = await world.held();
      return held.files <= (before?.files ?? 0) ? held : null;
    },
    { timeout: 10_000, interval: 200 },
  );
  expect(after.threads).toBe(before?.threads);
});
