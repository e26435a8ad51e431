import { randomBytes } from 'node:crypto';
import type Database from 'better-sqlite3';
import { v7 as uuidv7 } from 'uuid';
import { z } from 'zod';
import { type Result, err, ok } from '../../devices/result.ts';
import { type Envelope, envelopeStates, inThePile, underWay } from '../../flows/envelopes/envelope.ts';
import { type Ledger, ledgerAfter, moved, movesOf, inPile } from '../../flows/envelopes/ledger.ts';
import type { EnvelopeLedger, LedgerError, ShiftCount, Tally } from '../../flows/ports/ledger.ts';
import type { JournalEntry, JournalError, JournalRow } from '../../flows/ports/journal.ts';
import { commitmentTo, lot } from './draw.ts';
import { journalRow } from './rows.ts';

const stored = z.object({
  number: z.string(),
  batch: z.string(),
  place: z.int().positive(),
  state: z.enum(envelopeStates),
  pile: z.templateLiteral([z.enum(['operator:', 'magazine:']), z.string()]).nullable(),
  operationId: z.string().nullable(),
}) satisfies z.ZodType<Envelope>;

const tally = stored.pick({ state: true, pile: true }).extend({ count: z.int().nonnegative() }) satisfies z.ZodType<Tally>;

const columns = 'number, batch, place, state, pile, operation_id as operationId';

export interface EnvelopeTable {
  find(number: string): Envelope | undefined;
  all(): readonly Envelope[];
  tally(): readonly Tally[];
  /** Brings the table to where a row of the journal says that the envelopes are. Part of the row's transaction; a move that cannot be throws. */
  follow(operationId: string, row: JournalRow, sequence: number): void;
}

/** Where each envelope is, by the journal's last word: a table beside the rows, so that nobody has to read them all. */
export function envelopeTable(database: Database.Database): EnvelopeTable {
  const one = database.prepare(`select ${columns} from envelopes where number = ?`);
  const every = database.prepare(`select ${columns} from envelopes order by place`);
  const tallied = database.prepare('select state, pile, count(*) as count from envelopes group by state, pile');
  const many = database.prepare('select count(*) from envelopes').pluck();
  const insert = database.prepare(
    'insert into envelopes (number, batch, place, state, pile, operation_id, sequence) values (?, ?, ?, ?, ?, ?, ?)',
  );
  const update = database.prepare('update envelopes set state = ?, pile = ?, operation_id = ?, sequence = ? where number = ?');
  const find = (number: string): Envelope | undefined => stored.optional().parse(one.get(number));

  return {
    find,
    all: () => every.all().map((row) => stored.parse(row)),
    tally: () => tallied.all().map((row) => tally.parse(row)),
    follow(id, row, sequence) {
      for (const move of movesOf(id, row)) {
        const before = find(move.number);
        const after = moved(before, move, Number(many.get()));
        if (!after.ok) throw new Error(`the ledger does not take ${row.kind} of ${move.number}: ${after.error}`);
        const { number, batch, place, state, pile, operationId } = after.value;
        if (before === undefined) insert.run(number, batch, place, state, pile, operationId, sequence);
        else update.run(state, pile, operationId, sequence, number);
      }
    },
  };
}

/** Writes one row in a transaction of its own, after whatever `work` reads and decides in it. */
type Write = (work: () => JournalEntry) => Result<JournalEntry, JournalError>;

