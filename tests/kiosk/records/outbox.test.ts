import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { err, ok } from '../../../devices/result.ts';
import type { CmsError, OutcomeReport } from '../../../flows/ports/cms.ts';
import type { JournalEntry } from '../../../flows/ports/journal.ts';
import { startOutbox } from '../../../kiosk/records/outbox.ts';
import { openRecords, type Records } from '../../../kiosk/records/records.ts';
import { FakeCms } from '../../flows/fakes.ts';
import { SimulatedClock } from '../../harness/simulated-clock.ts';

const unreachable: CmsError = { kind: 'unreachable', detail: 'no answer' };
const ids = ['0190b0a0-0000-7000-8000-000000000001', '0190b0a0-0000-7000-8000-000000000002'] as const;
const logged = vi.fn();
const log = { event: logged };
const signal = new AbortController().signal;

let folder: string;
let records: Records;
let cms: FakeCms;
const appended: JournalEntry[] = [];

beforeEach(() => {
  logged.mockReset();
  folder = mkdtempSync(join(tmpdir(), 'outbox-'));
  const opened = openRecords({ folder, onAppended: (entry) => appended.push(entry) });
  if (!opened.ok) throw new Error(JSON.stringify(opened.error));
  records = opened.value;
  cms = new FakeCms();
});

afterEach(() => {
  records.close();
  rmSync(folder, { recursive: true });
});

/** An operation up to its outcome, in the real records. */
function conclude(operationId: string): void {
  const opening = { operation: 'activation', case: 'adult', profile: 'p', profileVersion: '1', operator: 'op-1' } as const;
  const digests = { holder: records.digest('holder', operationId), card: records.digest('card', operationId) };
  const report: OutcomeReport = {
    operationId,
    attempt: 1,
    outcome: 'not-handed-over',
    evidence: { class: 'E0', raw: '' },
    exposed: false,
    reason: 'cancelled',
  };
  for (const written of [
    records.append(operationId, { kind: 'OP_OPEN', ...opening, ...digests }),
    records.append(operationId, { kind: 'RESERVE_INTENT' }),
    records.appendOutcome(report),
  ]) {
    if (!written.ok) throw new Error(JSON.stringify(written.error));
  }
}

/** A clock that stands still once nothing is left to deliver, and tells of it. */
function patientClock() {
  const clock = new SimulatedClock();
  let idle = (): void => undefined;
  const rested = new Promise<void>((resolve) => (idle = resolve));
  clock.mayPass = () => {
    if (records.outbox().length > 0) return true;
    idle();
    return false;
  };
  return { clock, rested };
}

/** The CMS answers from `at` on, by the clock. */
function downUntil(clock: SimulatedClock, at: number): void {
  const answers = cms.reportOutcome;
  cms.reportOutcome = (report, stop) => (clock.now() < at ? Promise.resolve(err(unreachable)) : answers(report, stop));
}

test('while the CMS does not answer the pauses grow from a second to half a minute; then everything is delivered, oldest first', async () => {
  ids.forEach(conclude);
  const { clock, rested } = patientClock();
  downUntil(clock, 200_000);
  const outbox = startOutbox({ cms, records, log, clock });
  await rested;
  await outbox.close();
  // The first failure is the outcome's own affair, as far as anybody knows: the others are tried at once.
  clock.waits.slice(0, 8).forEach((ms, n) => {
    const base = Math.min(1000 * 2 ** n, 30_000);
    expect(ms).toBeGreaterThanOrEqual(base);
    expect(ms).toBeLessThanOrEqual(base * 1.5);
  });
  expect(cms.reports.map(({ operationId }) => operationId).sort()).toEqual(ids);
  expect(records.open()).toEqual([]);
  expect(logged).toHaveBeenCalledWith('outbox-waits', { operation: ids[0], problem: 'unreachable' });
});

