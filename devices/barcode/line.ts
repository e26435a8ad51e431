import type { IgnoredScan, Scan } from './contract.ts';

/** What comes over a line: a whole code, or why what came is none. `begunAt`: when its first byte was there, milliseconds of a clock that only goes on. */
export type Heard =
  | { readonly kind: 'scan'; readonly scan: Scan; readonly begunAt: number }
  | { readonly kind: 'ignored'; readonly why: Extract<IgnoredScan, 'cut-short' | 'too-long' | 'unreadable'>; readonly begunAt: number };

export type LineError = { readonly kind: 'gone'; readonly detail: string } | { readonly kind: 'aborted' };

/** One connection to a scanner; once gone it is never opened again. */
export interface ScannerLine {
  /** One listener; what comes without one is lost. */
  listen(hear: (heard: Heard) => void): void;
  /** Aborted once, when the line is gone for whatever reason; its `reason` is a string for a person. */
  readonly gone: AbortSignal;
  close(): Promise<void>;
}

/** The most that a code may be long, in bytes: no envelope, card or document carries a longer one. */
export const LONGEST_CODE = 128;
/** Between two pieces of one code; a code that takes longer has been broken off. Milliseconds. */
export const PIECE_LIMIT_MS = 200;