/** The ledger over its table and the journal: each change is one row, durable when the call returns. */
export function envelopeLedger(
  database: Database.Database,
  table: EnvelopeTable,
  insert: (operationId: string, row: JournalRow) => JournalEntry,
  write: Write,
): EnvelopeLedger {
  const openShift = database.prepare('select shift_id as shift, seed from shift_seeds');
  const insertSeed = database.prepare('insert into shift_seeds (shift_id, seed) values (?, ?)');
  const deleteSeed = database.prepare('delete from shift_seeds where shift_id = ?');
  const digestOfBatch = database
    .prepare("select json_extract(fields, '$.digest') from journal where kind = 'BATCH_RECEIVED' and json_extract(fields, '$.batch') = ?")
    .pluck();

  const current = (): { shift: string; seed: Buffer } | undefined =>
    z
      .object({ shift: z.string(), seed: z.instanceof(Buffer) })
      .optional()
      .parse(openShift.get());

  /** One row, if the ledger can follow it: what cannot be is the caller's to hear, not a fault. */
  const add = (operationId: string, row: JournalRow): Result<JournalEntry, LedgerError> => {
    // Only those that it names: the rest of the ledger is not read for it.
    const named = movesOf(operationId, row).flatMap(({ number }) => table.find(number) ?? []);
    const after = ledgerAfter(byNumber(named), operationId, row);
    if (!after.ok) return err({ kind: 'not-lawful', number: after.error.number });
    return write(() => insert(operationId, row));
  };

  return {
    find: (number) => table.find(number),
    all: () => table.all(),
    tally: () => table.tally(),
    shift: () => current()?.shift ?? null,
    openShift(operator) {
      if (current() !== undefined) return err({ kind: 'shift-open' });
      const [shift, seed] = [uuidv7(), randomBytes(32)];
      const opened = write(() => {
        insertSeed.run(shift, seed);
        return insert(shift, { kind: 'SHIFT_OPENED', operator, commitment: commitmentTo(seed) });
      });
      return opened.ok ? ok(shift) : opened;
    },
    receive({ batch, digest, numbers }) {
      const open = current();
      if (open === undefined) return err({ kind: 'no-shift' });
      const known = digestOfBatch.get(batch);
      if (known === digest) return ok(0);
      if (known !== undefined) return err({ kind: 'batch-changed', batch });
      if (!journalRow.safeParse({ kind: 'BATCH_RECEIVED', batch, digest, numbers }).success) return err({ kind: 'batch-unusable', batch });
      const received = add(open.shift, { kind: 'BATCH_RECEIVED', batch, digest, numbers });
      if (received.ok) return ok(numbers.length);
      return received.error.kind === 'not-lawful' ? err({ kind: 'batch-changed', batch }) : received;
    },
    assign(pile, numbers) {
      const open = current();
      if (open === undefined) return err({ kind: 'no-shift' });
      if (numbers.length === 0) return ok();
      const assigned = add(open.shift, { kind: 'ENVELOPES_ASSIGNED', pile, numbers });
      return assigned.ok ? ok() : assigned;
    },
    draw(operationId, pile) {
      const open = current();
      if (open === undefined) return err({ kind: 'no-shift' });
      const lying = inPile(byNumber(table.all()), pile);
      const remaining = lying.length;
      const draw = timesDrawn(operationId) + 1;
      const position = remaining === 0 ? 0 : lot(open.seed, operationId, draw, remaining);
      const fallen = lying[position - 1];
      if (fallen === undefined) return err({ kind: 'pile-empty' });
      const { number } = fallen;
      const drawn = write(() =>
        insert(operationId, { kind: 'ENVELOPE_DRAWN', shift: open.shift, draw, pile, remaining, position, number }),
      );
      return drawn.ok ? ok({ number, position, remaining }) : drawn;
    },
    put(number, to, why, operationId) {
      const thread = operationId ?? current()?.shift;
      if (thread === undefined) return err({ kind: 'no-shift' });
      const envelope = table.find(number);
      const busy = envelope !== undefined && underWay.includes(envelope.state);
      if (busy !== (operationId !== undefined)) return err({ kind: 'not-lawful', number });
      const put = add(thread, { kind: 'ENVELOPE_MOVED', number, to, why });
      return put.ok ? ok() : put;
    },
    count(operator, counted) {
      const open = current();
      if (open === undefined) return err({ kind: 'no-shift' });
      const all = table.all();
      if (all.some(({ state }) => underWay.includes(state))) return err({ kind: 'under-way' });
      const expected = all.filter(({ state }) => inThePile.includes(state)).length;
      const done = write(() => {
        deleteSeed.run(open.shift);
        return insert(open.shift, { kind: 'SHIFT_COUNTED', operator, seed: open.seed.toString('hex'), counted, expected });
      });
      return done.ok ? ok({ shift: open.shift, seed: open.seed.toString('hex'), counted, expected, states: statesOf(all) }) : done;
    },
  };

  function timesDrawn(operationId: string): number {
    return Number(
      database.prepare("select count(*) from journal where kind = 'ENVELOPE_DRAWN' and operation_id = ?").pluck().get(operationId),
    );
  }
}

function byNumber(envelopes: readonly Envelope[]): Ledger {
  return new Map(envelopes.map((envelope) => [envelope.number, envelope]));
}

function statesOf(all: readonly Envelope[]): ShiftCount['states'] {
  const count = (state: Envelope['state']): number => all.filter((envelope) => envelope.state === state).length;
  return {
    received: count('received'),
    assigned: count('assigned'),
    drawn: count('drawn'),
    scanned: count('scanned'),
    bound: count('bound'),
    handed: count('handed'),
    unclaimed: count('unclaimed'),
    aborted: count('aborted'),
    quarantined: count('quarantined'),
    spoiled: count('spoiled'),
  };
}
