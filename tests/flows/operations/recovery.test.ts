import { expect, test } from 'vitest';
import { type RecoveryParts, recover, recoveryOf } from '../../../flows/operations/recovery.ts';
import type { JournalRow, SplitRowKind } from '../../../flows/ports/journal.ts';
import { FakeCms, FakeJournal, FakePrinting } from '../fakes.ts';

const signal = new AbortController().signal;

const rows: Record<SplitRowKind, JournalRow> = {
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
  REPRINT_AUTHORISED: { kind: 'REPRINT_AUTHORISED', attempt: 2, slip: 'destroyed', operator: 'o', assertion: 'jws' },
  OUTCOME: { kind: 'OUTCOME', outcome: 'handed-over', class: 'E4', exposed: false, reason: 'handed-over' },
  RECEIPT: { kind: 'RECEIPT', state: 'CONFIRMED', cmsSequence: 1, jws: 'jws' },
  RESOLUTION: { kind: 'RESOLUTION', finding: 'handed-over', operator: 'o', assertion: 'jws' },
  CLOSED: { kind: 'CLOSED', state: 'CONFIRMED' },
};

const intent = (attempt: number): JournalRow => ({ kind: 'PRINT_INTENT', attempt });
const evidence = (printed: Partial<Extract<JournalRow, { kind: 'EVIDENCE' }>>): JournalRow => ({
  kind: 'EVIDENCE',
  attempt: 1,
  class: 'E2',
  raw: 'aa',
  buffer: 'printed',
  ...printed,
});
const { OP_OPEN, RESERVE_INTENT, RESERVED, PRINTER_READY, REPRINT_AUTHORISED, OUTCOME, RECEIPT, RESOLUTION } = rows;
const reserved = [OP_OPEN, RESERVE_INTENT, RESERVED];
const printing = [...reserved, PRINTER_READY, intent(1)];
const torn = [...printing, evidence({ class: 'E1', buffer: 'cleared' })];
const held: JournalRow = { kind: 'RECEIPT', state: 'HELD', cmsSequence: 1, jws: 'jws' };

const unblocking: JournalRow = {
  kind: 'OP_OPEN',
  operation: 'pin-unblock',
  case: 'adult',
  profile: 'p',
  profileVersion: '1',
  holder: 'h',
  card: 'c',
};

/** What recovery meets: rows, and what printer and CMS answer. */
interface Found {
  readonly rows: readonly JournalRow[];
  readonly releases?: number;
  readonly output?: FakePrinting['output'];
  readonly clears?: boolean;
  readonly wants?: RecoveryParts['handOverEvidence'];
}

function found({ rows: given, releases, output, clears = true, wants = 'E4' }: Found) {
  const journal = new FakeJournal();
  for (const row of given) journal.append('op', row);
  const printer = new FakePrinting();
  printer.clears = clears;
  if (output !== undefined) printer.output = output;
  const cms = new FakeCms();
  if (releases === undefined) cms.fails = { operations: { kind: 'unreachable', detail: 'no answer' } };
  else cms.views = [{ operationId: 'op', state: 'RESERVED', releases }];
  return { journal, printer, parts: { journal, printing: printer, cms, handOverEvidence: wants } };
}

const taken = { slip: 'retracted', raw: '100f20000000' } as const;
const nothing = { outcome: 'not-handed-over', class: 'E0', exposed: false };
const exposed = { outcome: 'not-handed-over', class: 'E2', exposed: true };
const unknown = { outcome: 'unknown', class: 'E1', exposed: true };
const back = { outcome: 'not-handed-over', class: 'E3', exposed: false };

