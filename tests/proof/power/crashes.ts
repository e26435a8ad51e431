import { type CrashState, type Session, crashStates, recordSession, reopened } from '../../harness/power-loss.ts';
import { processEntry } from '../../../kiosk/project.ts';
import { openHistory } from '../../../kiosk/records/history.ts';
import { openRecords } from '../../../kiosk/records/records.ts';
import { brokenInLedger } from '../simulation/envelope-invariants.ts';

/** Records what a whole life of the journal asks of the system: opened, operations to their outcome and half of them to their end, closed. */
export async function recordLife(folder: string, how: string): Promise<Session> {
  return await recordSession([process.execPath, processEntry('tests/processes/journal-writer.ts'), folder, how], folder);
}

/** Opens what each crash left with the production code; a line for each promise that it broke. */
export function lookAt(
  session: Session,
  seed: number,
  deadline = Infinity,
): { readonly states: number; readonly violations: readonly string[] } {
  let states = 0;
  const violations: string[] = [];
  for (const state of crashStates(session, seed)) {
    if (Date.now() > deadline) break;
    states += 1;
    const broken = reopened(state, (folder) => brokenPromise(state, folder));
    if (broken !== null) violations.push(`power: seed ${seed}, after call ${state.after}, ${state.loss}: ${broken}`);
  }
  return { states, violations };
}

/** What was acknowledged is there, and nothing is there that contradicts itself; the machine can go on. `null`: all is well. */
function brokenPromise({ said }: CrashState, folder: string): string | null {
  const opened = openRecords({ folder });
  if (!opened.ok) return `I6 the records do not open: ${JSON.stringify(opened.error)}`;
  const records = opened.value;
  try {
    const operations = records.list();
    const history = openHistory(folder);
    if (!history.ok) return `I6 the journal cannot be read: ${JSON.stringify(history.error)}`;
    const kept = history.value.rows();
    history.value.close();
    const known = new Set(kept.map(({ sequence, operationId, row }) => `${sequence} ${operationId} ${row.kind}`));
    const lost = said.split('\n').find((line) => /^\d/.test(line) && !known.has(line));
    if (lost !== undefined) return `I1 acknowledged and lost: ${lost}`;
    const sequences = kept.map(({ sequence }) => sequence).sort((one, other) => one - other);
    if (sequences.some((sequence, index) => sequence !== index + 1)) return 'I6 the journal has a gap';
    const owed = operations.filter(({ outcome, state }) => outcome !== null && state === null).map(({ operationId }) => operationId);
    const waiting = records.outbox().map(({ operationId }) => operationId);
    if (owed.join() !== waiting.join()) return `I1 outcomes without receipt are ${owed.join()}, and the outbox has ${waiting.join()}`;
    const [faultOfLedger] = brokenInLedger(kept, records.envelopes);
    if (faultOfLedger !== undefined) return faultOfLedger;
    // Recovery's first step: an operation that is under way can be brought on.
    const [open] = operations.filter(({ outcome }) => outcome === null);
    if (open === undefined) return null;
    const report = {
      operationId: open.operationId,
      attempt: 1,
      outcome: 'unknown',
      evidence: { class: 'E0', raw: '' },
      exposed: true,
      reason: 'recovered',
    } as const;
    const rows = kept.flatMap(({ operationId, row }) => (operationId === open.operationId ? [row] : []));
    const drawn = rows.find((row) => row.kind === 'ENVELOPE_DRAWN');
    const written =
      drawn === undefined && !rows.some(({ kind }) => kind === 'PRINT_INTENT')
        ? records.append(open.operationId, { kind: 'CLOSED', state: 'VOIDED' })
        : records.appendOutcome(report, drawn && { number: drawn.number, to: 'quarantined' });
    return written.ok ? null : `I1 recovery cannot write: ${written.error.kind}`;
  } finally {
    records.close();
  }
}
