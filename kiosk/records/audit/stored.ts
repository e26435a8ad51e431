import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { type Result, err, ok } from '../../../devices/result.ts';
import { lastCheckpointFile } from '../checkpoints.ts';
import { configure, settings } from '../database.ts';
import { type RecordsError, openingFailure } from '../failure.ts';
import { recordsVersion, versionOf } from '../migrations.ts';
import { type Verification, sequenceOf } from './verification.ts';

/** The journal and its checkpoints as they stand on the disk, whoever wrote them. */
export interface StoredRecords {
  /** The checkpoint beside the database, as it was before the database was looked at: a running kiosk goes on writing both. */
  readonly beside: string | null;
  /** Gives every row and checkpoint to `verification`, each checkpoint once the rows that it covers were given. */
  give(verification: Pick<Verification, 'row' | 'checkpoint'>): Result<void, RecordsError>;
  close(): void;
}

const largestText = 65_536;
const text = (column: string, name: string): string => `iif(octet_length(${column}) <= ${largestText}, ${column}, null) as ${name}`;

const rowsSql = `select sequence, start, ${text('boot_id', 'boot')}, cast(monotonic_ns as text) as monotonicNs, ${text('journal.at', 'at')},
  ${text('operation_id', 'operationId')}, ${text('kind', 'kind')}, ${text('fields', 'fields')}, iif(length(hash) = 32, lower(hex(hash)), null) as hash
  from journal left join starts on number = start order by sequence`;
const checkpointsSql = `select sequence, ${text('jws', 'jws')}, ${text('countersignature', 'countersignature')} from checkpoints order by sequence`;

/** The tables that are read, and nothing that only looks like one: a view could be endless, a computed column anything. */
const plainTables = `select count(*) from pragma_table_list as list where schema = 'main' and type = 'table' and name in ('journal', 'starts', 'checkpoints')
  and not exists (select 1 from pragma_table_xinfo(list.name) where hidden <> 0)`;

/** Opens records beside a running kiosk, or without one, to be verified; never changes them. */
export function openStored(folder: string): Result<StoredRecords, RecordsError> {
  const file = join(folder, 'records.db');
  if (!existsSync(file)) return err({ kind: 'records-missing', file });
  let database: Database.Database | undefined;
  try {
    const outside = join(folder, lastCheckpointFile);
    const beside = existsSync(outside) ? readFileSync(outside, 'utf8').slice(0, largestText) : null;
    database = new Database(file, { readonly: true, timeout: 2_000 });
    const opened = database;
    configure(
      opened,
      settings.filter(({ name }) => name === 'trusted_schema' || name === 'cell_size_check'),
    );
    const found = versionOf(opened);
    const version: RecordsError = { kind: 'records-version', file, found, known: recordsVersion };
    const shape: RecordsError = { kind: 'records-corrupt', file, detail: 'its tables are not those of the records' };
    const plain = found === recordsVersion && opened.prepare(plainTables).pluck().get() === 3;
    if (!plain) {
      opened.close();
      return err(found === recordsVersion ? shape : version);
    }
    return ok({
      beside,
      give(verification) {
        try {
          // One transaction, and so one state of the records, however long it takes.
          opened.transaction(() => giveAll(opened, verification))();
          return ok();
        } catch (error) {
          return err(openingFailure(file, error));
        }
      },
      close: () => void opened.close(),
    });
  } catch (error) {
    database?.close();
    return err(openingFailure(file, error));
  }
}

function giveAll(database: Database.Database, verification: Pick<Verification, 'row' | 'checkpoint'>): void {
  const checkpoints = database.prepare(checkpointsSql).iterate();
  let waiting = checkpoints.next();
  const giveUpTo = (sequence: number): void => {
    while (waiting.done !== true) {
      if ((sequenceOf(waiting.value) ?? 0) > sequence) return;
      verification.checkpoint(waiting.value);
      waiting = checkpoints.next();
    }
  };
  try {
    for (const row of database.prepare(rowsSql).iterate()) {
      verification.row(row);
      giveUpTo(sequenceOf(row) ?? 0);
    }
    giveUpTo(Infinity);
  } finally {
    checkpoints.return?.();
  }
}
