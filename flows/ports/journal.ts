import type { Result } from '../../devices/result.ts';
import type { HolderCase, Operation, lossProofs, reasons } from '../procedures/vocabulary.ts';
import type { EvidenceClass } from '../../devices/printer/contract.ts';
import { type EnvelopeEnd, type EnvelopeRow, type ShiftRow, envelopeRowKinds, shiftRowKinds } from '../envelopes/rows.ts';
import type { CmsState, Outcome, OutcomeReport, Receipt } from './cms.ts';
import type { Finding, FailedSlip } from './operators.ts';
import type { LoadingReceipt, ServiceReceipt } from './services.ts';

/**
 * The rows of one operation, in their order (reliability.md, 1.3). A row that announces is durable before what it announces
 * happens. No secret and no personal data stand in them: a person and a card are keyed digests.
 */
export type JournalRow =
  | {
      readonly kind: 'OP_OPEN';
      readonly operation: Operation;
      readonly case: HolderCase;
      readonly profile: string;
      readonly profileVersion: string;
      readonly holder: string;
      /** Digest of who stood here for the holder. */
      readonly representative?: string;
      /** Absent where none was shown. */
      readonly card?: string;
      /** Absent where none has a part in it. */
      readonly operator?: string;
    }
  | { readonly kind: 'RESERVE_INTENT' }
  | { readonly kind: 'RESERVED'; readonly expiresAt: string }
  | { readonly kind: 'PRINTER_READY' }
  | { readonly kind: 'PRINT_INTENT'; readonly attempt: number }
  | {
      readonly kind: 'EVIDENCE';
      readonly attempt: number;
      readonly class: EvidenceClass;
      readonly raw: string;
      readonly buffer: 'needless' | 'printed' | 'cleared' | 'locked';
      /** What a presenter's sensors saw become of the slip. */
      readonly output?: 'taken' | 'retracted';
    }
  /** An operator authorised a further print; `assertion` is the signed decision (JWS), which names no person and no card. */
  | {
      readonly kind: 'REPRINT_AUTHORISED';
      readonly attempt: number;
      readonly slip: FailedSlip;
      readonly operator: string;
      readonly assertion: string;
    }
  | {
      readonly kind: 'OUTCOME';
      readonly outcome: Outcome;
      readonly class: EvidenceClass;
      readonly exposed: boolean;
      readonly reason: string;
      /** What becomes of the envelope that the operation has in its hands. */
      readonly envelope?: EnvelopeEnd;
    }
  | { readonly kind: 'RECEIPT'; readonly state: CmsState; readonly cmsSequence: number; readonly jws: string }
  /** What an operator found out about an operation that was HELD; the CMS's receipt for it is the next row. */
  | {
      readonly kind: 'RESOLUTION';
      readonly finding: Finding;
      readonly operator: string;
      readonly assertion: string;
      readonly envelope?: EnvelopeEnd;
    }
  | { readonly kind: 'CLOSED'; readonly state: ClosedState }
  | ServiceRow
  | PinRow
  | EnvelopeRow
  | ShiftRow;

/** Where an operation stood when it was closed; `DONE`: a service. */
export type ClosedState = CmsState | ServiceReceipt['state'];

/** Rows of a service, which gives no codes, and of codes that no kiosk sees, between OP_OPEN and CLOSED: one question, one answer; a certificate is loaded in between. */
export type ServiceRow =
  /** From here on the CMS may have done it. */
  | {
      readonly kind: 'SERVICE_INTENT';
      readonly reason?: (typeof reasons)[number];
      readonly lossProof?: (typeof lossProofs)[number];
      /** Of codes that are released at a distance, of which nothing else stands in any row. */
      readonly identification?: 'remote-video';
    }
  | { readonly kind: 'SERVICE_RECEIPT'; readonly state: ServiceReceipt['state']; readonly cmsSequence: number; readonly jws: string }
  /** The CMS said no, for this: nothing was done. */
  | { readonly kind: 'SERVICE_REFUSED'; readonly type: string }
  /** The CMS accepted it: from here on the card may have a key and a certificate of signature. */
  | { readonly kind: 'SIGNATURE_INTENT' }
  /** What the CMS said of it when the relay ended, how that was, in a word, and the commands that went to the card. The receipt is what counts. */
  | {
      readonly kind: 'SIGNATURE_EVIDENCE';
      readonly certificate: LoadingReceipt['certificate'];
      readonly end: string;
      readonly sent: number;
      readonly answered: number;
    };

