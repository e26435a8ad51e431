import Database from 'better-sqlite3';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { recordsIn, temporaryFolder } from './specimen.ts';

const at = new Date('2026-11-22T19:00:00.000Z');

test('wrong PINs are counted for each operator over a restart, and forgotten after a right one', () => {
  const folder = temporaryFolder();
  const first = recordsIn(folder);
  expect(first.signOnFailures.failures('op-1')).toBeNull();
  first.signOnFailures.countFailure('op-1', at);
  expect(first.signOnFailures.countFailure('op-1', at)).toEqual({ ok: true, value: { failures: 2, lastAt: at.toISOString() } });
  first.close();
  const second = recordsIn(folder);
  expect(second.signOnFailures.failures('op-1')).toEqual({ failures: 2, lastAt: at.toISOString() });
  expect(second.signOnFailures.failures('op-2')).toBeNull();
  expect(second.signOnFailures.clearFailures('op-1')).toEqual({ ok: true });
  expect(second.signOnFailures.failures('op-1')).toBeNull();
});

test('where they cannot be counted nobody is told that they were', () => {
  const folder = temporaryFolder();
  const records = recordsIn(folder);
  const other = new Database(join(folder, 'records.db'));
  other.exec('begin immediate');
  expect(records.signOnFailures.countFailure('op-1', at)).toMatchObject({ ok: false, error: { kind: 'records-in-use' } });
  expect(records.signOnFailures.clearFailures('op-1')).toMatchObject({ ok: false, error: { kind: 'records-in-use' } });
  other.close();
});
