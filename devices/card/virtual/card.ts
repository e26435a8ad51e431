import { randomBytes } from 'node:crypto';
import type { Secret } from '../../secret.ts';
import { type ReceivedCommand, decodeCommand } from './command.ts';
import { type CardFile, type CnsFiles, type DedicatedFile, cnsFileSystem, fileControlInformation } from './file-system.ts';
import { ReferenceData, isCodeBlock } from './reference-data.ts';

export interface VirtualCardOptions extends CnsFiles {
  readonly pin: Secret;
  readonly puk: Secret;
  /** Hexadecimal; a CNS 1.1 of STMicroelectronics stock 2021 by default. */
  readonly atr?: string;
  /** What READ BINARY answers at the very end of a file: `6282` (`soft`, which OpenSC needs) or `6B00` (`real`, as a card of 2025). */
  readonly endOfFile?: 'soft' | 'real';
}

export const specimenAtr = '3BFF1800FF8131FE55006B02091617011101434E531131808D';

const sw = {
  done: 0x9000,
  endOfFile: 0x6282,
  wrongLength: 0x6700,
  chaining: 0x6884,
  notSatisfied: 0x6982,
  blocked: 0x6983,
  noCurrentFile: 0x6986,
  wrongData: 0x6a80,
  notFound: 0x6a82,
  wrongParameters: 0x6a86,
  referenceNotFound: 0x6a88,
  wrongOffset: 0x6b00,
  unknownInstruction: 0x6d00,
  unknownClass: 0x6e00,
} as const;

const triesLeft = (count: number): number => 0x63c0 | count;
const pinReference = 0x10;
const pukReference = 0x11;

interface Answer {
  readonly status: number;
  readonly data?: Uint8Array;
}

/**
 * A CNS as its APDUs show it: file system, PIN and PUK with their counters, challenge. Answers only what such a card answers: `6A82` to any
 * application id and `6D00` to any other instruction, or clients take it for another card. Its state outlives a reset and an insertion.
 */
export class VirtualCnsCard {
  readonly atr: Uint8Array;
  readonly #master: DedicatedFile;
  readonly #pin: ReferenceData;
  readonly #puk: ReferenceData;
  readonly #endOfFile: number;
  #folder: DedicatedFile;
  #file: CardFile | undefined;

  constructor(options: VirtualCardOptions) {
    this.atr = new Uint8Array(Buffer.from(options.atr ?? specimenAtr, 'hex'));
    this.#master = cnsFileSystem(options);
    this.#folder = this.#master;
    this.#pin = new ReferenceData(options.pin);
    this.#puk = new ReferenceData(options.puk);
    this.#endOfFile = options.endOfFile === 'real' ? sw.wrongOffset : sw.endOfFile;
  }

  /** Power on, off, or a warm reset: what was verified and selected is forgotten. */
  reset(): void {
    this.#folder = this.#master;
    this.#file = undefined;
    this.#pin.forget();
    this.#puk.forget();
  }

  transmit(bytes: Uint8Array): Uint8Array {
    const command = decodeCommand(bytes);
    const { status, data = new Uint8Array() } = command === undefined ? { status: sw.wrongLength } : this.#answer(command);
    return Uint8Array.from([...data, status >> 8, status & 0xff]);
  }

