import { type Result, err, ok } from '../../devices/result.ts';
import type { JournalEntry, JournalRow } from '../ports/journal.ts';
import { type Envelope, type Pile, type EnvelopeState, envelopeMoves } from './envelope.ts';

/** Every envelope that was ever received here, by its number, in the order of their places. */
export type Ledger = ReadonlyMap<string, Envelope>;

/** What a row does to one envelope. */
export interface EnvelopeMove {
  readonly number: string;
  readonly to: EnvelopeState;
  /** Of a batch, where it comes in. */
  readonly batch?: string;
  /** Whose pile it goes to. */
  readonly pile?: Pile;
  /** Only in the hands of this operation. */
  readonly operationId?: string;
}

export type UnlawfulMove = 'already-received' | 'unknown-envelope' | 'not-from-here' | 'in-no-pile' | 'of-another-operation';

/** What a row of the journal does to the envelopes; most rows do nothing. */
export function movesOf(operationId: string, row: JournalRow): readonly EnvelopeMove[] {
  switch (row.kind) {
    case 'BATCH_RECEIVED':
      return row.numbers.map((number) => ({ number, to: 'received', batch: row.batch }));
    case 'ENVELOPES_ASSIGNED':
      return row.numbers.map((number) => ({ number, to: 'assigned', pile: row.pile }));
    case 'ENVELOPE_DRAWN':
      return [{ number: row.number, to: 'drawn', operationId }];
    case 'ENVELOPE_SCANNED':
      return [{ number: row.number, to: 'scanned', operationId }];
    case 'ENVELOPE_BOUND':
      return [{ number: row.number, to: 'bound', operationId }];
    case 'ENVELOPE_MOVED':
      return [{ number: row.number, to: row.to }];
    case 'OUTCOME':
    case 'RESOLUTION':
      return row.envelope === undefined ? [] : [{ ...row.envelope, operationId }];
    default:
      return [];
  }
}

/** The envelope after the move, or why it cannot be. `before`: `undefined` where nobody ever received it; `places`: how many were received. */
export function moved(before: Envelope | undefined, move: EnvelopeMove, places: number): Result<Envelope, UnlawfulMove> {
  const { number, to, batch, pile, operationId } = move;
  if (before === undefined) {
    if (batch === undefined) return err('unknown-envelope');
    return ok({ number, batch, place: places + 1, state: 'received', pile: null, operationId: null });
  }
  if (batch !== undefined) return err('already-received');
  if (!envelopeMoves[before.state].includes(to)) return err('not-from-here');
  if (to === 'assigned' && (pile ?? before.pile) === null) return err('in-no-pile');
  if (operationId !== undefined && to !== 'drawn' && before.operationId !== operationId) return err('of-another-operation');
  return ok({
    ...before,
    state: to,
    pile: to === 'received' ? null : (pile ?? before.pile),
    operationId: to === 'assigned' || to === 'received' ? null : (operationId ?? before.operationId),
  });
}

/** The ledger after a row; all of the row, or nothing: then which envelope cannot go there, and why. */
export function ledgerAfter(
  ledger: Ledger,
  operationId: string,
  row: JournalRow,
): Result<Ledger, { readonly number: string; readonly why: UnlawfulMove }> {
  const after = new Map(ledger);
  for (const move of movesOf(operationId, row)) {
    const next = moved(after.get(move.number), move, after.size);
    if (!next.ok) return err({ number: move.number, why: next.error });
    after.set(move.number, next.value);
  }
  return ok(after);
}

/** The ledger that a journal tells of. A row that it cannot follow throws: the records take none. */
export function ledgerOf(entries: readonly JournalEntry[]): Ledger {
  return entries.reduce<Ledger>((ledger, { operationId, sequence, row }) => {
    const after = ledgerAfter(ledger, operationId, row);
    if (!after.ok) throw new Error(`row ${sequence}: ${after.error.why}`);
    return after.value;
  }, new Map());
}

/** What lies in a pile, from the top: what a lot is drawn among. */
export function inPile(ledger: Ledger, pile: Pile): readonly Envelope[] {
  return [...ledger.values()]
    .filter((envelope) => envelope.state === 'assigned' && envelope.pile === pile)
    .sort((one, other) => one.place - other.place);
}