test.each<[string, Found, string, object | undefined]>([
  ['nothing asked', { rows: [OP_OPEN] }, 'outcome', nothing],
  ['the reservation asked for', { rows: [OP_OPEN, RESERVE_INTENT] }, 'outcome', nothing],
  ['the reservation there', { rows: reserved }, 'outcome', nothing],
  ['the printer ready', { rows: [...reserved, PRINTER_READY] }, 'outcome', nothing],
  ['a print announced, the CMS away', { rows: printing }, 'ask', unknown],
  ['a print announced, its part released', { rows: printing, releases: 1 }, 'ask', unknown],
  ['a print announced, its part never released', { rows: printing, releases: 0 }, 'ask', nothing],
  ['a print announced, its slip still in the output', { rows: printing, releases: 1, output: taken }, 'ask', back],
  ['nothing sent', { rows: [...printing, evidence({ class: 'E0', buffer: 'needless' })] }, 'outcome', nothing],
  ['sent, not known to be printed', { rows: torn }, 'retract', unknown],
  ['sent, not known to be printed, and in the output', { rows: torn, output: taken }, 'retract', back],
  ['printed, the slip gone', { rows: [...printing, evidence({})] }, 'retract', exposed],
  ['printed, the slip still in the output', { rows: [...printing, evidence({})], output: taken }, 'retract', back],
  [
    'seen taken, where that is enough',
    { rows: [...printing, evidence({ class: 'E3', output: 'taken' })], wants: 'E3' },
    'outcome',
    { outcome: 'handed-over', class: 'E3', exposed: false },
  ],
  [
    'seen taken, where an operator must say so',
    { rows: [...printing, evidence({ class: 'E3', output: 'taken' })] },
    'retract',
    { ...exposed, class: 'E3' },
  ],
  ['seen retracted', { rows: [...printing, evidence({ class: 'E3', output: 'retracted' })], wants: 'E3' }, 'outcome', back],
  ['a reprint authorised', { rows: [...torn, REPRINT_AUTHORISED] }, 'outcome', nothing],
  ['a reprint authorised, the printer ready', { rows: [...torn, REPRINT_AUTHORISED, PRINTER_READY] }, 'outcome', nothing],
  [
    'a reprint announced, its part released',
    { rows: [...torn, REPRINT_AUTHORISED, PRINTER_READY, intent(2)], releases: 2 },
    'ask',
    unknown,
  ],
  ['the outcome there', { rows: [...printing, evidence({}), OUTCOME] }, 'receipt', undefined],
  ['held', { rows: [...torn, OUTCOME, held] }, 'operator', undefined],
  ['held and resolved', { rows: [...torn, OUTCOME, held, RESOLUTION] }, 'receipt', undefined],
  ['the receipt there', { rows: [...printing, evidence({}), OUTCOME, RECEIPT] }, 'close', undefined],
])('%s: needs what the table says, prints nothing, and recovering again adds nothing', async (_name, given, need, outcome) => {
  const { journal, printer, parts } = found(given);
  const attempt = given.rows.filter(({ kind }) => kind === 'PRINT_INTENT').length || 1;
  expect(recoveryOf(journal.entries, parts.handOverEvidence).need).toBe(need);
  expect(await recover(parts, signal)).toEqual({ ok: true, value: 1 });
  expect(printer.prints).toBe(0);
  expect(printer.cleared).toBe(need === 'ask' ? 1 : 0);
  expect(printer.retracted).toBe(need === 'ask' || need === 'retract' ? 1 : 0);
  if (outcome === undefined) expect(journal.waiting).toEqual([]);
  else {
    expect(journal.outcome()).toMatchObject({ ...outcome, reason: 'interrupted' });
    expect(journal.waiting).toMatchObject([{ attempt }]);
  }
  if (need === 'close') expect(journal.kinds().at(-1)).toBe('CLOSED');

  const after = journal.kinds();
  await recover(parts, signal);
  expect(journal.kinds()).toEqual(after);
});

test.each([
  [true, 'cleared'],
  [false, 'locked'],
] as const)('whether the printer acknowledged the clearing (%s) stands in the journal', async (clears, buffer) => {
  const { journal, parts } = found({ rows: printing, releases: 1, clears });
  await recover(parts, signal);
  expect(journal.entries.find(({ row }) => row.kind === 'EVIDENCE')?.row).toMatchObject({ class: 'E1', buffer });
});

