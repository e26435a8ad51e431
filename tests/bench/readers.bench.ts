import { afterAll, beforeAll, expect, test } from 'vitest';
import { Endurance } from '../devices/card/endurance.ts';
import { columns, count, leaveReport, progress, round, slope } from './figures.ts';
import type { Held } from './processes.ts';

/** Readings without what a young process still gathers: code that gets compiled, a heap that finds its size. */
const warmUp = 1_000;
const looks = 50;
const insertionRounds = 75;
const serviceRestarts = 40;

let world: Endurance;
beforeAll(async () => {
  world = await Endurance.start();
});
afterAll(() => world.close());

interface Phase {
  readonly work: string;
  readonly times: number;
  readonly before: Held;
  readonly after: Held;
  /** In the second half, by least squares over the looks: in the first it still lets go of what came before. */
  readonly growthMB: number;
  readonly seconds: number;
}
const phases: Phase[] = [];

async function phase(work: string, rounds: number, timesEach: number, once: () => Promise<void>): Promise<void> {
  const began = performance.now();
  const held: Held[] = [await world.held()];
  for (let each = 1; each <= rounds; each += 1) {
    await once();
    held.push(await world.held());
    if (each % 10 === 0) progress(`${work}: ${each * timesEach} of ${rounds * timesEach}`);
  }
  const half = held.slice(Math.floor(held.length / 2)).map(({ residentMB }) => residentMB);
  const growth = slope([...half.keys()], half) * half.length;
  const [before, after] = [held[0]!, held.at(-1)!];
  const seconds = round((performance.now() - began) / 1_000);
  phases.push({ work, times: rounds * timesEach, before, after, growthMB: round(growth), seconds });
}

test('readings', async () => {
  await world.insertOne();
  await world.read(warmUp);
  await phase('connect, read, disconnect', looks, Math.ceil(count / looks), () => world.read(Math.ceil(count / looks)));
  await world.removeAll();
});

test('insertions', () => phase('insert and remove', insertionRounds, 4, () => world.insertAndRemove()));

test('restarts of pcscd', () => phase('pcscd killed and started', serviceRestarts, 1, () => world.restartService()));

test('report', () => {
  expect(phases).toHaveLength(3);
  const cells = phases.map(({ work, times, before, after, growthMB, seconds }) => [
    work,
    String(times),
    `${round(before.residentMB)} → ${round(after.residentMB)}`,
    String(growthMB),
    `${before.files} → ${after.files}`,
    `${before.threads} → ${after.threads}`,
    String(seconds),
  ]);
  const table = columns([['of the card process', 'times', 'resident MB', 'growth MB, 2nd half', 'open files', 'threads', 's'], ...cells]);
  leaveReport('readers', { phases }, table);
});
