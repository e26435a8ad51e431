import { createPublicKey } from 'node:crypto';
import { readFileSync, readdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { exportRecords, verifyExport } from '../../../../kiosk/records/audit/export.ts';
import { openStored } from '../../../../kiosk/records/audit/stored.ts';
import { type Verdict, startVerification } from '../../../../kiosk/records/audit/verification.ts';
import { readDeviceKey } from '../../../../kiosk/device-key.ts';
import { beforeOutcome, operationId, otherOperationId, recordsIn, temporaryFolder } from '../specimen.ts';

let made: { readonly bytes: Buffer; readonly key: string } | undefined;

/** The bytes of sound records, and the key that signed them. */
function sound(): { readonly bytes: Buffer; readonly key: string } {
  if (made !== undefined) return made;
  const folder = temporaryFolder();
  const records = recordsIn(folder);
  for (const id of [operationId, otherOperationId]) {
    for (const row of beforeOutcome) records.append(id, row);
    records.append(id, { kind: 'CLOSED', state: 'VOIDED' });
  }
  records.close();
  made = { bytes: readFileSync(join(folder, 'records.db')), key: readFileSync(join(folder, 'device-key.jwk'), 'utf8') };
  return made;
}

/** Records of two closed operations, 14 rows, in a folder of the test's own. */
function folderOf(prepare: (database: Database.Database) => void = () => undefined): string {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'records.db'), sound().bytes);
  writeFileSync(join(folder, 'device-key.jwk'), sound().key);
  const database = new Database(join(folder, 'records.db'));
  database.unsafeMode();
  database.pragma('journal_mode = delete');
  database.pragma('foreign_keys = off');
  prepare(database);
  database.close();
  return folder;
}

function key(folder: string) {
  const read = readDeviceKey(join(folder, 'device-key.jwk'));
  if (!read.ok) throw new Error(read.error.detail);
  return read.value;
}

function verify(folder: string): Verdict | string {
  const stored = openStored(folder);
  if (!stored.ok) return stored.error.kind;
  const verification = startVerification({ deviceKey: createPublicKey(key(folder)) });
  const given = stored.value.give(verification);
  stored.value.close();
  return given.ok ? verification.finish() : given.error.kind;
}

const dropTriggers = `pragma writable_schema = on; delete from sqlite_schema where type = 'trigger'; pragma writable_schema = reset`;
/** Rewrites the journal's declaration, so that SQLite holds it to nothing. */
const loosened = `pragma writable_schema = on;
  update sqlite_schema set sql = 'create table journal (sequence integer primary key, operation_id, at, start, monotonic_ns, kind, fields, hash)' where name = 'journal';
  delete from sqlite_schema where type = 'trigger'; pragma writable_schema = reset`;

