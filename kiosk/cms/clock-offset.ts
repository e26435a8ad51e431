import type { Log } from '../log/log.ts';

/** Clocks that differ by more are reported. Milliseconds. */
const FAR_APART_MS = 1_000;

/** By how many milliseconds the CMS's clock is ahead of ours, give or take `uncertaintyMs` (half of the call's time). */
export interface ClockOffset {
  readonly aheadMs: number;
  readonly uncertaintyMs: number;
}

/** With the time of the comparison by a clock that nobody can set (`performance.now()`). */
export interface ComparedClock extends ClockOffset {
  readonly comparedAt: number;
}

/** Follows how far the CMS's clock is from ours, and tells the log when they part and when they meet again. */
export function watchClock(log: Log) {
  let last: ClockOffset | null = null;
  let comparedAt = 0;
  let apart = false;
  return {
    /**
     * `at`: the CMS's clock in an answer that was asked for at `begun` and here at `ended` (milliseconds since 1970). Answers to writes
     * do not serve: one that was stored has the clock of its first time.
     */
    measure(at: string, begun: number, ended: number): ClockOffset {
      last = { aheadMs: Math.round(Date.parse(at) - (begun + ended) / 2), uncertaintyMs: Math.ceil((ended - begun) / 2) };
      comparedAt = performance.now();
      const far = Math.abs(last.aheadMs) - last.uncertaintyMs > FAR_APART_MS;
      if (far !== apart) log.event(far ? 'cms-clock-apart' : 'cms-clock-agrees', last);
      apart = far;
      return last;
    },
    last: (): ClockOffset | null => last,
    compared: (): ComparedClock | null => (last === null ? null : { ...last, comparedAt }),
    apart: (): boolean => apart,
  };
}
