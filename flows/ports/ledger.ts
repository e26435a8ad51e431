import type { Result } from '../../devices/result.ts';
import type { Envelope, Pile, EnvelopeState, Put } from '../envelopes/envelope.ts';
import type { JournalError } from './journal.ts';

/** What of a list that the CMS signed goes into the ledger: `digest` is the SHA-256 of what its JWS signs, `numbers` in the order of the pile. */
export interface ReceivedBatch {
  readonly batch: string;
  readonly digest: string;
  readonly numbers: readonly string[];
}

/** Where the lot fell: the envelope to take is the one at `position`, from the top, of `remaining`. */
export interface Draw {
  readonly number: string;
  readonly position: number;
  readonly remaining: number;
}

export interface Tally extends Pick<Envelope, 'state' | 'pile'> {
  readonly count: number;
}

/** How many envelopes stand where at a count; `expected` of them lie in the piles. */
export interface ShiftCount {
  readonly shift: string;
  /** Revealed, hexadecimal. */
  readonly seed: string;
  readonly counted: number;
  readonly expected: number;
  readonly states: Readonly<Record<EnvelopeState, number>>;
}

export type LedgerError =
  | JournalError
  /** No shift is open: no seed is announced, nothing may be drawn or received. */
  | { readonly kind: 'no-shift' }
  | { readonly kind: 'shift-open' }
  | { readonly kind: 'pile-empty' }
  /** An operation has an envelope in its hands: nobody counts now. */
  | { readonly kind: 'under-way' }
  /** The list of this batch was another one before, or names what another list named. */
  | { readonly kind: 'batch-changed'; readonly batch: string }
  /** Its numbers are not such as the records keep. */
  | { readonly kind: 'batch-unusable'; readonly batch: string }
  /** What was asked cannot be with this envelope, where it is. */
  | { readonly kind: 'not-lawful'; readonly number: string };

/** Every envelope from the pallet to the hand. What it answers is durable; each change is a row of the journal. */
export interface EnvelopeLedger {
  find(number: string): Envelope | undefined;
  all(): readonly Envelope[];
  /** How many are in which state and pile: quick however many there ever were. */
  tally(): readonly Tally[];
  /** The open shift's id, `null` between two shifts. */
  shift(): string | null;
  /** Announces a new seed. Lists are fetched afterwards. */
  openShift(operator: string): Result<string, LedgerError>;
  /** How many envelopes came in: none of a list that is known. */
  receive(batch: ReceivedBatch): Result<number, LedgerError>;
  /** Puts into a pile what is in none, or in another. */
  assign(pile: Pile, numbers: readonly string[]): Result<void, LedgerError>;
  draw(operationId: string, pile: Pile): Result<Draw, LedgerError>;
  /** Takes an envelope out of its way, within an operation or, between two of them, in the shift. */
  put(number: string, to: Put, why: string, operationId?: string): Result<void, LedgerError>;
  /** Ends the shift: reveals its seed beside what was counted by hand in all piles together. */
  count(operator: string, counted: number): Result<ShiftCount, LedgerError>;
}
