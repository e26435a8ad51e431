import { createHash, createHmac } from 'node:crypto';
import { type Ledger, ledgerAfter, inPile } from '../../flows/envelopes/ledger.ts';
import type { JournalEntry } from '../../flows/ports/journal.ts';

/** What stands in the journal of a seed before it is revealed: SHA-256, hexadecimal. */
export function commitmentTo(seed: Buffer): string {
  return createHash('sha256').update(seed).digest('hex');
}

/** Where the lot falls, from 1: HMAC-SHA-256 under the seed over operation and number of the draw, as one big number, modulo what remains. */
export function lot(seed: Buffer, operationId: string, draw: number, remaining: number): number {
  const digest = createHmac('sha256', seed).update(`${operationId}/${draw}`).digest('hex');
  return Number(BigInt(`0x${digest}`) % BigInt(remaining)) + 1;
}

export interface DrawFault {
  readonly sequence: number;
  readonly detail: string;
}

/** What `drawnAgain` found. `secret`: draws of a shift that is not counted yet, whose seed nobody knows. */
export interface DrawsChecked {
  readonly draws: number;
  readonly secret: number;
  readonly faults: readonly DrawFault[];
}

interface Lot {
  readonly sequence: number;
  readonly operationId: string;
  readonly row: Extract<JournalEntry['row'], { kind: 'ENVELOPE_DRAWN' }>;
  /** The pile as the rows before tell it, from the top. */
  readonly pile: readonly string[];
}

/** Draws every lot again, from the rows of a whole journal and from nothing else. */
export function drawnAgain(entries: readonly JournalEntry[]): DrawsChecked {
  const faults: DrawFault[] = [];
  const fault = (sequence: number, detail: string): void => void faults.push({ sequence, detail });
  const commitments = new Map<string, string>();
  const lots = new Map<string, Lot[]>();
  let ledger: Ledger = new Map();
  let draws = 0;
  for (const { sequence, operationId, row } of entries) {
    if (row.kind === 'SHIFT_OPENED') {
      commitments.set(operationId, row.commitment);
      lots.set(operationId, []);
    } else if (row.kind === 'ENVELOPE_DRAWN') {
      draws += 1;
      const pile = inPile(ledger, row.pile).map(({ number }) => number);
      const ofShift = lots.get(row.shift);
      if (ofShift === undefined) fault(sequence, 'its shift was counted before, or never opened: its seed was no secret, or none');
      else ofShift.push({ sequence, operationId, row, pile });
    } else if (row.kind === 'SHIFT_COUNTED') {
      const seed = Buffer.from(row.seed, 'hex');
      if (commitmentTo(seed) !== commitments.get(operationId)) fault(sequence, 'the seed is not the one that was announced');
      for (const each of lots.get(operationId) ?? []) {
        const why = wrongIn(each, seed);
        if (why !== null) fault(each.sequence, why);
      }
      lots.delete(operationId);
    }
    const after = ledgerAfter(ledger, operationId, row);
    if (after.ok) ledger = after.value;
    else fault(sequence, `an envelope cannot go there: ${after.error.why}`);
  }
  return { draws, secret: [...lots.values()].reduce((sum, { length }) => sum + length, 0), faults };
}

function wrongIn({ operationId, row, pile }: Lot, seed: Buffer): string | null {
  if (row.remaining !== pile.length) return `${row.remaining} were said to remain, and ${pile.length} did`;
  const position = lot(seed, operationId, row.draw, row.remaining);
  if (position !== row.position) return `the lot fell on ${position}, and ${row.position} was drawn`;
  return pile[position - 1] === row.number ? null : `another envelope lay at ${position}`;
}
