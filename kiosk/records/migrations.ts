import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type Database from 'better-sqlite3';
import { type Result, err, ok } from '../../devices/result.ts';
import { projectRoot } from '../project.ts';
import { chainRows } from './chain.ts';
import type { RecordsError } from './failure.ts';

/** What takes a file from one version to the next: SQL, or what SQL alone cannot do. */
type Step = string | ((database: Database.Database) => void);

/** More kinds of rows. SQLite cannot change a check: the journal is made anew, with all that belongs to it, and holds the same rows. */
const withRowKinds =
  (...kinds: readonly string[]): Step =>
  (database) => {
    const parts = database
      .prepare<[], { type: string; sql: string }>("select type, sql from sqlite_schema where tbl_name = 'journal' and sql is not null")
      .all();
    const sqlOf = (wanted: (type: string) => boolean): string =>
      parts
        .filter(({ type }) => wanted(type))
        .map(({ sql }) => `${sql};`)
        .join('\n');
    const more = kinds.map((kind) => `'${kind}'`).join(', ');
    database.exec(`
      pragma defer_foreign_keys = on;
      create temp table journal_aside as select * from journal;
      drop table journal;
      ${sqlOf((type) => type === 'table').replace(/(kind in \([^)]*')(\s*\))/, `$1, ${more}$2`)}
      insert into journal select * from journal_aside order by sequence;
      drop table journal_aside;
      ${sqlOf((type) => type !== 'table')}`);
  };

/** To version 3: rows are chained, and checkpoints sign the chain. */
const chained: Step = (database) => {
  database.exec(`
      alter table journal add column hash blob check (length(hash) = 32);
      drop trigger journal_is_not_changed;`);
  chainRows(database);
  database.exec(`
      create trigger journal_is_not_changed before update on journal
      begin
        select raise(abort, 'the journal is only added to');
      end;
      create trigger journal_is_chained before insert on journal
      when new.hash is null
      begin
        select raise(abort, 'a row of the journal has its hash');
      end;
      create table checkpoints (
        sequence integer primary key references journal (sequence),
        jws text not null check (length(jws) <= 4096),
        countersignature text check (length(countersignature) <= 8192)
      ) strict;

      create index checkpoints_without_witness on checkpoints (sequence) where countersignature is null;

      create trigger checkpoints_are_not_changed before update on checkpoints
      when new.sequence <> old.sequence or new.jws <> old.jws or old.countersignature is not null
      begin
        select raise(abort, 'a checkpoint is not changed');
      end;

      create trigger checkpoints_are_not_removed before delete on checkpoints
      begin
        select raise(abort, 'a checkpoint is not removed');
      end;`);
};

