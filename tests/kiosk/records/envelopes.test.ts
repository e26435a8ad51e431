import { createHash } from 'node:crypto';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import type { EnvelopeState } from '../../../flows/envelopes/envelope.ts';
import { commitmentTo, lot } from '../../../kiosk/records/draw.ts';
import { openHistory } from '../../../kiosk/records/history.ts';
import type { Records } from '../../../kiosk/records/records.ts';
import { opening, operationId, otherOperationId, receipt, recordsIn, report, temporaryFolder } from './specimen.ts';

const numbers = Array.from({ length: 12 }, (_, index) => `20000000${index + 10}`);
const batch = { batch: 'LOTTO-1', digest: 'd'.repeat(64), numbers };

/** Records with a shift in which a batch came in and lies in the magazine. */
function withPile(folder = temporaryFolder()): Records {
  const records = recordsIn(folder);
  expect(records.envelopes.openShift('mrossi').ok).toBe(true);
  expect(records.envelopes.receive(batch)).toEqual({ ok: true, value: 12 });
  expect(records.envelopes.assign('magazine:armadio', numbers).ok).toBe(true);
  return records;
}

function toReserved(records: Records, id = operationId): void {
  for (const row of [opening, { kind: 'RESERVE_INTENT' }, { kind: 'RESERVED', expiresAt: '2026-11-22T20:00:00Z' }] as const)
    expect(records.append(id, row).ok).toBe(true);
}

/** Draws for the operation; answers the number that the lot fell on. */
function draw(records: Records, id = operationId): string {
  const drawn = records.envelopes.draw(id, 'magazine:armadio');
  if (!drawn.ok) throw new Error(drawn.error.kind);
  return drawn.value.number;
}

const stateOf = (records: Records, number: string): EnvelopeState | undefined => records.envelopes.find(number)?.state;

describe('a shift', () => {
  test('announces its seed, signed, before any list is taken', () => {
    const records = recordsIn(temporaryFolder());
    expect(records.envelopes.receive(batch)).toEqual({ ok: false, error: { kind: 'no-shift' } });
    const shift = records.envelopes.openShift('mrossi');
    const id = shift.ok ? shift.value : '';
    expect(records.rowsOf(id).map(({ row }) => row.kind)).toEqual(['SHIFT_OPENED']);
    expect(records.uncountersigned()).toMatchObject({ sequence: 1, operationId: id });
    expect(records.envelopes.openShift('mrossi')).toEqual({ ok: false, error: { kind: 'shift-open' } });
  });

  test('reveals its seed with the count, and what was counted beside what should lie there', () => {
    const records = withPile();
    const id = records.envelopes.shift() ?? '';
    expect(records.envelopes.put(numbers[3] ?? '', 'spoiled', 'torn').ok).toBe(true);
    const count = records.envelopes.count('mrossi', 10);
    expect(count).toMatchObject({ ok: true, value: { shift: id, counted: 10, expected: 11, states: { assigned: 11, spoiled: 1 } } });
    const [opened, counted] = [records.rowsOf(id).at(0)?.row, records.rowsOf(id).at(-1)?.row];
    if (opened?.kind !== 'SHIFT_OPENED' || counted?.kind !== 'SHIFT_COUNTED') throw new Error('no such rows');
    expect(createHash('sha256').update(Buffer.from(counted.seed, 'hex')).digest('hex')).toBe(opened.commitment);
    expect(records.envelopes.shift()).toBeNull();
    expect(records.envelopes.draw(operationId, 'magazine:armadio')).toEqual({ ok: false, error: { kind: 'no-shift' } });
  });

  test('is not counted while an operation has an envelope in its hands', () => {
    const records = withPile();
    toReserved(records);
    draw(records);
    expect(records.envelopes.count('mrossi', 12)).toEqual({ ok: false, error: { kind: 'under-way' } });
  });

  test('goes on after a restart with the seed that it had', () => {
    const folder = temporaryFolder();
    const first = withPile(folder);
    const shift = first.envelopes.shift();
    first.close();
    const records = recordsIn(folder);
    expect(records.envelopes.shift()).toBe(shift);
    toReserved(records);
    const drawn = records.envelopes.draw(operationId, 'magazine:armadio');
    expect(records.append(operationId, { kind: 'ENVELOPE_SCANNED', number: drawn.ok ? drawn.value.number : '', by: 'hand' }).ok).toBe(true);
    records.appendOutcome(aborted('unknown'), { number: drawn.ok ? drawn.value.number : '', to: 'quarantined' });
    records.envelopes.count('mrossi', 11);
    const counted = records.rowsOf(shift ?? '').at(-1)?.row;
    const seed = Buffer.from(counted?.kind === 'SHIFT_COUNTED' ? counted.seed : '', 'hex');
    expect(drawn).toMatchObject({ value: { position: lot(seed, operationId, 1, 12), remaining: 12 } });
    expect(commitmentTo(seed)).toBe((records.rowsOf(shift ?? '')[0]?.row as { commitment?: string }).commitment);
  });
});

