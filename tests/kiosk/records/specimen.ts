import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { OutcomeReport } from '../../../flows/ports/cms.ts';
import type { JournalRow } from '../../../flows/ports/journal.ts';
import { type Records, type RecordsOptions, openRecords } from '../../../kiosk/records/records.ts';

/** A folder of the test's own, gone at its end. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sportello-records-'));
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

/** Records that the test closes, or leaves to its end. */
export function recordsIn(folder: string, options: Omit<RecordsOptions, 'folder'> = {}): Records {
  const opened = openRecords({ folder, ...options });
  if (!opened.ok) throw new Error(JSON.stringify(opened.error));
  onTestFinished(() => {
    opened.value.close();
  });
  return opened.value;
}

export const operationId = '01890a5d-ac96-774b-bcce-b302099a8057';
export const otherOperationId = '01890a5d-ac96-774b-bcce-b302099a8058';

export const opening = {
  kind: 'OP_OPEN',
  operation: 'activation',
  case: 'adult',
  profile: 'emilia-romagna',
  profileVersion: '2026.1',
  holder: 'a'.repeat(64),
  card: 'b'.repeat(64),
  operator: 'operator-1',
} as const satisfies JournalRow;

export const report = (id: string = operationId): OutcomeReport => ({
  operationId: id,
  attempt: 1,
  outcome: 'handed-over',
  evidence: { class: 'E4', raw: '372200' },
  exposed: false,
  reason: 'handed-over',
  operatorAssertion: 'eyJhbGciOiJFUzI1NiJ9.e30.c2lnbmF0dXJl',
});

export const receipt = { kind: 'RECEIPT', state: 'CONFIRMED', cmsSequence: 7, jws: 'eyJhbGciOiJFUzI1NiJ9.e30.c2lnbmF0dXJl' } as const;

/** Everything that comes before the outcome in a good operation. */
export const beforeOutcome = [
  opening,
  { kind: 'RESERVE_INTENT' },
  { kind: 'RESERVED', expiresAt: '2026-11-22T20:00:00Z' },
  { kind: 'PRINTER_READY' },
  { kind: 'PRINT_INTENT', attempt: 1 },
  { kind: 'EVIDENCE', attempt: 1, class: 'E2', raw: '3722313233340000', buffer: 'printed' },
] as const satisfies readonly JournalRow[];
