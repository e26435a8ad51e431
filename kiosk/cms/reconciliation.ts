import { withAny } from '../../devices/deadline.ts';
import type { Result } from '../../devices/result.ts';
import { type Difference, type ThreeWayCount, countDay, differencesOf } from '../../flows/operations/reconciliation.ts';
import type { Journal, JournalEntry, JournalError } from '../../flows/ports/journal.ts';
import type { Log } from '../log/log.ts';
import type { OwedCount } from '../records/owed-counts.ts';
import type { CmsClient } from './client.ts';
import { type Clock, realClock } from './pace.ts';

const DAY_MS = 24 * 3_600_000;
const ROUND_MS = 15 * 60_000;
/** A day is over this long after midnight (UTC), so that the CMS's clock has passed it too. */
const AFTER_MIDNIGHT_MS = 15 * 60_000;
/** A kiosk that was off for longer counts the last days only. */
const MOST_DAYS = 31;

export interface ReconciliationRecords extends Pick<Journal, 'open'> {
  rowsOf(operationId: string): readonly JournalEntry[];
  /** The first day (UTC) of which there is a row; `null`: there is none yet. */
  firstDay(): string | null;
  printedOn(day: string): readonly string[];
  countedDays(): readonly { readonly day: string }[];
  /** Keeps differences, and the count of a day with them, in one transaction; answers with those that are new. */
  noteDifferences(differences: readonly Difference[], count?: ThreeWayCount): Result<readonly Difference[], JournalError>;
  /** What shifts counted of their envelopes and no answer of the CMS is kept to, oldest first. */
  owedCounts(): readonly OwedCount[];
  countAnswered(count: Pick<OwedCount, 'shift' | 'batch'>, jws: string): Result<void, JournalError>;
}

export interface RunningReconciliation {
  /** The CMS answers again: compare now. */
  reconnected(): void;
  close(): Promise<void>;
}

export interface ReconciliationOptions {
  readonly cms: Pick<CmsClient, 'operations' | 'countDay' | 'countEnvelopes' | 'health'>;
  /** Whose envelopes are counted. */
  readonly desk: string;
  readonly records: ReconciliationRecords;
  readonly log: Log;
  readonly clock?: Clock;
  /** Something differs that did not before. */
  readonly onAttention?: () => void;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

/**
 * Compares the journal with the CMS's view of what is open: at start, when the CMS is back, and every 15 minutes; and each day that is
 * over with the CMS's count of it, once. Counts of envelopes that the CMS has not answered are asked again then, too. What differs becomes an incident for a person, and nothing else (reliability.md, R7).
 */
export function startReconciliation({
  cms,
  desk,
  records,
  log,
  clock = realClock,
  onAttention = () => undefined,
  now = Date.now,
}: ReconciliationOptions): RunningReconciliation {
  const stopping = new AbortController();
  let woken = new AbortController();

  const note = (differences: readonly Difference[], count?: ThreeWayCount): void => {
    const noted = records.noteDifferences(differences, count);
    for (const { kind, operationId, attempt } of noted.ok ? noted.value : []) {
      log.event('ledgers-differ', { kind, operation: operationId, attempt });
      onAttention();
    }
  };

  /** `false`: the CMS did not answer. */
  async function compareOpen(): Promise<boolean> {
    const before = records.open().filter(({ rows }) => rows.some(({ row }) => row.kind === 'RESERVE_INTENT'));
    if (before.length === 0) return (await cms.health(stopping.signal)).ok;
    const ids = before.map(({ operationId }) => operationId);
    const views = await cms.operations(ids, stopping.signal);
    if (!views.ok) return false;
    const differences = before.flatMap(({ operationId, rows }, index) => {
      const view = views.value[index];
      // What moved while it was asked about is looked at next time.
      const still = records.rowsOf(operationId).length === rows.length;
      return view !== undefined && still ? differencesOf(operationId, rows, view) : [];
    });
    note(differences);
    log.event('ledgers-compared', { open: before.length, differences: differences.length });
    return true;
  }

  function daysToCount(): readonly string[] {
    const first = records.firstDay();
    if (first === null) return [];
    const counted = new Set(records.countedDays().map(({ day }) => day));
    const last = now() - AFTER_MIDNIGHT_MS - DAY_MS;
    const days: string[] = [];
    for (let back = 0; back < MOST_DAYS; back += 1) {
      const day = new Date(last - back * DAY_MS).toISOString().slice(0, 10);
      if (day < first) break;
      if (!counted.has(day)) days.unshift(day);
    }
    return days;
  }

  async function count(day: string): Promise<boolean> {
    const released = await cms.countDay(day, stopping.signal);
    if (!released.ok) return false;
    const ids = [...new Set([...records.printedOn(day), ...released.value.releases.map(({ operationId }) => operationId)])];
    const views = await cms.operations(ids, stopping.signal);
    if (!views.ok) return false;
    const counted = countDay(released.value, new Map(ids.map((id) => [id, records.rowsOf(id)])), views.value);
    note(counted.differences, counted);
    const { intents, slips, releases, differences } = counted;
    log.event('day-counted', { day, intents, slips, releases, differences: differences.length });
    return true;
  }

  /**
   * Asks what shifts counted, until an answer is kept: also what was answered at the screen a moment ago, for the same key brings the same
   * answer. One that the CMS refuses stays owed, and holds up no other.
   */
  async function tellCounts(): Promise<boolean> {
    for (const count of records.owedCounts()) {
      const answer = await cms.countEnvelopes({ ...count, attempt: 1, desk }, stopping.signal);
      const { shift, batch } = count;
      if (answer.ok) {
        if (!records.countAnswered(count, answer.value.jws).ok) return false;
        const differences = answer.value.differences.length;
        log.event('shift-count-answered', { shift, batch, differences });
        if (differences > 0) note([{ kind: 'envelopes-differ', operationId: shift, attempt: 0 }]);
      } else if (answer.error.kind === 'refused') log.event('shift-count-refused', { shift, batch, type: answer.error.type });
      else return false;
    }
    return true;
  }

  async function round(): Promise<void> {
    if (!(await compareOpen())) return;
    if (!(await tellCounts())) return;
    for (const day of daysToCount()) if (!(await count(day))) return;
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      woken = new AbortController();
      await round();
      await withAny([stopping.signal, woken.signal], (either) => clock.wait(ROUND_MS, either));
    }
  }

  const running = run();
  return {
    reconnected: () => woken.abort(),
    async close() {
      stopping.abort();
      await running;
    },
  };
}
