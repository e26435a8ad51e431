import { expect, test } from 'vitest';
import type { JournalEntry } from '../../../flows/ports/journal.ts';
import { drawnAgain } from '../../../kiosk/records/draw.ts';
import { openHistory } from '../../../kiosk/records/history.ts';
import { opening, operationId, otherOperationId, recordsIn, report, temporaryFolder } from './specimen.ts';

const numbers = Array.from({ length: 12 }, (_, index) => `20000000${index + 10}`);

/** The rows of a shift in which two lots fell, counted or not. */
function shift(counted = true): readonly JournalEntry[] {
  const folder = temporaryFolder();
  const records = recordsIn(folder);
  const { envelopes } = records;
  envelopes.openShift('mrossi');
  envelopes.receive({ batch: 'LOTTO-1', digest: 'd'.repeat(64), numbers });
  envelopes.assign('magazine:armadio', numbers);
  for (const id of [operationId, otherOperationId]) {
    for (const row of [opening, { kind: 'RESERVE_INTENT' }, { kind: 'RESERVED', expiresAt: '2026-11-22T20:00:00Z' }] as const)
      expect(records.append(id, row).ok).toBe(true);
    const drawn = envelopes.draw(id, 'magazine:armadio');
    if (!drawn.ok) throw new Error(drawn.error.kind);
    const told = { ...report(id), outcome: 'not-handed-over' } as const;
    expect(records.appendOutcome(told, { number: drawn.value.number, to: 'assigned' }).ok).toBe(true);
  }
  if (counted) expect(envelopes.count('mrossi', 12).ok).toBe(true);
  const history = openHistory(folder);
  if (!history.ok) throw new Error(history.error.kind);
  const rows = history.value.rows();
  history.value.close();
  records.close();
  return rows;
}

/** The same rows with one of them changed, wherever it stands. */
function changed(rows: readonly JournalEntry[], kind: JournalEntry['row']['kind'], change: object): readonly JournalEntry[] {
  const at = rows.findIndex(({ row }) => row.kind === kind);
  return rows.map((entry, index) => (index === at ? { ...entry, row: { ...entry.row, ...change } } : entry));
}

const without = (rows: readonly JournalEntry[], kind: JournalEntry['row']['kind']): readonly JournalEntry[] =>
  rows.filter(({ row }) => row.kind !== kind);
const faultsOf = (rows: readonly JournalEntry[]): readonly string[] => drawnAgain(rows).faults.map(({ detail }) => detail);

test('a counted shift’s lots all fall again where they fell; those of a shift that goes on are secret', () => {
  expect(drawnAgain(shift())).toEqual({ draws: 2, secret: 0, faults: [] });
  expect(drawnAgain(shift(false))).toEqual({ draws: 2, secret: 2, faults: [] });
});

test.each<[string, (rows: readonly JournalEntry[]) => readonly JournalEntry[], RegExp]>([
  [
    'another seed than was announced',
    (rows) => changed(rows, 'SHIFT_OPENED', { commitment: 'e'.repeat(64) }),
    /not the one that was announced/,
  ],
  ['another place than the lot’s', (rows) => changed(rows, 'ENVELOPE_DRAWN', { position: 13 }), /^the lot fell on \d+, and 13 was drawn$/],
  ['another envelope than lay there', (rows) => changed(rows, 'ENVELOPE_DRAWN', { number: '2000000099' }), /^another envelope lay at \d+$/],
  [
    'a pile that was said to be smaller',
    (rows) => changed(rows, 'ENVELOPE_DRAWN', { remaining: 3 }),
    /^3 were said to remain, and 12 did$/,
  ],
  ['a draw for a shift that nobody opened', (rows) => without(rows, 'SHIFT_OPENED'), /never opened/],
  ['an envelope that cannot go there', (rows) => without(rows, 'ENVELOPES_ASSIGNED'), /^an envelope cannot go there/],
])('%s is told', (_, change, told) => {
  expect(faultsOf(change(shift())).some((fault) => told.test(fault))).toBe(true);
});
