import type { Clock } from '../../kiosk/cms/pace.ts';

interface Waiter {
  readonly at: number;
  readonly done: () => void;
}

/** A clock whose time passes only in waits, and there at once: always to the next of them. */
export class SimulatedClock implements Clock {
  #now = 0;
  readonly #waiters = new Set<Waiter>();
  /** Each wait, in milliseconds as asked for. */
  readonly waits: number[] = [];
  /** Called before each step of time; `false` stops it until `go`. */
  mayPass: () => boolean = () => true;

  now = (): number => this.#now;

  wait = async (ms: number, signal: AbortSignal): Promise<void> => {
    if (signal.aborted) return;
    this.waits.push(ms);
    await new Promise<void>((resolve) => {
      const done = (): void => {
        this.#waiters.delete(waiter);
        signal.removeEventListener('abort', done);
        resolve();
      };
      const waiter = { at: this.#now + ms, done };
      this.#waiters.add(waiter);
      signal.addEventListener('abort', done);
      this.go();
    });
  };

  go(): void {
    setImmediate(() => {
      if (!this.mayPass()) return;
      const next = [...this.#waiters].toSorted((one, other) => one.at - other.at)[0];
      if (next === undefined) return;
      this.#now = Math.max(this.#now, next.at);
      next.done();
      if (this.#waiters.size > 0) this.go();
    });
  }
}
