import type { EnvelopeState } from '../../flows/envelopes/envelope.ts';
import { shiftRowKinds } from '../../flows/envelopes/rows.ts';
import type { Outcome } from '../../flows/ports/cms.ts';
import type { JournalRow, JournalRowKind } from '../../flows/ports/journal.ts';
import { isRemote } from '../../flows/ports/remote-issue.ts';
import { isService } from '../../flows/ports/services.ts';
import type { Operation } from '../../flows/procedures/vocabulary.ts';

/** Which rows may come right after which. An operation may end, or be given up, wherever nothing is under way at the CMS. */
const followers: Readonly<Record<JournalRowKind, readonly JournalRowKind[]>> = {
  OP_OPEN: ['RESERVE_INTENT', 'PIN_INTENT', 'SERVICE_INTENT', 'OUTCOME', 'CLOSED'],
  RESERVE_INTENT: ['RESERVED', 'OUTCOME', 'CLOSED'],
  RESERVED: ['PRINTER_READY', 'ENVELOPE_DRAWN', 'OUTCOME', 'CLOSED'],
  PRINTER_READY: ['PRINT_INTENT', 'OUTCOME', 'CLOSED'],
  PRINT_INTENT: ['EVIDENCE', 'OUTCOME', 'CLOSED'],
  // A presenter's sensors may add to what the print itself proved.
  EVIDENCE: ['EVIDENCE', 'REPRINT_AUTHORISED', 'OUTCOME', 'CLOSED'],
  REPRINT_AUTHORISED: ['PRINTER_READY', 'OUTCOME', 'CLOSED'],
  OUTCOME: ['RECEIPT', 'CLOSED'],
  RECEIPT: ['RESOLUTION', 'CLOSED'],
  RESOLUTION: ['RECEIPT'],
  CLOSED: [],
  // An envelope that was drawn is in the operation's hands: it ends with an outcome, which says what becomes of it.
  ENVELOPE_DRAWN: ['ENVELOPE_SCANNED', 'ENVELOPE_MOVED', 'OUTCOME'],
  ENVELOPE_SCANNED: ['ENVELOPE_BOUND', 'OUTCOME'],
  ENVELOPE_BOUND: ['CHIP_EVIDENCE', 'OUTCOME'],
  CHIP_EVIDENCE: ['OUTCOME'],
  ENVELOPE_MOVED: ['ENVELOPE_DRAWN', 'OUTCOME', 'BATCH_RECEIVED', 'ENVELOPES_ASSIGNED', 'ENVELOPE_MOVED', 'SHIFT_COUNTED'],
  SHIFT_OPENED: ['BATCH_RECEIVED', 'ENVELOPES_ASSIGNED', 'ENVELOPE_MOVED', 'SHIFT_COUNTED'],
  BATCH_RECEIVED: ['BATCH_RECEIVED', 'ENVELOPES_ASSIGNED', 'ENVELOPE_MOVED', 'SHIFT_COUNTED'],
  ENVELOPES_ASSIGNED: ['BATCH_RECEIVED', 'ENVELOPES_ASSIGNED', 'ENVELOPE_MOVED', 'SHIFT_COUNTED'],
  SHIFT_COUNTED: [],
  // The card alone says what became of the PIN, and nobody else is told.
  PIN_INTENT: ['PIN_EVIDENCE'],
  PIN_EVIDENCE: ['CLOSED'],
  // One question, one answer: it was done, it never will be, or the CMS said no. A certificate is loaded before the answer.
  SERVICE_INTENT: ['SERVICE_RECEIPT', 'SERVICE_REFUSED', 'SIGNATURE_INTENT'],
  SIGNATURE_INTENT: ['SIGNATURE_EVIDENCE', 'SERVICE_RECEIPT'],
  SIGNATURE_EVIDENCE: ['SERVICE_RECEIPT'],
  SERVICE_RECEIPT: ['CLOSED'],
  SERVICE_REFUSED: ['CLOSED'],
};

