import { type JournalRowKind, journalRowKinds } from '../../flows/ports/journal.ts';

/** Rows that answer another: without it they would tell of an effect that nobody announced. */
const answers: Partial<Record<JournalRowKind, JournalRowKind>> = {
  RESERVED: 'RESERVE_INTENT',
  EVIDENCE: 'PRINT_INTENT',
  RECEIPT: 'OUTCOME',
};

/**
 * Whether `next` may be written after an operation's `rows`: the first is OP_OPEN, each comes at most once and in the order of
 * `journalRowKinds`, what was not needed is left out, an answer stands only with what it answers, and nothing follows CLOSED.
 */
export function mayFollow(rows: readonly JournalRowKind[], next: JournalRowKind): boolean {
  const last = rows.at(-1);
  if (last === undefined) return next === 'OP_OPEN';
  const asked = answers[next];
  return journalRowKinds.indexOf(next) > journalRowKinds.indexOf(last) && (asked === undefined || rows.includes(asked));
}
