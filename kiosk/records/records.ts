import { createHmac, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type Database from 'better-sqlite3';
import { z } from 'zod';
import { type Result, err, ok } from '../../devices/result.ts';
import type { EnvelopeEnd } from '../../flows/envelopes/rows.ts';
import type { EnvelopeLedger } from '../../flows/ports/ledger.ts';
import type { OutcomeReport } from '../../flows/ports/cms.ts';
import type { JournalEntry, JournalError, JournalRow } from '../../flows/ports/journal.ts';
import { findOrMakeDeviceKey } from '../device-key.ts';
import type { Log } from '../log/log.ts';
import { type ChainedRow, rowHash, tipReader } from './chain.ts';
import { type CheckpointStore, checkpointStore } from './checkpoints.ts';
import { type Start, busyTimeoutMs, openDatabase } from './database.ts';
import { type RecordsError, openingFailure, recordsFailure } from './failure.ts';
import { type History, readHistory } from './history.ts';
import { takeLock } from './lock.ts';
import { envelopeLedger, envelopeTable } from './envelopes.ts';
import { mayFollow } from './order.ts';
import type { ReconciliationRecords } from '../cms/reconciliation.ts';
import { writeIncidents } from './incidents.ts';
import type { OutboxRecords } from './outbox.ts';
import { owedCounts } from './owed-counts.ts';
import { journalRow, operationId as operationIdShape, outcomeReport } from './rows.ts';
import { type SignOnFailureStore, signOnFailureStore } from './sign-on-failures.ts';
import { outboxFailures } from './waiting.ts';

/** A kiosk's records: operations journal, its checkpoints, outbox, and the wrong PINs of its operators. One process at a time has them. */
export interface Records
  extends OutboxRecords, ReconciliationRecords, Pick<History, 'list' | 'show' | 'incidents'>, Pick<CheckpointStore, 'uncountersigned'> {
  /** Signs how far the journal goes, if it goes further than the last checkpoint. An operation's close, both ends of a shift and `close` do it by themselves. */
  checkpoint(): Result<void, RecordsError>;
  /** Keeps what the CMS signed under the checkpoint over row `sequence`. */
  countersign(sequence: number, jws: string): Result<void, RecordsError>;
  readonly signOnFailures: SignOnFailureStore;
  readonly envelopes: EnvelopeLedger;
  close(): void;
}

export interface RecordsOptions {
  /** Made where absent; holds `records.db`, `records.lock`, the last checkpoint and the device's public key. */
  readonly folder: string;
  /** The device's signing key (private JWK file), made where absent: `device-key.jwk` in the folder, if nothing is said. */
  readonly deviceKey?: string;
  readonly log?: Log;
  /** Called after each row of the journal once it is durable. */
  readonly onAppended?: (entry: JournalEntry) => void;
  readonly now?: () => Date;
}

export function openRecords({ folder, deviceKey, log, onAppended, now = () => new Date() }: RecordsOptions): Result<Records, RecordsError> {
  const file = join(folder, 'records.db');
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const lock = takeLock(join(folder, 'records.lock'));
    const key = findOrMakeDeviceKey(deviceKey ?? join(folder, 'device-key.jwk'));
    const opened = !key.ok ? key : lock.recordsMade && isEmpty(file) ? err(missed(file)) : openDatabase(file, now);
    if (!key.ok || !opened.ok) {
      lock.release();
      return opened as Result<never, RecordsError>;
    }
    const { database, start } = opened.value;
    const end = (): void => {
      database.close();
      lock.release();
    };
    try {
      const checkpoints = checkpointStore(database, key.value, folder);
      const fault = checkpoints.contradiction();
      if (fault !== null) {
        end();
        return err({ kind: 'records-rolled-back', file, detail: fault });
      }
      lock.remember();
      checkpoints.leaveOutside();
      const records = createRecords(database, start, checkpoints, now, (entry) => {
        log?.event('journal-row', { operation: entry.operationId, sequence: entry.sequence, kind: entry.row.kind });
        onAppended?.(entry);
      });
      const close = (): void => {
        if (!database.open) return;
        try {
          records.checkpoint();
        } finally {
          end();
        }
      };
      return ok({ ...records, close });
    } catch (error) {
      end();
      return err(openingFailure(file, error));
    }
  } catch (error) {
    return err(recordsFailure(file, error));
  }
}