export const serviceRowKinds = [
  'SERVICE_INTENT',
  'SERVICE_RECEIPT',
  'SERVICE_REFUSED',
  'SIGNATURE_INTENT',
  'SIGNATURE_EVIDENCE',
] as const satisfies readonly ServiceRow['kind'][];

/** Rows of a PIN that the holder chooses, by the PUK, between OP_OPEN and CLOSED: the CMS has no part in it. */
export type PinRow =
  /** From here on the card may have the new PIN. */
  | { readonly kind: 'PIN_INTENT' }
  /** What the card said, in a word, and the tries that its PUK has left, where it told them. */
  | {
      readonly kind: 'PIN_EVIDENCE';
      readonly pin: 'set' | 'not-set' | 'unknown';
      readonly answer: string;
      readonly triesLeft: number | null;
    };

export const pinRowKinds = ['PIN_INTENT', 'PIN_EVIDENCE'] as const satisfies readonly PinRow['kind'][];

export type JournalRowKind = JournalRow['kind'];

/**
 * Every kind of row of an operation with split codes, in the order in which it first meets them. A reprint goes back to PRINTER_READY, and a
 * resolution to RECEIPT (kiosk/records/order.ts). The crash suite makes its kills from this list.
 */
export const splitRowKinds = [
  'OP_OPEN',
  'RESERVE_INTENT',
  'RESERVED',
  'PRINTER_READY',
  'PRINT_INTENT',
  'EVIDENCE',
  'REPRINT_AUTHORISED',
  'OUTCOME',
  'RECEIPT',
  'RESOLUTION',
  'CLOSED',
] as const satisfies readonly JournalRowKind[];

export type SplitRowKind = (typeof splitRowKinds)[number];

export const journalRowKinds = [
  ...splitRowKinds,
  ...envelopeRowKinds,
  ...shiftRowKinds,
  ...pinRowKinds,
  ...serviceRowKinds,
] as const satisfies readonly JournalRowKind[];

export interface JournalEntry {
  /** Gap-free over the whole journal, from 1. */
  readonly sequence: number;
  readonly operationId: string;
  /** ISO instant of the kiosk's clock. */
  readonly at: string;
  readonly row: JournalRow;
}

export type JournalError = { readonly kind: 'journal-unwritable'; readonly detail: string };

/** An outcome as it is recorded: what the CMS is told, and what becomes of the envelope in the operation's hands. */
export interface Concluded {
  readonly report: OutcomeReport;
  readonly envelope?: EnvelopeEnd;
}

/** The operations journal and its outbox: one database, durable (`synchronous=FULL`) when a call returns. */
export interface Journal {
  append(operationId: string, row: Exclude<JournalRow, { kind: 'OUTCOME' | 'RECEIPT' | 'RESOLUTION' }>): Result<JournalEntry, JournalError>;
  /** OUTCOME and its outbox row, in one transaction, and with them what becomes of the envelope. */
  appendOutcome(report: OutcomeReport, envelope?: EnvelopeEnd): Result<JournalEntry, JournalError>;
  /** RESOLUTION and its outbox row, in one transaction. */
  appendResolution(row: Extract<JournalRow, { kind: 'RESOLUTION' }>, report: OutcomeReport): Result<JournalEntry, JournalError>;
  /** RECEIPT, and the outbox row gone, in one transaction. */
  appendReceipt(operationId: string, row: Extract<JournalRow, { kind: 'RECEIPT' }>): Result<JournalEntry, JournalError>;
  /** OUTCOME and outbox row of several operations, in one transaction: all of them, or none. */
  appendOutcomes(outcomes: readonly Concluded[]): Result<readonly JournalEntry[], JournalError>;
  /** RECEIPT and, where nothing is held, CLOSED of several operations, their outbox rows gone, in one transaction: all of them, or none. */
  appendReceipts(receipts: readonly Receipt[]): Result<readonly JournalEntry[], JournalError>;
  /** One operation's rows in order; none of an operation that is not known. */
  rowsOf(operationId: string): readonly JournalEntry[];
  /** The operations that are not CLOSED, oldest first, each with its rows in order. */
  open(): readonly { readonly operationId: string; readonly rows: readonly JournalEntry[] }[];
  /** What still waits for the CMS's receipt, oldest first. */
  outbox(): readonly OutcomeReport[];
  /** HMAC-SHA-256 under the journal's own key: how a person or a card stands in the records. */
  digest(kind: 'holder' | 'card', value: string): string;
}
