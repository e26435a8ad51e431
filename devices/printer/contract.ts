import type { Result } from '../result.ts';

/** What a receipt printer tells of itself (DLE EOT 1-4, devices.md 3). */
export type PrinterStatus =
  | { readonly state: 'disconnected'; readonly detail: string }
  | { readonly state: 'silent' }
  | { readonly state: 'cover-open' }
  | { readonly state: 'paper-out' }
  | { readonly state: 'cutter-error' }
  | { readonly state: 'hardware-error'; readonly recoverable: boolean }
  | { readonly state: 'offline' }
  /** Told by the core, not by the printer: an earlier job may still stand in its buffers, and it did not acknowledge the clearing. */
  | { readonly state: 'locked' }
  /** A presenter's sensor sees a slip in the output. */
  | { readonly state: 'slip-in-output' }
  | { readonly state: 'paper-near-end' }
  | { readonly state: 'ready' };

/** The statuses in which a slip may be started. Near end is not one: a slip cut off half-way is a code exposed. */
export function mayPrint(status: PrinterStatus): boolean {
  return status.state === 'ready';
}

/**
 * What proves that a slip came out (reliability.md, 1.2): `E0` nothing was sent; `E1` bytes went out, no proof of paper;
 * `E2` the printer itself answered, after the cut, that printing was complete, with paper and cutter well. `E3` (a presenter's
 * sensors) and `E4` (an attestation on top) are not a printer's to give alone.
 */
export type EvidenceClass = 'E0' | 'E1' | 'E2' | 'E3' | 'E4';

export interface PrintEvidence {
  readonly class: 'E0' | 'E1' | 'E2';
  /** What the printer itself said from the first byte of the job to the status after it, hexadecimal; `""` where it said nothing. */
  readonly raw: string;
  readonly status: PrinterStatus;
  /** `needless`: nothing was sent. `cleared`: the printer acknowledged that its buffers are empty. `locked`: it did not; it must be power-cycled before it prints again. */
  readonly buffer: 'needless' | 'printed' | 'cleared' | 'locked';
}

export type PrinterError = { readonly kind: 'disconnected'; readonly detail: string } | { readonly kind: 'aborted' };

/** What a presenter's sensor says; `raw`: the printer's own words, hexadecimal. `in-output` is `null` where it did not answer. */
export interface OutputReading {
  readonly inOutput: boolean | null;
  readonly raw: string;
}

/** A presenter: it holds the cut slip out to the citizen, sees whether it is there, and can take it back. */
export interface Presenter {
  read(signal?: AbortSignal): Promise<OutputReading>;
  /** Takes back what is in the output, and answers what the sensor says once that should be done. */
  retract(signal?: AbortSignal): Promise<OutputReading>;
}

/** A connection to one printer; made by `open`, gone after `close`: a new connection is a new object. */
export interface Printer {
  /** `null`: it drops the slip, and cannot know what becomes of it. */
  readonly presenter: Presenter | null;
  /** Asks the printer for its status now. Never fails: what it cannot say is a status too. */
  status(signal?: AbortSignal): Promise<PrinterStatus>;
  /**
   * Prints `job` (bytes for the printer, ending with a cut) and waits for the printer's own completion reply. Refuses to start unless
   * `mayPrint`. After any failure past the first byte it clears the printer's buffers. Never prints twice, never throws for what a device does.
   * `beforeFirstByte` is awaited when all is ready and nothing of the job is sent: whoever must announce the effect does it there.
   */
  print(job: Uint8Array, signal: AbortSignal, beforeFirstByte?: () => Promise<void>): Promise<PrintEvidence>;
  /** DLE DC4 fn 8: clears receive and print buffers; `true` only on the printer's acknowledgement. */
  clear(): Promise<boolean>;
  close(): Promise<void>;
}

/** Opens a printer by its address: `serial:/dev/…?baud=…`, `usb:/dev/usb/lp0`, `tcp:127.0.0.1:PORT` (loopback only). */
export type OpenPrinter = (address: string, signal?: AbortSignal) => Promise<Result<Printer, PrinterError>>;
