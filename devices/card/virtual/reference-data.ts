import { timingSafeEqual } from 'node:crypto';
import type { Secret } from '../../secret.ts';
import type { NonVolatileMemory } from './non-volatile-memory.ts';

const blockLength = 8;
const fullCounter = 3;

/** One byte of counter, then the block. */
export const recordLength = 1 + blockLength;

/** A PIN or PUK inside the card: eight bytes, digits padded with FF, and a counter that only a right presentation fills again. */
export class ReferenceData {
  readonly #memory: NonVolatileMemory;
  readonly #offset: number;
  #verified = false;

  /** `offset`: where its record of `recordLength` bytes stands. */
  constructor(memory: NonVolatileMemory, offset: number) {
    this.#memory = memory;
    this.#offset = offset;
  }

  get triesLeft(): number {
    // A counter that says more than it can is a memory that lies.
    return Math.min(this.#memory.read(this.#offset, 1)[0] ?? 0, fullCounter);
  }

  get verified(): boolean {
    return this.#verified;
  }

  /** The counter goes down before the comparison: power that goes away in between costs a try and never gives one. */
  verify(block: Uint8Array): boolean {
    this.#verified = false;
    if (this.triesLeft === 0) return false;
    this.#count(this.triesLeft - 1);
    if (!timingSafeEqual(block, this.#memory.read(this.#offset + 1, blockLength))) return false;
    this.#count(fullCounter);
    this.#verified = true;
    return true;
  }

  /** Value and counter change together, or neither. */
  replace(block: Uint8Array): void {
    this.#verified = false;
    this.#memory.replace(this.#offset, record(block));
  }

  unblock(): void {
    this.#verified = false;
    this.#count(fullCounter);
  }

  /** What a reset of the card takes away. */
  forget(): void {
    this.#verified = false;
  }

  #count(tries: number): void {
    this.#memory.write(this.#offset, Uint8Array.of(tries));
  }
}

/** The record of a new card; `code`: 5 to 8 digits. */
export function newRecord(code: Secret): Uint8Array {
  const block = new Uint8Array(blockLength).fill(0xff);
  block.set(code.expose().subarray(0, blockLength));
  if (!isCodeBlock(block)) throw new RangeError('a code has 5 to 8 digits');
  return record(block);
}

/** Eight bytes: 5 to 8 ASCII digits, then FF (card.md, 1.6). */
export function isCodeBlock(block: Uint8Array): boolean {
  return block.length === blockLength && /^\d{5,8}\xff*$/.test(Buffer.from(block).toString('latin1'));
}

function record(block: Uint8Array): Uint8Array {
  return Uint8Array.of(fullCounter, ...block);
}
