import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { CmsError, OutcomeReport } from '../../../flows/ports/cms.ts';
import type { JournalEntry } from '../../../flows/ports/journal.ts';
import { startOutbox } from '../../../kiosk/records/outbox.ts';
import { openRecords, type Records } from '../../../kiosk/records/records.ts';
import { FakeCms } from '../../flows/fakes.ts';

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

/** Waits that end at once while the suite allows it, and tell how long they would have been. */
function patientClock() {
  const waits: number[] = [];
  let idle = (): void => undefined;
  const rested = new Promise<void>((resolve) => (idle = resolve));
  return {
    waits,
    /** Resolved when nothing is left to deliver. */
    rested,
    wait: async (ms: number, stop: AbortSignal): Promise<void> => {
      waits.push(ms);
      if (records.outbox().length > 0) return;
      idle();
      await new Promise<void>((resolve) => stop.addEventListener('abort', () => resolve(), { once: true }));
    },
  };
}

test('while the CMS does not answer the pauses grow from a second to half a minute; then everything is delivered, oldest first', async () => {
  ids.forEach(conclude);
  const clock = patientClock();
  cms.fails = { reportOutcome: unreachable };
  const wait = (ms: number, stop: AbortSignal): Promise<void> => {
    if (clock.waits.length === 7) cms.fails = {};
    return clock.wait(ms, stop);
  };
  const outbox = startOutbox({ cms, journal: records, log, wait });
  await clock.rested;
  await outbox.close();
  const failing = clock.waits.slice(0, 8);
  failing.forEach((ms, n) => {
    const base = Math.min(1000 * 2 ** n, 30_000);
    expect(ms).toBeGreaterThanOrEqual(base);
    expect(ms).toBeLessThanOrEqual(base * 1.5);
  });
  expect(cms.reports.map(({ operationId }) => operationId)).toEqual(ids);
  expect(records.open()).toEqual([]);
  expect(logged).toHaveBeenCalledWith('outbox-waits', { operation: ids[0], problem: 'unreachable' });
});

test('who asks for the same operation at the same time shares one delivery', async () => {
  const clock = patientClock();
  const outbox = startOutbox({ cms, journal: records, log, wait: clock.wait });
  await clock.rested;
  conclude(ids[0]);
  const answers = await Promise.all([outbox.deliver(ids[0], signal), outbox.deliver(ids[0], signal)]);
  expect(answers.map((answer) => answer.ok)).toEqual([true, true]);
  expect(cms.reports).toHaveLength(1);
  await outbox.close();
});

test('a wake-up delivers without waiting for the next round', async () => {
  const clock = patientClock();
  const outbox = startOutbox({ cms, journal: records, log, wait: clock.wait });
  await clock.rested;
  conclude(ids[0]);
  outbox.wake();
  await vi.waitUntil(() => records.open().length === 0, { timeout: 5_000 });
  await outbox.close();
});

test('who stops waiting is let go; the delivery goes on', async () => {
  const clock = patientClock();
  const outbox = startOutbox({ cms, journal: records, log, wait: clock.wait });
  await clock.rested;
  conclude(ids[0]);
  const stop = new AbortController();
  const waiting = outbox.deliver(ids[0], stop.signal);
  stop.abort();
  expect(await waiting).toMatchObject({ ok: false, error: { kind: 'aborted' } });
  await vi.waitUntil(() => records.open().length === 0, { timeout: 5_000 });
  await outbox.close();
});