test('after six failures a person is called, also after a restart; it is tried on, and forgotten once it is delivered', async () => {
  conclude(ids[0]);
  const { clock, rested } = patientClock();
  downUntil(clock, 300_000);
  let called: number | null = null;
  logged.mockImplementation((name: string) => {
    if (name === 'outcome-needs-a-person') called ??= logged.mock.calls.filter(([each]) => each === 'outbox-waits').length;
  });
  const passes = clock.mayPass;
  clock.mayPass = () => called === null && passes();
  const outbox = startOutbox({ cms, records, log, clock });
  await vi.waitUntil(() => called !== null, { timeout: 5_000 });
  expect(called).toBe(6);
  expect(outbox.attention()).toEqual([ids[0]]);
  await outbox.close();

  records.close();
  const reopened = openRecords({ folder });
  if (!reopened.ok) throw new Error('not reopened');
  records = reopened.value;
  expect(records.list()).toMatchObject([{ operationId: ids[0], waiting: true, attention: true }]);
  clock.mayPass = passes;
  const again = startOutbox({ cms, records, log, clock });
  await rested;
  expect(again.attention()).toEqual([]);
  expect(records.list()).toMatchObject([{ open: false, waiting: false, attention: false }]);
  await again.close();
});

test('what the CMS refuses, or fails at, is tried ever more slowly and keeps up no others', async () => {
  const many = Array.from({ length: 200 }, (_, n) => `0190b0a0-0000-7000-8000-${String(n).padStart(12, '0')}`);
  many.forEach(conclude);
  const [refused, poison] = [many[0], many[7]];
  const { clock } = patientClock();
  const tries = { refused: [] as number[], poison: [] as number[] };
  const answers = cms.reportOutcome;
  cms.reportOutcome = (report, stop) => {
    if (report.operationId === refused) {
      tries.refused.push(clock.now());
      return Promise.resolve(err({ kind: 'refused', type: 'evidence-insufficient', title: 'no' }));
    }
    if (report.operationId === poison) tries.poison.push(clock.now());
    return report.operationId === poison ? Promise.resolve(err(unreachable)) : answers(report, stop);
  };
  // A CMS that falls over at one outcome answers none of those that came with it.
  cms.reportOutcomes = async (reports, stop) => {
    const settled = await Promise.all(reports.map((report) => cms.reportOutcome(report, stop)));
    return reports.some(({ operationId }) => operationId === poison) ? err(unreachable) : ok(settled);
  };
  let last = 0;
  const onlyTwo = (): boolean => records.outbox().length <= 2;
  clock.mayPass = () => {
    if (!onlyTwo()) last = clock.now();
    return clock.now() < 6 * 3_600_000;
  };
  const outbox = startOutbox({ cms, records, log, clock });
  await vi.waitUntil(() => clock.now() >= 6 * 3_600_000, { timeout: 20_000 });
  expect(onlyTwo()).toBe(true);
  expect(last).toBeLessThan(60_000);
  expect(outbox.attention().toSorted()).toEqual([refused, poison]);
  const inTheLastHour = (all: readonly number[]): number => all.filter((at) => at > 5 * 3_600_000).length;
  expect(inTheLastHour(tries.refused)).toBeGreaterThanOrEqual(2);
  expect(inTheLastHour(tries.refused)).toBeLessThanOrEqual(5);
  await outbox.close();
});

test('once the CMS is back no pause is sat out', async () => {
  conclude(ids[0]);
  const { clock } = patientClock();
  cms.fails = { reportOutcome: unreachable };
  let pauses = 0;
  clock.mayPass = () => (pauses += 1) < 20;
  const outbox = startOutbox({ cms, records, log, clock });
  await vi.waitUntil(() => pauses >= 20, { timeout: 5_000 });
  cms.fails = {};
  outbox.reconnected();
  await vi.waitUntil(() => records.open().length === 0, { timeout: 5_000 });
  await outbox.close();
});

test('who asks for the same operation at the same time shares one delivery', async () => {
  const { clock, rested } = patientClock();
  const outbox = startOutbox({ cms, records, log, clock });
  await rested;
  conclude(ids[0]);
  const answers = await Promise.all([outbox.deliver(ids[0], signal), outbox.deliver(ids[0], signal)]);
  expect(answers.map((answer) => answer.ok)).toEqual([true, true]);
  expect(cms.reports).toHaveLength(1);
  await outbox.close();
});

test('a wake-up delivers without waiting for the next round', async () => {
  const { clock, rested } = patientClock();
  const outbox = startOutbox({ cms, records, log, clock });
  await rested;
  conclude(ids[0]);
  outbox.wake();
  await vi.waitUntil(() => records.open().length === 0, { timeout: 5_000 });
  await outbox.close();
});

