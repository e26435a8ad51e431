import { withAny } from '../../devices/deadline.ts';
import { type Result, err } from '../../devices/result.ts';
import { closeReceived, settle, settleAll } from '../../flows/operations/settlement.ts';
import { type Cms, type CmsError, type OutcomeReport, type Receipt, stateOfOutcome } from '../../flows/ports/cms.ts';
import type { Journal, JournalError } from '../../flows/ports/journal.ts';
import type { Outbox } from '../../flows/ports/outbox.ts';
import { mostOutcomes } from '../cms/contract.ts';
import { type Clock, realClock } from '../cms/pace.ts';
import type { Log } from '../log/log.ts';
import { failuresForAPerson } from './waiting.ts';

/** Milliseconds between rounds while the CMS does not answer: never more than one a second, at most half a minute apart. */
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;
/** What the CMS refuses, or fails at while it answers others, is asked again ever more slowly, at last this far apart. */
const SLOWEST_RETRY_MS = 15 * 60_000;
/** One delivery may take this long, whoever asked for it. */
const DELIVERY_LIMIT_MS = 15_000;

type Settled = Result<Receipt, CmsError | JournalError>;

/** What the delivery of an outcome came to. */
interface Delivery {
  readonly report: OutcomeReport;
  readonly settled: Settled;
}

/** An outcome that the CMS has not acknowledged. */
export interface WaitingOutcome {
  readonly report: OutcomeReport;
  /** How often it was brought to the CMS in vain; outlives the process. */
  readonly failures: number;
}

/** The journal with what the outbox keeps beside it. */
export interface OutboxRecords extends Journal {
  /** Oldest first. */
  waiting(): readonly WaitingOutcome[];
  /** Those that were brought in vain so often that a person must look, oldest first. */
  forAPerson(): readonly string[];
  countFailures(operationIds: readonly string[]): Result<void, JournalError>;
}

export interface RunningOutbox extends Outbox {
  /** An outcome was recorded: deliver it without waiting for the next round. */
  wake(): void;
  /** The CMS answers again: no pause is of use any more. */
  reconnected(): void;
  close(): Promise<void>;
}

export interface OutboxOptions {
  readonly cms: Cms;
  readonly records: OutboxRecords;
  readonly log: Log;
  readonly clock?: Clock;
  /** `attention` changed. */
  readonly onAttention?: () => void;
}

/**
 * Brings recorded outcomes to the CMS until each has its receipt: those that failed least first, then the oldest. While the CMS does
 * not answer, one alone and ever more seldom; once it answers, without pauses and twice as many at each step, so that an outcome at which the
 * CMS fails keeps up no others. After six failures a person is called (`attention`), and it is tried on.
 */
