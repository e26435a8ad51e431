import { type ChildProcess, spawn } from 'node:child_process';
import { openSync, closeSync } from 'node:fs';
import { z } from 'zod';
import { type Result, err, ok } from '../../devices/result.ts';
import { processEntry } from '../project.ts';

/**
 * The parts of the demo, each a process of its own, as the demo sees them and as they see the demo. A part is told its settings over
 * Node's IPC, answers once that it is ready or why it cannot be, and lives no longer than the demo: however that ends, the channel breaks.
 */
const fromPart = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('ready'), facts: z.unknown() }),
  z.strictObject({ type: z.literal('failed'), detail: z.string() }),
]);

const startLimitMs = 30_000;
const stopLimitMs = 10_000;

export interface Part<Facts> {
  readonly name: string;
  readonly facts: Facts;
  /** Resolves when the process ends, with how. */
  readonly ended: Promise<string>;
  tell(message: unknown): void;
  stop(): Promise<void>;
}

/** Starts a part and waits until it is ready; what it writes goes to `logFile`. */
export async function startPart<Facts>(options: {
  readonly name: string;
  /** By its source path, `kiosk/demo/world-process.ts`. */
  readonly source: string;
  readonly settings: unknown;
  readonly facts: z.ZodType<Facts>;
  readonly logFile: string;
}): Promise<Result<Part<Facts>, string>> {
  const { name, source, settings, facts, logFile } = options;
  const log = openSync(logFile, 'a', 0o600);
  // A process group of its own: Ctrl-C reaches the demo alone, which then stops its parts in order.
  const child = spawn(process.execPath, [processEntry(source)], { detached: true, stdio: ['ignore', log, log, 'ipc'] });
  closeSync(log);
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code ?? ''}`));
  });
  const stop = async (): Promise<void> => {
    if (child.connected) child.disconnect();
    const limit = setTimeout(() => child.kill('SIGKILL'), stopLimitMs);
    await ended;
    clearTimeout(limit);
  };
  send(child, settings);
  const first = await Promise.race([firstMessage(child), ended.then((how) => err(`ended before it was ready (${how}); see ${logFile}`))]);
  if (!first.ok) {
    await stop();
    return first;
  }
  return ok({ name, facts: facts.parse(first.value), ended, tell: (message) => send(child, message), stop });
}

function send(child: ChildProcess, message: unknown): void {
  // To a process that is just ending: its end is noticed anyway.
  if (child.connected) child.send(message as object, () => undefined);
}

async function firstMessage(child: ChildProcess): Promise<Result<unknown, string>> {
  return await new Promise((resolve) => {
    const limit = setTimeout(() => resolve(err(`was not ready within ${startLimitMs / 1000} s`)), startLimitMs);
    child.once('message', (raw) => {
      clearTimeout(limit);
      const message = fromPart.parse(raw);
      resolve(message.type === 'ready' ? ok(message.facts) : err(message.detail));
    });
    child.once('exit', () => clearTimeout(limit));
  });
}

/** In the part: its settings, once the demo has told them. */
export async function settingsFromDemo<Settings>(settings: z.ZodType<Settings>): Promise<Settings> {
  return await new Promise((resolve, reject) => {
    process.once('disconnect', () => process.exit(0));
    process.once('message', (raw) => {
      const told = settings.safeParse(raw);
      if (told.success) resolve(told.data);
      else reject(told.error);
    });
  });
}

/** In the part: it is ready. From here on it ends, by `close`, when the demo wants it to or is gone. */
export function ready(facts: unknown, close: () => Promise<void>): void {
  const end = (): void => {
    setTimeout(() => process.exit(1), stopLimitMs / 2).unref();
    void close().then(() => process.exit(0));
  };
  process.removeAllListeners('disconnect');
  process.once('disconnect', end);
  process.once('SIGTERM', end);
  process.send?.({ type: 'ready', facts } satisfies z.infer<typeof fromPart>);
  if (!process.connected) end();
}

/** In the part: it cannot start. */
export function failed(detail: string): void {
  process.send?.({ type: 'failed', detail } satisfies z.infer<typeof fromPart>, () => process.exit(1));
}
