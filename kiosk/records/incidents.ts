import type Database from 'better-sqlite3';
import { z } from 'zod';
import { type Difference, type ThreeWayCount, differenceKinds } from '../../flows/operations/reconciliation.ts';
import { operationId } from './rows.ts';

/** A difference between the ledgers, as it was first noticed (ISO instant of the kiosk's clock). */
export type Incident = Difference & { readonly at: string };

export type CountedDay = Omit<ThreeWayCount, 'differences'> & { readonly at: string };

const incidentRow = z.object({
  at: z.iso.datetime(),
  kind: z.enum(differenceKinds),
  operationId,
  attempt: z.int().nonnegative(),
}) satisfies z.ZodType<Incident>;

const count = z.int().nonnegative();
const countedRow = z.object({ day: z.iso.date(), at: z.iso.datetime(), intents: count, slips: count, releases: count });

export function readIncidents(database: Database.Database) {
  const incidents = database.prepare('select at, kind, operation_id as operationId, attempt from incidents order by rowid');
  const days = database.prepare('select day, at, intents, slips, releases from counted_days order by day');
  const prints = database
    .prepare("select distinct operation_id from journal where kind = 'PRINT_INTENT' and at >= ? and at < ? order by operation_id")
    .pluck();
  return {
    incidents: (): readonly Incident[] => incidents.all().map((row) => incidentRow.parse(row)),
    countedDays: (): readonly CountedDay[] => days.all().map((row) => countedRow.parse(row)),
    /** The operations that announced a print on a day (UTC). */
    printedOn(day: string): readonly string[] {
      const next = new Date(Date.parse(day) + 24 * 3_600_000).toISOString();
      return z.array(operationId).parse(prints.all(`${day}T00:00:00.000Z`, next));
    },
  };
}

export function writeIncidents(database: Database.Database) {
  const add = database.prepare(
    'insert into incidents (at, kind, operation_id, attempt) values (?, ?, ?, ?) on conflict do nothing returning rowid',
  );
  const addDay = database.prepare(
    'insert into counted_days (day, at, intents, slips, releases) values (?, ?, ?, ?, ?) on conflict do nothing',
  );
  return {
    /** Those of `differences` that were not noted before. Inside a transaction. */
    note: (differences: readonly Difference[], at: string): readonly Difference[] =>
      differences.filter(({ kind, operationId: id, attempt }) => add.get(at, kind, id, attempt) !== undefined),
    noteDay({ day, intents, slips, releases }: ThreeWayCount, at: string): void {
      addDay.run(day, at, intents, slips, releases);
    },
  };
}
