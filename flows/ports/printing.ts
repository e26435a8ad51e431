import type { Result } from '../../devices/result.ts';
import type { PrinterStatus, PrintEvidence } from '../../devices/printer/contract.ts';
import type { CmsError, CodeOperation, OneUseKey, Reservation, SealedPaperPart } from './cms.ts';

/** What a slip says besides the code's paper part: nothing that names a person or a card (reliability.md, 2). */
export interface Slip {
  readonly operationId: string;
  readonly operation: CodeOperation | 'renewal';
  readonly attempt: number;
  readonly siteName: string;
  readonly printedAt: string;
  readonly language: string;
  readonly secondPart: Reservation['delivery']['secondPart'];
  readonly helpLine: string;
}

/** A paper with no code on it: a list, a notice, a form. Whoever finds it learns what its lines say and no more. */
export interface Sheet {
  readonly title: string;
  readonly lines: readonly SheetLine[];
  readonly siteName: string;
  /** Empty where the lines name it. */
  readonly helpLine: string;
  readonly printedAt: string;
  readonly language: 'it' | 'en';
}

export type SheetLine =
  | { readonly kind: 'heading' | 'text' | 'item'; readonly text: string }
  /** A place to sign, with who signs below it. */
  | { readonly kind: 'signature'; readonly who: string };

/** What came of a print. `failure` says why there is less than full evidence; `null` with class E2. */
export interface PrintReport {
  readonly evidence: PrintEvidence;
  readonly failure:
    | null
    | { readonly kind: 'printer'; readonly status: PrinterStatus }
    | { readonly kind: 'paper-part'; readonly error: CmsError }
    | { readonly kind: 'worker-lost'; readonly detail: string }
    | { readonly kind: 'aborted' };
}

/**
 * What became of a slip in the printer's output, by a presenter's sensors; `raw`: what they said, hexadecimal. `not-known`: there is no
 * presenter, or it did not answer.
 */
export interface OutputReport {
  readonly slip: 'taken' | 'retracted' | 'nothing-there' | 'not-known';
  readonly raw: string;
}

export type ReleasePaperPart = (key: OneUseKey, signal: AbortSignal) => Promise<Result<SealedPaperPart, CmsError>>;

/** The printer in the core's hands, and the print worker's way to it. */
export interface Printing {
  status(): PrinterStatus;
  onStatus(listener: (status: PrinterStatus) => void): () => void;
  /** Asks the printer now. */
  check(signal: AbortSignal): Promise<PrinterStatus>;
  /**
   * One print by one worker: the core gives the port up, the worker makes its one-use key, `release` fetches the part sealed to it,
   * the worker prints, reports its evidence and exits, the core takes the port back. On abort: buffer cleared, evidence says how far it went.
   */
  print(slip: Slip, release: ReleasePaperPart, signal: AbortSignal): Promise<PrintReport>;
  /** Watches the slip in the output until the sensors see it go (`taken`). On abort, and where nobody can tell: `not-known`. */
  watchOutput(signal: AbortSignal): Promise<OutputReport>;
  /** Takes back a slip that is still in the output; `retracted` only when the sensors saw it go in. */
  retract(signal: AbortSignal): Promise<OutputReport>;
  /** Empties the printer's buffers (at boot, after what cannot be known); `false`: not acknowledged, the printer is locked. */
  clear(signal: AbortSignal): Promise<boolean>;
}

/** The same printer, for what holds no code. */
export interface SheetPrinting {
  /**
   * One sheet, by the core itself: it holds nothing that must be kept from it. Where a presenter holds it
   * out and nobody takes it, it is taken back after a while, so that it does not stand in the next slip's way.
   */
  printSheet(sheet: Sheet, signal: AbortSignal): Promise<PrintEvidence>;
}
