import type { Result } from '../result.ts';

/** What a barcode scanner tells of itself. `flooding`: it sends more than any hand could scan; nothing is taken until it has been quiet. */
export type ScannerStatus =
  { readonly state: 'disconnected'; readonly detail: string } | { readonly state: 'ready' } | { readonly state: 'flooding' };

/** What kind of symbol was read; `unknown` where the scanner does not say (it can be set to: AIM identifiers, ISO/IEC 15424). */
export type Symbology = 'code-39' | 'code-128' | 'itf' | 'other' | 'unknown';

export interface Scan {
  readonly symbology: Symbology;
  /** Printable ASCII, without prefix and suffix. */
  readonly text: string;
}

/** Why something that the scanner sent became no scan. */
export type IgnoredScan =
  /** It came while nobody waited for it: it is not kept for whoever waits next. */
  | 'nobody-waits'
  /** The same code again, sooner than a hand scans twice. */
  | 'double'
  /** It broke off: nothing more came in time. */
  | 'cut-short'
  | 'too-long'
  /** Bytes that no code of its symbology holds. */
  | 'unreadable'
  | 'flood';

export type ScanError = { readonly kind: 'disconnected'; readonly detail: string } | { readonly kind: 'aborted' };

/** A barcode scanner. It may be unplugged and plugged again as long as this lives. */
export interface BarcodeScanner {
  status(): ScannerStatus;
  /** Calls back on each change of status; returns the way to stop. */
  onStatus(listener: (status: ScannerStatus) => void): () => void;
  /** Calls back for what was sent and did not become a scan; returns the way to stop. */
  onIgnored(listener: (why: IgnoredScan) => void): () => void;
  /** The first code whose first byte comes after this call. One waits at a time: a second call is a bug. Ends with `disconnected` where the scanner goes. */
  next(signal: AbortSignal): Promise<Result<Scan, ScanError>>;
  close(): Promise<void>;
}
