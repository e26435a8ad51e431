import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { type RecordsError, describeRecordsError, recordsFailure } from '../../../kiosk/records/failure.ts';

const file = '/var/lib/sportello/records/records.db';

test.each<[RecordsError, string]>([
  [{ kind: 'records-missing', file }, `no records in ${file}`],
  [{ kind: 'records-in-use', file }, `${file} is in use by a running kiosk`],
  [{ kind: 'records-unwritable', file, detail: 'full' }, `${file} cannot be written: full`],
  [{ kind: 'records-corrupt', file, detail: 'torn' }, `${file} is damaged: torn`],
  [{ kind: 'records-rolled-back', file, detail: 'older' }, `${file} is not as it was: older`],
  [{ kind: 'device-key-unusable', file, detail: 'none' }, `${file}: none`],
  [{ kind: 'records-version', file, found: 9, known: 3 }, `${file} is of version 9, this program knows version 3`],
  [
    { kind: 'records-not-durable', file, setting: 'synchronous', found: '1' },
    `${file} does not keep what it acknowledges: synchronous is 1`,
  ],
])('%j is told in a line', (error, line) => {
  expect(describeRecordsError(error)).toBe(line);
});

test.each([
  ['SQLITE_BUSY', 'records-in-use'],
  ['SQLITE_CORRUPT_VTAB', 'records-corrupt'],
  ['SQLITE_FULL', 'records-unwritable'],
  ['SQLITE_IOERR_FSYNC', 'records-unwritable'],
])('%s is what the world did: %s', (code, kind) => {
  expect(recordsFailure(file, new Database.SqliteError('said', code))).toMatchObject({ kind, file });
});

test('what the world did not do is thrown on', () => {
  for (const bug of [new Database.SqliteError('said', 'SQLITE_MISUSE'), new TypeError('bug'), 'text'])
    expect(() => recordsFailure(file, bug)).toThrow();
});
