import Database from 'better-sqlite3';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { JournalEntry } from '../../../flows/ports/journal.ts';
import { createLog } from '../../../kiosk/log/log.ts';
import { openHistory } from '../../../kiosk/records/history.ts';
import { beforeOutcome, opening, operationId, otherOperationId, receipt, recordsIn, report, temporaryFolder } from './specimen.ts';

describe('the operations journal', () => {
  test('keeps an operation from its opening to its end, and over a restart', () => {
    const folder = temporaryFolder();
    const first = recordsIn(folder, { now: () => new Date('2026-11-22T19:00:00.000Z') });
    for (const row of beforeOutcome) expect(first.append(operationId, row).ok).toBe(true);
    expect(first.appendOutcome(report()).ok).toBe(true);
    expect(first.outbox()).toEqual([report()]);
    first.close();

    const second = recordsIn(folder);
    expect(second.outbox()).toEqual([report()]);
    expect(second.open().map(({ rows }) => rows.map(({ sequence }) => sequence))).toEqual([[1, 2, 3, 4, 5, 6, 7]]);
    expect(
      second
        .open()[0]
        ?.rows.slice(0, 6)
        .map(({ row }) => row),
    ).toEqual(beforeOutcome);
    expect(second.appendReceipt(operationId, receipt).ok).toBe(true);
    expect(second.outbox()).toEqual([]);
    expect(second.append(operationId, { kind: 'CLOSED', state: 'CONFIRMED' })).toMatchObject({ ok: true, value: { sequence: 9 } });
    expect(second.open()).toEqual([]);
    expect(second.show(operationId)).toMatchObject({
      open: false,
      outcome: 'handed-over',
      state: 'CONFIRMED',
      waiting: false,
      openedAt: '2026-11-22T19:00:00.000Z',
    });
  });

  test('gives one gap-free sequence to all operations, and tells of each row once it is durable', () => {
    const folder = temporaryFolder();
    const lines: string[] = [];
    const seen: { entry: JournalEntry; durable: number | undefined }[] = [];
    const journal = recordsIn(folder, {
      log: createLog('test', { write: (line) => void lines.push(line) }),
      onAppended(entry) {
        // Another connection sees only what is committed.
        const history = openHistory(folder);
        if (!history.ok) throw new Error(history.error.kind);
        seen.push({ entry, durable: history.value.show(entry.operationId)?.rows.at(-1)?.sequence });
        history.value.close();
      },
    });
    journal.append(operationId, opening);
    journal.append(otherOperationId, opening);
    journal.append(operationId, { kind: 'RESERVE_INTENT' });
    journal.appendOutcome(report(otherOperationId));
    expect(seen.map(({ entry }) => entry.sequence)).toEqual([1, 2, 3, 4]);
    expect(seen.map(({ durable }) => durable)).toEqual([1, 2, 3, 4]);
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { event: 'journal-row', operation: operationId, sequence: 1, kind: 'OP_OPEN' },
      { operation: otherOperationId, sequence: 2, kind: 'OP_OPEN' },
      { operation: operationId, sequence: 3, kind: 'RESERVE_INTENT' },
      { operation: otherOperationId, sequence: 4, kind: 'OUTCOME' },
    ]);
    expect(journal.list().map((operation) => operation.operationId)).toEqual([operationId, otherOperationId]);
    journal.append(otherOperationId, { kind: 'CLOSED', state: 'VOIDED' });
    expect(journal.list({ open: true }).map((operation) => operation.operationId)).toEqual([operationId]);
  });

  test('an outcome and its outbox row come together or not at all', () => {
    const folder = temporaryFolder();
    const journal = recordsIn(folder);
    journal.append(operationId, opening);
    inTheFile(folder, "create trigger fault before insert on outbox begin select raise(abort, 'fault'); end");
    expect(() => journal.appendOutcome(report())).toThrow('fault');
    expect(journal.show(operationId)?.lastRow).toBe('OP_OPEN');
    expect(journal.outbox()).toEqual([]);
    inTheFile(folder, 'drop trigger fault');
    expect(journal.appendOutcome(report())).toMatchObject({ ok: true, value: { sequence: 2 } });
  });

  test('a receipt and the end of its outbox row come together or not at all', () => {
    const folder = temporaryFolder();
    const journal = recordsIn(folder);
    journal.append(operationId, opening);
    journal.appendOutcome(report());
    inTheFile(folder, "create trigger fault before delete on outbox begin select raise(abort, 'fault'); end");
    expect(() => journal.appendReceipt(operationId, receipt)).toThrow('fault');
    expect(journal.show(operationId)).toMatchObject({ lastRow: 'OUTCOME', waiting: true });
    expect(journal.outbox()).toEqual([report()]);
  });

  test('outcomes of several operations come together or not at all, and so do their receipts with one checkpoint', () => {
    const folder = temporaryFolder();
    const journal = recordsIn(folder);
    const ids = [operationId, otherOperationId];
    for (const id of ids) journal.append(id, opening);
    inTheFile(
      folder,
      `create trigger fault before insert on outbox when new.operation_id = '${otherOperationId}' begin select raise(abort, 'fault'); end`,
    );
    expect(() => journal.appendOutcomes(ids.map((id) => ({ report: report(id) })))).toThrow('fault');
    expect(journal.list().map(({ lastRow }) => lastRow)).toEqual(['OP_OPEN', 'OP_OPEN']);
    inTheFile(folder, 'drop trigger fault');
    expect(journal.appendOutcomes(ids.map((id) => ({ report: report(id) })))).toMatchObject({
      ok: true,
      value: [{ sequence: 3 }, { sequence: 4 }],
    });

    const { cmsSequence: sequence, jws } = receipt;
    const received = ids.map((id, at) => ({
      operationId: id,
      state: at === 0 ? ('CONFIRMED' as const) : ('HELD' as const),
      sequence,
      at: '2026-11-22T19:00:00.000Z',
      jws,
    }));
    expect(journal.appendReceipts(received)).toMatchObject({ ok: true, value: [{ sequence: 5 }, { sequence: 6 }, { sequence: 7 }] });
    expect(journal.list().map(({ lastRow }) => lastRow)).toEqual(['CLOSED', 'RECEIPT']);
    expect(journal.outbox()).toEqual([]);
    expect(journal.uncountersigned()).toMatchObject({ sequence: 7 });
  });

  test('an operation that closes without a receipt, refused by the CMS, waits no more', () => {
    const journal = recordsIn(temporaryFolder());
    journal.append(operationId, opening);
    journal.appendOutcome(report());
    expect(journal.append(operationId, { kind: 'CLOSED', state: 'VOIDED' }).ok).toBe(true);
    expect(journal.outbox()).toEqual([]);
  });

  test('rows out of order are bugs and leave nothing behind', () => {
    const journal = recordsIn(temporaryFolder());
    expect(() => journal.append(operationId, { kind: 'RESERVE_INTENT' })).toThrow('RESERVE_INTENT after nothing');
    journal.append(operationId, opening);
    expect(() => journal.append(operationId, opening)).toThrow('OP_OPEN after OP_OPEN');
    journal.appendOutcome(report());
    expect(() => journal.appendOutcome(report())).toThrow('OUTCOME after OP_OPEN, OUTCOME');
    expect(journal.outbox()).toHaveLength(1);
    journal.append(operationId, { kind: 'CLOSED', state: 'VOIDED' });
    expect(() => journal.appendReceipt(operationId, receipt)).toThrow();
    expect(journal.show(operationId)?.rows).toHaveLength(3);
  });

  test('what is asked of it without an answer is null or empty', () => {
    const journal = recordsIn(temporaryFolder());
    expect(journal.show('no such operation')).toBeNull();
    expect(journal.list()).toEqual([]);
    expect(journal.open()).toEqual([]);
  });
});

describe('digests', () => {
  test('are keyed: stable over restarts, different in other records, and apart by kind', () => {
    const [here, there] = [temporaryFolder(), temporaryFolder()];
    const first = recordsIn(here);
    const digest = first.digest('holder', 'RSSMRA72L09H501S');
    expect(digest).toMatch(/^[0-9a-f]{64}$/);
    expect(first.digest('card', 'RSSMRA72L09H501S')).not.toBe(digest);
    first.close();
    expect(recordsIn(here).digest('holder', 'RSSMRA72L09H501S')).toBe(digest);
    expect(recordsIn(there).digest('holder', 'RSSMRA72L09H501S')).not.toBe(digest);
  });
});

/** A fault set into the file by another hand, as no code of the kiosk could. */
function inTheFile(folder: string, sql: string): void {
  const database = new Database(join(folder, 'records.db'));
  database.exec(sql);
  database.close();
}
