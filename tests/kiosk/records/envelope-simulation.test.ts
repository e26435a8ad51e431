import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Envelope, type Pile, type EnvelopeState, envelopeStates, puts, underWay } from '../../../flows/envelopes/envelope.ts';
import { ledgerOf } from '../../../flows/envelopes/ledger.ts';
import type { Outcome } from '../../../flows/ports/cms.ts';
import type { JournalEntry } from '../../../flows/ports/journal.ts';
import { exportRecords } from '../../../kiosk/records/audit/export.ts';
import { openStored } from '../../../kiosk/records/audit/stored.ts';
import { drawnAgain } from '../../../kiosk/records/draw.ts';
import type { Records } from '../../../kiosk/records/records.ts';
import { journalRow } from '../../../kiosk/records/rows.ts';
import { opening, recordsIn, report, temporaryFolder } from './specimen.ts';

const piles = ['magazine:armadio', 'operator:mrossi', 'operator:lbianchi'] as const satisfies readonly Pile[];
const idOf = (n: number): string => `01890a5d-ac96-774b-bcce-${String(n).padStart(12, '0')}`;
const numberOf = (n: number): string => `20${String(n).padStart(8, '0')}`;

/** What somebody at the desk tries next, whether it makes sense or not; `n` chooses among envelopes, operations and piles. */
const attempt = fc.record({
  what: fc.constantFrom(
    'whole',
    'whole',
    'shift',
    'batch',
    'assign',
    'draw',
    'draw',
    'draw',
    'scan',
    'scan',
    'bind',
    'end',
    'end',
    'put',
    'count',
    'restart',
  ),
  n: fc.nat({ max: 40 }),
  end: fc.oneof(
    fc.constantFrom<[Outcome, EnvelopeState]>(['handed-over', 'handed'], ['not-handed-over', 'aborted'], ['unknown', 'quarantined']),
    fc.tuple(fc.constantFrom<Outcome>('handed-over', 'not-handed-over', 'unknown'), fc.constantFrom(...envelopeStates)),
  ),
});

/** An order that the journal refuses is a fault of the caller, and changes nothing: here it is as good as a no. */
function orRefused(work: () => unknown): void {
  try {
    work();
  } catch (error) {
    expect(String(error)).toMatch(/does not take/);
  }
}

class Desk {
  readonly #folder: string;
  records: Records;
  received = 0;
  opened = 0;

  constructor(folder: string) {
    this.#folder = folder;
    this.records = recordsIn(folder);
  }

