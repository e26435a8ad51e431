import { closeSync, existsSync, fsyncSync, openSync, readdirSync, rmSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import Database from 'better-sqlite3';
import { z } from 'zod';
import type { BucketBuilder } from './buckets.ts';

/**
 * The index of one CRL: an SQLite file of its own beside the catalogue, named by the CRL's id there. It is written once and never changed; until the
 * catalogue has the id nobody opens it, so it needs no journal (docs/decisions/0104-an-index-is-a-file-of-its-own.md).
 */
export interface IndexFile {
  /** The records of a bucket. Throws where the file is damaged, so that damage never reads as "not listed". */
  bucket(number: number): Buffer;
  close(): void;
}

const fileOf = (folder: string, id: number): string => join(folder, `index-${id}.db`);
const idOf = (name: string): number | null => {
  const found = /^index-(\d+)\.db$/.exec(name);
  return found === null ? null : Number(found[1]);
};

/** Writes it; when this returns it is durable. A file of that name is left from an import that was cut off. */
export function writeIndex(folder: string, id: number, index: BucketBuilder): void {
  const file = fileOf(folder, id);
  rmSync(file, { force: true });
  const database = new Database(file);
  try {
    // Several buckets to a page, so that little of it stays empty. What SQLite leaves to the disk is made sure below, once.
    for (const setting of [
      'page_size = 16384',
      'journal_mode = off',
      'synchronous = off',
      'locking_mode = exclusive',
      'cache_size = -2000',
    ])
      database.pragma(setting);
    // CRC-32 of the records. An empty bucket has a row too: one that is missing was lost.
    database.exec('begin; create table buckets (number integer primary key, records blob not null, checksum integer not null) strict');
    const insert = database.prepare('insert into buckets (number, records, checksum) values (?, ?, ?)');
    for (let number = 0; number < index.count; number += 1) {
      const records = index.bucket(number);
      insert.run(number, records, crc32(records));
    }
    database.exec('commit');
  } finally {
    database.close();
  }
  sync(file);
  sync(folder);
}

function sync(path: string): void {
  const opened = openSync(path, 'r');
  try {
    fsyncSync(opened);
  } finally {
    closeSync(opened);
  }
}

const bucketRow = z.strictObject({ records: z.instanceof(Buffer), checksum: z.int() });

export function openIndex(folder: string, id: number): IndexFile {
  const file = fileOf(folder, id);
  const database = new Database(file, { readonly: true, fileMustExist: true });
  // The lock is taken once and not for each question; those who read do not stand in each other's way.
  for (const setting of ['locking_mode = exclusive', 'trusted_schema = off', 'cell_size_check = on']) database.pragma(setting);
  const select = database.prepare('select records, checksum from buckets where number = ?');
  return {
    bucket(number) {
      const row = bucketRow.safeParse(select.get(number));
      if (!row.success || crc32(row.data.records) !== row.data.checksum)
        throw new Error(`${file}: a bucket is damaged; import the CRL again into a new store`);
      return row.data.records;
    },
    close: () => database.close(),
  };
}

/** Milliseconds for which the index of a CRL that was replaced stays: whoever asks had it in the catalogue a moment ago. */
const STAYS_MS = 600_000;

/** Says of an index that it is of the past, so that its time to stay begins. */
export function retireIndex(folder: string, id: number): void {
  const file = fileOf(folder, id);
  const now = new Date();
  if (existsSync(file)) utimesSync(file, now, now);
}

/** Removes the indexes of CRLs that were replaced long enough ago, and those that no catalogue ever had: ids above `last`. */
export function sweepIndexes(folder: string, kept: ReadonlySet<number>, last: number): void {
  for (const name of readdirSync(folder)) {
    const id = idOf(name);
    if (id === null || kept.has(id)) continue;
    const path = join(folder, name);
    if (id > last || Math.abs(Date.now() - statSync(path).mtimeMs) > STAYS_MS) rmSync(path);
  }
}