describe('a hostile database', () => {
  test.each<[string, string, object | string]>([
    ['as it was written', '', { ok: true, records: 14, checkpoint: { sequence: 14, countersigned: false } }],
    ['without its triggers', dropTriggers, { ok: true, records: 14 }],
    ['without its starts', `${dropTriggers}; delete from starts`, { ok: false, faults: [{ kind: 'content' }] }],
    [
      'with an endless view for a journal',
      `drop table journal; create view journal as with recursive endless(sequence) as (select 1 union all select sequence + 1 from endless)
      select sequence, 1 as start, 1 as monotonic_ns, '' as at, '' as operation_id, '' as kind, '' as fields, x'' as hash from endless`,
      'records-corrupt',
    ],
    ['with a computed column', 'alter table journal add column joke blob as (zeroblob(sequence))', 'records-corrupt'],
    ['without checkpoints', 'drop table checkpoints', 'records-corrupt'],
    ['without a column', `${dropTriggers}; alter table journal drop column hash`, 'records-corrupt'],
    ['with text for a number', `${loosened}; update journal set start = 'x' where sequence = 3`, { faults: [{ kind: 'content', seq: 3 }] }],
    [
      'with a blob for text',
      `${loosened}; update journal set fields = x'00ff' where sequence = 3`,
      { faults: [{ kind: 'content', seq: 3 }] },
    ],
    [
      'with fields without end',
      `${loosened}; update journal set fields = hex(zeroblob(4000000)) where sequence = 3`,
      { faults: [{ kind: 'content', seq: 3 }] },
    ],
    ['with half a hash', `${loosened}; update journal set hash = x'00' where sequence = 3`, { faults: [{ kind: 'content', seq: 3 }] }],
    ['with no hash', `${loosened}; update journal set hash = null where sequence = 14`, { faults: [{ kind: 'content', seq: 14 }] }],
    ['with nothing in the journal', `${loosened}; delete from journal`, { records: 0, faults: [{ kind: 'truncation', seq: 1 }] }],
    ['with a number beyond measure', `${loosened}; update journal set sequence = 9007199254740993 where sequence = 14`, { ok: false }],
    [
      'with a checkpoint that is none',
      `${dropTriggers}; update checkpoints set jws = 'e30.e30.AA' where sequence = 7`,
      { faults: [{ kind: 'signature', seq: 7 }] },
    ],
    [
      'with a checkpoint of other length',
      `${dropTriggers}; update checkpoints set jws = 'none' where sequence = 14`,
      { checkpoint: null, faults: [{ kind: 'signature', seq: 14 }] },
    ],
    [
      'with a countersignature that is none',
      "update checkpoints set countersignature = 'e30.e30.AA' where sequence = 7",
      { faults: [{ kind: 'signature', seq: 7 }] },
    ],
    [
      'with a checkpoint over a row beyond measure',
      `${dropTriggers}; pragma ignore_check_constraints = on; update checkpoints set sequence = 9007199254740993 where sequence = 14`,
      { checkpoint: null, faults: [{ kind: 'signature' }] },
    ],
    ['of another version', 'pragma user_version = 99', 'records-version'],
    ['with nothing in it', 'pragma user_version = 0', 'records-version'],
  ])('%s', { timeout: 10_000 }, (_what, sql, verdict) => {
    const found = verify(folderOf((database) => database.exec(sql)));
    if (typeof verdict === 'string') expect(found).toBe(verdict);
    else
      expect(found).toMatchObject(
        'faults' in verdict
          ? { ...verdict, faults: expect.arrayContaining((verdict.faults as object[]).map((fault) => expect.objectContaining(fault))) }
          : verdict,
      );
  });

  test('that is none, or not there', () => {
    const folder = temporaryFolder();
    expect(verify(folder)).toBe('records-missing');
    writeFileSync(join(folder, 'records.db'), 'no database'.repeat(1000));
    expect(verify(folder)).toBe('records-corrupt');
  });

  test('with any byte changed, or cut anywhere: whole, a fault, or a plain word', { timeout: 60_000 }, () => {
    const folder = folderOf();
    const file = join(folder, 'records.db');
    const bytes = readFileSync(file);
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(256), (at, flip) => {
        const damaged = Buffer.from(bytes);
        damaged.writeUInt8(damaged.readUInt8(at) ^ ((flip || 1) & 0xff), at);
        writeFileSync(file, damaged);
        if (flip === 256) truncateSync(file, at);
        const verdict = verify(folder);
        if (typeof verdict === 'string') expect(verdict).toMatch(/^records-/);
        else expect(verdict.ok).toBe(verdict.faults.length === 0);
      }),
      { numRuns: 300 },
    );
  });
});

test('the clock set back within a boot is a fault; by less than a minute, or with another boot, it is not', () => {
  const folder = temporaryFolder();
  const start = Date.parse('2026-11-22T19:00:00.000Z');
  let at = start;
  const records = recordsIn(folder, { now: () => new Date(at) });
  records.append(operationId, beforeOutcome[0]);
  at -= 50_000;
  records.append(operationId, beforeOutcome[1]);
  at += 3_600_000;
  records.append(operationId, beforeOutcome[2]);
  expect(verify(folder)).toMatchObject({ ok: true });
  at -= 3_500_000;
  records.append(operationId, beforeOutcome[3]);
  expect(verify(folder)).toMatchObject({ ok: false, faults: [{ kind: 'clock', seq: 4 }] });
});

