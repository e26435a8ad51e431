import type { JournalEntry } from '../ports/journal.ts';
import { type ServedOperation, isRemote } from '../ports/remote-issue.ts';
import { isService } from '../ports/services.ts';

/** A service, or codes at a distance, that the holder left without the CMS's word, as an operator sees it: what was asked, and what became of it since. */
export interface UnansweredService {
  readonly operationId: string;
  readonly operation: ServedOperation;
  /** ISO instant at which it began. */
  readonly openedAt: string;
  /** `waiting`: the CMS is asked again by itself; `voided`: it was not done and never will be, who still wants it asks anew. */
  readonly state: 'waiting' | 'done' | 'voided';
}

/** What the rows of a service say of its answer; `null`: it is no service, was never asked for, or was refused. */
export function unansweredService(operationId: string, rows: readonly JournalEntry[]): UnansweredService | null {
  const [opening] = rows;
  if (opening?.row.kind !== 'OP_OPEN') return null;
  const { operation } = opening.row;
  if (!isService(operation) && !isRemote(operation)) return null;
  const asked = rows.some(({ row }) => row.kind === 'SERVICE_INTENT');
  const refused = rows.some(({ row }) => row.kind === 'SERVICE_REFUSED');
  if (!asked || refused) return null;
  const receipt = rows.map(({ row }) => row).find((row) => row.kind === 'SERVICE_RECEIPT');
  const state = receipt === undefined ? 'waiting' : receipt.state === 'DONE' ? 'done' : 'voided';
  return { operationId, operation, openedAt: opening.at, state };
}
