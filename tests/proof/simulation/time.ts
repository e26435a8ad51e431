import type { Clock } from '../../../kiosk/cms/pace.ts';

/** Chance that can be had again: a 32-bit generator (mulberry32), the same numbers for the same seed. */
export class Chance {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** From 0 up to, and without, 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }

  happens(probability: number): boolean {
    return this.next() < probability;
  }

  between(least: number, most: number): number {
    return least + this.next() * (most - least);
  }

  pick<T>(list: readonly [T, ...T[]]): T {
    return list[Math.floor(this.next() * list.length)] ?? list[0];
  }
}

interface Due {
  readonly at: number;
  readonly id: number;
  readonly work: () => void;
}

/**
 * Time that passes only from one event to the next: what is due happens, then everything that was promised because of it, then what is due next. It is
 * the clock of the machines (XState's shape) and of the outbox.
 */
export class Time implements Clock {
  #now = 0;
  #ids = 0;
  #due: Due[] = [];

  now(): number {
    return this.#now;
  }

  /** Milliseconds since 1970, as the world counts them. */
  wall(): number {
    return Date.UTC(2026, 10, 22, 10) + this.#now;
  }

  setTimeout(work: () => void, ms: number): number {
    const id = (this.#ids += 1);
    const at = this.#now + Math.max(0, ms);
    const place = this.#due.findIndex((other) => other.at > at);
    this.#due.splice(place < 0 ? this.#due.length : place, 0, { at, id, work });
    return id;
  }

  clearTimeout(id: unknown): void {
    this.#due = this.#due.filter((each) => each.id !== id);
  }

  async wait(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted === true) return;
    await new Promise<void>((resolve) => {
      const id = this.setTimeout(done, ms);
      const onAbort = (): void => {
        this.clearTimeout(id);
        resolve();
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      function done(): void {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      }
    });
  }

  /** Lets time pass up to `until`, or as long as `goOn` says so. */
  async pass(until: number, goOn: () => boolean = () => true): Promise<void> {
    await settled();
    while (goOn()) {
      const [next] = this.#due;
      if (next === undefined || next.at > until) break;
      this.#due.shift();
      this.#now = next.at;
      next.work();
      await settled();
    }
    if (this.#now < until && goOn()) this.#now = until;
  }
}

/** Everything that follows from what has happened, without any time passing. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
