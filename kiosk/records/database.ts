import { readFileSync } from 'node:fs';
import Database from 'better-sqlite3';
import { type Result, err, ok } from '../../devices/result.ts';
import { brokenAfter } from './chain.ts';
import { type RecordsError, openingFailure } from './failure.ts';
import { migrate } from './migrations.ts';

interface Setting {
  readonly name: string;
  readonly value: string;
  /** What SQLite answers when it is asked for the setting. */
  readonly reads: string | number;
}

/**
 * What the records need of SQLite. `synchronous` must be said aloud: the library is built with DEFAULT_WAL_SYNCHRONOUS=1, answers 2
 * right after it went to WAL, and falls to 1 with the first statement (reliability.md, 1.4).
 */
export const settings: readonly Setting[] = [
  { name: 'journal_mode', value: 'wal', reads: 'wal' },
  { name: 'synchronous', value: 'full', reads: 2 },
  { name: 'foreign_keys', value: 'on', reads: 1 },
  { name: 'trusted_schema', value: 'off', reads: 0 },
  { name: 'secure_delete', value: 'on', reads: 1 },
  { name: 'cell_size_check', value: 'on', reads: 1 },
];

/** Milliseconds to wait for another connection; writers are kept apart by the lock, so only a checkpoint is ever waited for. */
export const busyTimeoutMs = 2_000;

/** One start of the kiosk, and the kernel's boot id in it. */
export interface Start {
  readonly number: number;
  readonly boot: string;
}

/** Opens the database for writing: checked, migrated, written to once, and its settings read back after that write. */
export function openDatabase(file: string, now: () => Date): Result<{ database: Database.Database; start: Start }, RecordsError> {
  let database: Database.Database | undefined;
  try {
    database = new Database(file, { timeout: busyTimeoutMs });
    const opened = prepare(database, now);
    if (!opened.ok) database.close();
    return opened.ok ? ok({ database, start: opened.value }) : opened;
  } catch (error) {
    database?.close();
    return err(openingFailure(file, error));
  }
}

function prepare(database: Database.Database, now: () => Date): Result<Start, RecordsError> {
  configure(database, settings);
  // Not `quick_check`: it does not see a row that its indexes know otherwise, and would let an operation lose a row.
  const fault = String(database.pragma('integrity_check(1)', { simple: true }));
  if (fault !== 'ok') return err({ kind: 'records-corrupt', file: database.name, detail: fault.replaceAll('\n', ' ') });
  const migrated = migrate(database);
  if (!migrated.ok) return migrated;
  if (hasGap(database)) return err({ kind: 'records-corrupt', file: database.name, detail: 'the journal has a gap' });
  const broken = brokenAfter(database, lastCheckpoint(database));
  if (broken !== null) return err({ kind: 'records-corrupt', file: database.name, detail: `the chain of the journal breaks at ${broken}` });
  const start = writeStart(database, now());
  const durable = readBack(database);
  return durable.ok ? ok(start) : durable;
}

export function configure(database: Database.Database, wanted: readonly Setting[]): void {
  for (const { name, value } of wanted) database.pragma(`${name} = ${value}`);
}

/** Asks for every setting again. Only after a write does the answer for `synchronous` mean anything. */
export function readBack(database: Database.Database): Result<void, RecordsError> {
  for (const { name, reads } of settings) {
    const found = database.pragma(name, { simple: true });
    if (found !== reads) return err({ kind: 'records-not-durable', file: database.name, setting: name, found: String(found) });
  }
  return ok();
}

function hasGap(database: Database.Database): boolean {
  return database.prepare('select count(*) <> coalesce(max(sequence), 0) from journal').pluck().get() === 1;
}

/** The rows after it are checked at each start; those before it, when somebody asks: `records verify`. */
function lastCheckpoint(database: Database.Database): number {
  return Number(database.prepare('select coalesce(max(sequence), 0) from checkpoints').pluck().get());
}

function writeStart(database: Database.Database, at: Date): Start {
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  const { lastInsertRowid } = database.prepare('insert into starts (at, boot_id) values (?, ?)').run(at.toISOString(), boot);
  return { number: Number(lastInsertRowid), boot };
}