test('the CMS is asked only where the rows do not say what it knows, and once for all', async () => {
  const { journal, parts } = found({ rows: printing, releases: 1 });
  for (const row of printing) journal.append('other', row);
  for (const row of reserved) journal.append('third', row);
  const asked: (readonly string[])[] = [];
  const operations = parts.cms.operations;
  parts.cms.operations = (ids, given) => {
    asked.push(ids);
    return operations(ids, given);
  };
  await recover(parts, signal);
  await recover(parts, signal);
  expect(asked).toEqual([['op', 'other']]);
});

const drawn: JournalRow = {
  kind: 'ENVELOPE_DRAWN',
  shift: '01890a5d-ac96-774b-bcce-b302099a8058',
  draw: 1,
  pile: 'magazine:armadio',
  remaining: 1,
  position: 1,
  number: 'A1',
};
const scanned: JournalRow = { kind: 'ENVELOPE_SCANNED', number: 'A1', by: 'scanner' };
const bound: JournalRow = { kind: 'ENVELOPE_BOUND', number: 'A1' };
const chip = (pin: 'set' | 'not-set' | 'unknown'): JournalRow => ({
  kind: 'CHIP_EVIDENCE',
  pin,
  evidence: 'none',
  secured: true,
  end: 'end',
  sent: 0,
  answered: 0,
});

test.each<[string, readonly JournalRow[], string, string]>([
  ['drawn', [drawn], 'not-handed-over', 'assigned'],
  ['read', [drawn, scanned], 'not-handed-over', 'aborted'],
  ['bound, and the card took nothing', [drawn, scanned, bound, chip('not-set')], 'not-handed-over', 'aborted'],
  ['bound, and the card has its PIN: nobody knows who has the envelope', [drawn, scanned, bound, chip('set')], 'unknown', 'quarantined'],
])('an envelope that was %s', async (_how, given, outcome, to) => {
  const { journal, parts } = found({ rows: [...reserved, ...given] });
  expect(await recover(parts, signal)).toEqual({ ok: true, value: 1 });
  expect(journal.entries.at(-1)?.row).toMatchObject({ kind: 'OUTCOME', outcome, envelope: { number: 'A1', to } });
});

test('of several prints announced, the slip in the output is the last one, and the printer is asked once', async () => {
  const { journal, printer, parts } = found({ rows: printing, releases: 1, output: taken });
  for (const row of [...printing, evidence({})]) journal.append('later', row);
  expect(await recover(parts, signal)).toEqual({ ok: true, value: 2 });
  expect([printer.cleared, printer.retracted, printer.prints]).toEqual([1, 1, 0]);
  expect(journal.waiting).toMatchObject([
    { operationId: 'op', outcome: 'unknown', exposed: true },
    { operationId: 'later', outcome: 'not-handed-over', exposed: false },
  ]);
});

test.each<[string, Found, JournalRow['kind']]>([
  ['the end of what the CMS has answered', { rows: [...printing, evidence({}), OUTCOME, RECEIPT] }, 'CLOSED'],
  ['the outcome of what was asked', { rows: printing, releases: 1 }, 'OUTCOME'],
  ['an outcome', { rows: reserved }, 'OUTCOME'],
  ['what came of asking', { rows: printing, releases: 1 }, 'EVIDENCE'],
  ['what the CMS said of a chip', { rows: [...reserved, drawn, scanned, bound] }, 'CHIP_EVIDENCE'],
  ['a retraction', { rows: [...printing, evidence({})], output: taken }, 'EVIDENCE'],
  ['what a card made of a PUK', { rows: [unblocking, { kind: 'PIN_INTENT' }] }, 'PIN_EVIDENCE'],
  ['the end of what a PUK was typed for', { rows: [unblocking, { kind: 'PIN_INTENT' }] }, 'CLOSED'],
])('records that cannot be written are reported, not passed over: %s', async (_name, given, broken) => {
  const { journal, parts } = found(given);
  journal.broken = broken;
  expect(await recover(parts, signal)).toMatchObject({ ok: false, error: { kind: 'journal-unwritable' } });
});
