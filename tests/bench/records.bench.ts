import { createHash, generateKeyPairSync, hash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { publicJwkOf, signJws } from '../../kiosk/jws.ts';
import { openStored } from '../../kiosk/records/audit/stored.ts';
import { startVerification } from '../../kiosk/records/audit/verification.ts';
import { genesis, rowHash } from '../../kiosk/records/chain.ts';
import { digestOf, signCheckpoint } from '../../kiosk/records/checkpoint.ts';
import { openRecords } from '../../kiosk/records/records.ts';
import { beforeOutcome, operationId, receipt, report } from '../kiosk/records/specimen.ts';
import { columns, count, leaveReport, progress, round } from './figures.ts';

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const folder = mkdtempSync(join(tmpdir(), 'sportello-bench-records-'));

/** The rows of one operation, as they are stored. */
const { evidence } = report();
const rows = [
  ...beforeOutcome,
  { kind: 'OUTCOME', outcome: 'handed-over', class: evidence.class, exposed: false, reason: 'handed-over' },
  { ...receipt, jws: signJws(privateKey, 'sportello-receipt+jwt', { operationId, state: 'CONFIRMED', sequence: 1, at: new Date() }) },
  { kind: 'CLOSED', state: 'CONFIRMED' },
].map(({ kind, ...fields }) => ({ kind, fields: JSON.stringify(fields) }));

/** Whole operations, each with its checkpoint, written as the kiosk writes them but without waiting for the disk. */
function journalOf(records: number): string {
  const here = join(folder, String(records));
  const opened = openRecords({ folder: here });
  if (!opened.ok) throw new Error(opened.error.kind);
  opened.value.close();
  const database = new Database(join(here, 'records.db'));
  database.pragma('synchronous = off');
  const { number: start, boot } = database
    .prepare<[], { number: number; boot: string }>('select number, boot_id as boot from starts')
    .get()!;
  const row = database.prepare(
    'insert into journal (sequence, operation_id, at, start, monotonic_ns, kind, fields, hash) values (?, ?, ?, ?, ?, ?, ?, ?)',
  );
  const checkpoint = database.prepare('insert into checkpoints (sequence, jws) values (?, ?)');
  let [previous, before] = [genesis, null as string | null];
  database.transaction(() => {
    for (let sequence = 1; sequence <= records; sequence += 1) {
      const { kind, fields } = rows[(sequence - 1) % rows.length]!;
      const id = `01890a5d-ac96-774b-8cce-${Math.floor((sequence - 1) / rows.length)
        .toString(16)
        .padStart(12, '0')}`;
      const at = new Date(1.8e12 + sequence * 1000).toISOString();
      const monotonicNs = String(sequence * 1e9);
      previous = rowHash({ sequence, start, boot, monotonicNs, at, operationId: id, kind, fields }, previous);
      row.run(sequence, id, at, start, BigInt(monotonicNs), kind, fields, Buffer.from(previous, 'hex'));
      if (kind !== 'CLOSED') continue;
      const jws = signCheckpoint(privateKey, { sequence, hash: previous, operationId: id, previous: before, at });
      checkpoint.run(sequence, jws);
      before = digestOf(jws);
    }
  })();
  database.pragma('wal_checkpoint(truncate)');
  database.close();
  return here;
}

function verify(here: string): { ms: number; records: number; ok: boolean } {
  const begun = performance.now();
  const stored = openStored(here);
  if (!stored.ok) throw new Error(stored.error.kind);
  const verification = startVerification({ deviceKey: publicKey });
  const given = stored.value.give(verification);
  if (!given.ok) throw new Error(given.error.kind);
  const { ok, records } = verification.finish();
  stored.value.close();
  return { ms: performance.now() - begun, ok, records };
}

const median = (values: readonly number[]): number => values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)]!;

test('records', () => {
  try {
    const figures = [999, 99_999, 999_999].map((records) => {
      const here = journalOf(records);
      progress(`${records} records written`);
      const times: number[] = [];
      let resident = 0;
      for (let run = 0; run < count; run += 1) {
        const { ms, ...found } = verify(here);
        expect(found).toEqual({ ok: true, records });
        times.push(ms);
        resident = Math.max(resident, process.memoryUsage.rss() / 2 ** 20);
      }
      const ms = median(times);
      return { records, ms: round(ms), perSecond: Math.round((records / ms) * 1000), residentMB: Math.round(resident) };
    });

    const text = 'x'.repeat(420);
    const rounds = 200_000;
    const begun = performance.now();
    for (let at = 0; at < rounds; at += 1) hash('sha256', text);
    const bare = Math.round((rounds / (performance.now() - begun)) * 1000);
    progress(`SHA-256 alone: ${bare} a second (${createHash('sha256').update(text).digest('hex').slice(0, 8)})`);

    const opened = openRecords({ folder: join(folder, 'append') });
    if (!opened.ok) throw new Error(opened.error.kind);
    const durations: number[] = [];
    for (let operation = 0; operation < 200; operation += 1) {
      const id = `01890a5d-ac96-774b-8cce-${operation.toString(16).padStart(12, '0')}`;
      for (const row of beforeOutcome) {
        const at = performance.now();
        opened.value.append(id, row);
        durations.push(performance.now() - at);
      }
    }
    opened.value.close();
    const appendMs = round(median(durations) * 100) / 100;
    const chained = {
      sequence: 1,
      start: 1,
      boot: 'b'.repeat(36),
      monotonicNs: '1',
      at: 'a'.repeat(24),
      operationId,
      kind: 'OP_OPEN',
      fields: rows[0]!.fields,
    };
    const hashed = performance.now();
    for (let at = 0; at < 100_000; at += 1) rowHash(chained, genesis);
    const chainUs = round((performance.now() - hashed) / 100);

    const table = columns([
      ['records', 'ms', 'a second', 'resident MB'],
      ...figures.map(({ records, ms, perSecond, residentMB }) => [records, ms, perSecond, residentMB].map(String)),
    ]);
    leaveReport(
      'records',
      { figures, sha256PerSecond: bare, appendMs, chainUs, key: publicJwkOf(publicKey).kty },
      `${table}\nSHA-256 of 420 bytes alone: ${bare} a second\ndurable append: ${appendMs} ms, of it the chain: ${chainUs} us`,
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
