import { expect, test } from 'vitest';
import { heldOperation, resolve } from '../../../flows/operations/resolution.ts';
import { settle } from '../../../flows/operations/settlement.ts';
import type { JournalRow } from '../../../flows/ports/journal.ts';
import { findings } from '../../../flows/ports/operators.ts';
import { FakeCms, FakeJournal, FakeOperators } from '../fakes.ts';

const signal = new AbortController().signal;
const open: JournalRow = {
  kind: 'OP_OPEN',
  operation: 'activation',
  case: 'adult',
  profile: 'p',
  profileVersion: '1',
  holder: 'h',
  card: 'c',
  operator: 'o',
};
const evidence: JournalRow = { kind: 'EVIDENCE', attempt: 1, class: 'E1', raw: 'aa', buffer: 'cleared' };
const outcome = (what: 'unknown' | 'not-handed-over'): JournalRow => ({
  kind: 'OUTCOME',
  outcome: what,
  class: 'E1',
  exposed: true,
  reason: 'printer-failed',
});
const receipt = (state: 'HELD' | 'VOIDED'): JournalRow => ({ kind: 'RECEIPT', state, cmsSequence: 1, jws: 'jws' });
const resolution: JournalRow = { kind: 'RESOLUTION', finding: 'handed-over', operator: 'o', assertion: 'jws' };
const printed = [open, { kind: 'PRINT_INTENT', attempt: 1 } as const, evidence];
const held = [...printed, outcome('unknown'), receipt('HELD')];

function journalOf(rows: readonly JournalRow[]): FakeJournal {
  const journal = new FakeJournal();
  for (const row of rows) journal.append('op', row);
  return journal;
}

test.each<[string, readonly JournalRow[], object | null]>([
  ['nothing', [], null],
  ['under way', printed, null],
  ['void', [...printed, outcome('not-handed-over'), receipt('VOIDED')], null],
  ['unknown, not yet told', [...printed, outcome('unknown')], { stage: 'reporting', choices: [], finding: null }],
  ['held', held, { stage: 'held', choices: findings, finding: null, attempt: 1, evidence: { class: 'E1', raw: 'aa', buffer: 'cleared' } }],
  ['held without a print', [open, outcome('unknown'), receipt('HELD')], { stage: 'held', attempt: 1, evidence: null }],
  ['decided', [...held, resolution], { stage: 'decided', choices: [], finding: 'handed-over' }],
  ['decided in vain', [...held, resolution, receipt('HELD')], { stage: 'held', choices: ['not-handed-over', 'destroyed'], finding: null }],
  ['closed', [...held, resolution, receipt('VOIDED'), { kind: 'CLOSED', state: 'VOIDED' }], null],
])('an operation that is %s', (_name, rows, seen) => {
  const found = heldOperation('op', journalOf(rows).entries);
  if (seen === null) expect(found).toBeNull();
  else expect(found).toMatchObject({ operationId: 'op', operator: 'o', reason: 'printer-failed', ...seen });
});

test('what no operator opened names none', () => {
  const { operator: _, ...alone } = open;
  const found = heldOperation('op', journalOf([alone, outcome('unknown'), receipt('HELD')]).entries);
  expect(found).toMatchObject({ operator: '', stage: 'held' });
});

test.each([
  ['handed-over', 'handed-over', false],
  ['not-handed-over', 'not-handed-over', true],
  ['destroyed', 'not-handed-over', false],
] as const)('the finding %s is signed, journalled and brought to the CMS as %s', async (finding, what, exposed) => {
  const journal = journalOf(held);
  const operators = new FakeOperators();
  expect(await resolve({ journal, operators }, 'op', finding)).toEqual({ ok: true });
  expect(operators.signed).toEqual(['resolve']);
  expect(journal.entries.at(-1)?.row).toEqual({ kind: 'RESOLUTION', finding, operator: 'op-1', assertion: 'jws:resolve' });
  expect(journal.waiting).toMatchObject([
    { operationId: 'op', outcome: what, exposed, evidence: { class: 'E1', raw: 'aa' }, operatorAssertion: 'jws:resolve' },
  ]);
  const cms = new FakeCms();
  await settle({ cms, journal }, journal.waiting[0]!, signal);
  expect(journal.kinds().slice(-3)).toEqual(['RESOLUTION', 'RECEIPT', 'CLOSED']);
});

test('an envelope of which no row tells what the card made of it cannot be found handed over', () => {
  const unknown: JournalRow = {
    kind: 'OUTCOME',
    outcome: 'unknown',
    class: 'E1',
    exposed: true,
    reason: 'interrupted',
    envelope: { number: 'A1', to: 'quarantined' },
  };
  const found = heldOperation('op', journalOf([open, unknown, receipt('HELD')]).entries);
  expect(found).toMatchObject({ envelope: { number: 'A1', pin: 'unknown' }, choices: ['not-handed-over', 'destroyed'] });
});

test('what is held without a word from the printer is brought to the CMS as without evidence', async () => {
  const journal = journalOf([open, outcome('unknown'), receipt('HELD')]);
  expect(await resolve({ journal, operators: new FakeOperators() }, 'op', 'destroyed')).toEqual({ ok: true });
  expect(journal.waiting).toMatchObject([{ outcome: 'not-handed-over', evidence: { class: 'E0', raw: '' } }]);
});

test('nobody signed on, nothing held, what the CMS refused before, and records that cannot be written: nothing is decided', async () => {
  const operators = new FakeOperators();
  const refusals: [FakeJournal, string][] = [
    [journalOf(printed), 'not-held'],
    [journalOf([...held, resolution]), 'not-held'],
    [journalOf([...held, resolution, receipt('HELD')]), 'not-held'],
  ];
  for (const [journal, kind] of refusals) {
    expect(await resolve({ journal, operators }, 'op', 'handed-over')).toMatchObject({ ok: false, error: { kind } });
    expect(journal.waiting).toEqual([]);
  }
  const broken = journalOf(held);
  broken.broken = 'RESOLUTION';
  expect(await resolve({ journal: broken, operators }, 'op', 'destroyed')).toMatchObject({ error: { kind: 'journal-unwritable' } });
  operators.signOff();
  expect(await resolve({ journal: journalOf(held), operators }, 'op', 'destroyed')).toMatchObject({ error: { kind: 'not-signed-on' } });
});

test('two decisions at once: one stands', async () => {
  const journal = journalOf(held);
  const operators = new FakeOperators();
  const both = await Promise.all([
    resolve({ journal, operators }, 'op', 'handed-over'),
    resolve({ journal, operators }, 'op', 'destroyed'),
  ]);
  expect(both.map(({ ok }) => ok)).toEqual([true, false]);
  expect(journal.kinds().filter((kind) => kind === 'RESOLUTION')).toHaveLength(1);
});

test('an operator who signs off while the decision is signed has decided nothing', async () => {
  const journal = journalOf(held);
  const operators = new FakeOperators();
  operators.sign = () => Promise.resolve({ ok: false, error: { kind: 'not-signed-on' } });
  expect(await resolve({ journal, operators }, 'op', 'destroyed')).toMatchObject({ error: { kind: 'not-signed-on' } });
  expect(journal.kinds()).toEqual(journalOf(held).kinds());
});
