import { type Result, err, ok } from '../../devices/result.ts';
import type { Cms, CmsError, OutcomeReport, Receipt } from '../ports/cms.ts';
import type { Journal, JournalError } from '../ports/journal.ts';

/**
 * Brings one outcome to the CMS and closes the operation with what the CMS made of it, unless it is held: that stays open for an
 * operator. The receipt is the CMS's word: it is recorded as it is, also where a late confirm met a reservation that silence had voided.
 */
export async function settle(
  { cms, journal }: { readonly cms: Cms; readonly journal: Journal },
  report: OutcomeReport,
  signal: AbortSignal,
): Promise<Result<Receipt, CmsError | JournalError>> {
  const answer = await cms.reportOutcome(report, signal);
  return answer.ok ? record(journal, report, answer.value) : answer;
}

/** As `settle`, for many at once after an outage: one question to the CMS, one transaction, and for each outcome what it came to. */
export function settleAll(
  { cms, journal }: { readonly cms: Cms; readonly journal: Journal },
  reports: readonly OutcomeReport[],
  signal: AbortSignal,
): readonly { readonly report: OutcomeReport; readonly settled: Promise<Result<Receipt, CmsError | JournalError>> }[] {
  const asked = cms.reportOutcomes(reports, signal).then((answers) => {
    const receipts = answers.ok ? answers.value.flatMap((answer) => (answer.ok ? [answer.value] : [])) : [];
    return { answers, recorded: journal.appendReceipts(receipts) };
  });
  return reports.map((report, index) => {
    const settled = asked.then(({ answers, recorded }) => {
      const answer = answers.ok ? (answers.value[index] ?? err({ kind: 'unreachable', detail: 'no answer' })) : answers;
      return answer.ok && !recorded.ok ? recorded : answer;
    });
    return { report, settled };
  });
}

function record(journal: Journal, { operationId }: OutcomeReport, receipt: Receipt): Result<Receipt, JournalError> {
  const { state, sequence, jws } = receipt;
  const received = journal.appendReceipt(operationId, { kind: 'RECEIPT', state, cmsSequence: sequence, jws });
  if (!received.ok) return received;
  if (state === 'HELD') return ok(receipt);
  const closed = journal.append(operationId, { kind: 'CLOSED', state });
  return closed.ok ? ok(receipt) : closed;
}

/** Writes the last row of operations whose receipt stands: a disk that was full may have kept it away. `false`: it still cannot be written. */
export function closeReceived(journal: Pick<Journal, 'open' | 'append'>): boolean {
  return journal.open().every(({ operationId, rows }) => {
    const last = rows.at(-1)?.row;
    if (last?.kind !== 'RECEIPT' || last.state === 'HELD') return true;
    return journal.append(operationId, { kind: 'CLOSED', state: last.state }).ok;
  });
}
