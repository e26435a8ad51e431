import { type Result, ok } from '../../devices/result.ts';
import type { Journal, JournalEntry, JournalError, JournalRow } from '../ports/journal.ts';
import type { Printing } from '../ports/printing.ts';
import { type Conclusion, unconfirmed } from './evidence.ts';

/** What an operation found open at boot still needs. Nothing here prints. */
export type Recovery =
  /** It stopped before any outcome: conclude it from what the rows say. */
  | { readonly need: 'outcome'; readonly attempt: number; readonly conclusion: Conclusion; readonly raw: string }
  /** A print was announced and nothing is known of it: clear the printer first, then hold. */
  | { readonly need: 'clear-and-hold'; readonly attempt: number }
  /** The outcome stands; the outbox brings it to the CMS. */
  | { readonly need: 'receipt' }
  /** The CMS's receipt is there; only the closing row is missing. */
  | { readonly need: 'close'; readonly state: Extract<JournalRow, { kind: 'RECEIPT' }>['state'] };

function last<Kind extends JournalRow['kind']>(rows: readonly JournalEntry[], kind: Kind): Extract<JournalRow, { kind: Kind }> | undefined {
  const entry = rows.findLast(({ row }) => row.kind === kind);
  return entry?.row as Extract<JournalRow, { kind: Kind }> | undefined;
}

/** Reads from an operation's rows, and from nothing else, what is still to be done for it. */
export function recoveryOf(rows: readonly JournalEntry[]): Recovery {
  const receipt = last(rows, 'RECEIPT');
  if (receipt !== undefined) return { need: 'close', state: receipt.state };
  if (last(rows, 'OUTCOME') !== undefined) return { need: 'receipt' };
  const intent = last(rows, 'PRINT_INTENT');
  const evidence = last(rows, 'EVIDENCE');
  if (intent !== undefined && evidence?.attempt !== intent.attempt) return { need: 'clear-and-hold', attempt: intent.attempt };
  const reached = evidence?.class === 'E1' || evidence?.class === 'E2' ? evidence.class : 'E0';
  return { need: 'outcome', attempt: intent?.attempt ?? 1, conclusion: unconfirmed(reached), raw: evidence?.raw ?? '' };
}

/**
 * Boot: brings every operation found open to an outcome. It never prints and never guesses. What then waits for the CMS is the
 * outbox's. Answers how many operations were found open.
 */
export async function recover(
  { journal, printing }: { readonly journal: Journal; readonly printing: Printing },
  signal: AbortSignal,
): Promise<Result<number, JournalError>> {
  const open = journal.open();
  for (const { operationId, rows } of open) {
    const recovered = await recoverOne(operationId, recoveryOf(rows), { journal, printing }, signal);
    if (!recovered.ok) return recovered;
  }
  return ok(open.length);
}

async function recoverOne(
  operationId: string,
  recovery: Recovery,
  { journal, printing }: { readonly journal: Journal; readonly printing: Printing },
  signal: AbortSignal,
): Promise<Result<unknown, JournalError>> {
  switch (recovery.need) {
    case 'close':
      return journal.append(operationId, { kind: 'CLOSED', state: recovery.state });
    case 'receipt':
      return ok();
    case 'clear-and-hold': {
      const { attempt } = recovery;
      const buffer = (await printing.clear(signal)) ? 'cleared' : 'locked';
      const evidence = journal.append(operationId, { kind: 'EVIDENCE', attempt, class: 'E1', raw: '', buffer });
      if (!evidence.ok) return evidence;
      return conclude(operationId, { attempt, raw: '', conclusion: unconfirmed('E1') }, journal);
    }
    case 'outcome':
      return conclude(operationId, recovery, journal);
  }
}

function conclude(
  operationId: string,
  { attempt, conclusion, raw }: { readonly attempt: number; readonly conclusion: Conclusion; readonly raw: string },
  journal: Journal,
): Result<unknown, JournalError> {
  const { outcome, class: evidenceClass, exposed } = conclusion;
  return journal.appendOutcome({ operationId, attempt, outcome, evidence: { class: evidenceClass, raw }, exposed, reason: 'interrupted' });
}
