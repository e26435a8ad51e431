import { type Result, err } from '../../devices/result.ts';
import type { CmsError } from '../ports/cms.ts';
import type { StopReason } from '../session/status.ts';
import type { Journal, JournalError, JournalRow } from '../ports/journal.ts';

/** Why the CMS gives no codes, as the holder is told: of a card that has had its first ones, or none, what to ask for instead. */
export function stopReasonOfRefusal(type: string): StopReason {
  return type === 'card-activated' || type === 'card-not-activated' ? type : 'cms-refused';
}

/** How long the citizen waits for the receipt before the outbox goes on alone. */
export const RECEIPT_WAIT_MS = 8_000;

/** Opens an operation and has the CMS reserve for it: what is about to happen is durable before it does (reliability.md, 1.3). */
export async function openAndReserve<Reserved extends { readonly expiresAt: string }>(
  journal: Pick<Journal, 'append'>,
  operationId: string,
  opening: Omit<Extract<JournalRow, { kind: 'OP_OPEN' }>, 'kind'>,
  reserve: () => Promise<Result<Reserved, CmsError>>,
  signal: AbortSignal,
): Promise<Result<Reserved, CmsError | JournalError>> {
  const opened = journal.append(operationId, { kind: 'OP_OPEN', ...opening });
  if (!opened.ok) return opened;
  const intent = journal.append(operationId, { kind: 'RESERVE_INTENT' });
  if (!intent.ok) return intent;
  const reserved = await reserve();
  if (!reserved.ok || signal.aborted) return reserved.ok ? err({ kind: 'aborted' }) : reserved;
  const recorded = journal.append(operationId, { kind: 'RESERVED', expiresAt: reserved.value.expiresAt });
  return recorded.ok ? reserved : recorded;
}
