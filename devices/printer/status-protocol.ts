import type { PrinterStatus } from './contract.ts';

/**
 * What an ESC/POS printer is asked about itself and what it answers, byte for byte (Epson ESC/POS command reference:
 * DLE EOT, DLE ENQ, DLE DC4, GS a, GS r, GS ( H). Pure: bytes in, values out.
 */

/** DLE EOT 1-4 in one write: printer, offline cause, error cause, roll sensor. Executed on receipt, offline or not. */
export const askStatus: Uint8Array = Uint8Array.of(0x10, 0x04, 1, 0x10, 0x04, 2, 0x10, 0x04, 3, 0x10, 0x04, 4);
/** DLE DC4 fn 8: empties receive and print buffers, on receipt. Nothing else may be sent until the reply. */
export const clearBuffers: Uint8Array = Uint8Array.of(0x10, 0x14, 0x08, 0x01, 0x03, 0x14, 0x01, 0x06, 0x02, 0x08);
/** ESC @: the printer's settings as at power-on. */
export const initialise: Uint8Array = Uint8Array.of(0x1b, 0x40);
/** GS a: automatic status (ASB) on change of online state, error and paper. */
export const enableAutomaticStatus: Uint8Array = Uint8Array.of(0x1d, 0x61, 0x0e);

/** DLE EOT 20 (Custom): the full status, `10 0F` and four bytes; bit 5 of the first is "ticket present in output". Executed on receipt. */
export const askFullStatus: Uint8Array = Uint8Array.of(0x10, 0x04, 20);
/** GS e 3 m (Custom): presents the cut slip, m steps out. */
export const present: Uint8Array = Uint8Array.of(0x1d, 0x65, 3, 10);
/** GS e 2 (Custom): takes the slip in the output back. */
export const retract: Uint8Array = Uint8Array.of(0x1d, 0x65, 2);

const PROCESS_ID_LENGTH = 4;

/** GS ( H fn 48: the printer sends `id` (four bytes 0x20-0x7E) back when everything before it has been printed. */
export function askProcessId(id: Uint8Array): Uint8Array {
  if (id.length !== PROCESS_ID_LENGTH || id.some((byte) => byte < 0x20 || byte > 0x7e))
    throw new RangeError('a process id is four bytes 0x20-0x7E');
  return Uint8Array.of(0x1d, 0x28, 0x48, 0x06, 0x00, 0x30, 0x30, ...id);
}

export type Reply =
  /** One byte that answers a DLE EOT; they come in the order of the questions. */
  | { readonly kind: 'real-time'; readonly bytes: readonly [number] }
  /** The four bytes of GS a, at once and on each change. */
  | { readonly kind: 'automatic'; readonly bytes: readonly [number, number, number, number] }
  /** `10 0F` and paper, user, recoverable and unrecoverable status: the answer to DLE EOT 20. */
  | { readonly kind: 'full-status'; readonly bytes: readonly number[]; readonly inOutput: boolean }
  /** `37 22 d1 d2 d3 d4 00` */
  | { readonly kind: 'process-id'; readonly bytes: readonly number[]; readonly id: Uint8Array }
  /** `37 25 00` */
  | { readonly kind: 'cleared'; readonly bytes: readonly number[] }
  /** One byte that answers a GS r. */
  | { readonly kind: 'in-order'; readonly bytes: readonly [number] }
  /** A block `37 … 00` or `5F … 00` (GS I: names of maker and model) that this driver does not ask for. */
  | { readonly kind: 'block'; readonly bytes: readonly number[] }
  /** Bytes of no known form, XON/XOFF among them. */
  | { readonly kind: 'unknown'; readonly bytes: readonly number[] };

const BLOCK = 0x37;
const NAME_BLOCK = 0x5f;
const LONGEST_BLOCK = 80;
const FULL_STATUS = [0x10, 0x0f] as const;
const FULL_STATUS_LENGTH = 6;

/**
 * Tells the printer's replies apart, however the line has cut them. Never throws, never holds more than one unfinished
 * reply (80 bytes): what cannot become a reply comes out as `unknown`.
 */
export class ReplyReader {
  #unfinished: number[] = [];

  push(bytes: Uint8Array): Reply[] {
    const replies: Reply[] = [];
    for (const byte of bytes) this.#take(byte, replies);
    return replies;
  }

  #take(byte: number, replies: Reply[]): void {
    const first = this.#unfinished[0];
    if (first === undefined) this.#begin(byte, replies);
    else if (first === BLOCK || first === NAME_BLOCK) this.#continueBlock(byte, replies);
    else if (this.#isFullStatus(byte)) this.#continueFullStatus(byte, replies);
    else this.#continueAutomatic(byte, replies);
  }

