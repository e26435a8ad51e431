-- The records of one kiosk, as a new machine makes them. Older files get here step by step: migrations.ts.
-- No secret of a card and no personal data: a person and a card stand as digests under `keys`.
-- Instants are ISO 8601 in UTC with milliseconds; every table is STRICT and carries its own checks.

-- One row a start of the kiosk: the first write, and what the journal's monotonic times belong to.
create table starts (
  number integer primary key check (number >= 1),
  at text not null check (at glob '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
  -- The kernel's boot id.
  boot_id text not null check (length(boot_id) = 36)
) strict;

-- The operations journal (reliability.md, 1.3). Rows are added, never changed and never removed.
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
      'BATCH_RECEIVED', 'ENVELOPES_ASSIGNED', 'SHIFT_COUNTED', 'PIN_INTENT', 'PIN_EVIDENCE',
      'SERVICE_INTENT', 'SERVICE_RECEIPT', 'SERVICE_REFUSED', 'SIGNATURE_INTENT', 'SIGNATURE_EVIDENCE'
    )
  ),
  -- @type {Omit<JournalRow, 'kind'>}
  fields text not null check (json_valid(fields) and json_type(fields) = 'object' and length(fields) <= 16384),
  -- SHA-256 over this row and the hash before it (chain.ts).
  hash blob check (length(hash) = 32)
) strict;

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

-- How far the journal went, signed by the device: at each close of an operation, each quarter of an hour, at shutdown (checkpoint.ts).
create table checkpoints (
  -- The last row that it covers.
  sequence integer primary key references journal (sequence),
  jws text not null check (length(jws) <= 4096),
  -- The CMS's, once it is there.
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
end;

-- What the CMS has not acknowledged yet. A row comes with its OUTCOME or RESOLUTION and goes with its RECEIPT, each in one transaction.
create table outbox (
  operation_id text primary key check (length(operation_id) = 36),
  sequence integer not null unique references journal (sequence),
  -- @type {OutcomeReport}
  report text not null check (json_valid(report) and json_type(report) = 'object' and length(report) <= 16384)
) strict;

-- How often an outcome was brought to the CMS in vain. Goes with its outbox row.
create table outbox_failures (
  operation_id text primary key references outbox (operation_id) on delete cascade,
  failures integer not null check (failures >= 1)
) strict;

-- Where journal and CMS tell different stories, each noticed once. For a person: nothing follows by itself.
create table incidents (
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

-- Days (UTC) whose three ledgers were counted: prints announced, slips reported by the print worker, releases of the CMS.
create table counted_days (
  day text primary key check (day glob '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]'),
  at text not null check (at glob '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
  intents integer not null check (intents >= 0),
  slips integer not null check (slips >= 0),
  releases integer not null check (releases >= 0)
) strict;

-- Where each sealed envelope is, by the journal's last word about it. A number stays for ever: no envelope comes twice.
create table envelopes (
  number text primary key check (length(number) between 3 and 16),
  batch text not null check (length(batch) between 1 and 40),
  -- Among all that were ever received: piles are kept in this order.
  place integer not null unique check (place >= 1),
  state text not null check (
    state in ('received', 'assigned', 'drawn', 'scanned', 'bound', 'handed', 'unclaimed', 'aborted', 'quarantined', 'spoiled')
  ),
  -- In whose: `operator:` or `magazine:`, and an id.
  pile text check (length(pile) between 1 and 60),
  -- The operation that it was last drawn for.
  operation_id text check (length(operation_id) = 36),
  -- The row that brought it where it is.
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

-- The seed of the shift that is open: drawn by and kept secret, until SHIFT_COUNTED reveals it.
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
end;

-- The CMS's signed answers to the counts of shifts, one for each batch; a count without one is owed, and asked again.
create table answered_counts (
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
end;

-- Keys of the records themselves, made at the first start. Losing one makes old digests strangers to new ones.
create table keys (
  name text primary key check (name in ('digest')),
  key blob not null check (length(key) = 32)
) strict;

create trigger keys_are_not_changed before update on keys
begin
  select raise(abort, 'a key is not changed');
end;

create trigger keys_are_not_removed before delete on keys
begin
  select raise(abort, 'a key is not removed');
end;

-- Wrong PINs in a row, an operator each; gone with the right one.
create table sign_on_failures (
  operator_id text primary key check (length(operator_id) between 1 and 40),
  failures integer not null check (failures >= 1),
  last_at text not null check (last_at glob '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z')
) strict;
