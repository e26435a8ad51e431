import { type KeyObject, createPublicKey } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type Database from 'better-sqlite3';
import { z } from 'zod';
import { replaceFile } from '../device-key.ts';
import { type PublicJwk, publicJwkOf } from '../jws.ts';
import { tipReader } from './chain.ts';
import { digestOf, signCheckpoint, verifyCheckpoint } from './checkpoint.ts';
import { refusedBySystem } from './failure.ts';

/** Beside the database: the last checkpoint, by which a database that was put back is known, and the key that signed it. */
export const lastCheckpointFile = 'checkpoint.jws';
export const publicKeyFile = 'device-key.public.jwk';

export interface UncountersignedCheckpoint {
  readonly sequence: number;
  readonly operationId: string;
  readonly jws: string;
  /** The device's public key. */
  readonly key: PublicJwk;
}

export interface CheckpointStore {
  /** Adds a checkpoint over the last row, unless it has one. Part of the caller's transaction. */
  sign(at: Date): void;
  /** Puts the last checkpoint beside the database. What keeps it from being written keeps nobody from going on. */
  leaveOutside(): void;
  /** How the database and the checkpoint beside it contradict each other; `null` if they do not, or if there is none of this device. */
  contradiction(): string | null;
  /** The oldest checkpoint that the CMS has not countersigned yet. */
  uncountersigned(): UncountersignedCheckpoint | null;
  countersign(sequence: number, jws: string): void;
}

const waiting = z.object({ sequence: z.int(), jws: z.string(), operationId: z.string() });

export function checkpointStore(database: Database.Database, key: KeyObject, folder: string): CheckpointStore {
  const publicKey = createPublicKey(key);
  const outside = join(folder, lastCheckpointFile);
  const tip = tipReader(database);
  const lastJws = database.prepare('select jws from checkpoints order by sequence desc limit 1').pluck();
  const lastSealed = database.prepare('select coalesce(max(sequence), 0) from checkpoints').pluck();
  const operationOf = database.prepare('select operation_id from journal where sequence = ?').pluck();
  const hashOf = database.prepare('select lower(hex(hash)) from journal where sequence = ?').pluck();
  const insert = database.prepare('insert into checkpoints (sequence, jws) values (?, ?)');
  const oldestWaiting = database.prepare(
    `select checkpoints.sequence as sequence, jws, operation_id as operationId from checkpoints join journal using (sequence)
     where countersignature is null order by checkpoints.sequence limit 1`,
  );
  const addCountersignature = database.prepare(
    'update checkpoints set countersignature = ? where sequence = ? and countersignature is null',
  );

  const last = (): string | null =>
    z
      .string()
      .nullable()
      .parse(lastJws.get() ?? null);

  replaceFile(join(folder, publicKeyFile), JSON.stringify(publicJwkOf(publicKey)), 0o600);
  return {
    sign(at) {
      const { sequence, hash } = tip();
      if (sequence <= Number(lastSealed.get())) return;
      const before = last();
      const operationId = z.string().parse(operationOf.get(sequence));
      const previous = before === null ? null : digestOf(before);
      insert.run(sequence, signCheckpoint(key, { sequence, hash, operationId, previous, at: at.toISOString() }));
    },
    leaveOutside() {
      const jws = last();
      if (jws === null) return;
      try {
        // Not synced, so that a close does not wait for it: what a power cut leaves older or torn says less, and nothing wrong.
        writeFileSync(`${outside}.new`, jws, { mode: 0o600 });
        renameSync(`${outside}.new`, outside);
      } catch (error) {
        refusedBySystem(error);
      }
    },
    contradiction() {
      const known = existsSync(outside) ? verifyCheckpoint(readFileSync(outside, 'utf8').slice(0, 4096), publicKey) : null;
      if (known === null) return null;
      const { sequence } = tip();
      if (sequence < known.sequence) return `it ends with row ${sequence}, and a checkpoint was signed over row ${known.sequence}`;
      return hashOf.get(known.sequence) === known.hash ? null : `row ${known.sequence} is not the one that was signed`;
    },
    uncountersigned() {
      const oldest = waiting.optional().parse(oldestWaiting.get());
      return oldest === undefined ? null : { ...oldest, key: publicJwkOf(publicKey) };
    },
    countersign(sequence, jws) {
      addCountersignature.run(jws, sequence);
    },
  };
}
