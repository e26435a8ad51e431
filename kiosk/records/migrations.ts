import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type Database from 'better-sqlite3';
import { type Result, err, ok } from '../../devices/result.ts';
import { projectRoot } from '../project.ts';
import type { RecordsError } from './failure.ts';

/**
 * The SQL that takes a file from one version to the next: `migrations[0]` from 1 to 2, and so on. `schema.sql` always holds
 * the newest version, for new files. A step is never changed once released.
 */
const migrations: readonly string[] = [
  // 2: how often an outcome was brought to the CMS in vain.
  `create table outbox_failures (
    operation_id text primary key references outbox (operation_id) on delete cascade,
    failures integer not null check (failures >= 1)
  ) strict;`,
];

export const recordsVersion = 1 + migrations.length;

/**
 * Brings a database to `recordsVersion`, a step a transaction, by its `user_version`. A file that is newer, or not ours, is
 * refused and left alone: no file is ever renamed, emptied or dropped for its version.
 */
export function migrate(database: Database.Database, steps: readonly string[] = migrations): Result<void, RecordsError> {
  const known = 1 + steps.length;
  const found = versionOf(database);
  if (found > known || found < 0) return err({ kind: 'records-version', file: database.name, found, known });
  if (found === 0) {
    if (database.prepare('select count(*) from sqlite_schema').pluck().get() !== 0)
      return err({ kind: 'records-corrupt', file: database.name, detail: 'not a records database' });
    advance(database, readFileSync(join(projectRoot(), 'kiosk/records/schema.sql'), 'utf8'), known);
  }
  for (let version = versionOf(database); version < known; version += 1) advance(database, steps[version - 1] ?? '', version + 1);
  return ok();
}

export function versionOf(database: Database.Database): number {
  return Number(database.pragma('user_version', { simple: true }));
}

/** Schema and version change together or not at all: `user_version` is part of the transaction. */
function advance(database: Database.Database, sql: string, version: number): void {
  database
    .transaction(() => {
      database.exec(sql);
      database.pragma(`user_version = ${version}`);
    })
    .immediate();
}
