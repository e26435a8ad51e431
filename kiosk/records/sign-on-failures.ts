import type Database from 'better-sqlite3';
import { z } from 'zod';
import { type Result, err, ok } from '../../devices/result.ts';
import { type RecordsError, recordsFailure } from './failure.ts';

export interface SignOnFailures {
  readonly failures: number;
  /** ISO instant of the last one. */
  readonly lastAt: string;
}

/** Wrong PINs in a row, kept over restarts. */
export interface SignOnFailureStore {
  failures(operatorId: string): SignOnFailures | null;
  /** Durable when it returns. */
  countFailure(operatorId: string, at: Date): Result<SignOnFailures, RecordsError>;
  clearFailures(operatorId: string): Result<void, RecordsError>;
}

const stored = z.object({ failures: z.int().positive(), lastAt: z.iso.datetime() });

export function signOnFailureStore(database: Database.Database): SignOnFailureStore {
  const select = database.prepare('select failures, last_at as lastAt from sign_on_failures where operator_id = ?');
  const count = database.prepare(
    `insert into sign_on_failures (operator_id, failures, last_at) values (?, 1, ?)
     on conflict (operator_id) do update set failures = failures + 1, last_at = excluded.last_at returning failures, last_at as lastAt`,
  );
  const clear = database.prepare('delete from sign_on_failures where operator_id = ?');
  return {
    failures: (operatorId) => stored.optional().parse(select.get(operatorId)) ?? null,
    countFailure(operatorId, at) {
      try {
        return ok(stored.parse(count.get(operatorId, at.toISOString())));
      } catch (error) {
        return err(recordsFailure(database.name, error));
      }
    },
    clearFailures(operatorId) {
      try {
        clear.run(operatorId);
        return ok();
      } catch (error) {
        return err(recordsFailure(database.name, error));
      }
    },
  };
}
