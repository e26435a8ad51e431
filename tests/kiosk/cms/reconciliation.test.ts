import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { startReconciliation } from '../../../kiosk/cms/reconciliation.ts';
import { type Records, openRecords } from '../../../kiosk/records/records.ts';
import {
  type CmsSurroundings,
  type TestCms,
  clientAt,
  cmsSurroundings,
  newOperationId,
  released,
  signal,
  startCms,
} from '../../harness/cms.ts';
import { SimulatedClock } from '../../harness/simulated-clock.ts';

const desk = 'health-authority';
const DAY_MS = 24 * 3_600_000;

let surroundings: CmsSurroundings;
let cms: TestCms;
beforeAll(async () => {
  surroundings = await cmsSurroundings();
});
afterAll(async () => {
  await surroundings.close();
});

let folder: string;
let records: Records;
/** The kiosk's clock is the CMS's: time is moved at one place. */
const now = (): number => cms.clock.now();
beforeEach(async () => {
  cms = await startCms(surroundings);
  folder = mkdtempSync(join(tmpdir(), 'reconciliation-'));
  const opened = openRecords({ folder, now: () => new Date(now()) });
  if (!opened.ok) throw new Error(JSON.stringify(opened.error));
  records = opened.value;
});
afterEach(async () => {
  records.close();
  await cms.close();
  rmSync(folder, { recursive: true });
});

function opened(operationId: string): void {
  const digest = records.digest('holder', operationId);
  const row = { kind: 'OP_OPEN', operation: 'activation', case: 'adult', profile: 'p', profileVersion: '1', operator: 'op-1' } as const;
  records.append(operationId, { ...row, holder: digest, card: digest });
  records.append(operationId, { kind: 'RESERVE_INTENT' });
}
const printed = (operationId: string): void => {
  records.append(operationId, { kind: 'RESERVED', expiresAt: new Date(now() + 900_000).toISOString() });
  records.append(operationId, { kind: 'PRINTER_READY' });
  records.append(operationId, { kind: 'PRINT_INTENT', attempt: 1 });
  records.append(operationId, { kind: 'EVIDENCE', attempt: 1, class: 'E2', raw: '', buffer: 'printed' });
};

/** Runs until its round is over, as its clock's first wait tells. */
async function reconcile(rounds = 1): Promise<string[]> {
  const told: string[] = [];
  const clock = new SimulatedClock();
  let waits = 0;
  clock.mayPass = () => (waits += 1) < rounds;
  const log = { event: (name: string, fields: object) => void told.push([name, ...Object.values(fields)].join(' ')) };
  const running = startReconciliation({ cms: cms.client, desk, records, log, clock, now });
  await vi.waitUntil(() => waits >= rounds, { timeout: 10_000, interval: 5 });
  await running.close();
  return told;
}

test('open operations agree with the CMS, or a difference is noted once and nothing is repaired', async () => {
  const { operationId } = await released(cms);
  opened(operationId);
  const forgotten = newOperationId();
  opened(forgotten);
  expect(await reconcile()).toEqual([`ledgers-differ release-without-intent ${operationId} 1`, 'ledgers-compared 2 1']);
  printed(forgotten);
  const before = records.show(operationId)?.rows;
  expect(await reconcile(3)).toEqual([
    `ledgers-differ cms-forgot ${forgotten} 0`,
    ...Array.from({ length: 3 }, () => 'ledgers-compared 2 2'),
  ]);
  expect(records.incidents().map(({ kind }) => kind)).toEqual(['release-without-intent', 'cms-forgot']);
  expect(records.show(operationId)?.rows).toEqual(before);
  expect(await cms.client.operations([operationId], signal)).toMatchObject({ value: [{ state: 'RESERVED' }] });
});

test('a day that is over is counted once, three ways; a slip and a release that have no partner are found', async () => {
  const good = await released(cms);
  opened(good.operationId);
  printed(good.operationId);
  const stolen = await released(cms);
  const today = new Date(now()).toISOString().slice(0, 10);
  // The day is not over: nothing is counted yet.
  expect((await reconcile()).some((line) => line.startsWith('day-counted'))).toBe(false);
  cms.clock.aheadMs += DAY_MS;
  const midnight = Date.parse(new Date(now()).toISOString().slice(0, 10));
  cms.clock.aheadMs += midnight + 16 * 60_000 - now();
  expect(await reconcile()).toEqual([
    'ledgers-compared 1 0',
    `ledgers-differ release-without-intent ${stolen.operationId} 1`,
    `day-counted ${today} 1 1 2 1`,
  ]);
  expect(records.countedDays()).toMatchObject([{ day: today, intents: 1, slips: 1, releases: 2 }]);
  expect(await reconcile()).toEqual(['ledgers-compared 1 0']);
  expect(records.incidents()).toMatchObject([{ kind: 'release-without-intent', operationId: stolen.operationId, attempt: 1 }]);
});

test('while the CMS does not answer nothing is noted; once it is back it is asked at once', async () => {
  const { operationId } = await released(cms);
  opened(operationId);
  cms.cms.faults.set({ mode: 'unreachable' });
  const told: string[] = [];
  const clock = new SimulatedClock();
  let waits = 0;
  clock.mayPass = () => {
    waits += 1;
    return false;
  };
  const client = clientAt(cms.cms.url, surroundings, { clock: new SimulatedClock() });
  const log = { event: (name: string) => void told.push(name) };
  const running = startReconciliation({ cms: client, desk, records, log, clock, now });
  const stop = client.onReconnected(() => running.reconnected());
  await vi.waitUntil(() => waits > 0, { timeout: 20_000, interval: 5 });
  expect(told).toEqual([]);
  expect(records.incidents()).toEqual([]);
  cms.cms.faults.set({ mode: 'normal' });
  await client.health(signal);
  await vi.waitUntil(() => told.includes('ledgers-compared'), { timeout: 10_000, interval: 5 });
  expect(records.incidents()).toMatchObject([{ kind: 'release-without-intent', operationId }]);
  stop();
  await running.close();
  await client.close();
});
