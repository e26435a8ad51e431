import { describe, expect, test } from 'vitest';
import { type JournalRowKind, journalRowKinds } from '../../../flows/ports/journal.ts';
import { mayFollow } from '../../../kiosk/records/order.ts';

const whole: readonly JournalRowKind[] = journalRowKinds;

describe('the order of an operation', () => {
  test.each<[string, readonly JournalRowKind[]]>([
    ['a good one', whole],
    ['stopped before the reservation', ['OP_OPEN', 'CLOSED']],
    ['the reservation failed', ['OP_OPEN', 'RESERVE_INTENT', 'CLOSED']],
    ['the reservation is not known to have failed', ['OP_OPEN', 'RESERVE_INTENT', 'OUTCOME', 'RECEIPT', 'CLOSED']],
    ['stopped before the print', ['OP_OPEN', 'RESERVE_INTENT', 'RESERVED', 'OUTCOME', 'RECEIPT', 'CLOSED']],
    [
      'power lost while printing',
      ['OP_OPEN', 'RESERVE_INTENT', 'RESERVED', 'PRINTER_READY', 'PRINT_INTENT', 'OUTCOME', 'RECEIPT', 'CLOSED'],
    ],
    ['an outcome that the CMS refused', ['OP_OPEN', 'RESERVE_INTENT', 'RESERVED', 'OUTCOME', 'CLOSED']],
  ])('takes %s', (_what, rows) => {
    for (const [at, kind] of rows.entries()) expect({ kind, taken: mayFollow(rows.slice(0, at), kind) }).toEqual({ kind, taken: true });
  });

  test.each<[string, readonly JournalRowKind[], JournalRowKind]>([
    ['anything before OP_OPEN', [], 'RESERVE_INTENT'],
    ['CLOSED of nothing', [], 'CLOSED'],
    ['a second OP_OPEN', ['OP_OPEN'], 'OP_OPEN'],
    ['a reservation without its intent', ['OP_OPEN'], 'RESERVED'],
    ['evidence of a print without its intent', ['OP_OPEN', 'RESERVE_INTENT', 'RESERVED', 'PRINTER_READY'], 'EVIDENCE'],
    ['a receipt for no outcome', ['OP_OPEN', 'RESERVE_INTENT', 'RESERVED'], 'RECEIPT'],
    ['the intent after the effect', ['OP_OPEN', 'RESERVE_INTENT', 'RESERVED'], 'RESERVE_INTENT'],
    ['a print after the outcome', ['OP_OPEN', 'RESERVE_INTENT', 'RESERVED', 'OUTCOME'], 'PRINT_INTENT'],
    ['a second outcome', ['OP_OPEN', 'OUTCOME'], 'OUTCOME'],
    ['a second receipt', ['OP_OPEN', 'OUTCOME', 'RECEIPT'], 'RECEIPT'],
  ])('refuses %s', (_what, rows, next) => {
    expect(mayFollow(rows, next)).toBe(false);
  });

  test('ends with CLOSED', () => {
    for (const next of journalRowKinds) expect(mayFollow(whole, next)).toBe(false);
    for (const next of journalRowKinds) expect(mayFollow(['OP_OPEN', 'CLOSED'], next)).toBe(false);
  });

  test('never goes back: whatever is taken keeps to the list', () => {
    for (const last of journalRowKinds)
      for (const next of journalRowKinds)
        if (mayFollow(['OP_OPEN', last], next)) expect(journalRowKinds.indexOf(next)).toBeGreaterThan(journalRowKinds.indexOf(last));
  });
});
