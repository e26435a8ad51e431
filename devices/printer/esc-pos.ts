import { randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { withAny, withDeadline } from '../deadline.ts';
import { err, ok, type Result } from '../result.ts';
import { parsePrinterAddress } from './address.ts';
import {
  mayPrint,
  type OpenPrinter,
  type OutputReading,
  type Presenter,
  type PrintEvidence,
  type Printer,
  type PrinterStatus,
} from './contract.ts';
import {
  askFullStatus,
  askProcessId,
  askStatus,
  automaticBits,
  clearBuffers,
  enableAutomaticStatus,
  initialise,
  present,
  realTimeBits,
  type Reply,
  ReplyReader,
  retract,
  statusOf,
} from './status-protocol.ts';
import { openTransport, type Transport, type TransportError } from './transport.ts';

/** How long the driver waits, in milliseconds. */
export interface EscPosLimits {
  /** For the answers to one status question. */
  readonly replyMs: number;
  /** For the acknowledgement that the buffers are empty. */
  readonly clearMs: number;
  /** For the completion reply of a job, and what each of its bytes adds to that. */
  readonly completionMs: number;
  readonly completionMsPerByte: number;
}

export const usualLimits: EscPosLimits = { replyMs: 1_000, clearMs: 2_000, completionMs: 10_000, completionMsPerByte: 2 };

/** Bytes handed over at once: between two of them an abort, or the printer's word that it stopped, is heeded. */
const PIECE_BYTES = 256;
/** A printer that does not report its troubles by itself is asked this often while it prints (milliseconds). */
const ASK_AGAIN_MS = 1_000;
/** After a question that went unanswered, how long the line must be silent before the next answer is believed (milliseconds). */
const QUIET_MS = 100;
/** How often, and how many milliseconds apart, a slip that is being taken back is looked for. */
const RETRACT_LOOKS = 20;
const RETRACT_LOOK_MS = 100;
/** What is kept of a printer's words for the evidence. */
const REPLIES_KEPT = 64;
const RAW_LIMIT_BYTES = 512;
const NEVER = new AbortController().signal;

/** Opens a printer. An unusable address and an unreachable device are both `disconnected`; its detail says which. */
export const openPrinter: OpenPrinter = async (address, signal = NEVER) => {
  const parsed = parsePrinterAddress(address);
  if (!parsed.ok) return err({ kind: 'disconnected', detail: parsed.error });
  const transport = await openTransport(parsed.value, signal);
  if (!transport.ok)
    return err(transport.error.kind === 'gone' ? { kind: 'disconnected', detail: transport.error.detail } : { kind: 'aborted' });
  const presenter = parsed.value.line === 'serial' && parsed.value.presenter !== undefined;
  return ok(escPosPrinter(transport.value, usualLimits, presenter));
};

/** An ESC/POS printer at the other end of `transport`, which it takes over. */
export function escPosPrinter(transport: Transport, limits: EscPosLimits = usualLimits, presenter = false): Printer {
  return new EscPosPrinter(transport, limits, presenter);
}

class EscPosPrinter implements Printer {
  readonly presenter: Presenter | null;
  readonly #transport: Transport;
  readonly #limits: EscPosLimits;
  readonly #reader = new ReplyReader();
  readonly #listeners = new Set<(reply: Reply) => void>();
  /** One command at a time: the next begins when the last has ended. */
  #turn: Promise<unknown> = Promise.resolve();
  #unanswered = false;

  constructor(transport: Transport, limits: EscPosLimits, presenter: boolean) {
    this.#transport = transport;
    this.#limits = limits;
    this.presenter = presenter
      ? {
          read: (signal = NEVER) => this.#inTurn(() => this.#readOutput(signal)),
          retract: (signal = NEVER) => this.#inTurn(() => this.#retract(signal)),
        }
      : null;
    transport.listen((bytes) => {
      for (const reply of this.#reader.push(bytes)) for (const listener of [...this.#listeners]) listener(reply);
    });
  }

  status(signal: AbortSignal = NEVER): Promise<PrinterStatus> {
    return this.#inTurn(() => this.#ask(signal));
  }

  clear(): Promise<boolean> {
    return this.#inTurn(() => this.#clear());
  }

  print(job: Uint8Array, signal: AbortSignal, beforeFirstByte?: () => Promise<void>): Promise<PrintEvidence> {
    return this.#inTurn(async () => {
      const before = await this.#ask(signal);
      const nothingSent: PrintEvidence = { class: 'E0', raw: '', status: before, buffer: 'needless' };
      if (!mayPrint(before) || hasEnded(signal)) return nothingSent;
      await beforeFirstByte?.();
      if (hasEnded(signal)) return nothingSent;
      return await this.#printOnce(job, signal);
    });
  }

  async close(): Promise<void> {
    await this.#transport.close();
  }

  /** Past this point the paper may show anything: whatever ends it is answered with evidence, and with empty buffers where there is no proof. */
  async #printOnce(job: Uint8Array, signal: AbortSignal): Promise<PrintEvidence> {
    const processId = Uint8Array.from({ length: 4 }, () => randomInt(0x20, 0x7f));
    const said: Reply[] = [];
    let completed = false;
    const complete = (): boolean => completed;
    const stopListening = this.#listen((reply) => {
      said.push(reply);
      if (said.length > REPLIES_KEPT) said.shift();
      if (isProcessId(reply, processId)) completed = true;
    });
    try {
      const limitMs = this.#limits.completionMs + this.#limits.completionMsPerByte * job.length;
      await withDeadline(limitMs, AbortSignal.any([signal, this.#transport.gone]), async (ended) => {
        const whole = [initialise, enableAutomaticStatus, job, ...(this.presenter === null ? [] : [present]), askProcessId(processId)];
        const sent = await this.#send(whole, ended, () => said.some(isTrouble));
        if (sent.ok) await this.#untilComplete(complete, ended);
      });
      if (complete()) {
        const status = await this.#ask(NEVER);
        if (isWell(status)) return { class: 'E2', raw: hex(said), status, buffer: 'printed' };
      }
      const cleared = await this.#clear();
      const status = await this.#ask(NEVER);
      return { class: 'E1', raw: hex(said), status, buffer: cleared ? 'cleared' : 'locked' };
    } finally {
      stopListening();
    }
  }

  /** Waits for the completion reply; gives up early where the printer says that it stopped. */
  async #untilComplete(complete: () => boolean, ended: AbortSignal): Promise<void> {
    while (!complete() && !hasEnded(ended)) {
      await this.#next((reply) => (complete() || isTrouble(reply) ? true : undefined), ASK_AGAIN_MS, ended);
      if (complete() || hasEnded(ended)) return;
      const status = await this.#ask(ended);
      if (!isWell(status) && status.state !== 'silent') return;
    }
  }

  /** Hands over the parts piece by piece, views of the caller's bytes; stops as soon as `stopped` says so. */
  async #send(parts: readonly Uint8Array[], ended: AbortSignal, stopped: () => boolean): Promise<Result<void, TransportError>> {
    for (const part of parts) {
      for (let from = 0; from < part.length; from += PIECE_BYTES) {
        if (stopped()) return err({ kind: 'aborted' });
        const written = await this.#transport.write(part.subarray(from, from + PIECE_BYTES), ended);
        if (!written.ok) return written;
      }
    }
    return ok();
  }

  async #ask(signal: AbortSignal): Promise<PrinterStatus> {
    if (hasEnded(this.#transport.gone)) return this.#disconnected();
    if (this.#unanswered) await this.#quiet();
    const answers: number[] = [];
    const answered = this.#next(
      (reply) => {
        if (reply.kind === 'real-time') answers.push(reply.bytes[0]);
        const [printer, offline, error, roll] = answers;
        return printer === undefined || offline === undefined || error === undefined || roll === undefined
          ? undefined
          : realTimeBits([printer, offline, error, roll]);
      },
      this.#limits.replyMs,
      signal,
    );
    await withDeadline(this.#limits.replyMs, signal, (ended) => this.#transport.write(askStatus, ended));
    const bits = await answered;
    this.#unanswered = bits === undefined;
    if (bits === undefined) return hasEnded(this.#transport.gone) ? this.#disconnected() : { state: 'silent' };
    const status = statusOf(bits);
    if (this.presenter === null || !isWell(status)) return status;
    // What the presenter does not say may be a slip in its output.
    const { inOutput } = await this.#readOutput(signal);
    if (inOutput === null) return hasEnded(this.#transport.gone) ? this.#disconnected() : { state: 'silent' };
    return inOutput ? { state: 'slip-in-output' } : status;
  }

  async #readOutput(signal: AbortSignal): Promise<OutputReading> {
    const answered = this.#next((reply) => (reply.kind === 'full-status' ? reply : undefined), this.#limits.replyMs, signal);
    await withDeadline(this.#limits.replyMs, signal, (ended) => this.#transport.write(askFullStatus, ended));
    const reply = await answered;
    return reply === undefined ? { inOutput: null, raw: '' } : { inOutput: reply.inOutput, raw: hex([reply]) };
  }

  async #retract(signal: AbortSignal): Promise<OutputReading> {
    await withDeadline(this.#limits.replyMs, signal, (ended) => this.#transport.write(retract, ended));
    let reading = await this.#readOutput(signal);
    for (let looks = 1; reading.inOutput === true && looks < RETRACT_LOOKS && !hasEnded(signal); looks += 1) {
      await this.#next(() => undefined, RETRACT_LOOK_MS, signal);
      reading = await this.#readOutput(signal);
    }
    return reading;
  }

  async #clear(): Promise<boolean> {
    if (hasEnded(this.#transport.gone)) return false;
    await this.#transport.discard();
    const acknowledged = this.#next((reply) => (reply.kind === 'cleared' ? true : undefined), this.#limits.clearMs, NEVER);
    await withDeadline(this.#limits.clearMs, undefined, (ended) => this.#transport.write(clearBuffers, ended));
    return (await acknowledged) ?? false;
  }

  /** Lets late answers pass, so that none is taken for the answer to another question. */
  async #quiet(): Promise<void> {
    await withDeadline(this.#limits.replyMs, undefined, async (ended) => {
      while ((await this.#next(() => true, QUIET_MS, ended)) !== undefined);
    });
  }

  /** The first answer that `take` makes of the replies to come; `undefined` after `limitMs`, on abort, and when the line is gone. */
  async #next<T>(take: (reply: Reply) => T | undefined, limitMs: number, signal: AbortSignal): Promise<T | undefined> {
    const settled = new AbortController();
    let taken: T | undefined;
    const stopListening = this.#listen((reply) => {
      if (settled.signal.aborted) return;
      taken = take(reply);
      if (taken !== undefined) settled.abort();
    });
    const wait = (ended: AbortSignal): Promise<void> => delay(limitMs, undefined, { signal: ended }).catch(() => undefined);
    await withAny([settled.signal, signal, this.#transport.gone], wait);
    stopListening();
    return taken;
  }

  #listen(listener: (reply: Reply) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined);
    return done;
  }

  #disconnected(): PrinterStatus {
    return { state: 'disconnected', detail: String(this.#transport.gone.reason) };
  }
}

/** Read by a call, since it changes across an `await`: the type checker believes a property to stay as it was seen. */
function hasEnded(signal: AbortSignal): boolean {
  return signal.aborted;
}

/** The printer can finish what it has begun: near end is well enough for that, not for starting. */
function isWell(status: PrinterStatus): boolean {
  return status.state === 'ready' || status.state === 'paper-near-end' || status.state === 'slip-in-output';
}

function isTrouble(reply: Reply): boolean {
  return reply.kind === 'automatic' && !isWell(statusOf(automaticBits(reply.bytes)));
}

function isProcessId(reply: Reply, id: Uint8Array): boolean {
  return reply.kind === 'process-id' && reply.id.every((byte, index) => byte === id[index]);
}

function hex(replies: readonly Reply[]): string {
  const bytes = replies.flatMap((reply) => [...reply.bytes]);
  return Buffer.from(bytes.slice(-RAW_LIMIT_BYTES)).toString('hex');
}