test('what somebody asked for in vain is tried again in its time', async () => {
  const { clock, rested } = patientClock();
  const outbox = startOutbox({ cms, records, log, clock });
  await rested;
  conclude(ids[0]);
  cms.fails = { reportOutcome: unreachable };
  const asked = outbox.deliver(ids[0], signal);
  // The round wakes up while it is under way, and finds nothing to do.
  outbox.wake();
  expect(await asked).toMatchObject({ ok: false });
  cms.fails = {};
  await vi.waitUntil(() => records.open().length === 0, { timeout: 5_000 });
  expect(clock.now()).toBeLessThan(5_000);
  await outbox.close();
});

test('who stops waiting is let go; the delivery goes on', async () => {
  const { clock, rested } = patientClock();
  const outbox = startOutbox({ cms, records, log, clock });
  await rested;
  conclude(ids[0]);
  const stop = new AbortController();
  const waiting = outbox.deliver(ids[0], stop.signal);
  stop.abort();
  expect(await waiting).toMatchObject({ ok: false, error: { kind: 'aborted' } });
  await vi.waitUntil(() => records.open().length === 0, { timeout: 5_000 });
  await outbox.close();
});

test('a receipt after which the last row could not be written is closed in a later round, and the asker is told that it is not over', async () => {
  const { clock, rested } = patientClock();
  let full = true;
  const unwritable = err({ kind: 'journal-unwritable', detail: 'SQLITE_FULL' } as const);
  const scarce: Records = { ...records, append: (id, row) => (full && row.kind === 'CLOSED' ? unwritable : records.append(id, row)) };
  const outbox = startOutbox({ cms, records: scarce, log, clock });
  await rested;
  conclude(ids[0]);
  expect(await outbox.deliver(ids[0], signal)).toEqual({ ok: false, error: { kind: 'unreachable', detail: 'SQLITE_FULL' } });
  expect(records.list()).toMatchObject([{ lastRow: 'RECEIPT', waiting: false }]);
  full = false;
  outbox.wake();
  await vi.waitUntil(() => records.open().length === 0, { timeout: 5_000 });
  expect(cms.reports).toHaveLength(1);
  await outbox.close();
});

test('a confirm that came after silence had voided it is recorded as void, and told in the log', async () => {
  conclude(ids[0]);
  cms.reportOutcome = ({ operationId }) =>
    Promise.resolve(ok({ operationId, state: 'CONFIRMED', sequence: 1, at: '2026-11-22T10:01:00.000Z', jws: 'receipt.of.cms' }));
  const { clock, rested } = patientClock();
  const outbox = startOutbox({ cms, records, log, clock });
  await rested;
  await outbox.close();
  expect(records.list()).toMatchObject([{ open: false, state: 'CONFIRMED' }]);
  expect(logged).toHaveBeenCalledWith('outcome-came-too-late', {
    operation: ids[0],
    outcome: 'not-handed-over',
    state: 'CONFIRMED',
  });
});

test('an operation that a person closed while the CMS was asked in vain is tried no more', async () => {
  conclude(ids[0]);
  const { clock, rested } = patientClock();
  cms.reportOutcome = ({ operationId }) => {
    records.append(operationId, { kind: 'CLOSED', state: 'VOIDED' });
    return Promise.resolve(err({ kind: 'refused', type: 'unknown-operation', title: 'no' }));
  };
  const outbox = startOutbox({ cms, records, log, clock });
  await rested;
  await outbox.close();
  expect(logged).not.toHaveBeenCalledWith('outbox-waits', expect.anything());
});

test('who asks for what does not wait, or has stopped waiting already, is told so', async () => {
  const { clock, rested } = patientClock();
  const outbox = startOutbox({ cms, records, log, clock });
  await rested;
  expect(await outbox.deliver(ids[1], signal)).toMatchObject({ error: { kind: 'refused', type: 'not-waiting' } });
  conclude(ids[0]);
  expect(await outbox.deliver(ids[0], AbortSignal.abort())).toEqual({ ok: false, error: { kind: 'aborted' } });
  await vi.waitUntil(() => records.open().length === 0, { timeout: 5_000 });
  await outbox.close();
});

test('closing does not wait for a CMS that hangs, and blames nobody for it', async () => {
  conclude(ids[0]);
  cms.hangs = { reportOutcome: true };
  const outbox = startOutbox({ cms, records, log, clock: new SimulatedClock() });
  await outbox.close();
  expect(records.waiting()).toMatchObject([{ report: { operationId: ids[0] }, failures: 0 }]);
  expect(logged).not.toHaveBeenCalled();
});
