import { type Result, ok } from '../../devices/result.ts';
import type { Cms, CmsError, OutcomeReport, Receipt } from '../ports/cms.ts';
import type { Journal, JournalError } from '../ports/journal.ts';

/**
 * Brings one outcome to the CMS and closes the operation with what the CMS made of it. The receipt is the CMS's word: it is
 * recorded as it is, also where a late confirm met a reservation that silence had voided.
 */
export async function settle(
  { cms, journal }: { readonly cms: Cms; readonly journal: Journal },
  report: OutcomeReport,
  signal: AbortSignal,
): Promise<Result<Receipt, CmsError | JournalError>> {
  const answer = await cms.reportOutcome(report, signal);
  if (!answer.ok) return answer;
  const { state, sequence, jws } = answer.value;
  const received = journal.appendReceipt(report.operationId, { kind: 'RECEIPT', state, cmsSequence: sequence, jws });
  if (!received.ok) return received;
  const closed = journal.append(report.operationId, { kind: 'CLOSED', state });
  return closed.ok ? ok(answer.value) : closed;
}
