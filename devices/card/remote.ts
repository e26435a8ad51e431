import { type ChildProcess, fork } from 'node:child_process';
import { isDeepStrictEqual } from 'node:util';
import { type Result, err } from '../result.ts';
import type { CardError, CardReader, CardReading, CardStatus } from './contract.ts';
import { type ToHost, fromHost } from './host-messages.ts';
import type { SeriesTable } from './series.ts';

export interface CardHostOptions {
  /** The built file of the process that calls `serveCardHost`: `pcsc-host.js`, or a virtual one. */
  readonly entry: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** The reader's PC/SC name, where it matters which. */
  readonly reader?: string | undefined;
  /** What is known of the cards in the field, in the place of the built-in table. */
  readonly series?: SeriesTable | undefined;
  /** Limit of one whole reading in milliseconds; past it the process is ended and started anew. */
  readonly readLimitMs?: number;
  /** Told each time the process has to be started again, and why. */
  readonly onRestart?: (reason: string) => void;
}

const firstPauseMs = 100;
const lastPauseMs = 5_000;
/** A process that lived this long was well: the next pause is short again. */
const wellAfterMs = 3_000;
/** How often an idle process is asked whether it hears. Ended is one that owes this many answers; more, while it is still starting. */
const pulseMs = 1_000;
const pulsesOwed = { started: 3, starting: 15 } as const;

/**
 * A card reader in a process of its own. If that process dies, blocks, or a card hangs in it, it is ended and started again, with growing
 * pauses; what was asked of it is answered with an error, and its status is `service-lost` until it is back. It cannot outlive this process.
 */
export function startCardHost(options: CardHostOptions): CardReader {
  return new RemoteCardReader(options);
}

interface Pending {
  readonly settle: (result: Result<CardReading, CardError>) => void;
  readonly limit: NodeJS.Timeout;
}

class RemoteCardReader implements CardReader {
  readonly #options: CardHostOptions;
  readonly #listeners = new Set<(status: CardStatus) => void>();
  readonly #pending = new Map<number, Pending>();
  #status: CardStatus = { state: 'starting' };
  #child: ChildProcess | undefined;
  #restart: NodeJS.Timeout | undefined;
  #pauseMs = firstPauseMs;
  #commands = 0;
  /** Answers owed by the process since it was last heard. */
  #owed = 0;
  #closed = false;

  constructor(options: CardHostOptions) {
    this.#options = options;
    this.#start();
  }

  status(): CardStatus {
    return this.#status;
  }

  onStatus(listener: (status: CardStatus) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async read(signal: AbortSignal): Promise<Result<CardReading, CardError>> {
    const child = this.#child;
    if (signal.aborted) return err({ kind: 'aborted' });
    if (child === undefined) return err({ kind: 'service-lost', detail: 'the card process is starting again' });
    this.#commands += 1;
    const id = this.#commands;
    const limitMs = this.#options.readLimitMs ?? 10_000;
    return await new Promise((resolve) => {
      const onAbort = (): void => {
        this.#settle(id, err({ kind: 'aborted' }));
        send(child, { type: 'abort', id });
      };
      this.#pending.set(id, {
        limit: setTimeout(() => this.#settle(id, err({ kind: 'timeout', afterMs: limitMs })), limitMs),
        settle: (result) => {
          signal.removeEventListener('abort', onAbort);
          resolve(result);
          // Whatever hung holds a reader and a thread that nothing else frees.
          if (!result.ok && result.error.kind === 'timeout') child.kill('SIGKILL');
        },
      });
      signal.addEventListener('abort', onAbort, { once: true });
      send(child, { type: 'read', id });
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#restart);
    this.#listeners.clear();
    const child = this.#child;
    if (child === undefined) return;
    await new Promise<void>((resolve) => {
      child.once('close', () => resolve());
      child.kill('SIGKILL');
    });
  }

  #start(): void {
    const { entry, env, reader, series } = this.#options;
    const startedAt = performance.now();
    // Standard output belongs to the answers of commands.
    const child = fork(entry, [], { env: { ...process.env, ...env }, stdio: ['ignore', 'ignore', 'inherit', 'ipc'], execArgv: [] });
    this.#child = child;
    this.#owed = 0;
    let mayOwe: number = pulsesOwed.starting;
    child.once('message', () => (mayOwe = pulsesOwed.started));
    child.on('message', (raw) => this.#hear(raw));
    const pulse = setInterval(() => this.#feelPulse(child, mayOwe), pulseMs).unref();
    child.on('error', () => undefined); // Said again by 'close'.
    child.once('close', (code, signal) => {
      clearInterval(pulse);
      if (performance.now() - startedAt > wellAfterMs) this.#pauseMs = firstPauseMs;
      this.#lost(`the card process ended (${signal ?? code ?? 'not started'})`);
    });
    send(child, { type: 'start', ...(reader === undefined ? {} : { reader }), ...(series === undefined ? {} : { series }) });
  }

  /** Native code can block the process whole. While it works on a command that one's limit counts: a slow card may rightly hold it. */
  #feelPulse(child: ChildProcess, mayOwe: number): void {
    if (this.#pending.size > 0) return;
    if (this.#owed >= mayOwe) child.kill('SIGKILL');
    this.#owed += 1;
    send(child, { type: 'ping' });
  }

  #hear(raw: unknown): void {
    this.#owed = 0;
    const message = fromHost.safeParse(raw);
    if (!message.success) {
      this.#child?.kill('SIGKILL');
      return;
    }
    if (message.data.type === 'status') this.#tell(message.data.status);
    else if (message.data.type === 'answer') this.#settle(message.data.id, message.data.result);
  }

  #lost(detail: string): void {
    this.#child = undefined;
    for (const id of this.#pending.keys()) this.#settle(id, err({ kind: 'service-lost', detail }));
    if (this.#closed) return;
    this.#tell({ state: 'service-lost', detail });
    this.#options.onRestart?.(detail);
    this.#restart = setTimeout(() => this.#start(), this.#pauseMs);
    this.#pauseMs = Math.min(this.#pauseMs * 2, lastPauseMs);
  }

  #settle(id: number, result: Result<CardReading, CardError>): void {
    const pending = this.#pending.get(id);
    if (pending === undefined) return;
    this.#pending.delete(id);
    clearTimeout(pending.limit);
    pending.settle(result);
  }

  #tell(status: CardStatus): void {
    if (isDeepStrictEqual(status, this.#status)) return;
    this.#status = status;
    for (const listener of this.#listeners) listener(status);
  }
}

/** A message to a process that is just ending is lost; its 'close' answers for it. */
function send(child: ChildProcess, message: ToHost): void {
  if (child.connected) child.send(message, () => undefined);
}
