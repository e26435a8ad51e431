import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { stateOfOutcome } from '../../../flows/ports/cms.ts';
import { suffices } from '../../../flows/operations/evidence.ts';
import type { JournalEntry, JournalRow } from '../../../flows/ports/journal.ts';
import { brokenAfter } from '../../../kiosk/records/chain.ts';
import Database from 'better-sqlite3';
import type { Kiosk, World } from './kiosk.ts';
import type { Paper } from './printer.ts';

/** The parts of codes that go through a history: what seals hold, as it were. */
const canary = 'sealed.';

/** As it is, and as the fields of a row would take it. */
const canaries = [canary, Buffer.from(canary).toString('hex'), Buffer.from(canary).toString('base64url').slice(0, -2)];

const found = <Kind extends JournalRow['kind']>(rows: readonly JournalEntry[], kind: Kind): Extract<JournalRow, { kind: Kind }>[] =>
  rows.flatMap(({ row }) => (row.kind === kind ? [row as Extract<JournalRow, { kind: Kind }>] : []));

/** The invariants I1 to I5 (reliability.md, 1.3) and that all has come to an end, once the faults have stopped. Answers what does not hold. */
export function broken(kiosk: Kiosk, ids: readonly string[], { cms, printer, site }: Pick<World, 'cms' | 'printer' | 'site'>): string[] {
  const violations: string[] = [];
  const operations = ids.flatMap((operationId) => {
    const rows = kiosk.records.rowsOf(operationId);
    if (rows.length === 0 && cms.standings.has(operationId))
      violations.push(`I1: the CMS knows an operation that the journal does not (${operationId})`);
    return rows.length === 0 ? [] : [{ operationId, rows }];
  });
  for (const { operationId, rows } of operations) {
    const violate = (what: string): void => void violations.push(`${what} (${operationId}: ${rows.map(({ row }) => row.kind).join(' ')})`);
    const standing = cms.look(operationId);
    const state = standing?.state ?? 'NONE';
    const [outcome] = found(rows, 'OUTCOME');
    const receipt = found(rows, 'RECEIPT').at(-1);
    const papers = printer.papers.filter((paper) => paper.operationId === operationId);
    const intents = found(rows, 'PRINT_INTENT');

    // I1: both sides have come to the same end.
    if (outcome === undefined) violate('liveness: no outcome');
    if (rows.at(-1)?.row.kind !== 'CLOSED' && !isHeld(rows)) violate('liveness: not closed');
    if (receipt === undefined) violate('liveness: no receipt');
    else if (receipt.state !== state) violate(`I1: the receipt says ${receipt.state}, the CMS ${state}`);
    if (state === 'RESERVED' || state === 'NONE') violate(`liveness: the CMS has it ${state}`);

    // I2: no slip without its intent, one for each, later ones marked.
    if (papers.length > intents.length) violate(`I2: ${papers.length} slips, ${intents.length} intents`);
    if (new Set(papers.map(({ attempt }) => attempt)).size !== papers.length) violate('I2: an attempt was printed twice');
    const authorised = found(rows, 'REPRINT_AUTHORISED').map(({ attempt }) => attempt);
    if (papers.some(({ attempt }) => attempt > 1 && !authorised.includes(attempt))) violate('I2: printed again without an authorisation');
    if (papers.length > site.printAttempts) violate(`I2: ${papers.length} slips, ${site.printAttempts} allowed`);
    if (papers.filter(isWhole).length > 1) violate('I2: two whole slips');
    if ((standing?.releases.length ?? 0) > intents.length) violate('I2: more releases than intents');
    if (!evidenceHolds(rows, papers)) violate('I2: the evidence says more than the paper');

    // I3, I4: the second part only after a hand-over that is proved, and once.
    const sent = cms.sent.filter((id) => id === operationId).length;
    if (sent > 1) violate(`I4: ${sent} second parts`);
    if (cms.mismatches.some((key) => key.startsWith(operationId))) violate('I4: another request under a key that was used');
    const handedOver = outcome?.outcome === 'handed-over' && suffices(outcome.class, site.handOverEvidence);
    const resolved = found(rows, 'RESOLUTION').some(({ finding }) => finding === 'handed-over');
    if (sent > 0 && !handedOver && !resolved) violate('I3: sent without a hand-over');
    if (sent > 0 && !papers.some(isWhole)) violate('I3: sent without a whole slip');
    if (sent > 0 && outcome?.class === 'E3' && !papers.some(({ fate }) => fate === 'taken')) violate('I3: sent, and nobody took the slip');
    if (sent > 0 && papers.some(({ fate }) => fate === 'retracted')) violate('I3: sent, and the slip was taken back');
    if (outcome !== undefined && receipt?.state === stateOfOutcome[outcome.outcome] && receipt.state !== state)
      violate('I1: they disagree');

    // I5: silence voids, and what is void or confirmed stays so.
    if (cms.lateConfirms.includes(operationId)) violate('I5: confirmed after silence had voided it');
    const course = cms.courses.get(operationId) ?? [];
    const ended = course.findIndex((each) => each === 'VOIDED' || each === 'CONFIRMED');
    if (ended >= 0 && course.slice(ended).some((each) => each !== course[ended])) violate(`I5: ${course.join(' → ')}`);
  }

  return violations;
}

/** I6 and I7, of all that the kiosk wrote so far: they are looked at once for many histories, since what is written stays. */
export function brokenInWriting(folder: string, logged: readonly string[]): string[] {
  const violations: string[] = [];

  // I6: the journal has no gap, and its chain holds.
  const file = join(folder, 'records.db');
  const database = new Database(file, { readonly: true });
  try {
    if (database.prepare('select count(*) <> coalesce(max(sequence), 0) from journal').pluck().get() !== 0) violations.push('I6: a gap');
    const link = brokenAfter(database, 0);
    if (link !== null) violations.push(`I6: the chain breaks at ${link}`);
  } finally {
    database.close();
  }

  // I7: nothing of a code in what the kiosk wrote.
  const written = [...readdirSync(folder).map((name) => readFileSync(join(folder, name), 'latin1')), ...logged];
  if (written.some((text) => canaries.some((each) => text.includes(each)))) violations.push('I7: a part of a code was written');
  return violations;
}

/** It waits for a person's decision, and for nothing else. */
export function isHeld(rows: readonly JournalEntry[]): boolean {
  const last = rows.at(-1)?.row;
  return last?.kind === 'RECEIPT' && last.state === 'HELD';
}

function isWhole({ lines, of }: Paper): boolean {
  return lines === of;
}

/** Full evidence only of a whole slip; none only where no slip is; of a presenter's output what became of it. */
function evidenceHolds(rows: readonly JournalEntry[], papers: readonly Paper[]): boolean {
  return found(rows, 'EVIDENCE').every(({ attempt, class: evidenceClass, output }) => {
    const paper = papers.find((each) => each.attempt === attempt);
    if (output !== undefined && paper?.fate !== output) return false;
    if (evidenceClass === 'E0') return paper === undefined;
    return evidenceClass === 'E1' || (paper !== undefined && isWhole(paper));
  });
}
