import { expect, test } from 'vitest';
import { err, ok } from '../../../devices/result.ts';
import { closeReceived, settle, settleAll } from '../../../flows/operations/settlement.ts';
import type { OutcomeReport } from '../../../flows/ports/cms.ts';
import { FakeCms, FakeJournal } from '../fakes.ts';

const signal = new AbortController().signal;
const report = (operationId: string, outcome: OutcomeReport['outcome'] = 'not-handed-over'): OutcomeReport => ({
  operationId,
  attempt: 1,
  outcome,
  evidence: { class: 'E0', raw: '' },
  exposed: false,
  reason: 'cancelled',
});

function concluded(...reports: readonly OutcomeReport[]): FakeJournal {
  const journal = new FakeJournal();
  for (const each of reports) journal.appendOutcome(each);
  return journal;
}

const lastOf = (journal: FakeJournal, operationId: string): string | undefined => journal.rowsOf(operationId).at(-1)?.row.kind;

test('what the CMS holds stays open for an operator', async () => {
  const journal = concluded(report('op', 'unknown'));
  expect(await settle({ cms: new FakeCms(), journal }, report('op', 'unknown'), signal)).toMatchObject({ value: { state: 'HELD' } });
  expect(lastOf(journal, 'op')).toBe('RECEIPT');
  expect(closeReceived(journal)).toBe(true);
  expect(lastOf(journal, 'op')).toBe('RECEIPT');
});

test('a receipt that cannot be written leaves the outcome waiting', async () => {
  const journal = concluded(report('op'));
  journal.broken = 'RECEIPT';
  expect(await settle({ cms: new FakeCms(), journal }, report('op'), signal)).toMatchObject({ error: { kind: 'journal-unwritable' } });
  expect(journal.outbox()).toHaveLength(1);
});

test('where the disk was full after the receipt, the last row is written when there is room, and only where a receipt stands', async () => {
  const journal = concluded(report('op'), report('untold'));
  journal.broken = 'CLOSED';
  expect(await settle({ cms: new FakeCms(), journal }, report('op'), signal)).toMatchObject({ error: { kind: 'journal-unwritable' } });
  expect(closeReceived(journal)).toBe(false);
  journal.broken = null;
  expect(closeReceived(journal)).toBe(true);
  expect(['op', 'untold'].map((id) => lastOf(journal, id))).toEqual(['CLOSED', 'OUTCOME']);
});

test('of many at once, each that the CMS answered is closed; one that it left out waits on', async () => {
  const cms = new FakeCms();
  const answers = cms.reportOutcomes;
  cms.reportOutcomes = async (reports, stop) => {
    const answered = await answers(reports, stop);
    return answered.ok ? ok(answered.value.slice(0, 1)) : answered;
  };
  const both = [report('first'), report('second')];
  const journal = concluded(...both);
  const settled = await Promise.all(settleAll({ cms, journal }, both, signal).map((each) => each.settled));
  expect(settled).toMatchObject([{ ok: true }, { error: { kind: 'unreachable' } }]);
  expect(['first', 'second'].map((id) => lastOf(journal, id))).toEqual(['CLOSED', 'OUTCOME']);
  expect(journal.outbox()).toEqual([both[1]]);
});

test('of many at once, what the CMS refuses waits on, and the rest is closed', async () => {
  const cms = new FakeCms();
  const refused = err({ kind: 'refused', type: 'evidence-insufficient', title: 'no' } as const);
  cms.reportOutcomes = async (reports, stop) =>
    ok([refused, ...(await Promise.all(reports.slice(1).map((each) => cms.reportOutcome(each, stop))))]);
  const both = [report('first'), report('second')];
  const journal = concluded(...both);
  const settled = await Promise.all(settleAll({ cms, journal }, both, signal).map((each) => each.settled));
  expect(settled).toMatchObject([refused, { ok: true }]);
  expect(['first', 'second'].map((id) => lastOf(journal, id))).toEqual(['OUTCOME', 'CLOSED']);
});

test('of many at once, all wait on where the CMS does not answer', async () => {
  const cms = new FakeCms();
  cms.reportOutcomes = () => Promise.resolve(err({ kind: 'unreachable', detail: 'no route' }));
  const both = [report('first'), report('second')];
  const journal = concluded(...both);
  const settled = await Promise.all(settleAll({ cms, journal }, both, signal).map((each) => each.settled));
  expect(settled).toEqual([err({ kind: 'unreachable', detail: 'no route' }), err({ kind: 'unreachable', detail: 'no route' })]);
  expect(journal.outbox()).toEqual(both);
});

test('of many at once, what the CMS held stays open', async () => {
  const both = [report('first', 'unknown'), report('second')];
  const journal = concluded(...both);
  await Promise.all(settleAll({ cms: new FakeCms(), journal }, both, signal).map((each) => each.settled));
  expect(['first', 'second'].map((id) => lastOf(journal, id))).toEqual(['RECEIPT', 'CLOSED']);
});

test('of many at once, none is taken as received where the receipts cannot be written', async () => {
  const both = [report('first'), report('second')];
  const journal = concluded(...both);
  journal.broken = 'CLOSED';
  const settled = await Promise.all(settleAll({ cms: new FakeCms(), journal }, both, signal).map((each) => each.settled));
  expect(settled).toMatchObject([{ error: { kind: 'journal-unwritable' } }, { error: { kind: 'journal-unwritable' } }]);
  expect(journal.outbox()).toEqual(both);
});
