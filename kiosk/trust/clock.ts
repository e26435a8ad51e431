import type { ClockFault } from '../../flows/ports/trust.ts';
import type { Log } from '../log/log.ts';

export interface ClockWatchOptions {
  /** Milliseconds since 1970, by this machine's clock. */
  readonly now: () => number;
  /** Milliseconds that nobody can set. */
  readonly monotonic: () => number;
  /** The last comparison with a clock that can be believed (the CMS's, over TLS), and when by `monotonic`; `null` before there was one. */
  readonly compared: () => { readonly aheadMs: number; readonly comparedAt: number } | null;
  readonly log: Log;
}

export interface ClockWatch {
  /** What is wrong with the clock now; `newestCrl`: seconds since 1970 of the newest thisUpdate in the store. */
  fault(newestCrl: number | null): ClockFault | null;
  /** A CRL was offered whose thisUpdate (seconds since 1970) is not yet: that one of the two clocks is wrong is known until then. */
  sawCrlOf(thisUpdate: number): void;
}

/** Milliseconds: what time servers put right at one stroke is less. */
const JUMP_MS = 60_000;
/** Seconds by which a clock may be behind that of an authority (as when CRLs are imported). */
const BEHIND = 300;

/**
 * Watches this machine's clock, on which it hangs whether a CRL is new enough. Looks when it is asked, and tells the log when the answer changes. A jump is
 * forgotten when the clock jumps back, or when the clock of the CMS, asked after it, agrees.
 */
export function watchClock({ now, monotonic, compared, log }: ClockWatchOptions): ClockWatch {
  let offset = now() - monotonic();
  /** When a jump was first seen, by the clock that nobody can set. */
  let jumpedAt: number | null = null;
  let future = -Infinity;
  let told: ClockFault['kind'] | null = null;

  function jump(): number {
    const by = now() - monotonic() - offset;
    const far = Math.abs(by) > JUMP_MS;
    if (!far) {
      jumpedAt = null;
      return 0;
    }
    jumpedAt ??= monotonic();
    const since = compared();
    if (since === null || since.comparedAt <= jumpedAt || Math.abs(since.aheadMs) > JUMP_MS) return by / 1000;
    offset += by;
    jumpedAt = null;
    return 0;
  }

  function look(newestCrl: number | null): ClockFault | null {
    const by = jump();
    const seconds = now() / 1000;
    if (newestCrl !== null && newestCrl - seconds > BEHIND) return { kind: 'behind-crl', seconds: Math.round(newestCrl - seconds) };
    if (future - seconds > BEHIND) return { kind: 'crl-of-the-future', seconds: Math.round(future - seconds) };
    return by === 0 ? null : { kind: 'jumped', seconds: Math.round(by) };
  }

  return {
    fault(newestCrl) {
      const found = look(newestCrl);
      if ((found?.kind ?? null) !== told) {
        told = found?.kind ?? null;
        if (found === null) log.event('clock-well-again', {});
        else log.event('clock-fault', { ...found });
      }
      return found;
    },
    sawCrlOf(thisUpdate) {
      future = Math.max(future, thisUpdate);
    },
  };
}