  try({ what, n, end: [outcome, to] }: typeof attempt extends fc.Arbitrary<infer T> ? T : never): void {
    const { envelopes } = this.records;
    const wanted: Readonly<Record<string, EnvelopeState>> = { scan: 'drawn', bind: 'scanned' };
    const busy = this.#busy().filter(({ state }) => state === (wanted[what] ?? state));
    // Mostly one that an operation has in its hands, sometimes any.
    const number = n % 5 > 0 && busy.length > 0 ? (busy[n % busy.length]?.number ?? '') : numberOf(n % Math.max(this.received, 1));
    const id = idOf(n % Math.max(this.opened, 1));
    switch (what) {
      case 'shift':
        return void envelopes.openShift('mrossi');
      case 'batch': {
        const numbers = Array.from({ length: 4 }, (_, at) => numberOf(this.received + at));
        const came = envelopes.receive({ batch: `L-${this.received}`, digest: 'd'.repeat(64), numbers });
        if (came.ok) this.received += 4;
        return;
      }
      case 'assign':
        return void envelopes.assign(
          piles[n % 3] ?? 'magazine:armadio',
          envelopes
            .all()
            .flatMap((envelope) => (envelope.state === 'received' || envelope.place === n ? [envelope.number] : []))
            .slice(0, 6),
        );
      case 'draw': {
        const next = idOf(this.opened);
        for (const row of [opening, { kind: 'RESERVE_INTENT' }, { kind: 'RESERVED', expiresAt: '2026-11-22T20:00:00Z' }] as const)
          this.records.append(next, row);
        this.opened += 1;
        return void envelopes.draw(next, piles[n % 3] ?? 'magazine:armadio');
      }
      case 'whole':
        this.try({ what: 'draw', n, end: [outcome, to] });
        for (const next of ['scan', 'bind', 'end'] as const) this.try({ what: next, n: n % 5 === 0 ? n + 1 : n, end: [outcome, to] });
        return;
      case 'scan':
        orRefused(() => this.records.append(this.#operationOf(number, id), { kind: 'ENVELOPE_SCANNED', number, by: 'scanner' }));
        return;
      case 'bind':
        orRefused(() => this.records.append(this.#operationOf(number, id), { kind: 'ENVELOPE_BOUND', number }));
        return;
      case 'end':
        orRefused(() =>
          this.records.appendOutcome({ ...report(this.#operationOf(number, id)), outcome, reason: 'cancelled' }, { number, to }),
        );
        return;
      case 'put':
        orRefused(() => envelopes.put(number, puts[n % puts.length] ?? 'spoiled', 'tried', n % 2 === 0 ? id : undefined));
        return;
      case 'count':
        return void envelopes.count('mrossi', n);
      case 'restart':
        this.records.close();
        this.records = recordsIn(this.#folder);
    }
  }

  /** The end of the day: what is in hand is put apart, and the piles are counted. */
  finish(): void {
    for (const { number, operationId } of this.#busy())
      this.records.appendOutcome(
        { ...report(operationId ?? ''), outcome: 'unknown', reason: 'interrupted' },
        { number, to: 'quarantined' },
      );
    this.records.envelopes.count('mrossi', this.records.envelopes.all().length);
  }

  #busy(): readonly Envelope[] {
    return this.records.envelopes.all().filter(({ state }) => underWay.includes(state));
  }

  /** Mostly the operation that has the envelope, sometimes another. */
  #operationOf(number: string, other: string): string {
    return this.records.envelopes.find(number)?.operationId ?? other;
  }
}

/** Every row, as anybody reads it from an export of the records. */
function exported(folder: string): JournalEntry[] {
  const stored = openStored(folder);
  if (!stored.ok) throw new Error(stored.error.kind);
  const file = join(folder, 'export.jsonl');
  exportRecords(stored.value, file, generateKeyPairSync('ed25519').privateKey, new Date());
  stored.value.close();
  return readFileSync(file, 'utf8')
    .split('\n')
    .flatMap((line) => (line.startsWith('{"row"') ? [JSON.parse(line) as { row: Record<string, string> }] : []))
    .map(({ row }) => ({
      sequence: Number(row['sequence']),
      operationId: row['operationId'] ?? '',
      at: row['at'] ?? '',
      row: journalRow.parse({ kind: row['kind'], ...(JSON.parse(row['fields'] ?? '{}') as object) }),
    }));
}

test('whatever is tried at a desk, no envelope is lost, is there twice or comes back, and every lot can be drawn again', () => {
  let draws = 0;
  let handed = 0;
  fc.assert(
    fc.property(fc.array(attempt, { minLength: 30, maxLength: 90 }), (attempts) => {
      const folder = temporaryFolder();
      const desk = new Desk(folder);
      desk.try({ what: 'shift', n: 0, end: ['unknown', 'quarantined'] });
      desk.try({ what: 'batch', n: 0, end: ['unknown', 'quarantined'] });
      desk.try({ what: 'assign', n: 0, end: ['unknown', 'quarantined'] });
      const used = new Set<string>();
      for (const each of attempts) {
        desk.try(each);
        const all = desk.records.envelopes.all();
        expect(all.map(({ number }) => number)).toEqual(Array.from({ length: desk.received }, (_, n) => numberOf(n)));
        for (const { number, state } of all) {
          if (used.has(number)) expect(['received', 'assigned', 'drawn']).not.toContain(state);
          if (!['received', 'assigned', 'drawn'].includes(state)) used.add(number);
        }
        const holding = all.flatMap(({ state, operationId }) => (['drawn', 'scanned', 'bound'].includes(state) ? [operationId] : []));
        expect(new Set(holding).size).toBe(holding.length);
      }
      desk.finish();
      const told = desk.records.envelopes.all();
      for (const { state, pile, count } of desk.records.envelopes.tally())
        expect(count).toBe(told.filter((one) => one.state === state && one.pile === pile).length);
      desk.records.close();
      const rows = exported(folder);
      expect([...ledgerOf(rows).values()]).toEqual(told);
      const again = drawnAgain(rows);
      expect(again).toMatchObject({ faults: [], secret: 0 });
      draws += again.draws;
      handed += told.filter(({ state }) => state === 'handed').length;
    }),
    { numRuns: 20 },
  );
  expect(draws).toBeGreaterThan(20);
  expect(handed).toBeGreaterThan(0);
});

test('a lot that was not drawn by the seed is seen by whoever draws it again', () => {
  const folder = temporaryFolder();
  const desk = new Desk(folder);
  for (const what of ['shift', 'batch', 'assign', 'draw', 'draw'] as const) desk.try({ what, n: 0, end: ['unknown', 'quarantined'] });
  for (const { number } of desk.records.envelopes.all().filter(({ state }) => state === 'drawn'))
    desk.records.appendOutcome(
      { ...report(desk.records.envelopes.find(number)?.operationId ?? ''), outcome: 'not-handed-over', reason: 'cancelled' },
      { number, to: 'assigned' },
    );
  desk.try({ what: 'count', n: 4, end: ['unknown', 'quarantined'] });
  desk.records.close();
  const rows = exported(folder);
  expect(drawnAgain(rows)).toEqual({ draws: 2, secret: 0, faults: [] });
  const forged = (change: (row: JournalEntry['row']) => JournalEntry['row']): readonly string[] =>
    drawnAgain(rows.map((entry) => ({ ...entry, row: change(entry.row) }))).faults.map(({ detail }) => detail);
  expect(forged((row) => (row.kind === 'ENVELOPE_DRAWN' ? { ...row, position: (row.position % row.remaining) + 1 } : row))[0]).toContain(
    'the lot fell on',
  );
  expect(forged((row) => (row.kind === 'SHIFT_COUNTED' ? { ...row, seed: 'a'.repeat(64) } : row))[0]).toContain(
    'not the one that was announced',
  );
  expect(forged((row) => (row.kind === 'ENVELOPE_DRAWN' ? { ...row, remaining: row.remaining + 1 } : row))[0]).toContain(
    'were said to remain',
  );
});
