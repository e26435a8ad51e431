import type Database from 'better-sqlite3';
import { z } from 'zod';

/** After so many failures an outcome is a person's to look at, though it is tried on (reliability.md, 1.1: payment terminals). */
export const failuresForAPerson = 6;

const count = z.int().positive().optional();

/** How often each outcome in the outbox was brought to the CMS in vain. */
export function outboxFailures(database: Database.Database) {
  const find = database.prepare('select failures from outbox_failures where operation_id = ?').pluck();
  const add = database.prepare(
    `insert into outbox_failures (operation_id, failures) select operation_id, 1 from outbox where operation_id = ?
     on conflict do update set failures = failures + 1`,
  );
  return {
    of: (operationId: string): number => count.parse(find.get(operationId)) ?? 0,
    add: (operationId: string): void => void add.run(operationId),
  };
}
