import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, expect, test } from 'vitest';
import { openDatabase } from '../../../kiosk/reference-cms/database.ts';
import { openStore } from '../../../kiosk/reference-cms/store.ts';

const folder = mkdtempSync(join(tmpdir(), 'sportello-cms-database-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('a database from before the envelopes keeps its rows and learns them; one of an unknown version is left alone', () => {
  const file = join(folder, 'older.sqlite');
  const older = new Database(file);
  older.exec(readFileSync('kiosk/reference-cms/schema.sql', 'utf8'));
  older.pragma('user_version = 2');
  older.exec(`INSERT INTO operations VALUES ('one', 'kiosk-1', 'CONFIRMED', NULL, 1)`);
  older.close();

  const store = openStore(file);
  expect(store.operation('one')).toMatchObject({ kiosk: 'kiosk-1', state: 'CONFIRMED' });
  expect(store.envelopes.batchesFor('anywhere', 4)).toEqual([]);
  store.close();
  // Again: it is of the newest version now.
  openStore(file).close();

  const later = new Database(file);
  later.pragma('user_version = 99');
  later.close();
  expect(() => openDatabase(file)).toThrow('version 99');
  const untouched = new Database(file);
  expect(untouched.pragma('user_version', { simple: true })).toBe(99);
  untouched.close();
});

test('an envelope never goes back, serves one operation, and is never deleted, whatever code says', () => {
  const database = openDatabase(join(folder, 'ratchet.sqlite'));
  database.exec(`INSERT INTO operations VALUES ('one', 'k', 'RESERVED', 9, 1), ('two', 'k', 'RESERVED', 9, 1);
    INSERT INTO batches VALUES ('b', 'd', 1);
    INSERT INTO envelopes (number, batch, holder_kind, holder_id, pin, user_code) VALUES ('1', 'b', 'magazine', 'm', '12345', '1234'), ('2', 'b', 'magazine', 'm', '23456', '2345');
    UPDATE envelopes SET state = 'bound', operation_id = 'one' WHERE number = '1'`);
  const run = (sql: string) => () => database.exec(sql);
  expect(run(`UPDATE envelopes SET state = 'free' WHERE number = '1'`)).toThrow('never goes back');
  expect(run(`UPDATE envelopes SET operation_id = 'two' WHERE number = '1'`)).toThrow('never goes back');
  expect(run(`UPDATE envelopes SET state = 'bound', operation_id = 'one' WHERE number = '2'`)).toThrow('UNIQUE');
  expect(run(`UPDATE envelopes SET state = 'handed' WHERE number = '2'`)).toThrow();
  expect(run(`DELETE FROM envelopes`)).toThrow('never deleted');
  database.exec(`UPDATE envelopes SET state = 'withdrawn' WHERE number = '1'`);
  expect(run(`UPDATE envelopes SET state = 'handed' WHERE number = '1'`)).toThrow('never goes back');
  database.close();
});
