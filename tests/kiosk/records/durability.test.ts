import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import Database from 'better-sqlite3';
import { describe, expect, onTestFinished, test } from 'vitest';
import { processEntry } from '../../../kiosk/project.ts';
import { configure, readBack, settings } from '../../../kiosk/records/database.ts';
import { openHistory } from '../../../kiosk/records/history.ts';
import { openRecords } from '../../../kiosk/records/records.ts';
import { recordsIn, temporaryFolder } from './specimen.ts';

const writer = processEntry('tests/processes/journal-writer.ts');

/** A process with the records open; `lines` is what it acknowledged so far. */
function write(
  folder: string,
  ...more: readonly string[]
): { child: ChildProcess; lines: string[]; line: (wanted: (line: string) => boolean) => Promise<string> } {
  const child = spawn(process.execPath, [writer, folder, ...more], { stdio: ['pipe', 'pipe', 'inherit'] });
  return follow(child);
}

function follow(child: ChildProcess): ReturnType<typeof write> {
  onTestFinished(() => void child.kill('SIGKILL'));
  const lines: string[] = [];
  const reader = createInterface({ input: child.stdout! });
  reader.on('line', (text) => lines.push(text));
  return {
    child,
    lines,
    line: async (wanted) =>
      await new Promise((resolve, reject) => {
        const found = lines.find(wanted);
        if (found !== undefined) resolve(found);
        reader.on('line', (text) => wanted(text) && resolve(text));
        reader.on('close', () => reject(new Error(`ended without it: ${lines.slice(-3).join(' | ')}`)));
      }),
  };
}

const ended = async (child: ChildProcess): Promise<void> => await new Promise((resolve) => child.on('close', () => resolve()));

describe('the settings that make rows durable', () => {
  test('hold after the first write', () => {
    const database = new Database(join(temporaryFolder(), 'x.db'));
    configure(database, settings);
    database.exec('create table t (a integer) strict; insert into t values (1)');
    expect(readBack(database)).toEqual({ ok: true, value: undefined });
    database.close();
  });

  test.each(settings.map(({ name }) => name).filter((name) => name !== 'foreign_keys' && name !== 'cell_size_check'))(
    'are found missing after the first write where %s was not said',
    (left) => {
      const database = new Database(join(temporaryFolder(), 'x.db'));
      configure(
        database,
        settings.filter(({ name }) => name !== left),
      );
      database.exec('create table t (a integer) strict; insert into t values (1)');
      expect(readBack(database)).toMatchObject({ ok: false, error: { kind: 'records-not-durable', setting: left } });
      database.close();
    },
  );

  test('cannot be told before the first write: a database that will not be durable says that it is', () => {
    const database = new Database(join(temporaryFolder(), 'x.db'));
    configure(
      database,
      settings.filter(({ name }) => name !== 'synchronous'),
    );
    expect(readBack(database).ok).toBe(true);
    database.exec('create table t (a integer) strict');
    expect(readBack(database)).toMatchObject({ error: { setting: 'synchronous', found: '1' } });
    database.close();
  });
});

describe('a writer that is killed', () => {
  test('loses no row that it acknowledged, time after time', async () => {
    const folder = temporaryFolder();
    let acknowledged: string[] = [];
    for (const rows of [1, 4, 40, 41, 42, 43, 44, 300]) {
      const { child, lines, line } = write(folder);
      await line(() => lines.length > rows);
      child.kill('SIGKILL');
      await ended(child);
      acknowledged = [...acknowledged, ...lines.filter((text) => /^\d/.test(text))];

      const history = openHistory(folder);
      if (!history.ok) throw new Error(history.error.kind);
      const kept = history.value.list().flatMap(({ operationId }) => history.value.show(operationId)!.rows);
      const keptLines = new Set(kept.map(({ sequence, operationId, row }) => `${sequence} ${operationId} ${row.kind}`));
      expect(acknowledged.filter((text) => !keptLines.has(text))).toEqual([]);
      expect(kept.map(({ sequence }) => sequence).sort((a, b) => a - b)).toEqual(kept.map((_row, at) => at + 1));
      // Whatever the instant: an outcome without a receipt waits, and nothing else does.
      const waiting = history.value.list().filter((operation) => operation.waiting);
      expect(waiting.map(({ operationId }) => operationId)).toEqual(history.value.outbox().map(({ operationId }) => operationId));
      const owed = history.value.list().filter(({ outcome, state }) => outcome !== null && state === null);
      expect(waiting).toEqual(owed);
      history.value.close();
    }
    expect(acknowledged.length).toBeGreaterThan(500);
    recordsIn(folder);
  });

  test('gives the records free at once', async () => {
    const folder = temporaryFolder();
    const { child, line } = write(folder, 'hold');
    await line((text) => text === 'open');
    expect(openRecords({ folder })).toMatchObject({ ok: false, error: { kind: 'records-in-use' } });
    child.kill('SIGKILL');
    await ended(child);
    recordsIn(folder);
  });
});

describe('a second kiosk on the same records', () => {
  test('is refused, in another process and in this one; a reader is not', async () => {
    const folder = temporaryFolder();
    const { line } = write(folder, 'hold');
    await line((text) => text === 'open');
    const second = write(folder);
    expect(await second.line((text) => text.startsWith('refused'))).toBe('refused records-in-use');
    const history = openHistory(folder);
    expect(history.ok && history.value.list()).toEqual([]);
    if (history.ok) history.value.close();

    const here = temporaryFolder();
    recordsIn(here);
    expect(openRecords({ folder: here })).toMatchObject({ ok: false, error: { kind: 'records-in-use' } });
  });
});

describe('a disk that is full', () => {
  test('refuses the row, keeps those before it, and takes rows again when there is room', async () => {
    const folder = temporaryFolder();
    // Files may not grow past 400 blocks of 1024 bytes: the system says no in the middle of a write.
    const limited = follow(
      spawn('bash', ['-c', `trap '' XFSZ; ulimit -f 400; exec "$0" "$@"`, process.execPath, writer, folder], {
        stdio: ['pipe', 'pipe', 'inherit'],
      }),
    );
    const stopped = await limited.line((text) => text.startsWith('stopped'));
    expect(stopped).toMatch(/^stopped journal-unwritable \d+$/);
    await ended(limited.child);
    const acknowledged = limited.lines.filter((text) => /^\d/.test(text));
    expect(acknowledged.length).toBeGreaterThan(10);
    const records = recordsIn(folder);
    const kept = records.list().flatMap(({ operationId }) => records.show(operationId)!.rows);
    expect(kept).toHaveLength(acknowledged.length);
    const [waiting] = records.open();
    expect(records.append(waiting!.operationId, { kind: 'CLOSED', state: 'HELD' })).toMatchObject({
      ok: true,
      value: { sequence: kept.length + 1 },
    });
  });
});
