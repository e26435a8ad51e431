import { mkdirSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import Database from 'better-sqlite3';
import { z } from 'zod';
import { type Result, err, ok } from '../../../devices/result.ts';
import { projectRoot } from '../../project.ts';
import { displayName } from '../x509/name.ts';
import { type BucketBuilder, type Entry, bucketNumber, findIn } from './buckets.ts';
import { type CrlIssuer, issuerOf } from './issuer.ts';
import type { Scope } from './scope.ts';
import { scopeKey, scopeOfKey } from './scope.ts';
import type { Serial } from './serial.ts';

/** One CRL as the store keeps it. Times in seconds since 1970. */
export interface StoredCrl {
  readonly id: number;
  readonly issuer: number;
  readonly scope: Scope;
  readonly number: bigint | null;
  /** The number of its base if it is a delta, else `null`. */
  readonly deltaBase: bigint | null;
  readonly thisUpdate: number;
  readonly nextUpdate: number | null;
  readonly entries: number;
  readonly bytes: number;
  readonly buckets: number;
  readonly signature: Uint8Array;
}

export interface KnownIssuer extends CrlIssuer {
  readonly id: number;
}

/** What was last heard from a distribution point. */
export interface PointState {
  readonly etag: string | null;
  readonly lastModified: string | null;
  /** Seconds since 1970 of the last try, and tries that failed since the last good one. */
  readonly checkedAt: number;
  readonly failures: number;
}

export interface CrlStore {
  issuers(): readonly KnownIssuer[];
  lists(): readonly StoredCrl[];
  find(crl: StoredCrl, serial: Serial, issuer: Buffer | null): Entry | null;
  /** All that `work` writes becomes visible and durable together, or, where it answers an error or throws, not at all. */
  together<T, E>(work: () => Result<T, E>): Result<T, E>;
  keepIssuer(issuer: CrlIssuer): number;
  /** Puts it in the place of the CRL of the same issuer, scope and kind, if there is one. */
  replace(crl: Omit<StoredCrl, 'id' | 'buckets'>, index: BucketBuilder, at: Date): void;
  remove(crl: StoredCrl): void;
  point(url: string): PointState | null;
  keepPoint(url: string, state: PointState): void;
  close(): void;
}

/** 2: names are kept in the form in which paths compare them. */
const VERSION = 2;
/** Milliseconds to wait for another import: one of the largest CRLs takes a few seconds. */
const busyTimeoutMs = 60_000;

/** `synchronous` must be said aloud, and its answer means something only after a write (reliability.md, 1.4). */
const settings = [
  // Before the file is written to: several buckets to a page, so that little of it stays empty.
  { name: 'page_size', value: '16384', reads: 16384 },
  { name: 'journal_mode', value: 'wal', reads: 'wal' },
  { name: 'synchronous', value: 'full', reads: 2 },
  { name: 'foreign_keys', value: 'on', reads: 1 },
  { name: 'trusted_schema', value: 'off', reads: 0 },
  { name: 'cell_size_check', value: 'on', reads: 1 },
] as const;

/** Opens the store in this folder for importing, and makes it where there is none. */
export function openStore(folder: string): Result<CrlStore, string> {
  let database: Database.Database | undefined;
  try {
    mkdirSync(folder, { recursive: true });
    database = new Database(join(folder, 'crl.db'), { timeout: busyTimeoutMs });
    const prepared = prepare(database);
    if (prepared.ok) return ok(storeOn(database));
    database.close();
    return prepared;
  } catch (error) {
    database?.close();
    return err(messageOf(error));
  }
}

/** Opens it for questions, beside an import too; `null` where nothing was imported yet. `timeout`: milliseconds to wait for who holds it. */
export function openStoreReadOnly(folder: string, timeout = busyTimeoutMs): Result<CrlStore | null, string> {
  if (!existsSync(folder)) return err('there is no such folder');
  const file = join(folder, 'crl.db');
  if (!existsSync(file)) return ok(null);
  let database: Database.Database | undefined;
  try {
    database = new Database(file, { readonly: true, fileMustExist: true, timeout });
    if (versionOf(database) === VERSION) return ok(storeOn(database));
    const fresh = versionOf(database) === 0;
    database.close();
    return fresh ? ok(null) : err('a store of another version');
  } catch (error) {
    database?.close();
    return err(messageOf(error));
  }
}

function prepare(database: Database.Database): Result<void, string> {
  for (const { name, value } of settings) database.pragma(`${name} = ${value}`);
  database.pragma('cache_size = -4000');
  const version = versionOf(database);
  if (version === 0) {
    const schema = readFileSync(join(projectRoot(), 'kiosk/trust/crl/schema.sql'), 'utf8');
    const create = database.transaction(() => {
      if (versionOf(database) !== 0) return;
      database.exec(schema);
      database.pragma(`user_version = ${VERSION}`);
    });
    create.immediate();
  } else if (version !== VERSION) return err('a store of another version');
  for (const { name, reads } of settings) {
    const found = database.pragma(name, { simple: true });
    if (found !== reads) return err(`SQLite keeps ${name} at ${String(found)}`);
  }
  return ok();
}

function versionOf(database: Database.Database): number {
  return Number(database.pragma('user_version', { simple: true }));
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

const hexNumber = z
  .string()
  .regex(/^[0-9a-f]+$/)
  .transform((hex) => BigInt(`0x${hex}`))
  .nullable();
const listRow = z.strictObject({
  id: z.int(),
  issuer: z.int(),
  scope: z.string().transform(scopeOfKey),
  number: hexNumber,
  deltaBase: hexNumber,
  thisUpdate: z.int(),
  nextUpdate: z.int().nullable(),
  entries: z.int(),
  bytes: z.int(),
  buckets: z.int(),
  signature: z.instanceof(Buffer),
});
const issuerRow = z.strictObject({ id: z.int(), certificate: z.instanceof(Buffer) });
const bucketRow = z.strictObject({ records: z.instanceof(Buffer), checksum: z.int() });
const pointRow = z.strictObject({
  etag: z.string().nullable(),
  lastModified: z.string().nullable(),
  checkedAt: z.int(),
  failures: z.int(),
});

/** Buckets of a list have places of their own: 65,536 for each. */
const placeOf = (list: number, bucket: number): number => list * 65_536 + bucket;

function storeOn(database: Database.Database): CrlStore {
  const bucket = database.prepare('select records, checksum from buckets where place = ?');
  const hex = (number: bigint | null): string | null => number?.toString(16) ?? null;

  function removeList(id: number): void {
    database.prepare('delete from buckets where place between ? and ?').run(placeOf(id, 0), placeOf(id, 65_535));
    database.prepare('delete from lists where id = ?').run(id);
  }

  return {
    issuers: () =>
      database
        .prepare('select id, certificate from issuers')
        .all()
        .map((row) => {
          const { id, certificate } = issuerRow.parse(row);
          return { id, ...issuerOf(certificate) };
        }),
    lists: () =>
      database
        .prepare(
          `select id, issuer, scope, number, base as deltaBase, this_update as thisUpdate, next_update as nextUpdate, entries, bytes, buckets, signature
           from lists order by id`,
        )
        .all()
        .map((row) => listRow.parse(row)),
    find(crl, serial, issuer) {
      const row = bucket.get(placeOf(crl.id, bucketNumber(serial, crl.buckets)));
      if (row === undefined) return null;
      const { records, checksum } = bucketRow.parse(row);
      if (crc32(records) !== checksum)
        throw new Error(`${database.name}: a bucket of CRL ${crl.id} is damaged; import it again into a new store`);
      return findIn(records, serial, issuer);
    },
    together(work) {
      database.exec('begin immediate');
      try {
        const done = work();
        database.exec(done.ok ? 'commit' : 'rollback');
        return done;
      } catch (error) {
        if (database.inTransaction) database.exec('rollback');
        throw error;
      }
    },
    keepIssuer({ name, keyDigest, certificate }) {
      database
        .prepare('insert into issuers (name, name_text, key, certificate) values (?, ?, ?, ?) on conflict do nothing')
        .run(name.key, displayName(name), keyDigest, certificate);
      return z.int().parse(database.prepare('select id from issuers where name = ? and key = ?').pluck().get(name.key, keyDigest));
    },
    replace(crl, index, at) {
      const delta = crl.deltaBase === null ? 0 : 1;
      const old = database
        .prepare('select id from lists where issuer = ? and scope = ? and delta = ?')
        .pluck()
        .get(crl.issuer, scopeKey(crl.scope), delta);
      if (old !== undefined) removeList(z.int().parse(old));
      const { lastInsertRowid } = database
        .prepare(
          `insert into lists (issuer, scope, delta, number, base, this_update, next_update, entries, bytes, buckets, signature, imported_at)
           values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        )
        .run(
          crl.issuer,
          scopeKey(crl.scope),
          delta,
          hex(crl.number),
          hex(crl.deltaBase),
          crl.thisUpdate,
          crl.nextUpdate,
          crl.entries,
          crl.bytes,
          index.count,
          crl.signature,
          at.toISOString(),
        );
      const insert = database.prepare('insert into buckets (place, records, checksum) values (?, ?, ?)');
      for (let number = 0; number < index.count; number += 1) {
        const records = index.bucket(number);
        if (records.length > 0) insert.run(placeOf(Number(lastInsertRowid), number), records, crc32(records));
      }
    },
    remove: ({ id }) => removeList(id),
    point(url) {
      const row = database
        .prepare('select etag, last_modified as lastModified, checked_at as checkedAt, failures from points where url = ?')
        .get(url);
      return row === undefined ? null : pointRow.parse(row);
    },
    keepPoint(url, { etag, lastModified, checkedAt, failures }) {
      database
        .prepare('insert or replace into points (url, etag, last_modified, checked_at, failures) values (?, ?, ?, ?, ?)')
        .run(url, etag, lastModified, checkedAt, failures);
    },
    close: () => database.close(),
  };
}
