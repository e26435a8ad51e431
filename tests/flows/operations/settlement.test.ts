import { expect, test } from 'vitest';
import { ok } from '../../../devices/result.ts';
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