/** `migrations[0]` goes from 1 to 2, and so on. `schema.sql` always holds the newest version, for new files. A step is never changed once released. */
const migrations: readonly Step[] = [
  // 2: how often an outcome was brought to the CMS in vain.
  `create table outbox_failures (
    operation_id text primary key references outbox (operation_id) on delete cascade,
    failures integer not null check (failures >= 1)
  ) strict;`,
  chained,
  // 4: what journal and CMS tell differently.
  `create table incidents (
    at text not null check (at glob '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    kind text not null check (length(kind) between 1 and 40),
    operation_id text not null check (length(operation_id) = 36),
    attempt integer not null check (attempt >= 0),
    unique (kind, operation_id, attempt)
  ) strict;
  
  create trigger incidents_are_not_changed before update on incidents
  begin
    select raise(abort, 'an incident is not changed');
  end;
  
  create trigger incidents_are_not_removed before delete on incidents
  begin
    select raise(abort, 'an incident is not removed');
  end;
  
  create table counted_days (
    day text primary key check (day glob '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]'),
    at text not null check (at glob '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    intents integer not null check (intents >= 0),
    slips integer not null check (slips >= 0),
    releases integer not null check (releases >= 0)
  ) strict;`,
  // 5: rows of reprints and resolutions. A check cannot be altered: the table is made anew, under the eyes of those that refer to it.
  `pragma defer_foreign_keys = on;
  create temp table journal_aside as select * from journal;
  drop table journal;

  create table journal (
    sequence integer primary key check (sequence >= 1),
    operation_id text not null check (length(operation_id) = 36),
    at text not null check (at glob '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    start integer not null references starts (number),
    -- Since the machine booted: the order of time even if the clock was set.
    monotonic_ns integer not null check (monotonic_ns >= 0),
    kind text not null check (
      kind in (
        'OP_OPEN', 'RESERVE_INTENT', 'RESERVED', 'PRINTER_READY', 'PRINT_INTENT', 'EVIDENCE', 'REPRINT_AUTHORISED', 'OUTCOME', 'RECEIPT',
        'RESOLUTION', 'CLOSED'
      )
    ),
    -- @type {Omit<JournalRow, 'kind'>}
    fields text not null check (json_valid(fields) and json_type(fields) = 'object' and length(fields) <= 16384),
    -- SHA-256 over this row and the hash before it (chain.ts).
    hash blob check (length(hash) = 32)
  ) strict;

  insert into journal select * from journal_aside order by sequence;
  drop table journal_aside;

  create index journal_by_operation on journal (operation_id, sequence);
  create index journal_by_kind on journal (kind, operation_id);

  create trigger journal_has_no_gap before insert on journal
  when new.sequence <> (select coalesce(max(sequence), 0) + 1 from journal)
  begin
    select raise(abort, 'the journal has no gap');
  end;

  create trigger journal_has_each_once before insert on journal
  when new.kind in ('OP_OPEN', 'OUTCOME', 'CLOSED')
    and exists (select 1 from journal where kind = new.kind and operation_id = new.operation_id)
  begin
    select raise(abort, 'an operation opens once, has one outcome, and closes once');
  end;

  create trigger journal_ends_with_closed before insert on journal
  when exists (select 1 from journal where kind = 'CLOSED' and operation_id = new.operation_id)
  begin
    select raise(abort, 'nothing follows CLOSED');
  end;

  create trigger journal_is_chained before insert on journal
  when new.hash is null
  begin
    select raise(abort, 'a row of the journal has its hash');
  end;

  create trigger journal_is_not_changed before update on journal
  begin
    select raise(abort, 'the journal is only added to');
  end;

  create trigger journal_is_not_removed before delete on journal
  begin
    select raise(abort, 'the journal is only added to');
  end;`,
  // 6: rows of envelopes and shifts, and their tables. The journal is made anew, as before.
  `pragma defer_foreign_keys = on;
  create temp table journal_aside as select * from journal;
  drop table journal;

  create table journal (
    sequence integer primary key check (sequence >= 1),
    operation_id text not null check (length(operation_id) = 36),
    at text not null check (at glob '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    start integer not null references starts (number),
    -- Since the machine booted: the order of time even if the clock was set.
    monotonic_ns integer not null check (monotonic_ns >= 0),
    kind text not null check (
      kind in (
        'OP_OPEN', 'RESERVE_INTENT', 'RESERVED', 'PRINTER_READY', 'PRINT_INTENT', 'EVIDENCE', 'REPRINT_AUTHORISED', 'OUTCOME', 'RECEIPT',
        'RESOLUTION', 'CLOSED', 'ENVELOPE_DRAWN', 'ENVELOPE_SCANNED', 'ENVELOPE_BOUND', 'CHIP_EVIDENCE', 'ENVELOPE_MOVED', 'SHIFT_OPENED',
        'BATCH_RECEIVED', 'ENVELOPES_ASSIGNED', 'SHIFT_COUNTED'
      )
    ),
    -- @type {Omit<JournalRow, 'kind'>}
    fields text not null check (json_valid(fields) and json_type(fields) = 'object' and length(fields) <= 16384),
    -- SHA-256 over this row and the hash before it (chain.ts).
    hash blob check (length(hash) = 32)
  ) strict;

  insert into journal select * from journal_aside order by sequence;
  drop table journal_aside;

  create index journal_by_operation on journal (operation_id, sequence);
  create index journal_by_kind on journal (kind, operation_id);

  create trigger journal_has_no_gap before insert on journal
  when new.sequence <> (select coalesce(max(sequence), 0) + 1 from journal)
  begin
    select raise(abort, 'the journal has no gap');
  end;

  create trigger journal_has_each_once before insert on journal
  when new.kind in ('OP_OPEN', 'OUTCOME', 'CLOSED', 'SHIFT_OPENED', 'SHIFT_COUNTED')
    and exists (select 1 from journal where kind = new.kind and operation_id = new.operation_id)
  begin
    select raise(abort, 'an operation opens once, has one outcome, and closes once; so does a shift');
  end;

  create trigger journal_ends_with_closed before insert on journal
  when exists (select 1 from journal where kind in ('CLOSED', 'SHIFT_COUNTED') and operation_id = new.operation_id)
  begin
    select raise(abort, 'nothing follows CLOSED, nor SHIFT_COUNTED');
  end;

  create trigger journal_is_chained before insert on journal
  when new.hash is null
  begin
    select raise(abort, 'a row of the journal has its hash');
  end;

  create trigger journal_is_not_changed before update on journal
  begin
    select raise(abort, 'the journal is only added to');
  end;

  create trigger journal_is_not_removed before delete on journal
  begin
    select raise(abort, 'the journal is only added to');
  end;

  create table envelopes (
    number text primary key check (length(number) between 3 and 16),
    batch text not null check (length(batch) between 1 and 40),
    place integer not null unique check (place >= 1),
    state text not null check (
      state in ('received', 'assigned', 'drawn', 'scanned', 'bound', 'handed', 'unclaimed', 'aborted', 'quarantined', 'spoiled')
    ),
    pile text check (length(pile) between 1 and 60),
    operation_id text check (length(operation_id) = 36),
    sequence integer not null references journal (sequence)
  ) strict;

  create trigger envelopes_are_not_used_again before update on envelopes
  when old.state not in ('received', 'assigned', 'drawn') and new.state in ('received', 'assigned', 'drawn', 'scanned')
  begin
    select raise(abort, 'an envelope whose number was read is used');
  end;

  create trigger envelopes_stay_themselves before update on envelopes
  when new.number <> old.number or new.batch <> old.batch or new.place <> old.place
  begin
    select raise(abort, 'an envelope stays itself');
  end;

  create trigger envelopes_are_not_removed before delete on envelopes
  begin
    select raise(abort, 'an envelope is not removed');
  end;

  create table shift_seeds (
    shift_id text primary key check (length(shift_id) = 36),
    seed blob not null check (length(seed) = 32)
  ) strict;

  create trigger shift_seeds_one_at_a_time before insert on shift_seeds
  when exists (select 1 from shift_seeds)
  begin
    select raise(abort, 'one shift at a time');
  end;

  create trigger shift_seeds_are_not_changed before update on shift_seeds
  begin
    select raise(abort, 'a seed is not changed');
  end;`,
  // 7: rows of a PIN that the holder chooses.
  withRowKinds('PIN_INTENT', 'PIN_EVIDENCE'),
  // 8: rows of a service.
  withRowKinds('SERVICE_INTENT', 'SERVICE_RECEIPT', 'SERVICE_REFUSED'),
  // 9: the CMS's answers to the counts of shifts.
  `create table answered_counts (
    shift_id text not null check (length(shift_id) = 36),
    batch text not null check (batch <> ''),
    at text not null check (at glob '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    jws text not null check (jws <> ''),
    primary key (shift_id, batch)
  ) strict;

  create trigger answered_counts_are_not_changed before update on answered_counts
  begin
    select raise(abort, 'an answer is not changed');
  end;

  create trigger answered_counts_stay before delete on answered_counts
  begin
    select raise(abort, 'an answer is not removed');
  end;`,
  // 10: rows of a signature certificate that is loaded.
  withRowKinds('SIGNATURE_INTENT', 'SIGNATURE_EVIDENCE'),
];