  #begin(byte: number, replies: Reply[]): void {
    if (byte === BLOCK || byte === NAME_BLOCK || (byte & 0x93) === 0x10) this.#unfinished = [byte];
    else if ((byte & 0x93) === 0x12) replies.push({ kind: 'real-time', bytes: [byte] });
    else if ((byte & 0x90) === 0x00) replies.push({ kind: 'in-order', bytes: [byte] });
    else replies.push({ kind: 'unknown', bytes: [byte] });
  }

  /** An online printer (`10`) that waits, is fed and has both errors at once (`0F`) is no automatic status. */
  #isFullStatus(byte: number): boolean {
    const [first, second = byte] = this.#unfinished;
    return first === FULL_STATUS[0] && second === FULL_STATUS[1];
  }

  #continueFullStatus(byte: number, replies: Reply[]): void {
    this.#unfinished.push(byte);
    if (this.#unfinished.length < FULL_STATUS_LENGTH) return;
    const bytes = this.#finish();
    replies.push({ kind: 'full-status', bytes, inOutput: ((bytes[2] ?? 0) & 0x20) !== 0 });
  }

  #continueAutomatic(byte: number, replies: Reply[]): void {
    if ((byte & 0x90) !== 0) {
      replies.push({ kind: 'unknown', bytes: this.#finish() });
      this.#begin(byte, replies);
      return;
    }
    this.#unfinished.push(byte);
    const [b1, b2, b3, b4] = this.#unfinished;
    if (b1 === undefined || b2 === undefined || b3 === undefined || b4 === undefined) return;
    this.#unfinished = [];
    replies.push({ kind: 'automatic', bytes: [b1, b2, b3, b4] });
  }

  #continueBlock(byte: number, replies: Reply[]): void {
    this.#unfinished.push(byte);
    if (byte === 0x00) replies.push(blockReply(this.#finish()));
    else if (this.#unfinished.length >= LONGEST_BLOCK) replies.push({ kind: 'unknown', bytes: this.#finish() });
  }

  #finish(): number[] {
    const bytes = this.#unfinished;
    this.#unfinished = [];
    return bytes;
  }
}

function blockReply(bytes: readonly number[]): Reply {
  if (bytes[0] === BLOCK && bytes[1] === 0x22 && bytes.length === 7)
    return { kind: 'process-id', bytes, id: Uint8Array.from(bytes.slice(2, 6)) };
  if (bytes[0] === BLOCK && bytes[1] === 0x25 && bytes.length === 3) return { kind: 'cleared', bytes };
  return { kind: 'block', bytes };
}

/** What the bits say, whichever command asked for them. */
export interface StatusBits {
  readonly offline: boolean;
  readonly coverOpen: boolean;
  readonly feedButton: boolean;
  readonly cutter: boolean;
  readonly recoverable: boolean;
  readonly unrecoverable: boolean;
  readonly autoRecoverable: boolean;
  readonly paperNearEnd: boolean;
  readonly paperEnd: boolean;
}

/** The answers to DLE EOT 1, 2, 3 and 4, one byte each. */
export function realTimeBits(answers: readonly [number, number, number, number]): StatusBits {
  const [printer, offlineCause, errorCause, roll] = answers;
  const error = (offlineCause & 0x40) !== 0;
  const named = (errorCause & 0x6c) !== 0;
  return {
    offline: (printer & 0x08) !== 0,
    coverOpen: (offlineCause & 0x04) !== 0,
    feedButton: (offlineCause & 0x08) !== 0 || (printer & 0x60) !== 0,
    cutter: (errorCause & 0x08) !== 0,
    recoverable: (errorCause & 0x04) !== 0,
    unrecoverable: (errorCause & 0x20) !== 0 || (error && !named),
    autoRecoverable: (errorCause & 0x40) !== 0,
    paperNearEnd: (roll & 0x0c) !== 0,
    paperEnd: (roll & 0x60) !== 0 || (offlineCause & 0x20) !== 0,
  };
}

/** The four bytes of an automatic status (ASB). */
export function automaticBits(block: readonly [number, number, number, number]): StatusBits {
  const [printer, error, roll] = block;
  return {
    offline: (printer & 0x08) !== 0,
    coverOpen: (printer & 0x20) !== 0,
    feedButton: (printer & 0x40) !== 0 || (error & 0x03) !== 0,
    cutter: (error & 0x08) !== 0,
    recoverable: (error & 0x04) !== 0,
    unrecoverable: (error & 0x20) !== 0,
    autoRecoverable: (error & 0x40) !== 0,
    paperNearEnd: (roll & 0x03) !== 0,
    paperEnd: (roll & 0x0c) !== 0,
  };
}

/** One status of many bits: what a person at the machine has to do first comes first. */
export function statusOf(bits: StatusBits): PrinterStatus {
  if (bits.coverOpen) return { state: 'cover-open' };
  if (bits.paperEnd) return { state: 'paper-out' };
  if (bits.cutter) return { state: 'cutter-error' };
  if (bits.unrecoverable) return { state: 'hardware-error', recoverable: false };
  if (bits.recoverable || bits.autoRecoverable) return { state: 'hardware-error', recoverable: true };
  if (bits.offline || bits.feedButton) return { state: 'offline' };
  if (bits.paperNearEnd) return { state: 'paper-near-end' };
  return { state: 'ready' };
}
