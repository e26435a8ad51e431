import { mkdirSync, readFileSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openDatabase } from '../../../kiosk/records/database.ts';
import { openHistory } from '../../../kiosk/records/history.ts';
import { migrate, recordsVersion } from '../../../kiosk/records/migrations.ts';
import { openRecords } from '../../../kiosk/records/records.ts';
import { beforeOutcome, opening, operationId, recordsIn, report, temporaryFolder } from './specimen.ts';

/** A folder with closed records of one operation that is still open. */
function closedRecords(): { folder: string; file: string } {
  const folder = temporaryFolder();
  const records = recordsIn(folder);
  for (const row of beforeOutcome) records.append(operationId, row);
  records.appendOutcome(report());
  records.close();
  return { folder, file: join(folder, 'records.db') };
}

describe('damaged records', () => {
  test.each<[string, (file: string) => void]>([
    ['that are text', (file) => writeFileSync(file, 'these are no records\n'.repeat(500))],
    [
      'that are random bytes',
      (file) => writeFileSync(file, Buffer.from(Array.from({ length: 8192 }, (_byte, at) => (at * 97 + 13) % 256))),
    ],
    ['cut inside the header', (file) => truncateSync(file, 60)],
    ['cut to one page', (file) => truncateSync(file, 4096)],
    ['cut in the middle', (file) => truncateSync(file, Math.floor(readFileSync(file).length / 2 / 4096) * 4096)],
    ['emptied', (file) => truncateSync(file, 0)],
    ['emptied but for a byte', (file) => truncateSync(file, 1)],
    [
      'with every page but the first overwritten',
      (file) => writeFileSync(file, Buffer.concat([readFileSync(file).subarray(0, 4096), Buffer.alloc(40_960, 0xa5)])),
    ],
  ])('%s are refused, and left as they are', (_what, damage) => {
    const { folder, file } = closedRecords();
    damage(file);
    const before = readFileSync(file);
    expect(openRecords({ folder })).toMatchObject({ ok: false, error: { kind: 'records-corrupt', file } });
    expect(readFileSync(file).equals(before)).toBe(true);
    // And the refusal lets go of the records: it is said again, not "in use".
    expect(openRecords({ folder })).toMatchObject({ error: { kind: 'records-corrupt' } });
  });

  test('that are gone are missed, not begun anew', () => {
    const { folder, file } = closedRecords();
    rmSync(file);
    expect(openRecords({ folder })).toMatchObject({ ok: false, error: { kind: 'records-corrupt', file } });
    expect(readdirSync(folder)).not.toContain('records.db');
  });

  test('in any single byte, or cut anywhere: refused or opened whole, never an exception, never fewer rows', { timeout: 60_000 }, () => {
    const { folder, file } = closedRecords();
    const sound = readFileSync(file);
    const flipped = fc.tuple(fc.nat(sound.length - 1), fc.integer({ min: 1, max: 255 })).map(([at, flip]) => {
      const damaged = Buffer.from(sound);
      damaged.writeUInt8(damaged.readUInt8(at) ^ flip, at);
      return damaged;
    });
    const cut = fc.nat(sound.length - 1).map((length) => sound.subarray(0, length));
    let refused = 0;
    fc.assert(
      fc.property(fc.oneof({ weight: 4, arbitrary: flipped }, { weight: 1, arbitrary: cut }), (damaged) => {
        for (const name of readdirSync(folder)) if (name.startsWith('records.db')) rmSync(join(folder, name));
        writeFileSync(file, damaged);
        const opened = openRecords({ folder });
        if (!opened.ok) {
          expect(['records-corrupt', 'records-version', 'records-not-durable', 'records-unwritable']).toContain(opened.error.kind);
          refused += 1;
          return;
        }
        const rows = opened.value.open().flatMap((operation) => operation.rows);
        const waiting = opened.value.outbox();
        opened.value.close();
        expect(rows.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5, 6, 7]);
        expect(waiting).toHaveLength(1);
      }),
      { numRuns: 150 },
    );
    expect(refused).toBeGreaterThan(0);
  });

  test('in a row of an open operation are found at once', () => {
    const { folder, file } = closedRecords();
    const database = new Database(file);
    database.exec(`drop trigger journal_is_not_changed; update journal set fields = '{"attempt":"one"}' where sequence = 5`);
    database.close();
    expect(openRecords({ folder })).toMatchObject({
      ok: false,
      error: { kind: 'records-corrupt', detail: 'a row is not as it was written' },
    });
  });

  test('whose index knows less than its table are found at once: an operation would lose a row', () => {
    const { folder, file } = closedRecords();
    const declared = 'on journal (operation_id, sequence)';
    const database = new Database(file);
    database.unsafeMode();
    const redeclare = (from: string, to: string): void => {
      database.exec(`pragma writable_schema = on;
        update sqlite_schema set sql = replace(sql, '${from}', '${to}') where name = 'journal_by_operation'; pragma writable_schema = reset`);
    };
    redeclare(declared, `${declared} where sequence < 3`);
    database.exec('reindex journal_by_operation');
    redeclare(' where sequence < 3', '');
    database.close();
    expect(openRecords({ folder })).toMatchObject({
      ok: false,
      error: { kind: 'records-corrupt', detail: 'wrong # of entries in index journal_by_operation' },
    });
  });

  test('with a row taken out are found at once', () => {
    const { folder, file } = closedRecords();
    const database = new Database(file);
    database.exec('drop trigger journal_is_not_removed; delete from journal where sequence = 3');
    database.close();
    expect(openRecords({ folder })).toMatchObject({ ok: false, error: { kind: 'records-corrupt', detail: 'the journal has a gap' } });
  });
});

