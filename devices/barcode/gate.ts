import type { IgnoredScan, Scan } from './contract.ts';
import type { Heard } from './line.ts';

/** The same code within this time of when it was last seen is the same pass of the same label. Milliseconds. */
export const DOUBLE_MS = 1_000;
/** No hand scans so many codes in a second. */
export const MOST_CODES = 8;
const FLOOD_WINDOW_MS = 1_000;
/** A flood is over when nothing came for this long. */
export const QUIET_MS = 1_000;

export type Passed = { readonly kind: 'taken'; readonly scan: Scan } | { readonly kind: 'ignored'; readonly why: IgnoredScan };

/** Lets through what a hand scanned while somebody waited, and says of all else why not. Times are those of `Heard`. */
export class Gate {
  #arrivals: number[] = [];
  #floodUntil = -Infinity;
  #last: { readonly text: string; readonly at: number } | null = null;

  /** `waitingSince`: since when somebody waits, `null` where nobody does. */
  pass(heard: Heard, waitingSince: number | null): Passed {
    const at = heard.begunAt;
    if (this.#isFlood(at)) return { kind: 'ignored', why: 'flood' };
    if (heard.kind === 'ignored') return { kind: 'ignored', why: heard.why };
    const again = this.#last?.text === heard.scan.text && at - this.#last.at < DOUBLE_MS;
    if (again) {
      this.#last = { text: heard.scan.text, at };
      return { kind: 'ignored', why: 'double' };
    }
    if (waitingSince === null || at < waitingSince) return { kind: 'ignored', why: 'nobody-waits' };
    this.#last = { text: heard.scan.text, at };
    return { kind: 'taken', scan: heard.scan };
  }

  isFlooding(at: number): boolean {
    return at < this.#floodUntil;
  }

  #isFlood(at: number): boolean {
    this.#arrivals = [...this.#arrivals.filter((time) => at - time < FLOOD_WINDOW_MS), at].slice(-MOST_CODES - 1);
    if (this.#arrivals.length > MOST_CODES || this.isFlooding(at)) this.#floodUntil = at + QUIET_MS;
    return this.isFlooding(at);
  }
}