export function startOutbox({ cms, records, log, clock = realClock, onAttention = () => undefined }: OutboxOptions): RunningOutbox {
  const stopping = new AbortController();
  const underway = new Map<string, Promise<Settled>>();
  /** When an outcome that failed by itself may be tried again, by `clock`. */
  const notBefore = new Map<string, number>();
  let linkUp = true;
  /** A receipt may stand without the row that closes its operation. */
  let unclosed = false;
  let woken = new AbortController();
  let reopened = new AbortController();

  /** What a delivery came to, for the counts, the log and the next try. */
  function conclude(deliveries: readonly Delivery[]): void {
    const reached = deliveries.some(({ settled }) => answered(settled));
    if (deliveries.some(({ settled }) => !settled.ok && settled.error.kind === 'journal-unwritable')) unclosed = true;
    const problems = new Map<string, string>();
    for (const { report, settled } of deliveries) {
      const problem = problemOf(settled);
      if (problem !== null) problems.set(report.operationId, problem);
      if (settled.ok) received(report, settled.value);
    }
    if (problems.size > 0) records.countFailures([...problems.keys()]);
    for (const { report, failures } of problems.size > 0 ? records.waiting() : []) {
      const { operationId } = report;
      const problem = problems.get(operationId);
      if (problem === undefined) continue;
      log.event('outbox-waits', { operation: operationId, problem });
      if (failures === failuresForAPerson) {
        log.event('outcome-needs-a-person', { operation: operationId, problem });
        onAttention();
      }
      // Where the CMS answers others it is this outcome's own trouble; where it answers nobody the round's pause is enough.
      const pause = jittered(Math.min(FIRST_PAUSE_MS * 2 ** failures, SLOWEST_RETRY_MS));
      if (reached) notBefore.set(operationId, clock.now() + pause);
    }
    linkUp = reached;
  }

  function received({ operationId, outcome }: OutcomeReport, { state }: Receipt): void {
    notBefore.delete(operationId);
    onAttention();
    if (state !== stateOfOutcome[outcome]) log.event('outcome-came-too-late', { operation: operationId, outcome, state });
  }

  /** Until it is over everybody who asks for this outcome shares its delivery. */
  function share({ operationId }: OutcomeReport, settled: Promise<Settled>): void {
    // Whoever shares it hears of a bug in it, and so does the round: nobody else has to.
    settled.catch(() => undefined);
    underway.set(operationId, settled);
  }

  function over(reports: readonly OutcomeReport[]): void {
    for (const { operationId } of reports) underway.delete(operationId);
    // Who slept because these were under way must look again.
    woken.abort();
  }

  const limited = <T>(deliver: (limit: AbortSignal) => Promise<T>): Promise<T> =>
    withAny([stopping.signal, AbortSignal.timeout(DELIVERY_LIMIT_MS)], deliver);

  function sendOne(report: OutcomeReport): Promise<Settled> {
    const delivery = limited(async (limit) => {
      const settled = await settle({ cms, journal: records }, report, limit);
      conclude([{ report, settled }]);
      return settled;
    });
    share(report, delivery);
    return delivery.finally(() => over([report]));
  }

  async function sendTogether(reports: readonly OutcomeReport[]): Promise<void> {
    await limited(async (limit) => {
      const going = settleAll({ cms, journal: records }, reports, limit);
      const concluded = Promise.all(going.map(async ({ report, settled }) => ({ report, settled: await settled }))).then(conclude);
      for (const { report, settled } of going)
        share(
          report,
          concluded.then(() => settled),
        );
      await concluded.finally(() => over(reports));
    });
  }

  function attempt(operationId: string): Promise<Settled> {
    const going = underway.get(operationId);
    if (going !== undefined) return going;
    const found = records.waiting().find(({ report }) => report.operationId === operationId);
    if (found === undefined)
      return Promise.resolve(err({ kind: 'refused', type: 'not-waiting', title: 'nothing waits for this operation' }));
    return sendOne(found.report);
  }

  /** What may be tried now, in its order; and how long until there is more. */
  function due(): { readonly reports: readonly OutcomeReport[]; readonly nextMs: number } {
    const now = clock.now();
    const waiting = records.waiting().filter(({ report }) => !underway.has(report.operationId));
    const later = waiting.map(({ report }) => (notBefore.get(report.operationId) ?? 0) - now).filter((ms) => ms > 0);
    const ready = waiting.filter(({ report }) => (notBefore.get(report.operationId) ?? 0) <= now);
    return {
      reports: ready.toSorted((one, other) => one.failures - other.failures).map(({ report }) => report),
      nextMs: Math.min(LONGEST_PAUSE_MS, ...later),
    };
  }

  async function run(): Promise<void> {
    let pause = FIRST_PAUSE_MS;
    let together = 1;
    while (!stopping.signal.aborted) {
      if (unclosed) unclosed = !closeReceived(records);
      const { reports, nextMs } = due();
      const [first, ...more] = reports.slice(0, together);
      if (first === undefined) {
        await withAny([stopping.signal, woken.signal, reopened.signal], (any) => clock.wait(nextMs, any));
      } else {
        await (more.length === 0 ? sendOne(first) : sendTogether([first, ...more]));
        if (linkUp) {
          pause = FIRST_PAUSE_MS;
          together = Math.min(together * 2, mostOutcomes);
        } else {
          together = 1;
          // A wake-up does not shorten this one: a CMS that does not answer is not hammered.
          await withAny([stopping.signal, reopened.signal], (either) => clock.wait(pause * (1 + Math.random() / 2), either));
          pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
        }
      }
      woken = new AbortController();
      reopened = new AbortController();
    }
  }

  const running = run();
  return {
    wake: () => woken.abort(),
    reconnected: () => reopened.abort(),
    attention: () => records.forAPerson(),
    async deliver(operationId, signal) {
      const aborted = new Promise<Result<Receipt, CmsError>>((resolve) => {
        const give = (): void => resolve(err({ kind: 'aborted' }));
        if (signal.aborted) give();
        else signal.addEventListener('abort', give, { once: true });
      });
      const delivered = await Promise.race([attempt(operationId), aborted]);
      if (delivered.ok) return delivered;
      const { error } = delivered;
      return err(error.kind === 'journal-unwritable' ? { kind: 'unreachable', detail: error.detail } : error);
    },
    async close() {
      stopping.abort();
      await running;
      await Promise.allSettled(underway.values());
    },
  };
}

/** The CMS said something that can be believed, be it no. */
function answered(settled: Settled): boolean {
  return settled.ok || settled.error.kind === 'refused';
}

/** Why a delivery was in vain; `null`: it was not, or nobody waited for its end. */
function problemOf(settled: Settled): string | null {
  if (settled.ok || settled.error.kind === 'aborted') return null;
  return settled.error.kind === 'refused' ? settled.error.type : settled.error.kind;
}

/** Between once and one and a half times as long. */
function jittered(ms: number): number {
  return ms * (1 + Math.random() / 2);
}