describe('records that cannot be reached', () => {
  test('because a file stands where the folder should be', () => {
    const folder = join(temporaryFolder(), 'state');
    writeFileSync(folder, '');
    expect(openRecords({ folder })).toMatchObject({ ok: false, error: { kind: 'records-unwritable' } });
  });

  test('because a folder stands where the file should be', () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'records.db'));
    expect(openRecords({ folder })).toMatchObject({ ok: false, error: { kind: 'records-unwritable' } });
  });

  test('because there are none to read', () => {
    const folder = temporaryFolder();
    expect(openHistory(folder)).toEqual({ ok: false, error: { kind: 'records-missing', file: join(folder, 'records.db') } });
    expect(readdirSync(folder)).toEqual([]);
  });
});

test('a database that cannot keep a write-ahead log is refused: it would not keep what it acknowledges', () => {
  expect(openDatabase(':memory:', () => new Date())).toMatchObject({
    ok: false,
    error: { kind: 'records-not-durable', setting: 'journal_mode', found: 'memory' },
  });
});

describe('records under which the disk fails while they are open', () => {
  test('rotten: the row is refused in a word, and no exception', () => {
    const folder = temporaryFolder();
    const records = recordsIn(folder);
    for (const row of beforeOutcome) records.append(operationId, row);
    const file = join(folder, 'records.db');
    const other = new Database(file);
    other.pragma('wal_checkpoint(truncate)');
    other.exec("insert into sign_on_failures (operator_id, failures, last_at) values ('op-1', 1, '2026-11-22T19:00:00.000Z')");
    other.pragma('wal_checkpoint(truncate)');
    other.close();
    const bytes = readFileSync(file);
    writeFileSync(file, bytes.fill(0xff, 4096));
    expect(records.append(operationId, { kind: 'CLOSED', state: 'VOIDED' })).toMatchObject({
      ok: false,
      error: { kind: 'journal-unwritable', detail: expect.stringContaining('SQLITE_CORRUPT') },
    });
  });

  test('with another hand that does not let go of them: the row is refused after two seconds', () => {
    const folder = temporaryFolder();
    const records = recordsIn(folder);
    const other = new Database(join(folder, 'records.db'));
    other.exec('begin immediate');
    expect(records.append(operationId, opening)).toEqual({ ok: false, error: { kind: 'journal-unwritable', detail: 'records-in-use' } });
    other.exec('rollback');
    other.close();
    expect(records.append(operationId, opening)).toMatchObject({ ok: true, value: { sequence: 1 } });
  });

  test('with no way to put the checkpoint beside them: the operation is closed, and known when they are opened again', () => {
    const folder = temporaryFolder();
    const records = recordsIn(folder);
    mkdirSync(join(folder, 'checkpoint.jws.new'));
    records.append(operationId, opening);
    expect(records.append(operationId, { kind: 'CLOSED', state: 'NONE' })).toMatchObject({ ok: true });
    records.close();
    expect(readdirSync(folder)).not.toContain('checkpoint.jws');
    expect(recordsIn(folder).uncountersigned()).toMatchObject({ sequence: 2 });
  });
});