/** Rows over which a checkpoint is signed with them: an operation's end, and the seed of a shift as it is announced and revealed. */
const sealed: readonly JournalRow['kind'][] = ['CLOSED', 'SHIFT_OPENED', 'SHIFT_COUNTED'];

/** What SQLite would take for a new database: no file, no byte, or one (`unixFileSize` in its os_unix.c). */
function isEmpty(file: string): boolean {
  return !existsSync(file) || statSync(file).size <= 1;
}

function missed(file: string): RecordsError {
  return { kind: 'records-corrupt', file, detail: 'there were records here, and now the file is empty or gone' };
}

function createRecords(
  database: Database.Database,
  start: Start,
  checkpoints: CheckpointStore,
  now: () => Date,
  appended: (entry: JournalEntry) => void,
): Omit<Records, 'close'> {
  const history = readHistory(database);
  const digestKey = findOrMakeKey(database, 'digest');
  // What recovery will ask for is read once now: records that cannot be read must not be found out by a citizen.
  history.open();
  history.outbox();

  const failures = outboxFailures(database);
  const incidents = writeIncidents(database);
  const counts = owedCounts(database, () => history.rows());
  const tip = tipReader(database);
  const envelopes = envelopeTable(database);
  const insertRow = database.prepare(
    'insert into journal (sequence, operation_id, at, start, monotonic_ns, kind, fields, hash) values (?, ?, ?, ?, ?, ?, ?, ?)',
  );
  const insertReport = database.prepare('insert into outbox (operation_id, sequence, report) values (?, ?, ?)');
  const deleteReport = database.prepare('delete from outbox where operation_id = ?');

  const insert = (operationId: string, row: JournalRow): JournalEntry => {
    const id = operationIdShape.parse(operationId);
    const checked = journalRow.parse(row);
    const { kind, ...fields } = checked;
    const before = history.rowsOf(id).map((entry) => entry.row);
    if (!mayFollow(before, checked))
      throw new Error(`the journal does not take ${kind} after ${before.map((each) => each.kind).join(', ') || 'nothing'}`);
    const at = now().toISOString();
    const last = tip();
    const chained: ChainedRow = {
      sequence: last.sequence + 1,
      start: start.number,
      boot: start.boot,
      monotonicNs: String(process.hrtime.bigint()),
      at,
      operationId: id,
      kind,
      fields: JSON.stringify(fields),
    };
    const hash = Buffer.from(rowHash(chained, last.hash), 'hex');
    insertRow.run(chained.sequence, id, at, start.number, BigInt(chained.monotonicNs), kind, chained.fields, hash);
    envelopes.follow(id, checked, chained.sequence);
    return { sequence: chained.sequence, operationId: id, at, row };
  };

  const checkpoint = (): void => checkpoints.sign(now());

  const attempted = (work: () => void): Result<void, RecordsError> => {
    try {
      work();
      return ok();
    } catch (error) {
      return err(recordsFailure(database.name, error));
    }
  };

  const transaction = <T>(work: () => T): Result<T, JournalError> => {
    try {
      return ok(database.transaction(work).immediate());
    } catch (error) {
      const failure = recordsFailure(database.name, error);
      return err({ kind: 'journal-unwritable', detail: 'detail' in failure ? failure.detail : failure.kind });
    }
  };

  /** A report was deleted since the write-ahead log was last emptied. */
  let forgotten = false;
  const nothingWaits = database.prepare('select not exists (select 1 from outbox)').pluck();

  /** Deleted reports stand in the write-ahead log until it is emptied: now, if nothing waits any more and no reader is in the way. */
  const forget = (): void => {
    if (nothingWaits.get() !== 1) return;
    database.pragma('busy_timeout = 0');
    const [emptied] = z.array(z.object({ busy: z.int() })).parse(database.pragma('wal_checkpoint(truncate)'));
    database.pragma(`busy_timeout = ${busyTimeoutMs}`);
    forgotten = emptied?.busy === 1;
  };

  /** Rows in one transaction, with a checkpoint at its end where it seals anything; they are durable when they are announced. */
  const commit = <T>(work: () => T, rowsIn: (made: T) => readonly JournalEntry[]): Result<T, JournalError> => {
    const seals = (made: T): boolean => rowsIn(made).some(({ row }) => sealed.includes(row.kind));
    const committed = transaction(() => {
      const made = work();
      if (seals(made)) checkpoint();
      return made;
    });
    if (!committed.ok) return committed;
    // Only now: a checkpoint outside must never know more than the database does.
    if (seals(committed.value)) checkpoints.leaveOutside();
    if (forgotten) forget();
    rowsIn(committed.value).forEach(appended);
    return committed;
  };
  const write = (work: () => JournalEntry): Result<JournalEntry, JournalError> => commit(work, (entry) => [entry]);
  const writeAll = (work: () => readonly JournalEntry[]): Result<readonly JournalEntry[], JournalError> =>
    commit(work, (entries) => entries);

  const end = (operationId: string, row: Extract<JournalRow, { kind: 'RECEIPT' | 'CLOSED' }>): JournalEntry => {
    const entry = insert(operationId, row);
    if (deleteReport.run(operationId).changes > 0) forgotten = true;
    return entry;
  };

  const conclude = (report: OutcomeReport, envelope?: EnvelopeEnd): JournalEntry => {
    const { operationId, outcome, evidence, exposed, reason } = outcomeReport.parse(report);
    const end = envelope === undefined ? {} : { envelope };
    const entry = insert(operationId, { kind: 'OUTCOME', outcome, class: evidence.class, exposed, reason, ...end });
    insertReport.run(operationId, entry.sequence, JSON.stringify(report));
    return entry;
  };

  return {
    // An operation that is closed waits for nothing, even where the CMS refused its outcome and gave no receipt.
    append: (operationId, row) => write(() => (row.kind === 'CLOSED' ? end(operationId, row) : insert(operationId, row))),
    appendOutcome: (report, envelope) => write(() => conclude(report, envelope)),
    appendOutcomes: (outcomes) => writeAll(() => outcomes.map(({ report, envelope }) => conclude(report, envelope))),
    appendResolution: (row, report) =>
      write(() => {
        const { operationId } = outcomeReport.parse(report);
        const entry = insert(operationId, row);
        insertReport.run(operationId, entry.sequence, JSON.stringify(report));
        return entry;
      }),
    appendReceipt: (operationId, row) => write(() => end(operationId, row)),
    appendReceipts: (receipts) =>
      writeAll(() =>
        receipts.flatMap(({ operationId, state, sequence, jws }) => [
          end(operationId, { kind: 'RECEIPT', state, cmsSequence: sequence, jws }),
          ...(state === 'HELD' ? [] : [end(operationId, { kind: 'CLOSED', state })]),
        ]),
      ),
    open: () => history.open(),
    outbox: () => history.outbox(),
    waiting: () => history.outbox().map((report) => ({ report, failures: failures.of(report.operationId) })),
    rowsOf: (id) => history.rowsOf(id),
    firstDay: () => history.firstDay(),
    printedOn: (day) => history.printedOn(day),
    countedDays: () => history.countedDays(),
    incidents: () => history.incidents(),
    noteDifferences: (differences, count) =>
      transaction(() => {
        const at = now().toISOString();
        if (count !== undefined) incidents.noteDay(count, at);
        return incidents.note(differences, at);
      }),
    owedCounts: () => counts.owed(),
    countAnswered: (count, jws) => transaction(() => counts.answered(count, jws, now().toISOString())),
    forAPerson: () => failures.forAPerson(),
    countFailures: (operationIds) => transaction(() => operationIds.forEach(failures.add)),
    list: (filter) => history.list(filter),
    show: (id) => history.show(id),
    checkpoint: () =>
      attempted(() => {
        database.transaction(checkpoint).immediate();
        checkpoints.leaveOutside();
      }),
    uncountersigned: () => checkpoints.uncountersigned(),
    countersign: (sequence, jws) => attempted(() => checkpoints.countersign(sequence, jws)),
    digest: (kind, value) => createHmac('sha256', digestKey).update(`${kind}\0${value}`).digest('hex'),
    signOnFailures: signOnFailureStore(database),
    envelopes: envelopeLedger(database, envelopes, insert, write),
  };
}

function findOrMakeKey(database: Database.Database, name: 'digest'): Buffer {
  database.prepare('insert into keys (name, key) values (?, ?) on conflict do nothing').run(name, randomBytes(32));
  return z.instanceof(Buffer).parse(database.prepare('select key from keys where name = ?').pluck().get(name));
}