  #answer(command: ReceivedCommand): Answer {
    if (command.cla === 0x10) return { status: sw.chaining };
    if (command.cla !== 0x00) return { status: sw.unknownClass };
    switch (command.ins) {
      case 0xa4:
        return this.#select(command);
      case 0xb0:
        return this.#readBinary(command);
      case 0x20:
        return this.#verify(command);
      case 0x24:
        return this.#changePin(command);
      case 0x2c:
        return this.#unblockPin(command);
      case 0x84:
        return command.le === undefined ? { status: sw.wrongLength } : { status: sw.done, data: randomBytes(Math.min(command.le, 256)) };
      default:
        return { status: sw.unknownInstruction };
    }
  }

  #select({ p1, p2, data, le }: ReceivedCommand): Answer {
    if (p1 === 0x04) return { status: sw.notFound };
    if (![0x00, 0x08, 0x09].includes(p1) || data.length % 2 !== 0) return { status: sw.wrongParameters };
    const ids = Array.from({ length: data.length / 2 }, (_, index) => (data[2 * index] ?? 0) * 256 + (data[2 * index + 1] ?? 0));
    const found = p1 === 0x00 ? this.#byIdentifier(ids) : this.#byPath(p1 === 0x08 ? this.#master : this.#folder, ids);
    if (found === undefined) return { status: sw.notFound };
    this.#folder = found.folder;
    this.#file = found.file;
    const wantsControlInformation = (p2 & 0x0c) === 0 && le !== undefined;
    return wantsControlInformation ? { status: sw.done, data: fileControlInformation(found.file).subarray(0, le) } : { status: sw.done };
  }

  /** By identifier: the MF, the current DF, its children, its parent, its siblings (ISO 7816-4, 11.2.2). */
  #byIdentifier([id, ...more]: readonly number[]): Found | undefined {
    if (more.length > 0) return undefined;
    if (id === undefined || id === this.#master.id) return { folder: this.#master, file: this.#master };
    if (id === this.#folder.id) return { folder: this.#folder, file: this.#folder };
    return childOf(this.#folder, id) ?? dedicated(childOf(this.#master, id));
  }

  #byPath(from: DedicatedFile, ids: readonly number[]): Found | undefined {
    let found: Found | undefined = { folder: from, file: from };
    for (const id of ids) found = found?.file.kind === 'df' ? childOf(found.file, id) : undefined;
    return found;
  }

  #readBinary({ p1, p2, data, le }: ReceivedCommand): Answer {
    if (le === undefined || data.length > 0) return { status: sw.wrongLength };
    if ((p1 & 0x80) !== 0) return { status: sw.wrongParameters };
    if (this.#file?.kind !== 'ef') return { status: sw.noCurrentFile };
    const { content } = this.#file;
    const offset = p1 * 256 + p2;
    if (offset > content.length) return { status: sw.wrongOffset };
    if (offset === content.length) return { status: this.#endOfFile };
    return { status: sw.done, data: content.subarray(offset, offset + le) };
  }

  #verify({ p1, p2, data }: ReceivedCommand): Answer {
    const reference = this.#reference(p2);
    if (p1 !== 0) return { status: sw.wrongParameters };
    if (reference === undefined) return { status: sw.referenceNotFound };
    if (data.length === 0) return { status: reference.verified ? sw.done : stateOf(reference) };
    return { status: present(reference, data) };
  }

  #changePin({ p1, p2, data }: ReceivedCommand): Answer {
    const reference = this.#reference(p2);
    if (p1 !== 0) return { status: sw.wrongParameters };
    if (reference === undefined) return { status: sw.referenceNotFound };
    if (reference === this.#puk) return { status: sw.notSatisfied };
    if (data.length !== 16) return { status: sw.wrongLength };
    if (!isCodeBlock(data.subarray(8))) return { status: sw.wrongData };
    const status = present(reference, data.subarray(0, 8));
    if (status === sw.done) reference.replace(data.subarray(8));
    return { status };
  }

  /** RESET RETRY COUNTER: with PUK and new PIN (P1=00), with the PUK alone (01), or after the PUK was verified (03). */
  #unblockPin({ p1, p2, data }: ReceivedCommand): Answer {
    if (this.#reference(p2) !== this.#pin) return { status: sw.referenceNotFound };
    const expected = { 0: 16, 1: 8, 3: 0 }[p1];
    if (expected === undefined) return { status: sw.wrongParameters };
    if (data.length !== expected) return { status: sw.wrongLength };
    const newPin = data.subarray(8);
    if (p1 === 0x00 && !isCodeBlock(newPin)) return { status: sw.wrongData };
    const allowed = p1 === 0x03 ? (this.#puk.verified ? sw.done : sw.notSatisfied) : present(this.#puk, data.subarray(0, 8));
    this.#puk.forget(); // Good for this command alone.
    if (allowed !== sw.done) return { status: allowed };
    if (p1 === 0x00) this.#pin.replace(newPin);
    else this.#pin.unblock();
    return { status: sw.done };
  }

  /** Bit 8 of P2 only says where to search. */
  #reference(p2: number): ReferenceData | undefined {
    return { [pinReference]: this.#pin, [pukReference]: this.#puk }[p2 & 0x7f];
  }
}

interface Found {
  readonly folder: DedicatedFile;
  readonly file: CardFile;
}

function childOf(folder: DedicatedFile, id: number): Found | undefined {
  const file = folder.files.find((child) => child.id === id);
  return file && { folder: file.kind === 'df' ? file : folder, file };
}

function dedicated(found: Found | undefined): Found | undefined {
  return found?.file.kind === 'df' ? found : undefined;
}

function present(reference: ReferenceData, block: Uint8Array): number {
  if (block.length !== 8) return sw.wrongLength;
  if (reference.triesLeft === 0) return sw.blocked;
  return reference.verify(block) ? sw.done : triesLeft(reference.triesLeft);
}

function stateOf(reference: ReferenceData): number {
  return reference.triesLeft === 0 ? sw.blocked : triesLeft(reference.triesLeft);
}
