import { type Heard, LONGEST_CODE, PIECE_LIMIT_MS } from './line.ts';
import { readSymbol } from './symbols.ts';

/** What ends a code on a serial line: CR, LF, TAB or ETX, whichever the scanner is set to; STX may begin it. */
const ends: readonly number[] = [0x0d, 0x0a, 0x09, 0x03];
const STX = 0x02;

/**
 * Makes codes of the bytes of a serial line, however these are cut into pieces. What has no end within the time is dropped when the next bytes come, or by
 * `expire`, so that half a code is never the beginning of another.
 */
export class Assembly {
  #held: number[] = [];
  #begunAt = 0;
  #lastAt = 0;
  #tooLong = false;

  /** Waiting for the rest of a code. */
  get open(): boolean {
    return this.#held.length > 0 || this.#tooLong;
  }

  push(bytes: Uint8Array, at: number): readonly Heard[] {
    const heard: Heard[] = [...this.expire(at)];
    this.#lastAt = at;
    for (const byte of bytes) {
      if (ends.includes(byte)) {
        if (this.open) heard.push(this.#finish());
      } else if (byte !== STX || this.open) {
        if (!this.open) this.#begunAt = at;
        if (this.#held.length === LONGEST_CODE) this.#tooLong = true;
        if (this.#tooLong) this.#held = [];
        else this.#held.push(byte);
      }
    }
    return heard;
  }

  /** Drops what was begun and not gone on with in time. */
  expire(at: number): readonly Heard[] {
    if (!this.open || at - this.#lastAt <= PIECE_LIMIT_MS) return [];
    const why = this.#tooLong ? 'too-long' : 'cut-short';
    this.#forget();
    return [{ kind: 'ignored', why, begunAt: this.#begunAt }];
  }

  #finish(): Heard {
    const begunAt = this.#begunAt;
    const read = readSymbol(Uint8Array.from(this.#held));
    const tooLong = this.#tooLong;
    this.#forget();
    if (tooLong) return { kind: 'ignored', why: 'too-long', begunAt };
    return read.ok ? { kind: 'scan', scan: read.value, begunAt } : { kind: 'ignored', why: read.error, begunAt };
  }

  #forget(): void {
    this.#held = [];
    this.#tooLong = false;
  }
}
