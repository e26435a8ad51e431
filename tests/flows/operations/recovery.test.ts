import { expect, test } from 'vitest';
import { recover, recoveryOf } from '../../../flows/operations/recovery.ts';
import { type JournalEntry, type JournalRow, journalRowKinds } from '../../../flows/ports/journal.ts';
import { FakeJournal, FakePrinting } from '../fakes.ts';

const signal = new AbortController().signal;

const rows: Record<JournalRow['kind'], JournalRow> = {
  OP_OPEN: {
    kind: 'OP_OPEN',
    operation: 'activation',
    case: 'adult',
    profile: 'p',
    profileVersion: '1',
    holder: 'h',
    card: 'c',
    operator: 'o',
  },
  RESERVE_INTENT: { kind: 'RESERVE_INTENT' },
  RESERVED: { kind: 'RESERVED', expiresAt: '2026-11-22T10:15:00.000Z' },
  PRINTER_READY: { kind: 'PRINTER_READY' },
  PRINT_INTENT: { kind: 'PRINT_INTENT', attempt: 1 },
  EVIDENCE: { kind: 'EVIDENCE', attempt: 1, class: 'E2', raw: '37', buffer: 'printed' },
  OUTCOME: { kind: 'OUTCOME', outcome: 'handed-over', class: 'E4', exposed: false, reason: 'handed-over' },
  RECEIPT: { kind: 'RECEIPT', state: 'CONFIRMED', cmsSequence: 1, jws: 'jws' },
  CLOSED: { kind: 'CLOSED', state: 'CONFIRMED' },
};

/** A journal that stopped after `kind`; with `evidence` in place of the good print. */
function stoppedAfter(kind: JournalRow['kind'], evidence: JournalRow = rows.EVIDENCE): FakeJournal {
  const journal = new FakeJournal();
  for (const each of journalRowKinds.slice(0, journalRowKinds.indexOf(kind) + 1)) {
    journal.append('op', each === 'EVIDENCE' ? evidence : rows[each]);
  }
  return journal;
}

const entriesOf = (journal: FakeJournal): JournalEntry[] => journal.entries;

const needs: [JournalRow['kind'], string, object | undefined][] = [
  ['OP_OPEN', 'outcome', { outcome: 'not-handed-over', exposed: false }],
  ['RESERVE_INTENT', 'outcome', { outcome: 'not-handed-over', exposed: false }],
  ['RESERVED', 'outcome', { outcome: 'not-handed-over', exposed: false }],
  ['PRINTER_READY', 'outcome', { outcome: 'not-handed-over', exposed: false }],
  ['PRINT_INTENT', 'clear-and-hold', { outcome: 'unknown', exposed: true }],
  ['EVIDENCE', 'outcome', { outcome: 'not-handed-over', exposed: true }],
  ['OUTCOME', 'receipt', undefined],
  ['RECEIPT', 'close', undefined],
];

test('every row has its recovery', () => {
  expect(needs.map(([kind]) => kind)).toEqual(journalRowKinds.filter((kind) => kind !== 'CLOSED'));
});

test.each(needs)('stopped after %s needs %s, and prints nothing', async (kind, need, outcome) => {
  const journal = stoppedAfter(kind);
  expect(recoveryOf(entriesOf(journal)).need).toBe(need);
  const printing = new FakePrinting();
  expect(await recover({ journal, printing }, signal)).toEqual({ ok: true, value: 1 });
  expect(printing.prints).toBe(0);
  expect(printing.cleared).toBe(need === 'clear-and-hold' ? 1 : 0);
  if (outcome !== undefined) expect(journal.outcome()).toMatchObject({ ...outcome, reason: 'interrupted' });
  expect(journal.waiting).toHaveLength(outcome === undefined ? 0 : 1);
  if (kind === 'RECEIPT') expect(journal.kinds().at(-1)).toBe('CLOSED');
});

test.each([
  ['E0', 'not-handed-over', false],
  ['E1', 'unknown', true],
  ['E2', 'not-handed-over', true],
] as const)('evidence %s without an outcome comes to %s', async (evidenceClass, outcome, exposed) => {
  const journal = stoppedAfter('EVIDENCE', { kind: 'EVIDENCE', attempt: 1, class: evidenceClass, raw: 'aa', buffer: 'cleared' });
  await recover({ journal, printing: new FakePrinting() }, signal);
  expect(journal.outcome()).toMatchObject({ outcome, exposed, class: evidenceClass });
});

test('a printer that does not acknowledge the clearing leaves that in the journal', async () => {
  const journal = stoppedAfter('PRINT_INTENT');
  const printing = new FakePrinting();
  printing.clears = false;
  await recover({ journal, printing }, signal);
  expect(journal.entries.find(({ row }) => row.kind === 'EVIDENCE')?.row).toMatchObject({ class: 'E1', buffer: 'locked' });
});

test('recovering twice adds nothing', async () => {
  for (const [kind] of needs) {
    const journal = stoppedAfter(kind);
    await recover({ journal, printing: new FakePrinting() }, signal);
    const after = journal.kinds();
    await recover({ journal, printing: new FakePrinting() }, signal);
    expect(journal.kinds()).toEqual(after);
  }
});

test('records that cannot be written are reported, not passed over', async () => {
  const journal = stoppedAfter('RESERVED');
  journal.broken = 'OUTCOME';
  expect(await recover({ journal, printing: new FakePrinting() }, signal)).toMatchObject({
    ok: false,
    error: { kind: 'journal-unwritable' },
  });
});
