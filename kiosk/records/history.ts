import { existsSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { z } from 'zod';
import { type Result, err, ok } from '../../devices/result.ts';
import type { Outcome, OutcomeReport } from '../../flows/ports/cms.ts';
import type { ClosedState, JournalEntry, JournalRowKind } from '../../flows/ports/journal.ts';
import { configure, settings } from './database.ts';
import { type RecordsError, openingFailure } from './failure.ts';
import { readIncidents } from './incidents.ts';
import { recordsVersion, versionOf } from './migrations.ts';
import { journalRow, operationId, outcomeReport } from './rows.ts';
import { failuresForAPerson, outboxFailures } from './waiting.ts';

/** One operation in a line. `state`: where the CMS had it when last heard of, `null` before its receipt. */
export interface OperationSummary {
  readonly operationId: string;
  readonly openedAt: string;
  readonly lastAt: string;
  readonly lastRow: JournalRowKind;
  readonly open: boolean;
  readonly outcome: Outcome | null;
  readonly state: ClosedState | null;
  /** An outcome still waits for the CMS's receipt. */
  readonly waiting: boolean;
  /** It was brought to the CMS in vain too often: a person must look. */
  readonly attention: boolean;
}

/** What can be asked of records without changing them. */
export interface History extends ReturnType<typeof readIncidents> {
  /** Oldest first; with `open`, those that are not CLOSED. */
  list(filter?: { readonly open?: boolean }): readonly OperationSummary[];
  /** One operation with all its rows, `null` if there is none of this id. */
  show(id: string): (OperationSummary & { readonly rows: readonly JournalEntry[] }) | null;
  rowsOf(id: string): readonly JournalEntry[];
  /** The whole journal, in order. */
  rows(): readonly JournalEntry[];
  open(): readonly { readonly operationId: string; readonly rows: readonly JournalEntry[] }[];
  outbox(): readonly OutcomeReport[];
  /** The day (UTC) of the first row, `null` before there is one. */
  firstDay(): string | null;
}

/** Reads records beside a running kiosk, or without one; never changes them. */
export function openHistory(folder: string): Result<History & { close(): void }, RecordsError> {
  const file = join(folder, 'records.db');
  if (!existsSync(file)) return err({ kind: 'records-missing', file });
  let database: Database.Database | undefined;
  try {
    database = new Database(file, { readonly: true, timeout: 2_000 });
    configure(
      database,
      settings.filter(({ name }) => name === 'trusted_schema' || name === 'cell_size_check'),
    );
    const found = versionOf(database);
    if (found === recordsVersion) {
      const opened = database;
      return ok({ ...readHistory(opened), close: () => void opened.close() });
    }
    database.close();
    return err({ kind: 'records-version', file, found, known: recordsVersion });
  } catch (error) {
    database?.close();
    return err(openingFailure(file, error));
  }
}

const json = z.string().transform((text, context): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    context.addIssue('not JSON');
    return z.NEVER;
  }
});

const storedRow = z
  .object({
    sequence: z.int().positive(),
    operation_id: operationId,
    at: z.iso.datetime(),
    kind: z.string(),
    fields: json.pipe(z.record(z.string(), z.unknown())),
  })
  .transform((stored): JournalEntry => ({
    sequence: stored.sequence,
    operationId: stored.operation_id,
    at: stored.at,
    row: journalRow.parse({ ...stored.fields, kind: stored.kind }),
  }));

const ids = z.array(operationId);
const reports = z.array(json.pipe(outcomeReport));

/** Reads records; every row is checked on its way in. A row of another shape throws `z.ZodError`: the schema's checks were passed by. */
export function readHistory(database: Database.Database): History {
  const rowsAfter = database.prepare(
    'select sequence, operation_id, at, kind, fields from journal where operation_id = ? and sequence > ? order by sequence',
  );
  const allRows = database.prepare('select sequence, operation_id, at, kind, fields from journal order by sequence');
  const operations = database.prepare("select operation_id from journal where kind = 'OP_OPEN' order by sequence").pluck();
  const openOperations = database
    .prepare(
      `select operation_id from journal as opening where kind = 'OP_OPEN'
       and not exists (select 1 from journal where kind = 'CLOSED' and operation_id = opening.operation_id) order by sequence`,
    )
    .pluck();
  const waiting = database.prepare('select report from outbox order by sequence').pluck();
  const isWaiting = database.prepare('select 1 from outbox where operation_id = ?').pluck();

  const failures = outboxFailures(database);
  const firstDay = database.prepare('select min(substr(at, 1, 10)) from journal').pluck();

  /** A row never changes: of an operation that goes on, each is read and checked once. */
  const known = new Map<string, readonly JournalEntry[]>();
  const rowsOf = (id: string): readonly JournalEntry[] => {
    const before = known.get(id) ?? [];
    const rows = [...before, ...rowsAfter.all(id, before.at(-1)?.sequence ?? 0).map((row) => storedRow.parse(row))];
    const last = rows.at(-1);
    if (last === undefined || last.row.kind === 'CLOSED') known.delete(id);
    else known.set(id, rows);
    return rows;
  };

  const summaryOf = (rows: readonly JournalEntry[]): OperationSummary | null => {
    const [first, last] = [rows.at(0), rows.at(-1)];
    if (first === undefined || last === undefined) return null;
    const kinds = rows.map(({ row }) => row);
    return {
      operationId: first.operationId,
      openedAt: first.at,
      lastAt: last.at,
      lastRow: last.row.kind,
      open: last.row.kind !== 'CLOSED',
      outcome: kinds.find((row) => row.kind === 'OUTCOME')?.outcome ?? null,
      state: kinds.findLast((row) => row.kind === 'RECEIPT' || row.kind === 'CLOSED')?.state ?? null,
      waiting: isWaiting.get(first.operationId) === 1,
      attention: failures.of(first.operationId) >= failuresForAPerson,
    };
  };

  return {
    ...readIncidents(database),
    rowsOf,
    rows: () => allRows.all().map((row) => storedRow.parse(row)),
    firstDay: () => z.iso.date().nullable().parse(firstDay.get()),
    list: (filter = {}) =>
      ids
        .parse((filter.open === true ? openOperations : operations).all())
        .map((id) => summaryOf(rowsOf(id)))
        .filter((summary) => summary !== null),
    show(id) {
      const rows = rowsOf(id);
      const summary = summaryOf(rows);
      return summary === null ? null : { ...summary, rows };
    },
    open: () => ids.parse(openOperations.all()).map((id) => ({ operationId: id, rows: rowsOf(id) })),
    outbox: () => reports.parse(waiting.all()),
  };
}