const aborted = (outcome: 'not-handed-over' | 'unknown') => ({ ...report(), outcome, reason: 'cancelled' });

describe('a list', () => {
  test('comes in once; the same again changes nothing, another of its name is refused', () => {
    const records = withPile();
    expect(records.envelopes.receive(batch)).toEqual({ ok: true, value: 0 });
    const error = { kind: 'batch-changed', batch: 'LOTTO-1' };
    expect(records.envelopes.receive({ ...batch, digest: 'e'.repeat(64) })).toEqual({ ok: false, error });
  });

  test('that names an envelope which another list named is refused whole', () => {
    const records = withPile();
    const again = { batch: 'LOTTO-2', digest: 'f'.repeat(64), numbers: ['2000000099', numbers[0] ?? ''] };
    expect(records.envelopes.receive(again)).toEqual({ ok: false, error: { kind: 'batch-changed', batch: 'LOTTO-2' } });
    expect(records.envelopes.find('2000000099')).toBeUndefined();
    const twice = { batch: 'LOTTO-3', digest: 'a'.repeat(64), numbers: ['2000000098', '2000000098'] };
    expect(records.envelopes.receive(twice)).toEqual({ ok: false, error: { kind: 'batch-changed', batch: 'LOTTO-3' } });
  });
});

describe('an envelope', () => {
  test('goes from the pile to the hand, each step a row', () => {
    const folder = temporaryFolder();
    const records = withPile(folder);
    toReserved(records);
    const number = draw(records);
    expect(records.envelopes.find(number)).toMatchObject({ state: 'drawn', operationId, pile: 'magazine:armadio' });
    records.append(operationId, { kind: 'ENVELOPE_SCANNED', number, by: 'scanner' });
    records.append(operationId, { kind: 'ENVELOPE_BOUND', number });
    expect(stateOf(records, number)).toBe('bound');
    records.append(operationId, {
      kind: 'CHIP_EVIDENCE',
      pin: 'set',
      evidence: 'verified',
      secured: true,
      end: 'end',
      sent: 9,
      answered: 9,
    });
    expect(records.appendOutcome(report(), { number, to: 'handed' }).ok).toBe(true);
    records.appendReceipt(operationId, receipt);
    records.append(operationId, { kind: 'CLOSED', state: 'CONFIRMED' });
    expect(stateOf(records, number)).toBe('handed');
    expect(records.envelopes.put(number, 'assigned', 'found-again')).toEqual({ ok: false, error: { kind: 'not-lawful', number } });
    expect(records.envelopes.assign('magazine:armadio', [number])).toEqual({ ok: false, error: { kind: 'not-lawful', number } });
    records.close();
    const history = openHistory(folder);
    expect(history.ok && history.value.list()).toMatchObject([{ operationId, open: false }]);
    if (history.ok) history.value.close();
  });

  test('is in the hands of one operation only', () => {
    const records = withPile();
    toReserved(records);
    toReserved(records, otherOperationId);
    const [mine, theirs] = [draw(records), draw(records, otherOperationId)];
    expect(mine).not.toBe(theirs);
    const scan = { kind: 'ENVELOPE_SCANNED', number: mine, by: 'scanner' } as const;
    expect(() => records.append(otherOperationId, scan)).toThrow('does not take');
    expect(stateOf(records, mine)).toBe('drawn');
  });

  test('goes with its outcome or not at all', () => {
    const records = withPile();
    toReserved(records);
    const number = draw(records);
    expect(() => records.appendOutcome(report(), { number, to: 'handed' })).toThrow('not-from-here');
    expect(records.outbox()).toEqual([]);
    expect(records.rowsOf(operationId).at(-1)?.row.kind).toBe('ENVELOPE_DRAWN');
    records.appendOutcome(aborted('not-handed-over'), { number, to: 'assigned' });
    expect(records.envelopes.find(number)).toMatchObject({ state: 'assigned', operationId: null });
    expect(records.outbox()).toHaveLength(1);
  });

  test('that is not where the lot fell is put apart, and the lot is drawn anew', () => {
    const records = withPile();
    toReserved(records);
    const number = draw(records);
    expect(records.envelopes.put(number, 'quarantined', 'not-found')).toEqual({ ok: false, error: { kind: 'not-lawful', number } });
    expect(records.envelopes.put(number, 'quarantined', 'not-found', operationId).ok).toBe(true);
    expect(draw(records)).not.toBe(number);
    expect(stateOf(records, number)).toBe('quarantined');
  });

  test('is drawn from the pile of its operator alone', () => {
    const records = withPile();
    records.envelopes.assign('operator:mrossi', numbers.slice(0, 2));
    toReserved(records);
    toReserved(records, otherOperationId);
    expect(numbers.slice(0, 2)).toContain(
      records.envelopes.draw(operationId, 'operator:mrossi').ok && records.envelopes.all().find(({ state }) => state === 'drawn')?.number,
    );
    expect(records.envelopes.draw(otherOperationId, 'operator:bianchi')).toEqual({ ok: false, error: { kind: 'pile-empty' } });
  });
});

