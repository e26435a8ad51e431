import { setMaxListeners } from 'node:events';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createPace } from '../../../kiosk/cms/pace.ts';
import { SimulatedClock } from '../../harness/simulated-clock.ts';

const never = new AbortController().signal;
setMaxListeners(0, never);

test('while the CMS fails, all calls together start at most one request a second; once it answers, nobody waits', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 60 }),
      fc.integer({ min: 1, max: 40 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      async (callers, failures, luck) => {
        const clock = new SimulatedClock();
        const pace = createPace(clock, () => luck);
        const starts: number[] = [];
        let left = failures;
        const ask = async (): Promise<void> => {
          for (;;) {
            if (!(await pace.turn(never))) throw new Error('no turn');
            if (left === 0) return void pace.answered();
            left -= 1;
            starts.push(clock.now());
            pace.failed();
          }
        };
        // The first failure closes the gate before the others come.
        await pace.turn(never);
        pace.failed();
        await Promise.all(Array.from({ length: callers }, ask));
        starts.reduce((before, start) => {
          expect(start - before).toBeGreaterThanOrEqual(1_000);
          expect(start - before).toBeLessThanOrEqual(1_500);
          return start;
        }, 0);
        const end = clock.now();
        await Promise.all(Array.from({ length: 200 }, () => pace.turn(never)));
        expect(clock.now()).toBe(end);
      },
    ),
    { numRuns: 50 },
  );
});

test('an answer frees those who wait, and says whether it ended a failure', async () => {
  const clock = new SimulatedClock();
  clock.mayPass = () => false;
  const pace = createPace(clock);
  expect(pace.answered()).toBe(false);
  await pace.turn(never);
  pace.failed();
  const waiting = Promise.all([pace.turn(never), pace.turn(never)]);
  expect(pace.answered()).toBe(true);
  expect(await waiting).toEqual([true, true]);
  expect(clock.now()).toBe(0);
});

test('who stops waiting has no turn', async () => {
  const clock = new SimulatedClock();
  clock.mayPass = () => false;
  const pace = createPace(clock);
  await pace.turn(never);
  pace.failed();
  const stop = new AbortController();
  const waiting = pace.turn(stop.signal);
  stop.abort();
  expect(await waiting).toBe(false);
  expect(await pace.turn(stop.signal)).toBe(false);
});
