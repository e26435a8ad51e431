import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Delays, Endurance } from '../devices/card/endurance.ts';
import { columns, count, figure, leaveReport, progress, round, slope, tableOf } from './figures.ts';
import type { Held } from './processes.ts';

/** Readings without what a young process still gathers: code that gets compiled, a heap that finds its size. */
const warmUp = 1_000;
const looks = 50;
const insertionRounds = 75;
const serviceRestarts = 40;
const serviceHangs = 10;

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

async function phase(work: string, rounds: number, timesEach: number, once: () => Promise<unknown>): Promise<void> {
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

const restarts: Delays[] = [];
const hangs: Delays[] = [];

test('restarts of pcscd', () =>
  phase('pcscd killed and started', serviceRestarts, 1, async () => restarts.push(await world.restartService())));

test('pcscd that hangs', () => phase('pcscd hung and back', serviceHangs, 1, async () => hangs.push(await world.hangService())));

test('report', () => {
  expect(phases).toHaveLength(4);
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
  const figures = [
    figure(
      'pcscd killed → status',
      'ms',
      restarts.map(({ lostMs }) => lostMs),
    ),
    figure(
      'pcscd started → status',
      'ms',
      restarts.map(({ backMs }) => backMs),
    ),
    figure(
      'pcscd hangs → status',
      'ms',
      hangs.map(({ lostMs }) => lostMs),
    ),
    figure(
      'pcscd goes on → status',
      'ms',
      hangs.map(({ backMs }) => backMs),
    ),
  ];
  leaveReport('readers', { phases, figures }, `${table}\n\n${tableOf(figures)}`);
});