test('what cannot be written is said, and the ledger stays as it was', { timeout: 30_000 }, () => {
  const folder = temporaryFolder();
  const records = withPile(folder);
  toReserved(records);
  const before = records.envelopes.all();
  const other = new Database(join(folder, 'records.db'));
  other.exec('begin immediate');
  const { envelopes } = records;
  const unwritable = { ok: false, error: { kind: 'journal-unwritable', detail: 'records-in-use' } };
  expect(envelopes.receive({ batch: 'LOTTO-2', digest: 'e'.repeat(64), numbers: ['2000000098'] })).toEqual(unwritable);
  expect(envelopes.assign('operator:mrossi', numbers)).toEqual(unwritable);
  expect(envelopes.draw(operationId, 'magazine:armadio')).toEqual(unwritable);
  expect(envelopes.put(numbers[0] ?? '', 'spoiled', 'torn')).toEqual(unwritable);
  expect(envelopes.count('mrossi', 12)).toEqual(unwritable);
  other.exec('rollback');
  expect(envelopes.count('mrossi', 12).ok).toBe(true);
  other.exec('begin immediate');
  expect(envelopes.openShift('mrossi')).toEqual(unwritable);
  other.exec('rollback');
  other.close();
  expect(envelopes.all()).toEqual(before);
  expect(envelopes.openShift('mrossi').ok).toBe(true);
});

test('without a shift nothing is assigned or moved; an empty list, and nothing to assign, are nothing to write', () => {
  const records = recordsIn(temporaryFolder());
  const { envelopes } = records;
  const noShift = { ok: false, error: { kind: 'no-shift' } };
  expect(envelopes.assign('magazine:armadio', numbers)).toEqual(noShift);
  expect(envelopes.put(numbers[0] ?? '', 'spoiled', 'torn')).toEqual(noShift);
  expect(envelopes.count('mrossi', 0)).toEqual(noShift);
  envelopes.openShift('mrossi');
  expect(envelopes.assign('magazine:armadio', [])).toEqual({ ok: true });
  expect(envelopes.receive({ batch: 'LOTTO-2', digest: 'e'.repeat(64), numbers: ['not a number!'] })).toMatchObject({
    error: { kind: 'batch-unusable' },
  });
  expect(envelopes.draw(operationId, 'magazine:armadio')).toEqual({ ok: false, error: { kind: 'pile-empty' } });
});