export const recordsVersion = 1 + migrations.length;

/**
 * Brings a database to `recordsVersion`, a step a transaction, by its `user_version`. A file that is newer, or not ours, is
 * refused and left alone: no file is ever renamed, emptied or dropped for its version.
 */
export function migrate(database: Database.Database, steps: readonly Step[] = migrations): Result<void, RecordsError> {
  const known = 1 + steps.length;
  const found = versionOf(database);
  if (found > known || found < 0) return err({ kind: 'records-version', file: database.name, found, known });
  if (found === 0) {
    if (database.prepare('select count(*) from sqlite_schema').pluck().get() !== 0)
      return err({ kind: 'records-corrupt', file: database.name, detail: 'not a records database' });
    advance(database, readFileSync(join(projectRoot(), 'kiosk/records/schema.sql'), 'utf8'), known);
  }
  for (const step of steps.slice(versionOf(database) - 1)) advance(database, step, versionOf(database) + 1);
  return ok();
}

export function versionOf(database: Database.Database): number {
  return Number(database.pragma('user_version', { simple: true }));
}

/** Schema and version change together or not at all: `user_version` is part of the transaction. */
function advance(database: Database.Database, step: Step, version: number): void {
  database
    .transaction(() => {
      if (typeof step === 'string') database.exec(step);
      else step(database);
      database.pragma(`user_version = ${version}`);
    })
    .immediate();
}
