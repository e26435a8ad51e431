/** Power went away in the middle of a command: nothing more is written, and no answer comes. */
export class PowerLost extends Error {}

/** Where the memory's image outlives the process. */
export interface MemoryStore {
  /** The image saved last, whole; `undefined`: a card that is new. */
  load(): Uint8Array | undefined;
  save(image: Uint8Array): void;
}

const idle = 0x00;
const committed = 0xa5;
/** Before the bytes in the journal: mark, offset, length. */
const journalHead = 3;

/** How long the image of a memory is that holds this much. */
export function imageLength(used: number): number {
  return journalHead + 2 * used;
}

/**
 * The card's EEPROM, written byte by byte: where power goes away, what was written is new and the rest is old. What must change as one goes
 * by `replace`: into a journal, then the journal is marked, then in place, then the mark goes. `recover`, at each power-on, redoes what is
 * marked and forgets what is not.
 */
export class NonVolatileMemory {
  readonly #bytes: Uint8Array;
  readonly #journal: number;
  readonly #store: MemoryStore | undefined;
  #writesLeft = Number.POSITIVE_INFINITY;

  /** `initial`: what a new card holds; the longest `replace` is as long. */
  constructor(initial: Uint8Array, store?: MemoryStore) {
    this.#journal = initial.length;
    this.#store = store;
    this.#bytes = new Uint8Array(imageLength(initial.length));
    this.#bytes.set(initial);
    this.#bytes.set(store?.load() ?? []);
  }

  read(offset: number, length: number): Uint8Array {
    return this.#bytes.slice(offset, offset + length);
  }

  /** @throws PowerLost */
  write(offset: number, bytes: Uint8Array): void {
    try {
      bytes.forEach((byte, index) => this.#writeByte(offset + index, byte));
    } finally {
      this.#store?.save(this.#bytes);
    }
  }

  /** All of `bytes` or none, whenever power goes away. @throws PowerLost */
  replace(offset: number, bytes: Uint8Array): void {
    this.write(this.#journal + 1, Uint8Array.of(offset, bytes.length, ...bytes));
    this.write(this.#journal, Uint8Array.of(committed));
    this.recover();
  }

  /** @throws PowerLost */
  recover(): void {
    const [mark, offset = 0, length = 0] = this.read(this.#journal, journalHead);
    if (mark !== committed) return;
    this.write(offset, this.read(this.#journal + journalHead, length));
    this.write(this.#journal, Uint8Array.of(idle));
  }

  /** Power goes away instead of the `nth` byte written from now on (1 is the next). */
  tear(nth: number): void {
    this.#writesLeft = nth - 1;
  }

  #writeByte(offset: number, byte: number): void {
    if (this.#writesLeft === 0) {
      this.#writesLeft = Number.POSITIVE_INFINITY;
      throw new PowerLost();
    }
    this.#writesLeft -= 1;
    this.#bytes[offset] = byte;
  }
}
