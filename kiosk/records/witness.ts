import { withAny } from '../../devices/deadline.ts';
import type { CmsClient } from '../cms/client.ts';
import { type Clock, realClock } from '../cms/pace.ts';
import type { Log } from '../log/log.ts';
import type { Records } from './records.ts';

/** A checkpoint at least so often, while there are rows that have none. */
const QUARTER_MS = 15 * 60_000;
/** Between tries while the CMS does not countersign: twice as long each time, up to a quarter of an hour. */
const FIRST_PAUSE_MS = 2_000;
const CALL_LIMIT_MS = 15_000;

export interface WitnessOptions {
  readonly cms: Pick<CmsClient, 'countersign'>;
  readonly records: Pick<Records, 'checkpoint' | 'uncountersigned' | 'countersign'>;
  readonly log: Log;
  readonly clock?: Clock;
}

export interface RunningWitness {
  /** There is a new checkpoint. */
  wake(): void;
  close(): Promise<void>;
}

/**
 * Has the journal's checkpoints countersigned by the CMS, each in its turn, in the background: nobody waits for it. What the CMS refuses is
 * asked again, ever more seldom, and logged each time: a refusal says that one of the two has another history of this kiosk.
 */
export function startWitness({ cms, records, log, clock = realClock }: WitnessOptions): RunningWitness {
  const stopping = new AbortController();
  let woken = new AbortController();

  async function countersignNext(): Promise<boolean> {
    const checkpoint = records.uncountersigned();
    if (checkpoint === null) return true;
    const given = await withAny([stopping.signal, AbortSignal.timeout(CALL_LIMIT_MS)], (limit) => cms.countersign(checkpoint, limit));
    const kept = given.ok ? records.countersign(checkpoint.sequence, given.value) : given;
    if (kept.ok) return await countersignNext();
    const problem = kept.error.kind === 'refused' ? kept.error.type : kept.error.kind;
    if (!stopping.signal.aborted) log.event('checkpoint-waits', { sequence: checkpoint.sequence, problem });
    return false;
  }

  async function countersign(): Promise<void> {
    let pause = FIRST_PAUSE_MS;
    while (!stopping.signal.aborted) {
      if (await countersignNext()) {
        pause = FIRST_PAUSE_MS;
        await withAny([stopping.signal, woken.signal], (either) => clock.wait(QUARTER_MS, either));
        woken = new AbortController();
      } else {
        await clock.wait(pause * (1 + Math.random() / 2), stopping.signal);
        pause = Math.min(pause * 2, QUARTER_MS);
      }
    }
  }

  async function seal(): Promise<void> {
    for (;;) {
      await clock.wait(QUARTER_MS, stopping.signal);
      if (stopping.signal.aborted) return;
      const sealed = records.checkpoint();
      if (!sealed.ok) log.event('checkpoint-waits', { sequence: 0, problem: sealed.error.kind });
      woken.abort();
    }
  }

  const running = Promise.all([countersign(), seal()]);
  return {
    wake: () => woken.abort(),
    async close() {
      stopping.abort();
      await running;
    },
  };
}
