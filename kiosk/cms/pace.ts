import { setMaxListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { withAny } from '../../devices/deadline.ts';

/** Milliseconds between the starts of two requests while the CMS fails; chance adds up to half of it. */
const FAILING_SPACING_MS = 1_000;

export interface Clock {
  /** Milliseconds, from any beginning, never back. */
  now(): number;
  /** Resolves after `ms`, or as soon as `signal` ends it. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

export const realClock: Clock = {
  now: () => performance.now(),
  wait: (ms, signal) => delay(ms, undefined, { signal }).catch(() => undefined),
};

/** How fast this kiosk may ask its CMS: as it likes while the CMS answers, once a second over all calls while it does not. */
export interface Pace {
  /** Waits for this request's turn. `false`: `signal` ended first, and nothing may be sent. */
  turn(signal: AbortSignal): Promise<boolean>;
  /** The CMS answered, be it with a refusal: everybody who waits for a turn has it. `true`: it had failed before. */
  answered(): boolean;
  failed(): void;
}

export function createPace(clock: Clock = realClock, chance: () => number = Math.random): Pace {
  let lastStart = -Infinity;
  /** Until when nothing may be sent; `null`: the CMS answers. */
  let closedUntil: number | null = null;
  /** Ends the waits of all who wait for a turn, however many. */
  const opening = (): AbortController => {
    const controller = new AbortController();
    setMaxListeners(0, controller.signal);
    return controller;
  };
  let opened = opening();
  const spacing = (): number => FAILING_SPACING_MS * (1 + chance() / 2);

  return {
    async turn(signal) {
      while (closedUntil !== null && closedUntil > clock.now()) {
        const left = closedUntil - clock.now();
        await withAny([signal, opened.signal], (either) => clock.wait(left, either));
        if (signal.aborted) return false;
      }
      if (signal.aborted) return false;
      lastStart = clock.now();
      if (closedUntil !== null) closedUntil = lastStart + spacing();
      return true;
    },
    answered() {
      const failedBefore = closedUntil !== null;
      closedUntil = null;
      opened.abort();
      opened = opening();
      return failedBefore;
    },
    failed() {
      closedUntil ??= lastStart + spacing();
    },
  };
}
