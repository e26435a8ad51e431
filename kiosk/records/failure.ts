import Database from 'better-sqlite3';
import { z } from 'zod';
import type { DeviceKeyError } from '../device-key.ts';

/** Why records cannot be used. `detail` is one line for a technician, without any content of the records. */
export type RecordsError =
  /** There are none in this folder. */
  | { readonly kind: 'records-missing'; readonly file: string }
  /** A running kiosk has them. */
  | { readonly kind: 'records-in-use'; readonly file: string }
  /** Disk full, no permission, failing disk. */
  | { readonly kind: 'records-unwritable'; readonly file: string; readonly detail: string }
  /** Damaged, or not records at all. They are left as they are: a person decides. */
  | { readonly kind: 'records-corrupt'; readonly file: string; readonly detail: string }
  /** Whole in themselves, and not what the last checkpoint beside them says they were. They are left as they are. */
  | { readonly kind: 'records-rolled-back'; readonly file: string; readonly detail: string }
  | DeviceKeyError
  /** Written by another version of the program than can be brought to this one. */
  | { readonly kind: 'records-version'; readonly file: string; readonly found: number; readonly known: number }
  /** The database does not do what durability needs (reliability.md, 1.4). */
  | { readonly kind: 'records-not-durable'; readonly file: string; readonly setting: string; readonly found: string };

/** What the world did, by SQLite's result code (https://sqlite.org/rescode.html) or the system's; anything else is a bug and thrown on. */
export function recordsFailure(file: string, error: unknown): RecordsError {
  if (error instanceof Database.SqliteError) {
    const detail = `${error.code}: ${error.message}`;
    if (/^SQLITE_(BUSY|LOCKED)/.test(error.code)) return { kind: 'records-in-use', file };
    if (/^SQLITE_(CORRUPT|NOTADB)/.test(error.code)) return { kind: 'records-corrupt', file, detail };
    if (/^SQLITE_(FULL|IOERR|READONLY|CANTOPEN|PERM|NOLFS)/.test(error.code)) return { kind: 'records-unwritable', file, detail };
  }
  return { kind: 'records-unwritable', file, detail: refusedBySystem(error) };
}

/** What the system refused, in its words; anything else is a bug and thrown on. */
export function refusedBySystem(error: unknown): string {
  if (error instanceof Error && 'syscall' in error) return error.message;
  throw error;
}

/** As `recordsFailure`, while a file is being opened: what does not fit our own statements, checks and shapes was not written by us. */
export function openingFailure(file: string, error: unknown): RecordsError {
  if (error instanceof z.ZodError) return { kind: 'records-corrupt', file, detail: 'a row is not as it was written' };
  if (error instanceof Database.SqliteError && /^SQLITE_(ERROR|CONSTRAINT|MISMATCH)/.test(error.code))
    return { kind: 'records-corrupt', file, detail: `${error.code}: ${error.message}` };
  return recordsFailure(file, error);
}

/** One line that says what is wrong with the records and where. */
export function describeRecordsError(error: RecordsError): string {
  switch (error.kind) {
    case 'records-missing':
      return `no records in ${error.file}`;
    case 'records-in-use':
      return `${error.file} is in use by a running kiosk`;
    case 'records-unwritable':
      return `${error.file} cannot be written: ${error.detail}`;
    case 'records-corrupt':
      return `${error.file} is damaged: ${error.detail}`;
    case 'records-rolled-back':
      return `${error.file} is not as it was: ${error.detail}`;
    case 'device-key-unusable':
      return `${error.file}: ${error.detail}`;
    case 'records-version':
      return `${error.file} is of version ${error.found}, this program knows version ${error.known}`;
    case 'records-not-durable':
      return `${error.file} does not keep what it acknowledges: ${error.setting} is ${error.found}`;
  }
}
