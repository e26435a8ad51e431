import type Database from 'better-sqlite3';
import { z } from 'zod';
import { operationId } from './rows.ts';

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
  const forAPerson = database
    .prepare('select operation_id from outbox_failures join outbox using (operation_id) where failures >= ? order by outbox.sequence')
    .pluck();
  return {
    /** The operations whose outcome a person must look at, oldest first. */
    forAPerson: (): readonly string[] => z.array(operationId).parse(forAPerson.all(failuresForAPerson)),
    of: (id: string): number => count.parse(find.get(id)) ?? 0,
    add: (id: string): void => void add.run(id),
  };
}
