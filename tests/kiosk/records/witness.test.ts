import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, test, vi } from 'vitest';
import { type Result, err, ok } from '../../../devices/result.ts';
import type { CmsError } from '../../../flows/ports/cms.ts';
import { type UncountersignedCheckpoint } from '../../../kiosk/records/checkpoints.ts';
import { startWitness } from '../../../kiosk/records/witness.ts';
import { keptLog } from '../../harness/cms.ts';
import { opening, operationId, otherOperationId, recordsIn, temporaryFolder } from './specimen.ts';

/** Waits are kept, and end when the test says so. */
function heldClock() {
  const waits: { ms: number; end: () => void }[] = [];
  return {
    waits,
    now: () => 0,
    wait: (ms: number, signal: AbortSignal) =>
      new Promise<void>((resolve) => {
        if (signal.aborted) resolve();
        signal.addEventListener('abort', () => resolve(), { once: true });
        waits.push({ ms, end: resolve });
      }),
  };
}

test('checkpoints are countersigned in their order, tried on while the CMS does not answer, and made each quarter of an hour', async () => {
  const folder = temporaryFolder();
  const records = recordsIn(folder);
  const clock = heldClock();
  const { log, lines } = keptLog();
  const brought: number[] = [];
  const answers: Result<string, CmsError>[] = [];
  const cms = {
    countersign: ({ sequence }: UncountersignedCheckpoint): Promise<Result<string, CmsError>> => {
      brought.push(sequence);
      return Promise.resolve(answers.shift() ?? ok(`countersignature.${sequence}`));
    },
  };
  for (const id of [operationId, otherOperationId]) {
    records.append(id, opening);
    records.append(id, { kind: 'CLOSED', state: 'NONE' });
  }
  answers.push(err({ kind: 'unreachable', detail: '' }), err({ kind: 'refused', type: 'checkpoint-forked', title: '' }));
  const witness = startWitness({ cms, records, log, clock });
  const pauses = (): number[] => clock.waits.map(({ ms }) => ms).filter((ms) => ms < 900_000);
  await vi.waitUntil(() => pauses().length === 1);
  clock.waits.find(({ ms }) => ms < 900_000)?.end();
  await vi.waitUntil(() => pauses().length === 2);
  expect(pauses()[1]).toBeGreaterThan(pauses()[0]! * 1.3);
  clock.waits.findLast(({ ms }) => ms < 900_000)?.end();
  await vi.waitUntil(() => records.uncountersigned() === null);
  expect(brought).toEqual([2, 2, 2, 4]);
  expect(lines.map((line) => (JSON.parse(line) as { problem: string }).problem)).toEqual(['unreachable', 'checkpoint-forked']);

  // A quarter of an hour later: what was written since is sealed, though its operation is still open.
  const third = '01890a5d-ac96-774b-bcce-b302099a8059';
  records.append(third, opening);
  expect(records.uncountersigned()).toBeNull();
  clock.waits.find(({ ms }) => ms === 900_000)?.end();
  await vi.waitUntil(() => brought.includes(5));
  await vi.waitUntil(() => records.uncountersigned() === null);

  records.append(third, { kind: 'CLOSED', state: 'NONE' });
  witness.wake();
  await vi.waitUntil(() => brought.includes(6));
  await witness.close();
  records.close();
  const database = new Database(join(folder, 'records.db'), { readonly: true });
  expect(database.prepare('select countersignature from checkpoints').pluck().all()).toEqual(
    [2, 4, 5, 6].map((n) => `countersignature.${n}`),
  );
  database.close();
});

test('what cannot be written stops nothing', async () => {
  const clock = heldClock();
  const { log, lines } = keptLog();
  const unwritable = err({ kind: 'records-unwritable', file: 'f', detail: 'SQLITE_FULL' } as const);
  const records = { checkpoint: () => unwritable, uncountersigned: () => null, countersign: () => unwritable };
  const witness = startWitness({ cms: { countersign: () => Promise.reject(new Error('not asked')) }, records, log, clock });
  await vi.waitUntil(() => clock.waits.length === 2);
  for (const { end } of clock.waits) end();
  await vi.waitUntil(() => lines.length === 1);
  expect(JSON.parse(lines[0]!)).toMatchObject({ problem: 'records-unwritable' });
  await witness.close();
});
