import type { JournalRow, JournalRowKind } from '../../flows/ports/journal.ts';

/** Which rows may come right after which. An operation may end, or be given up, wherever nothing is under way at the CMS. */
const followers: Readonly<Record<JournalRowKind, readonly JournalRowKind[]>> = {
  OP_OPEN: ['RESERVE_INTENT', 'OUTCOME', 'CLOSED'],
  RESERVE_INTENT: ['RESERVED', 'OUTCOME', 'CLOSED'],
  RESERVED: ['PRINTER_READY', 'OUTCOME', 'CLOSED'],
  PRINTER_READY: ['PRINT_INTENT', 'OUTCOME', 'CLOSED'],
  PRINT_INTENT: ['EVIDENCE', 'OUTCOME', 'CLOSED'],
  // A presenter's sensors may add to what the print itself proved.
  EVIDENCE: ['EVIDENCE', 'REPRINT_AUTHORISED', 'OUTCOME', 'CLOSED'],
  REPRINT_AUTHORISED: ['PRINTER_READY', 'OUTCOME', 'CLOSED'],
  OUTCOME: ['RECEIPT', 'CLOSED'],
  RECEIPT: ['RESOLUTION', 'CLOSED'],
  RESOLUTION: ['RECEIPT'],
  CLOSED: [],
};

/**
 * Whether `next` may be written after an operation's `rows`. The first is OP_OPEN; an answer stands only with what it answers; a further
 * print has the number that its authorisation gave it; what is held stays open until it is resolved; nothing follows CLOSED.
 */
export function mayFollow(rows: readonly JournalRow[], next: JournalRow): boolean {
  const last = rows.at(-1);
  if (last === undefined) return next.kind === 'OP_OPEN';
  if (!followers[last.kind].includes(next.kind)) return false;
  const prints = rows.filter(({ kind }) => kind === 'PRINT_INTENT').length;
  switch (next.kind) {
    case 'PRINT_INTENT':
    case 'REPRINT_AUTHORISED':
      return next.attempt === prints + 1;
    case 'EVIDENCE':
      return next.attempt === prints;
    case 'RESOLUTION':
      return last.kind === 'RECEIPT' && last.state === 'HELD';
    case 'CLOSED':
      return !(last.kind === 'RECEIPT' && last.state === 'HELD');
    default:
      return true;
  }
}