describe('versions', () => {
  test.each([99, -1])('version %d is refused by writer and reader, and left as it is', (version) => {
    const { folder, file } = closedRecords();
    const database = new Database(file);
    database.pragma(`user_version = ${version}`);
    database.close();
    const before = readFileSync(file);
    const error = { kind: 'records-version', file, found: version, known: recordsVersion };
    expect(openRecords({ folder })).toEqual({ ok: false, error });
    expect(openHistory(folder)).toEqual({ ok: false, error });
    expect(readFileSync(file).equals(before)).toBe(true);
  });

  test("another program's database is refused, and left as it is", () => {
    const folder = temporaryFolder();
    const file = join(folder, 'records.db');
    const database = new Database(file);
    database.exec("create table recipes (name text); insert into recipes values ('tortellini')");
    database.close();
    expect(openRecords({ folder })).toMatchObject({ ok: false, error: { kind: 'records-corrupt', detail: 'not a records database' } });
    const after = new Database(file, { readonly: true });
    expect(after.prepare('select name from recipes').pluck().all()).toEqual(['tortellini']);
    after.close();
  });

  test('an older file is brought forward step by step and keeps its rows; a step that fails leaves the one before', () => {
    const { file } = closedRecords();
    const database = new Database(file);
    database.pragma('user_version = 1');
    const addColour = 'alter table journal add column colour text';
    const broken = 'create table half (a integer) strict; insert into nowhere values (1)';
    expect(() => migrate(database, [addColour, broken])).toThrow('no such table: nowhere');
    expect(database.pragma('user_version', { simple: true })).toBe(2);
    expect(database.prepare("select count(*) from sqlite_schema where name = 'half'").pluck().get()).toBe(0);
    expect(migrate(database, [addColour, 'create table shades (number integer primary key) strict'])).toMatchObject({ ok: true });
    expect(database.pragma('user_version', { simple: true })).toBe(3);
    expect(database.prepare('select count(*) from journal where colour is null').pluck().get()).toBe(7);
    database.close();
  });

  test('a file of version 1 learns to count failures and to note incidents, has its rows chained, and then is as a new one', () => {
    const shapeOf = (database: Database.Database): unknown[] =>
      [
        'journal',
        'checkpoints',
        'outbox',
        'outbox_failures',
        'incidents',
        'counted_days',
        'envelopes',
        'shift_seeds',
        'answered_counts',
      ].map((table) => [
        database.prepare('select name, type, "notnull", pk from pragma_table_xinfo(?)').all(table),
        database.prepare("select name from sqlite_schema where tbl_name = ? and type <> 'table' order by name").all(table),
      ]);
    const { folder, file } = closedRecords();
    const database = new Database(file);
    const shape = shapeOf(database);
    const hashes = database.prepare('select hash from journal order by sequence').pluck();
    const chain = hashes.all();
    database.exec(
      'drop trigger journal_is_chained; drop table checkpoints; drop table outbox_failures; drop table incidents; drop table counted_days; drop table envelopes; drop table shift_seeds; drop table answered_counts; alter table journal drop column hash; pragma user_version = 1',
    );
    rmSync(join(folder, 'checkpoint.jws'));
    expect(migrate(database)).toEqual({ ok: true, value: undefined });
    expect(shapeOf(database)).toEqual(shape);
    expect(database.prepare('select hash from journal order by sequence').pluck().all()).toEqual(chain);
    expect(() => database.exec("update journal set fields = '{}'")).toThrow('only added to');
    database.close();
    const records = recordsIn(folder);
    expect(records.append(operationId, { kind: 'CLOSED', state: 'HELD' }).ok).toBe(true);
    expect(records.uncountersigned()).toMatchObject({ sequence: 8, operationId });
  });
});

