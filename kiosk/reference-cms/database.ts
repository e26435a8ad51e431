import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { z } from 'zod';
import { projectRoot } from '../project.ts';

/** What each version of the database brings, after the one before; a new database runs them all. */
const versions = [
  { version: 2, file: 'schema.sql' },
  { version: 3, file: 'envelopes.sql' },
  { version: 4, file: 'representatives.sql' },
  { version: 5, file: 'services.sql' },
  { version: 6, file: 'operations.sql' },
  { version: 7, file: 'remote-issues.sql' },
  { version: 8, file: 'signatures.sql' },
  { version: 9, file: 'contact-limits.sql' },
] as const;
const newest = 9;

/** The reference CMS's one SQLite file, durable at each commit, brought to the newest version. Throws where it is of one that is not known. */
export function openDatabase(file: string): Database.Database {
  const database = new Database(file);
  for (const pragma of [
    'journal_mode = WAL',
    'synchronous = FULL',
    'foreign_keys = ON',
    'trusted_schema = OFF',
    'secure_delete = ON',
    'cell_size_check = ON',
  ]) {
    database.pragma(pragma);
  }
  const found = z.int().parse(database.pragma('user_version', { simple: true }));
  if (found !== 0 && !versions.some(({ version }) => version === found)) {
    database.close();
    throw new Error(`the reference CMS's database has version ${found}, not ${newest}`);
  }
  for (const { version, file: sql } of versions) {
    if (version <= found) continue;
    const text = readFileSync(join(projectRoot(), 'kiosk/reference-cms', sql), 'utf8');
    database.transaction(() => database.exec(`${text}\nPRAGMA user_version = ${version};`)).exclusive();
  }
  // Read back after a statement was run: this build of SQLite falls to NORMAL there unless it was told (reliability.md, 1.4).
  const durability = {
    synchronous: database.pragma('synchronous', { simple: true }),
    journal: database.pragma('journal_mode', { simple: true }),
  };
  if (durability.synchronous !== 2 || durability.journal !== 'wal') throw new Error('the database is not durable at each commit');
  return database;
}
