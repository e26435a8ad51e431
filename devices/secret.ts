import { inspect } from 'node:util';

const REDACTED = '[secret]';

/**
 * Bytes that must never be seen: any part of a PIN, PUK, CIP or one-time code. It cannot be printed, logged, or
 * serialised (`toString`, `inspect` and `toJSON` give `[secret]`), and it is wiped by whoever ends its use.
 * The bytes are reached only by `expose`, so every place that looks at them can be found by that word.
 */
export class Secret {
  readonly #bytes: Uint8Array;

  /** Takes the bytes over: the caller keeps no copy. */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  static fromText(text: string): Secret {
    return new Secret(new TextEncoder().encode(text));
  }

  /** The bytes themselves, not a copy: `wipe` empties them wherever they are held. */
  expose(): Uint8Array {
    return this.#bytes;
  }

  get length(): number {
    return this.#bytes.length;
  }

  wipe(): void {
    this.#bytes.fill(0);
  }

  toString(): string {
    return REDACTED;
  }

  toJSON(): string {
    return REDACTED;
  }

  [inspect.custom](): string {
    return REDACTED;
  }
}
