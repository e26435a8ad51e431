import { setTimeout as delay } from 'node:timers/promises';
import { withAny } from '../../devices/deadline.ts';
import { type Result, err } from '../../devices/result.ts';
import { settle } from '../../flows/operations/settlement.ts';
import { type Cms, type CmsError, type Receipt, stateOfOutcome } from '../../flows/ports/cms.ts';
import type { Journal, JournalError } from '../../flows/ports/journal.ts';
import type { Outbox } from '../../flows/ports/outbox.ts';
import type { Log } from '../log/log.ts';

/** Milliseconds between rounds while the CMS does not answer: never more than one a second, at most half a minute apart. */
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;
/** One delivery may take this long, whoever asked for it. */
const DELIVERY_LIMIT_MS = 15_000;

type Delivery = Promise<Result<Receipt, CmsError | JournalError>>;

export interface RunningOutbox extends Outbox {
  /** An outcome was recorded: deliver it without waiting for the next round. */
  wake(): void;
  close(): Promise<void>;
}

export interface OutboxOptions {
  readonly cms: Cms;
  readonly journal: Journal;
  readonly log: Log;
  /** Resolves after `ms`, or as soon as `signal` ends it. */
  readonly wait?: (ms: number, signal: AbortSignal) => Promise<void>;
}

async function pauseFor(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => undefined);
}

/**
 * Brings recorded outcomes to the CMS until each has its receipt: oldest first, one at a time, with growing and jittered pauses while
 * the CMS does not answer, and none once it does.
 */
export function startOutbox({ cms, journal, log, wait = pauseFor }: OutboxOptions): RunningOutbox {
  const stopping = new AbortController();
  const underway = new Map<string, Delivery>();
  let woken = new AbortController();

  /** Everybody who asks for the same operation at the same time shares one delivery. */
  function attempt(operationId: string): Delivery {
    const going = underway.get(operationId);
    if (going !== undefined) return going;
    const report = journal.outbox().find((waiting) => waiting.operationId === operationId);
    if (report === undefined)
      return Promise.resolve(err({ kind: 'refused', type: 'not-waiting', title: 'nothing waits for this operation' }));
    const delivery = withAny([stopping.signal, AbortSignal.timeout(DELIVERY_LIMIT_MS)], (limit) =>
      settle({ cms, journal }, report, limit),
    ).finally(() => underway.delete(operationId));
    underway.set(operationId, delivery);
    return delivery;
  }

  /** Tries everything that waits, once. `true`: nothing waits any more. A CMS that does not answer ends the round; a refusal is one operation's. */
  async function round(): Promise<boolean> {
    let emptied = true;
    for (const { operationId, outcome } of journal.outbox()) {
      if (stopping.signal.aborted) return true;
      const delivered = await attempt(operationId);
      if (delivered.ok) {
        const { state } = delivered.value;
        if (state !== stateOfOutcome[outcome]) log.event('outcome-came-too-late', { operation: operationId, outcome, state });
        continue;
      }
      emptied = false;
      const { error } = delivered;
      log.event('outbox-waits', { operation: operationId, problem: error.kind === 'refused' ? error.type : error.kind });
      if (error.kind !== 'refused') break;
    }
    return emptied;
  }

  async function run(): Promise<void> {
    let pause = FIRST_PAUSE_MS;
    while (!stopping.signal.aborted) {
      if (await round()) {
        pause = FIRST_PAUSE_MS;
        await withAny([stopping.signal, woken.signal], (either) => wait(LONGEST_PAUSE_MS, either));
      } else {
        // A wake-up does not shorten this one: a CMS that does not answer is not hammered.
        await wait(pause * (1 + Math.random() / 2), stopping.signal);
        pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
      }
      woken = new AbortController();
    }
  }

  const running = run();
  return {
    wake: () => woken.abort(),
    async deliver(operationId, signal) {
      const aborted = new Promise<Result<Receipt, CmsError>>((resolve) => {
        const give = (): void => resolve(err({ kind: 'aborted' }));
        if (signal.aborted) give();
        else signal.addEventListener('abort', give, { once: true });
      });
      const delivered = await Promise.race([attempt(operationId), aborted]);
      if (delivered.ok || delivered.error.kind !== 'journal-unwritable') return delivered as Result<Receipt, CmsError>;
      return err({ kind: 'unreachable', detail: delivered.error.detail });
    },
    async close() {
      stopping.abort();
      await running;
      await Promise.allSettled(underway.values());
    },
  };
}