/** What an outcome makes of the envelope in the operation's hands: what is not known is put apart. */
const endsOf: Readonly<Record<Outcome, readonly EnvelopeState[]>> = {
  'handed-over': ['handed'],
  'not-handed-over': ['assigned', 'aborted', 'unclaimed', 'spoiled'],
  unknown: ['quarantined'],
};

const ofShifts: readonly JournalRowKind[] = shiftRowKinds;

/** The envelope that an operation has in its hands: the last that was drawn, unless it was put away since. */
function envelopeIn(rows: readonly JournalRow[]): string | undefined {
  const last = rows.findLast(({ kind }) => kind === 'ENVELOPE_DRAWN' || kind === 'ENVELOPE_MOVED');
  return last?.kind === 'ENVELOPE_DRAWN' ? last.number : undefined;
}

/** What may come of an operation once it is open: only the card says what became of a PIN, and a service reserves nothing, nor do codes at a distance. */
function beginningsOf(operation: Operation): readonly JournalRowKind[] {
  if (operation === 'pin-unblock') return ['PIN_INTENT'];
  if (isService(operation)) return ['SERVICE_INTENT'];
  return isRemote(operation) ? ['RESERVE_INTENT', 'OUTCOME', 'SERVICE_INTENT'] : ['RESERVE_INTENT', 'OUTCOME'];
}

/**
 * Whether `next` may be written after an operation's `rows`. The first is OP_OPEN; an answer stands only with what it answers; a further
 * print has the number that its authorisation gave it; what is held stays open until it is resolved; nothing follows CLOSED. A shift begins with
 * SHIFT_OPENED and ends with SHIFT_COUNTED.
 */
export function mayFollow(rows: readonly JournalRow[], next: JournalRow): boolean {
  const last = rows.at(-1);
  if (last === undefined) return next.kind === 'OP_OPEN' || next.kind === 'SHIFT_OPENED';
  if (!followers[last.kind].includes(next.kind)) return false;
  if ((rows[0]?.kind === 'SHIFT_OPENED') !== ofShifts.includes(next.kind) && next.kind !== 'ENVELOPE_MOVED') return false;
  const held = envelopeIn(rows);
  if (last.kind === 'OP_OPEN' && next.kind !== 'CLOSED' && !beginningsOf(last.operation).includes(next.kind)) return false;
  const prints = rows.filter(({ kind }) => kind === 'PRINT_INTENT').length;
  switch (next.kind) {
    case 'SERVICE_INTENT':
      return last.kind === 'OP_OPEN' && isRemote(last.operation) === (next.identification === 'remote-video');
    case 'PRINT_INTENT':
    case 'REPRINT_AUTHORISED':
      return next.attempt === prints + 1;
    case 'EVIDENCE':
      return next.attempt === prints;
    case 'RESOLUTION':
      return last.kind === 'RECEIPT' && last.state === 'HELD' && next.envelope?.number === held;
    case 'OUTCOME':
      return next.envelope?.number === held && (next.envelope === undefined || endsOf[next.outcome].includes(next.envelope.to));
    case 'ENVELOPE_DRAWN':
      return next.draw === rows.filter(({ kind }) => kind === 'ENVELOPE_DRAWN').length + 1;
    case 'ENVELOPE_SCANNED':
    case 'ENVELOPE_BOUND':
      return next.number === held;
    case 'ENVELOPE_MOVED':
      return rows[0]?.kind === 'SHIFT_OPENED' || (next.number === held && (next.to === 'quarantined' || next.to === 'spoiled'));
    case 'SIGNATURE_INTENT':
      return rows[0]?.kind === 'OP_OPEN' && rows[0].operation === 'signature-certificate';
    case 'CLOSED':
      return !(last.kind === 'RECEIPT' && last.state === 'HELD');
    default:
      return true;
  }
}
