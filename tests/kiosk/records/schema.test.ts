import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import { journalRowKinds } from '../../../flows/ports/journal.ts';
import { beforeOutcome, operationId, recordsIn, report, temporaryFolder } from './specimen.ts';

/** A database as production makes it, with an operation in it, and nobody else's any more. */
function filled(): Database.Database {
  const folder = temporaryFolder();
  const records = recordsIn(folder);
  for (const row of beforeOutcome) records.append(operationId, row);
  records.appendOutcome(report());
  records.signOnFailures.countFailure('mrossi', new Date());
  records.close();
  const database = new Database(join(folder, 'records.db'));
  database.pragma('foreign_keys = on');
  return database;
}

const at = '2026-11-22T19:00:00.000Z';
const row = (
  values: Partial<Record<'sequence' | 'operation_id' | 'at' | 'start' | 'monotonic_ns' | 'kind' | 'fields' | 'hash', unknown>>,
) => ({
  sequence: 8,
  operation_id: operationId,
  at,
  start: 1,
  monotonic_ns: 1,
  kind: 'RECEIPT',
  fields: '{}',
  hash: Buffer.alloc(32),
  ...values,
});
const insertRow =
  'insert into journal (sequence, operation_id, at, start, monotonic_ns, kind, fields, hash) values (@sequence, @operation_id, @at, @start, @monotonic_ns, @kind, @fields, @hash)';

describe('the schema', () => {
  test('has only STRICT tables, and foreign keys of the type they point to', () => {
    const database = filled();
    const tables = database
      .prepare<[], { name: string; strict: number }>(
        "select name, strict from pragma_table_list where type = 'table' and schema = 'main' and name not like 'sqlite_%'",
      )
      .all();
    expect(tables).toEqual(expect.arrayContaining([{ name: 'journal', strict: 1 }]));
    expect(tables.filter(({ strict }) => strict !== 1)).toEqual([]);
    const typeOf = database.prepare('select type from pragma_table_info(?) where name = ?').pluck();
    const keysOf = database.prepare<[string], { from: string; table: string; to: string }>(
      'select "from", "table", "to" from pragma_foreign_key_list(?)',
    );
    const keys = tables.flatMap(({ name }) => keysOf.all(name).map((key) => ({ in: name, ...key })));
    expect(keys).toHaveLength(5);
    for (const key of keys) expect({ key, type: typeOf.get(key.in, key.from) }).toEqual({ key, type: typeOf.get(key.table, key.to) });
    database.close();
  });

  test('takes the next row, and not one that breaks a rule', () => {
    const database = filled();
    const insert = database.prepare(insertRow);
    const broken: [string, Parameters<typeof row>[0], RegExp][] = [
      ['a gap', { sequence: 9 }, /no gap/],
      ['a number twice', { sequence: 7 }, /no gap/],
      ['a negative number', { sequence: -1 }, /no gap/],
      ['a kind that is none', { kind: 'REPRINT' }, /CHECK/],
      ['a second opening', { kind: 'OP_OPEN' }, /opens once/],
      ['a second outcome', { kind: 'OUTCOME' }, /opens once/],
      ['an operation id that is none', { operation_id: 'x' }, /CHECK/],
      ['a time without zone', { at: '2026-11-22 19:00:00' }, /CHECK/],
      ['a start that never was', { start: 99 }, /FOREIGN KEY/],
      ['time before the boot', { monotonic_ns: -1 }, /CHECK/],
      ['text for a number', { monotonic_ns: 'soon' }, /cannot store TEXT/],
      ['fields that are no JSON', { fields: '{' }, /CHECK|malformed/],
      ['fields that are a list', { fields: '[]' }, /CHECK/],
      ['no hash', { hash: null }, /has its hash/],
      ['half a hash', { hash: Buffer.alloc(16) }, /CHECK/],
      ['fields without measure', { fields: JSON.stringify({ a: 'x'.repeat(20_000) }) }, /CHECK/],
    ];
    for (const [what, values, message] of broken) expect(() => insert.run(row(values)), what).toThrow(message);
    expect(insert.run(row({})).changes).toBe(1);
    expect(insert.run(row({ sequence: 9, kind: 'CLOSED' })).changes).toBe(1);
    expect(() => insert.run(row({ sequence: 10, kind: 'RECEIPT' }))).toThrow('nothing follows CLOSED');
    database.close();
  });

  test('knows every kind of row that the journal has', () => {
    const database = filled();
    const insert = database.prepare(insertRow);
    const kinds = journalRowKinds.map((kind, at) =>
      row({ sequence: 8 + at, operation_id: `01890a5d-ac96-774b-bcce-b302099a80${60 + at}`, kind }),
    );
    for (const each of kinds) expect(insert.run(each).changes).toBe(1);
    database.close();
  });

  test.each([
    ["update journal set fields = '{}' where sequence = 1", 'only added to'],
    ['delete from journal where sequence = 7', 'only added to'],
    ['delete from journal', 'only added to'],
    ['insert or replace into journal select * from journal where sequence = 2', 'no gap'],
    [`update or replace journal set sequence = 2 where sequence = 1`, 'only added to'],
    ['update keys set key = zeroblob(32)', 'not changed'],
    ['delete from keys', 'not removed'],
    ["insert into keys values ('other', zeroblob(32))", 'CHECK'],
    ["insert into keys values ('digest', zeroblob(32))", 'UNIQUE'],
    ["insert into sign_on_failures values ('x', 0, '2026-11-22T19:00:00.000Z')", 'CHECK'],
    ["insert into outbox values ('01890a5d-ac96-774b-bcce-b302099a8099', 99, '{}')", 'FOREIGN KEY'],
    ['delete from checkpoints', 'not removed'],
    ["update checkpoints set jws = ''", 'not changed'],
    ['delete from starts', 'FOREIGN KEY'],
  ])('refuses %s', (sql, message) => {
    const database = filled();
    expect(() => database.exec(sql)).toThrow(message);
    expect(database.prepare('select count(*) from journal').pluck().get()).toBe(7);
    database.close();
  });
});
