import { type ChildProcess, fork } from 'node:child_process';
import { isDeepStrictEqual } from 'node:util';
import type { Duplex } from 'node:stream';
import { type Result, err, ok } from '../result.ts';
import type { Secret } from '../secret.ts';
import type { ChallengeToSign } from './authentication.ts';
import { ByteLine, byteLineDescriptor } from './byte-line.ts';
import type {
  CardError,
  CardReading,
  CardStatus,
  CodeError,
  CommandingCardReader,
  RelayCount,
  RelayError,
  RelayExchange,
  RelayPolicy,
} from './contract.ts';
import { type FromHost, type ToHost, frameOfStep, fromHost } from './host-messages.ts';
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
export function startCardHost(options: CardHostOptions): CommandingCardReader {
  return new RemoteCardReader(options);
}

interface Pending {
  readonly settle: (answer: Result<Answer, CardError>) => void;
  readonly limit: NodeJS.Timeout;
}

type Answer = Exclude<FromHost, { type: 'status' | 'pong' }>;
type Question = Exclude<ToHost, { type: 'start' | 'abort' | 'ping' }>;
/** A question without the number that it gets. */
type Asked = Question extends infer Q ? (Q extends Question ? Omit<Q, 'id'> : never) : never;

class RemoteCardReader implements CommandingCardReader {
  readonly #options: CardHostOptions;
  readonly #listeners = new Set<(status: CardStatus) => void>();
  readonly #pending = new Map<number, Pending>();
  #status: CardStatus = { state: 'starting' };
  #child: ChildProcess | undefined;
  #line: ByteLine | undefined;
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
    const answer = await this.#ask({ type: 'read' }, this.#commandLimitMs, signal);
    if (!answer.ok) return answer;
    return answer.value.type === 'answer' ? answer.value.result : err(wrongAnswer);
  }

  async verifyPin({ pin }: { readonly pin: Secret }, signal: AbortSignal): Promise<Result<void, CodeError>> {
    return settled(await this.#present({ type: 'present', operation: 'verifyPin' }, [pin], signal));
  }

  async changePin(
    { pin, newPin }: { readonly pin: Secret; readonly newPin: Secret },
    signal: AbortSignal,
  ): Promise<Result<void, CodeError>> {
    return settled(await this.#present({ type: 'present', operation: 'changePin' }, [pin, newPin], signal));
  }

  async unblockPin(
    { puk, newPin }: { readonly puk: Secret; readonly newPin: Secret },
    signal: AbortSignal,
  ): Promise<Result<void, CodeError>> {
    return settled(await this.#present({ type: 'present', operation: 'unblockPin' }, [puk, newPin], signal));
  }

  async authenticate({ pin, certificate, challenge }: ChallengeToSign, signal: AbortSignal): Promise<Result<Uint8Array, CodeError>> {
    const question = { type: 'authenticate', certificate, challenge: Buffer.from(challenge).toString('base64') } as const;
    const signed = await this.#present(question, [pin], signal);
    return signed.ok ? ok(new Uint8Array(Buffer.from(signed.value ?? '', 'base64'))) : signed;
  }

  async relay(exchange: RelayExchange, policy: RelayPolicy, signal: AbortSignal): Promise<Result<RelayCount, RelayError>> {
    const over = new AbortController();
    const seen = { sent: 0, answered: 0 };
    const answer = await this.#ask({ type: 'relay', policy }, policy.totalLimitMs + this.#commandLimitMs, signal, (line, id) => {
      void exchangeOver(line, id, exchange, seen, AbortSignal.any([signal, over.signal]));
    });
    over.abort();
    // The process did not come to tell: what went into it may have reached the card.
    if (!answer.ok) return err({ ...answer.error, ...seen });
    if (answer.value.type !== 'relayed') return err({ ...wrongAnswer, ...seen });
    const { end, sent, answered } = answer.value;
    return end.kind === 'end' ? ok({ sent, answered }) : err({ ...end, sent, answered });
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

  get #commandLimitMs(): number {
    return this.#options.readLimitMs ?? 10_000;
  }

  /** The codes go to the process as bytes and are wiped here at once, sent or not. Answers with the signature, if it was to make one. */
  async #present(question: Asked, codes: readonly Secret[], signal: AbortSignal): Promise<Result<string | undefined, CodeError>> {
    const asked = this.#ask(question, this.#commandLimitMs, signal, (line, id) => {
      line.send(
        id,
        codes.map((code) => code.expose()),
      );
    });
    for (const code of codes) code.wipe();
    const answer = await asked;
    if (!answer.ok) return answer;
    if (answer.value.type !== 'presented') return err(wrongAnswer);
    const { result } = answer.value;
    return result.ok ? ok(result.signature) : result;
  }

  /** `before`: what goes over the byte line first. */
  async #ask(
    question: Asked,
    limitMs: number,
    signal: AbortSignal,
    before: (line: ByteLine, id: number) => void = () => undefined,
  ): Promise<Result<Answer, CardError>> {
    const child = this.#child;
    const line = this.#line;
    if (signal.aborted) return err({ kind: 'aborted' });
    if (child === undefined || line === undefined) return err({ kind: 'service-lost', detail: 'the card process is starting again' });
    this.#commands += 1;
    const id = this.#commands;
    return await new Promise((resolve) => {
      const onAbort = (): void => {
        this.#settle(id, err({ kind: 'aborted' }));
        send(child, { type: 'abort', id });
      };
      this.#pending.set(id, {
        limit: setTimeout(() => this.#settle(id, err({ kind: 'timeout', afterMs: limitMs })), limitMs),
        settle: (answer) => {
          signal.removeEventListener('abort', onAbort);
          resolve(answer);
          // Whatever hung holds a reader and a thread that nothing else frees.
          if (failureOf(answer)?.kind === 'timeout') child.kill('SIGKILL');
        },
      });
      signal.addEventListener('abort', onAbort, { once: true });
      before(line, id);
      send(child, { ...question, id });
    });
  }

  #start(): void {
    const { entry, env, reader, series } = this.#options;
    const startedAt = performance.now();
    // Standard output belongs to the answers of commands.
    const child = fork(entry, [], { env: { ...process.env, ...env }, stdio: ['ignore', 'ignore', 'inherit', 'ipc', 'pipe'], execArgv: [] });
    this.#child = child;
    this.#line = new ByteLine(child.stdio[byteLineDescriptor] as Duplex);
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
    else if (message.data.type !== 'pong') this.#settle(message.data.id, ok(message.data));
  }

  #lost(detail: string): void {
    this.#child = undefined;
    this.#line = undefined;
    for (const id of this.#pending.keys()) this.#settle(id, err({ kind: 'service-lost', detail }));
    if (this.#closed) return;
    this.#tell({ state: 'service-lost', detail });
    this.#options.onRestart?.(detail);
    this.#restart = setTimeout(() => this.#start(), this.#pauseMs);
    this.#pauseMs = Math.min(this.#pauseMs * 2, lastPauseMs);
  }

  #settle(id: number, answer: Result<Answer, CardError>): void {
    const pending = this.#pending.get(id);
    if (pending === undefined) return;
    this.#pending.delete(id);
    clearTimeout(pending.limit);
    this.#line?.forget(id);
    pending.settle(answer);
  }

  #tell(status: CardStatus): void {
    if (isDeepStrictEqual(status, this.#status)) return;
    this.#status = status;
    for (const listener of this.#listeners) listener(status);
  }
}

const wrongAnswer: CardError = { kind: 'service-lost', detail: 'the card process answers something else' };

/** Brings the card's answers from the byte line to the other side, and its commands back, until the relay is over. */
async function exchangeOver(
  line: ByteLine,
  id: number,
  exchange: RelayExchange,
  seen: { sent: number; answered: number },
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    const parts = await line.take(id, signal);
    if (parts === undefined) return;
    const [answer] = parts;
    if (answer !== undefined) seen.answered += 1;
    const step = await exchange(answer, signal);
    answer?.fill(0);
    if (step instanceof Uint8Array) seen.sent += 1;
    if (!signal.aborted) line.send(id, frameOfStep(step));
    if (step instanceof Uint8Array) step.fill(0);
    else return;
  }
}

function failureOf(answer: Result<Answer, CardError>): { readonly kind: string } | undefined {
  if (!answer.ok) return answer.error;
  if (answer.value.type === 'relayed') return answer.value.end;
  return answer.value.result.ok ? undefined : answer.value.result.error;
}

function settled(result: Result<unknown, CodeError>): Result<void, CodeError> {
  return result.ok ? ok() : result;
}

/** A message to a process that is just ending is lost; its 'close' answers for it. */
function send(child: ChildProcess, message: ToHost): void {
  if (child.connected) child.send(message, () => undefined);
}
