import childProcess, { type ChildProcess } from 'node:child_process';
import fs, { writeSync } from 'node:fs';
import type { ClientRequest, IncomingMessage } from 'node:http';
import https from 'node:https';
import { syncBuiltinESMExports } from 'node:module';
import Database from 'better-sqlite3';
import { calls } from '../../kiosk/cms/contract.ts';
import type { Log } from '../../kiosk/log/log.ts';
import { fromWorker, toWorker } from '../../kiosk/printing/messages.ts';
import { lastCheckpointFile } from '../../kiosk/records/checkpoints.ts';

/**
 * The points at which this process can be made to die by SIGKILL: hung on the libraries that production code uses (SQLite, HTTPS, child
 * processes, files), and on its log, so that production code knows nothing of them. The one that is armed kills at its first passing.
 * Each passing is told in a JSON line on standard output.
 */
let armed = '';

export function arm(point: string): void {
  armed = point;
}

function pass(point: string): void {
  if (point === armed) process.kill(process.pid, 'SIGKILL');
  writeSync(1, `${JSON.stringify({ point })}\n`);
}

export function install(): void {
  watchJournal();
  watchCheckpointFile();
  watchCms();
  watchWorkers();
}

/** Every event of the log is a point too, after it was written. */
export function watched(log: Log): Log {
  return {
    event(name, fields) {
      log.event(name, fields);
      pass(`log ${name}`);
    },
  };
}

/** What is done to the records outside a transaction, by the beginning of its statement. */
const statements = { 'insert into starts': 'start', 'update checkpoints set countersignature': 'countersignature' } as const;

function watchJournal(): void {
  const prepare = methodOf(Database.prototype, 'prepare');
  const transaction = methodOf(Database.prototype, 'transaction');
  const pragma = methodOf(Database.prototype, 'pragma');
  /** The kind of the row that the transaction wrote; empty: none. */
  let written = '';

  Database.prototype.prepare = function (this: Database.Database, sql: string) {
    const statement = prepare.call(this, sql);
    const run = statement.run.bind(statement) as (...values: unknown[]) => Database.RunResult;
    const known = Object.entries(statements).find(([start]) => sql.startsWith(start));
    if (sql.startsWith('insert into journal')) {
      statement.run = (...values: unknown[]) => {
        written = String(values[5]);
        return run(...values);
      };
    } else if (sql.startsWith('insert into checkpoints')) {
      statement.run = (...values: unknown[]) => {
        const done = run(...values);
        pass('checkpoint signed');
        return done;
      };
    } else if (known !== undefined) {
      statement.run = (...values: unknown[]) => around(`${known[1]} write`, () => run(...values));
    }
    return statement;
  } as typeof prepare;

  Database.prototype.transaction = function (this: Database.Database, work: (...values: unknown[]) => unknown) {
    const inner = transaction.call(this, (...values: unknown[]) => {
      written = '';
      const done = work(...values);
      if (written !== '') pass(`${written} commit before`);
      return done;
    });
    const immediate = (...values: unknown[]): unknown => {
      const done = inner.immediate(...values);
      if (written !== '') pass(`${written} commit after`);
      written = '';
      return done;
    };
    return Object.assign((...values: unknown[]) => inner(...values), { immediate });
  } as unknown as typeof transaction;

  Database.prototype.pragma = function (this: Database.Database, ...given: Parameters<typeof pragma>) {
    if (!given[0].startsWith('wal_checkpoint')) return pragma.apply(this, given);
    return around('log emptying', () => pragma.apply(this, given));
  };
}

function watchCheckpointFile(): void {
  const { renameSync } = fs;
  fs.renameSync = (from, to) => {
    if (String(to).endsWith(lastCheckpointFile)) around('checkpoint outside', () => renameSync(from, to));
    else renameSync(from, to);
  };
  syncBuiltinESMExports();
}

const paths = Object.entries(calls).map(([name, { method, path }]) => ({
  name,
  method,
  path: new RegExp(`${path.replace(/\{[^}]+\}/g, '[^/]+')}$`),
}));

function watchCms(): void {
  const { request } = https;
  https.request = ((url: URL, options: https.RequestOptions): ClientRequest => {
    const name = paths.find(({ method, path }) => method === options.method && path.test(url.pathname))?.name ?? 'unknown';
    pass(`${name} request before`);
    const asked = request(url, options);
    asked.once('finish', () => pass(`${name} request after`));
    asked.once('response', (answer: IncomingMessage) => answer.once('end', () => pass(`${name} answer`)));
    return asked;
  }) as typeof request;
  syncBuiltinESMExports();
}

function watchWorkers(): void {
  const { spawn } = childProcess;
  childProcess.spawn = ((...given: Parameters<typeof spawn>): ChildProcess => {
    const child = spawn(...given);
    // The channel to a child is hung on the child itself, not on its class.
    const send = methodOf(child, 'send');
    const emit = methodOf(child, 'emit');
    child.send = (...sent: unknown[]): boolean => {
      const message = toWorker.safeParse(sent[0]);
      const say = (): boolean => Reflect.apply(send, child, sent) as boolean;
      if (!message.success) return say();
      writeSync(1, `${JSON.stringify({ worker: child.pid })}\n`);
      return around(`worker ${message.data.type}`, say);
    };
    child.emit = (...heard: unknown[]): boolean => {
      const message = fromWorker.safeParse(heard[0] === 'message' ? heard[1] : null);
      const hear = (): boolean => Reflect.apply(emit, child, heard) as boolean;
      return message.success ? around(`worker ${message.data.type}`, hear) : hear();
    };
    return child;
  }) as typeof spawn;
  syncBuiltinESMExports();
}

/** As it is, whoever's it is: it is called with its `this`. */
function methodOf<T extends object, Name extends keyof T>(owner: T, name: Name): T[Name] {
  return owner[name];
}

function around<T>(point: string, work: () => T): T {
  pass(`${point} before`);
  const done = work();
  pass(`${point} after`);
  return done;
}
