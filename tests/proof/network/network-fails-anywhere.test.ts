import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type CmsSurroundings, type TestCms, clientAt, cmsSurroundings, keptLog, released, signal, startCms } from '../../harness/cms.ts';
import { SimulatedClock } from '../../harness/simulated-clock.ts';
import { FaultyLine } from './faulty-line.ts';
import { networkPart } from './part.ts';

let surroundings: CmsSurroundings;
let cms: TestCms;
let line: FaultyLine;
beforeAll(async () => {
  surroundings = await cmsSurroundings();
  cms = await startCms(surroundings);
  line = await FaultyLine.to(cms.cms.url);
});
afterAll(async () => {
  line.close();
  await cms.close();
  await surroundings.close();
});

test('the line fails in each call, in each way and direction: every operation ends confirmed, released once, its second part once', async () => {
  const { counts, violations } = await networkPart.run({ deadline: 0, seed: 1, progress: () => undefined });
  expect(violations).toEqual([]);
  expect(counts.networkFaults).toBeGreaterThan(24);
});

test('at 256 kbit/s a reservation and its release go through, within the limits of a call', async () => {
  line.slow = true;
  const client = clientAt(line.url, surroundings);
  await released({ ...cms, client });
  line.slow = false;
  await client.close();
});

test('a day of outage: no more than one question a second; the first after it is answered', async () => {
  line.down = true;
  const clock = new SimulatedClock();
  const client = clientAt(line.url, surroundings, { clock, log: keptLog().log, limits: { tries: 1 } });
  const before = line.connections;
  const day = 24 * 3_600_000;
  for (let hour = 0; hour < 24; hour += 1) {
    expect(await client.health(signal)).toMatchObject({ ok: false, error: { kind: 'unreachable' } });
    expect(await client.health(signal)).toMatchObject({ ok: false, error: { kind: 'unreachable' } });
    await clock.wait(day / 24, signal);
  }
  expect(clock.now()).toBeGreaterThanOrEqual(day);
  expect(line.connections - before).toBe(48);
  expect(clock.waits.filter((ms) => ms < day / 24 && ms > 0).every((ms) => ms >= 900)).toBe(true);
  line.down = false;
  await vi.waitUntil(async () => (await client.health(signal)).ok, { timeout: 10_000, interval: 20 });
  await client.close();
});
