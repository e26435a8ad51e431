import { timingSafeEqual } from 'node:crypto';
import { Secret } from '../../secret.ts';

const blockLength = 8;
const tries = 3;

/** A PIN or PUK inside the card: eight bytes, digits padded with FF, and a counter that only a right presentation fills again. */
export class ReferenceData {
  #block: Secret;
  #triesLeft = tries;
  #verified = false;

  /** `code`: 5 to 8 digits. */
  constructor(code: Secret) {
    const block = new Uint8Array(blockLength).fill(0xff);
    block.set(code.expose().subarray(0, blockLength));
    if (!isCodeBlock(block)) throw new RangeError('a code has 5 to 8 digits');
    this.#block = new Secret(block);
  }

  get triesLeft(): number {
    return this.#triesLeft;
  }

  get verified(): boolean {
    return this.#verified;
  }

  /** The counter goes down before the comparison: power that goes away in between costs a try and never gives one. */
  verify(block: Uint8Array): boolean {
    this.#verified = false;
    if (this.#triesLeft === 0) return false;
    this.#triesLeft -= 1;
    if (!timingSafeEqual(block, this.#block.expose())) return false;
    this.#triesLeft = tries;
    this.#verified = true;
    return true;
  }

  replace(block: Uint8Array): void {
    this.#block.wipe();
    this.#block = new Secret(block.slice());
    this.unblock();
  }

  unblock(): void {
    this.#triesLeft = tries;
    this.#verified = false;
  }

  /** What a reset of the card takes away. */
  forget(): void {
    this.#verified = false;
  }
}

/** Eight bytes: 5 to 8 ASCII digits, then FF (card.md, 1.6). */
export function isCodeBlock(block: Uint8Array): boolean {
  return block.length === blockLength && /^\d{5,8}\xff*$/.test(Buffer.from(block).toString('latin1'));
}
