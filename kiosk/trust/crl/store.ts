import { mkdirSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { z } from 'zod';
import { type Result, err, ok } from '../../../devices/result.ts';
import { projectRoot } from '../../project.ts';
import { displayName } from '../x509/name.ts';
import { type BucketBuilder, type Entry, bucketNumber, findIn } from './buckets.ts';
import { type IndexFile, openIndex, retireIndex, sweepIndexes, writeIndex } from './index-file.ts';
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

/** 3: an index is a file of its own. A store of an older version is a cache that is filled anew: nothing of it is taken over. */
const VERSION = 3;
/** Milliseconds to wait for another import: one of the largest CRLs takes a few seconds. */
const busyTimeoutMs = 60_000;

/** `synchronous` must be said aloud, and its answer means something only after a write (reliability.md, 1.4). */
const settings = [
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
    if (prepared.ok) return ok(storeOn(database, folder));
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
    const version = versionOf(database);
    if (version === VERSION) return ok(storeOn(database, folder));
    database.close();
    return version < VERSION ? ok(null) : err('a store of a later version');
  } catch (error) {
    database?.close();
    return err(messageOf(error));
  }
}

function prepare(database: Database.Database): Result<void, string> {
  for (const { name, value } of settings) database.pragma(`${name} = ${value}`);
  database.pragma('cache_size = -4000');
  const version = versionOf(database);
  if (version > VERSION) return err('a store of a later version');
  if (version < VERSION) {
    const schema = readFileSync(join(projectRoot(), 'kiosk/trust/crl/schema.sql'), 'utf8');
    const create = database.transaction(() => {
      const before = versionOf(database);
      if (before === VERSION) return;
      if (before > 0) database.exec('drop table buckets; drop table lists; drop table issuers; drop table points');
      database.exec(schema);
      database.pragma(`user_version = ${VERSION}`);
    });
    create.immediate();
    if (version > 0) database.exec('vacuum');
  }
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
const pointRow = z.strictObject({
  etag: z.string().nullable(),
  lastModified: z.string().nullable(),
  checkedAt: z.int(),
  failures: z.int(),
});

function storeOn(database: Database.Database, folder: string): CrlStore {
  const indexes = new Map<number, IndexFile>();
  const hex = (number: bigint | null): string | null => number?.toString(16) ?? null;

  function indexOf(id: number): IndexFile {
    const index = indexes.get(id) ?? openIndex(folder, id);
    indexes.set(id, index);
    return index;
  }

  function removeList(id: number): void {
    database.prepare('delete from lists where id = ?').run(id);
    retireIndex(folder, id);
  }

  function sweep(): void {
    const ids = database.prepare('select id from lists').pluck().all();
    const last = database.prepare("select seq from sqlite_sequence where name = 'lists'").pluck().get();
    sweepIndexes(folder, new Set(z.array(z.int()).parse(ids)), z.int().parse(last ?? 0));
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
      return findIn(indexOf(crl.id).bucket(bucketNumber(serial, crl.buckets)), serial, issuer);
    },
    together(work) {
      database.exec('begin immediate');
      try {
        sweep();
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
      writeIndex(folder, Number(lastInsertRowid), index);
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
    close() {
      for (const index of indexes.values()) index.close();
      database.close();
    },
  };
}
