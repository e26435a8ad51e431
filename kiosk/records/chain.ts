import { hash } from 'node:crypto';
import type Database from 'better-sqlite3';
import { z } from 'zod';

/** A row of the journal as its hash covers it; every column as it stands in the database. */
export interface ChainedRow {
  readonly sequence: number;
  /** The start of the kiosk in which it was written, and the kernel's boot id of that start. */
  readonly start: number;
  readonly boot: string;
  /** Nanoseconds since that boot, in decimal: after 104 days they are no safe integer. */
  readonly monotonicNs: string;
  readonly at: string;
  readonly operationId: string;
  readonly kind: string;
  /** JSON, as stored. */
  readonly fields: string;
}

/** What stands before the first row. */
export const genesis = '0'.repeat(64);

/**
 * The hash of a row that follows `previous`, in hexadecimal: SHA-256 over the leaf prefix 0x00 (RFC 6962, 2.1) and a JSON array of its
 * columns and the hash before it, without white space, in UTF-8. Never changed: hashes that were signed must stay what they are.
 */
export function rowHash(row: ChainedRow, previous: string): string {
  const { sequence, start, boot, monotonicNs, at, operationId, kind, fields } = row;
  return hash(
    'sha256',
    `\0${JSON.stringify(['sportello-journal-row', sequence, start, boot, monotonicNs, at, operationId, kind, fields, previous])}`,
  );
}

export interface Tip {
  readonly sequence: number;
  readonly hash: string;
}

const storedTip = z.object({ sequence: z.int().positive(), hash: z.instanceof(Buffer).refine(({ length }) => length === 32) });

/** Reads the last row's number and hash. */
export function tipReader(database: Database.Database): () => Tip {
  const last = database.prepare('select sequence, hash from journal order by sequence desc limit 1');
  return () => {
    const row = last.get();
    if (row === undefined) return { sequence: 0, hash: genesis };
    const { sequence, hash: bytes } = storedTip.parse(row);
    return { sequence, hash: bytes.toString('hex') };
  };
}

export const chainedColumns = `journal.sequence, start, boot_id as boot, cast(monotonic_ns as text) as monotonicNs, journal.at as at,
  operation_id as operationId, kind, fields`;

export const chainedRow = z.object({
  sequence: z.int().positive(),
  start: z.int().positive(),
  boot: z.string(),
  monotonicNs: z.string(),
  at: z.string(),
  operationId: z.string(),
  kind: z.string(),
  fields: z.string(),
}) satisfies z.ZodType<ChainedRow>;

const storedLink = chainedRow.extend({ hash: z.instanceof(Buffer) });

/** The first row after `from` whose hash is not that of its content and of the row before it; `null` if all are linked. */
export function brokenAfter(database: Database.Database, from: number): number | null {
  const before = database.prepare('select hash from journal where sequence = ?').pluck().get(from);
  let previous = Buffer.isBuffer(before) ? before.toString('hex') : genesis;
  const rows = database.prepare(
    `select ${chainedColumns}, hash from journal join starts on number = start where journal.sequence > ? order by journal.sequence`,
  );
  for (const stored of rows.iterate(from)) {
    const { hash: linked, ...row } = storedLink.parse(stored);
    if (rowHash(row, previous) !== linked.toString('hex')) return row.sequence;
    previous = linked.toString('hex');
  }
  return null;
}

/** The step from version 1, in which rows had no hash: what stands there is chained as it is. */
export function chainRows(database: Database.Database): void {
  const rows = database
    .prepare(`select ${chainedColumns} from journal join starts on number = start order by journal.sequence`)
    .all()
    .map((row) => chainedRow.parse(row));
  const link = database.prepare('update journal set hash = ? where sequence = ?');
  let previous = genesis;
  for (const row of rows) {
    previous = rowHash(row, previous);
    link.run(Buffer.from(previous, 'hex'), row.sequence);
  }
}
