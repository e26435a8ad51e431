import type { CardEvidence, EnvelopeStanding } from '../ports/cms.ts';
import type { Pile, EnvelopeState, Put } from './envelope.ts';

/** What becomes of an envelope with the row that says so. */
export interface EnvelopeEnd {
  readonly number: string;
  readonly to: EnvelopeState;
}

/** Rows of an operation that delivers an envelope, between RESERVED and OUTCOME. A number is what everybody can read outside the envelope. */
export type EnvelopeRow =
  /** The lot: `position` (from 1) of `remaining` in the pile, by the seed of `shift`; `draw` counts those of one operation, from 1. */
  | {
      readonly kind: 'ENVELOPE_DRAWN';
      readonly shift: string;
      readonly draw: number;
      readonly pile: Pile;
      readonly remaining: number;
      readonly position: number;
      readonly number: string;
    }
  | { readonly kind: 'ENVELOPE_SCANNED'; readonly number: string; readonly by: 'scanner' | 'hand' }
  /** The intent: from here on the CMS may set the card's PIN to this envelope's. Durable before the first exchange of the relay. */
  | { readonly kind: 'ENVELOPE_BOUND'; readonly number: string }
  /**
   * What the relays came to: what the CMS says of the PIN, whether nobody on the way could read it (`null`: nothing says so), how the last one ended,
   * commands that went to the chip and those that it answered.
   */
  | {
      readonly kind: 'CHIP_EVIDENCE';
      readonly pin: EnvelopeStanding['pin'];
      readonly evidence: CardEvidence;
      readonly secured: boolean | null;
      readonly end: string;
      readonly sent: number;
      readonly answered: number;
    }
  /** An envelope leaves its way outside an outcome: not found where the lot fell, damaged, destroyed, given back. */
  | { readonly kind: 'ENVELOPE_MOVED'; readonly number: string; readonly to: Put; readonly why: string };

/** Rows of a shift: the time between two counts of the envelopes. Its seed stands in the journal as a digest before any list is fetched. */
export type ShiftRow =
  | { readonly kind: 'SHIFT_OPENED'; readonly operator: string; readonly commitment: string }
  /** A list that the CMS signed; `digest` is that of what its JWS signs. The numbers are in the order of the pile. */
  | { readonly kind: 'BATCH_RECEIVED'; readonly batch: string; readonly digest: string; readonly numbers: readonly string[] }
  | { readonly kind: 'ENVELOPES_ASSIGNED'; readonly pile: Pile; readonly numbers: readonly string[] }
  /** The count by hand beside that of the ledger; `seed` (hexadecimal) is revealed: whoever has the rows can draw every lot again. */
  | {
      readonly kind: 'SHIFT_COUNTED';
      readonly operator: string;
      readonly seed: string;
      readonly counted: number;
      readonly expected: number;
    };

export const envelopeRowKinds = [
  'ENVELOPE_DRAWN',
  'ENVELOPE_SCANNED',
  'ENVELOPE_BOUND',
  'CHIP_EVIDENCE',
  'ENVELOPE_MOVED',
] as const satisfies readonly EnvelopeRow['kind'][];

export const shiftRowKinds = [
  'SHIFT_OPENED',
  'BATCH_RECEIVED',
  'ENVELOPES_ASSIGNED',
  'SHIFT_COUNTED',
] as const satisfies readonly ShiftRow['kind'][];