describe('an export', () => {
  function exported(): { folder: string; file: string; lines: string[] } {
    const folder = folderOf();
    const stored = openStored(folder);
    if (!stored.ok) throw new Error(stored.error.kind);
    const file = join(folder, 'journal.jsonl');
    expect(exportRecords(stored.value, file, key(folder), new Date())).toEqual({ ok: true, value: { records: 14 } });
    const unwritable = join(folder, 'nowhere', 'journal.jsonl');
    expect(exportRecords(stored.value, unwritable, key(folder), new Date())).toMatchObject({
      error: { kind: 'export-unusable', file: unwritable },
    });
    stored.value.close();
    return { folder, file, lines: readFileSync(file, 'utf8').split('\n').slice(0, -1) };
  }

  test('has each record with its number, and holds by itself and by the key that is known', () => {
    const { folder, file, lines } = exported();
    const rows = lines
      .map((line) => JSON.parse(line) as { row?: { sequence: number } })
      .flatMap(({ row }) => (row === undefined ? [] : [row.sequence]));
    expect(rows).toEqual(Array.from({ length: 14 }, (_row, index) => index + 1));
    expect(verifyExport(file, {})).toMatchObject({ ok: true, value: { ok: true, records: 14, checkpoint: { sequence: 14 } } });
    expect(verifyExport(file, { deviceKey: createPublicKey(key(folder)) })).toMatchObject({ value: { ok: true } });
    const other = temporaryFolder();
    recordsIn(other).close();
    expect(verifyExport(file, { deviceKey: createPublicKey(key(other)) })).toMatchObject({
      value: { ok: false, faults: expect.arrayContaining([expect.objectContaining({ kind: 'signature' })]) },
    });
  });

  test.each<[string, (lines: string[]) => string[], object]>([
    [
      'a row changed',
      (lines) => lines.map((line, at) => (at === 3 ? line.replace('"start":1', '"start":2') : line)),
      { kind: 'content', seq: 3 },
    ],
    ['a row taken out', (lines) => lines.toSpliced(4, 1), { kind: 'gap', seq: 4 }],
    ['a line that is none', (lines) => lines.toSpliced(4, 1, '{'), { kind: 'content', seq: 4 }],
    ['its end cut off', (lines) => lines.slice(0, -1), { kind: 'truncation' }],
    ['its end cut in the middle of a line', (lines) => lines.with(-1, lines.at(-1)!.slice(0, 40)), { kind: 'truncation' }],
    ['its header changed', (lines) => [lines[0]!.replace('"version":1,', '"version":1, '), ...lines.slice(1)], { kind: 'signature' }],
  ])('with %s', (_what, change, fault) => {
    const { file, lines } = exported();
    writeFileSync(file, change(lines).join('\n'));
    expect(verifyExport(file, {})).toMatchObject({
      value: { ok: false, faults: expect.arrayContaining([expect.objectContaining(fault)]) },
    });
  });

  test('of records that cannot be read to their end is not there at all', () => {
    const folder = folderOf();
    const database = new Database(join(folder, 'records.db'), { readonly: true });
    const pages = database.prepare("select pageno from dbstat where name = 'journal' and pagetype = 'leaf'").pluck();
    const [size, last] = [Number(database.pragma('page_size', { simple: true })), Number(pages.all().at(-1))];
    database.close();
    const bytes = readFileSync(join(folder, 'records.db'));
    writeFileSync(join(folder, 'records.db'), bytes.fill(0xff, (last - 1) * size, last * size));
    const stored = openStored(folder);
    if (!stored.ok) throw new Error(stored.error.kind);
    const file = join(folder, 'journal.jsonl');
    expect(exportRecords(stored.value, file, key(folder), new Date())).toMatchObject({ ok: false, error: { kind: 'records-corrupt' } });
    stored.value.close();
    expect(readdirSync(folder).filter((name) => name.startsWith('journal.jsonl'))).toEqual([]);
  });

  test('of more than fits into one piece holds as well', () => {
    const folder = temporaryFolder();
    const records = recordsIn(folder);
    for (let number = 0; number < 150; number += 1) {
      const id = `01890a5d-ac96-774b-bcce-${String(number).padStart(12, '0')}`;
      for (const row of beforeOutcome) records.append(id, row);
      records.append(id, { kind: 'CLOSED', state: 'VOIDED' });
    }
    const stored = openStored(folder);
    if (!stored.ok) throw new Error(stored.error.kind);
    const file = join(folder, 'journal.jsonl');
    expect(exportRecords(stored.value, file, key(folder), new Date())).toEqual({ ok: true, value: { records: 1050 } });
    stored.value.close();
    expect(verifyExport(file, {})).toMatchObject({ value: { ok: true, records: 1050, checkpoint: { sequence: 1050 } } });
  });

  test('that is none is told in a line', () => {
    const { file, lines } = exported();
    const told = (text: string): unknown => {
      writeFileSync(file, text);
      return verifyExport(file, {});
    };
    for (const [text, detail] of [
      ['', 'not an export of records'],
      ['{}\n', 'not an export of records'],
      [`${lines[0]!.replace(/"x":"[^"]*"/, '"x":"AA"')}\n`, 'its key is none'],
      [lines.map((line) => `${line}\n`).join('') + 'more\n', 'it goes on after its signature'],
      [`${lines[0]!}\n${'x'.repeat(700_000)}`, 'a line that is too long'],
    ] as const)
      expect(told(text)).toEqual({ ok: false, error: { kind: 'export-unusable', file, detail } });
    expect(verifyExport(join(file, 'not-there'), {})).toMatchObject({ error: { kind: 'export-unusable' } });
  });
});