describe('records that were put back', () => {
  test('as they were before: refused, and left as they are', () => {
    const { folder, file } = closedRecords();
    const older = readFileSync(file);
    const records = recordsIn(folder);
    records.append(operationId, { kind: 'CLOSED', state: 'CONFIRMED' });
    records.close();
    writeFileSync(file, older);
    const detail = 'it ends with row 7, and a checkpoint was signed over row 8';
    expect(openRecords({ folder })).toEqual({ ok: false, error: { kind: 'records-rolled-back', file, detail } });
  });

  test('and went another way since: refused', () => {
    const { folder, file } = closedRecords();
    const older = readFileSync(file);
    const end = (state: 'CONFIRMED' | 'VOIDED'): void => {
      const records = recordsIn(folder);
      records.append(operationId, { kind: 'CLOSED', state });
      records.close();
    };
    end('CONFIRMED');
    const known = readFileSync(join(folder, 'checkpoint.jws'));
    writeFileSync(file, older);
    rmSync(join(folder, 'checkpoint.jws'));
    end('VOIDED');
    writeFileSync(join(folder, 'checkpoint.jws'), known);
    expect(openRecords({ folder })).toMatchObject({
      ok: false,
      error: { kind: 'records-rolled-back', detail: 'row 8 is not the one that was signed' },
    });
  });

  test('with a row changed since the last checkpoint: refused', () => {
    const { folder, file } = closedRecords();
    const database = new Database(file);
    database.exec(`drop trigger checkpoints_are_not_removed; delete from checkpoints;
      drop trigger journal_is_not_changed; update journal set fields = '{"expiresAt":"2027-11-22T20:00:00Z"}' where sequence = 3`);
    database.close();
    expect(openRecords({ folder })).toMatchObject({
      ok: false,
      error: { kind: 'records-corrupt', detail: 'the chain of the journal breaks at 3' },
    });
  });

  test('beside a checkpoint that is none, or of another device: opened', () => {
    const { folder } = closedRecords();
    for (const text of ['', 'no checkpoint', 'e30.e30.AA', readFileSync(join(closedRecords().folder, 'checkpoint.jws'), 'utf8')]) {
      writeFileSync(join(folder, 'checkpoint.jws'), text);
      recordsIn(folder).close();
      expect(readFileSync(join(folder, 'checkpoint.jws'), 'utf8').split('.')).toHaveLength(3);
    }
  });
});

describe('a device key', () => {
  test.each(['', '{', '{"kty":"oct","k":"AA"}', '{"kty":"RSA"}'])('that is none (%j) is refused without its content', (text) => {
    const { folder } = closedRecords();
    const deviceKey = join(folder, 'device-key.jwk');
    writeFileSync(deviceKey, text);
    const error = { kind: 'device-key-unusable', file: deviceKey, detail: 'not a private JWK, Ed25519 or P-256' };
    expect(openRecords({ folder })).toEqual({ ok: false, error });
  });

  test('is made once, for its owner alone, with its public half beside the records', () => {
    const { folder } = closedRecords();
    const key = readFileSync(join(folder, 'device-key.jwk'), 'utf8');
    expect(statSync(join(folder, 'device-key.jwk')).mode & 0o777).toBe(0o600);
    recordsIn(folder).close();
    expect(readFileSync(join(folder, 'device-key.jwk'), 'utf8')).toBe(key);
    const { d: secret, ...half } = JSON.parse(key) as Record<string, string>;
    expect(secret).toHaveLength(43);
    expect(JSON.parse(readFileSync(join(folder, 'device-key.public.jwk'), 'utf8'))).toEqual(half);
  });
});
