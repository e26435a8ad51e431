import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** What a frame may hold in all: the longest relayed answer and some more. */
const maxFrame = 0x1_1000;
const headLength = 8;

/**
 * A line beside Node's IPC for bytes that must not become text: codes, and relayed commands and answers. A frame belongs to a command by its
 * number. What has been written is wiped once it is out; what has been read is wiped as it is handed over, which is a copy and the taker's to wipe.
 */
export class ByteLine {
  readonly #stream: Duplex;
  readonly #frames = new Map<number, Uint8Array[][]>();
  readonly #takers = new Map<number, (parts: Uint8Array[]) => void>();
  #received = new Uint8Array();

  constructor(stream: Duplex) {
    this.#stream = stream;
    stream.on('error', () => undefined); // The process at the other end is about to be reported as ended.
    stream.on('data', (chunk: Uint8Array) => this.hear(chunk));
  }

  /** Copies the parts, each below 64 KiB; the caller wipes its own. */
  send(id: number, parts: readonly Uint8Array[]): void {
    const length = parts.reduce((sum, part) => sum + 2 + part.length, 0);
    const frame = Buffer.alloc(headLength + length);
    frame.writeUInt32BE(length, 0);
    frame.writeUInt32BE(id, 4);
    let at = headLength;
    for (const part of parts) {
      at = frame.writeUInt16BE(part.length, at);
      frame.set(part, at);
      at += part.length;
    }
    this.#stream.write(frame, () => frame.fill(0));
  }

  /** The next frame of this command; `undefined` if it does not come before the signal. */
  async take(id: number, signal: AbortSignal): Promise<Uint8Array[] | undefined> {
    const waiting = this.#frames.get(id)?.shift();
    if (waiting !== undefined || signal.aborted) return waiting;
    return await new Promise((resolve) => {
      const giveUp = (): void => {
        this.#takers.delete(id);
        resolve(undefined);
      };
      signal.addEventListener('abort', giveUp, { once: true });
      this.#takers.set(id, (parts) => {
        this.#takers.delete(id);
        signal.removeEventListener('abort', giveUp);
        resolve(parts);
      });
    });
  }

  /** The command is over: what came for it and nobody took is wiped. */
  forget(id: number): void {
    for (const part of this.#frames.get(id)?.flat() ?? []) part.fill(0);
    this.#frames.delete(id);
  }

  /** Takes in what has arrived, and wipes it. A line that says nonsense is cut. */
  hear(chunk: Uint8Array): void {
    const received = new Uint8Array(this.#received.length + chunk.length);
    received.set(this.#received);
    received.set(chunk, this.#received.length);
    this.#received.fill(0);
    chunk.fill(0);
    this.#received = received;
    for (;;) {
      const view = Buffer.from(this.#received.buffer, this.#received.byteOffset, this.#received.length);
      if (view.length < headLength) return;
      const end = headLength + view.readUInt32BE(0);
      if (end > maxFrame) {
        this.#stream.destroy();
        return;
      }
      if (view.length < end) return;
      this.#deliver(view.readUInt32BE(4), partsOf(view.subarray(headLength, end)));
      const rest = this.#received.slice(end);
      this.#received.fill(0);
      this.#received = rest;
    }
  }

  #deliver(id: number, parts: Uint8Array[]): void {
    const taker = this.#takers.get(id);
    if (taker !== undefined) taker(parts);
    else this.#frames.set(id, [...(this.#frames.get(id) ?? []), parts]);
  }
}

/** The descriptor at which a process finds the line that its parent holds (`stdio` of the fork). */
export const byteLineDescriptor = 4;

/** The end of the child process: the system reads into one buffer of ours, and no other is left behind. */
export function openByteLine(): ByteLine {
  const buffer = new Uint8Array(4096);
  const onread = {
    buffer,
    callback: (length: number) => {
      line.hear(buffer.subarray(0, length));
      return true;
    },
  };
  // The types do not know `onread` here.
  const options = { fd: byteLineDescriptor, onread };
  const line = new ByteLine(new Socket(options));
  return line;
}

function partsOf(body: Buffer): Uint8Array[] {
  const parts: Uint8Array[] = [];
  for (let at = 0; at + 2 <= body.length;) {
    const end = at + 2 + body.readUInt16BE(at);
    parts.push(new Uint8Array(body.subarray(at + 2, end)));
    at = end;
  }
  return parts;
}
