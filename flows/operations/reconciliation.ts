import type { DayCount, OperationView } from '../ports/cms.ts';
import type { JournalEntry, JournalRow } from '../ports/journal.ts';

/** What journal and CMS can tell differently of one operation, or of a shift's count. Each is for a person: nothing here is ever repaired by itself. */
export const differenceKinds = [
  /** The journal has the CMS's reservation, and the CMS has never heard of it. */
  'cms-forgot',
  /** The CMS confirmed what the journal knows no hand-over of. */
  'confirmed-without-hand-over',
  /** The CMS released a paper part that the journal announced no print for. */
  'release-without-intent',
  /** Something was printed, and the CMS released nothing for it. */
  'slip-without-release',
  /** A print was announced, and the operation was closed without a word on what became of it. */
  'intent-without-evidence',
  /** A shift's count has envelopes otherwise than the CMS; the CMS's signed answer, which is kept, says which. */
  'envelopes-differ',
] as const;

export interface Difference {
  readonly kind: (typeof differenceKinds)[number];
  readonly operationId: string;
  /** 0: of no attempt in particular. */
  readonly attempt: number;
}

type RowOf<Kind extends JournalRow['kind']> = Extract<JournalRow, { kind: Kind }>;

function rowsOf<Kind extends JournalRow['kind']>(rows: readonly JournalEntry[], kind: Kind): readonly RowOf<Kind>[] {
  return rows.flatMap(({ row }) => (row.kind === kind ? [row as RowOf<Kind>] : []));
}

/** The attempts of which bytes went to the printer. */
function slipsIn(rows: readonly JournalEntry[]): readonly number[] {
  return rowsOf(rows, 'EVIDENCE').flatMap((row) => (row.class === 'E0' ? [] : [row.attempt]));
}

/** What the CMS's view of an open operation contradicts in its rows (reliability.md, R7). That silence voided it contradicts nothing (R1). */
export function differencesOf(operationId: string, rows: readonly JournalEntry[], view: OperationView): readonly Difference[] {
  const intents = rowsOf(rows, 'PRINT_INTENT').length;
  const slips = slipsIn(rows);
  const handedOver =
    rowsOf(rows, 'OUTCOME').some(({ outcome }) => outcome === 'handed-over') ||
    rowsOf(rows, 'RESOLUTION').some(({ finding }) => finding === 'handed-over');
  const found: (readonly [boolean, Difference['kind'], number])[] = [
    [view.state === 'NONE' && rowsOf(rows, 'RESERVED').length > 0, 'cms-forgot', 0],
    [view.state === 'CONFIRMED' && !handedOver, 'confirmed-without-hand-over', 0],
    [view.releases > intents, 'release-without-intent', view.releases],
    [view.state !== 'NONE' && slips.length > view.releases, 'slip-without-release', slips.at(-1) ?? 0],
  ];
  return found.flatMap(([holds, kind, attempt]) => (holds ? [{ kind, operationId, attempt }] : []));
}

/** A day's three ledgers: prints that the journal announced, slips that the print worker reported, paper parts that the CMS released. */
export interface ThreeWayCount {
  readonly day: string;
  readonly intents: number;
  readonly slips: number;
  readonly releases: number;
  readonly differences: readonly Difference[];
}

/**
 * Counts a day that is over. `operations`: the rows of every operation that announced a print on that day or is in the CMS's count;
 * `views`: what the CMS says of them now. The clocks may part at midnight: ledgers are compared operation by operation, not number by number.
 */
export function countDay(
  { day, releases }: DayCount,
  operations: ReadonlyMap<string, readonly JournalEntry[]>,
  views: readonly OperationView[],
): ThreeWayCount {
  const differences: Difference[] = [];
  for (const { operationId, attempt } of releases) {
    const intents = rowsOf(operations.get(operationId) ?? [], 'PRINT_INTENT');
    if (!intents.some((intent) => intent.attempt === attempt)) differences.push({ kind: 'release-without-intent', operationId, attempt });
  }
  let intentsOfDay = 0;
  let slipsOfDay = 0;
  for (const [operationId, rows] of operations) {
    const ofDay = rows.filter(({ at }) => at.startsWith(day));
    intentsOfDay += rowsOf(ofDay, 'PRINT_INTENT').length;
    slipsOfDay += slipsIn(ofDay).length;
    const released = views.find((view) => view.operationId === operationId)?.releases ?? 0;
    const slips = slipsIn(rows);
    const lastSlip = slips.at(-1);
    if (lastSlip !== undefined && slips.length > released)
      differences.push({ kind: 'slip-without-release', operationId, attempt: lastSlip });
    if (rows.at(-1)?.row.kind !== 'CLOSED') continue;
    const evidenced = rowsOf(rows, 'EVIDENCE').map(({ attempt }) => attempt);
    for (const { attempt } of rowsOf(rows, 'PRINT_INTENT')) {
      if (!evidenced.includes(attempt)) differences.push({ kind: 'intent-without-evidence', operationId, attempt });
    }
  }
  return { day, intents: intentsOfDay, slips: slipsOfDay, releases: releases.length, differences };
}
