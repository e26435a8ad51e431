import { type Result, err, ok } from './result.ts';

export type Overdue = { readonly kind: 'timeout'; readonly afterMs: number } | { readonly kind: 'aborted' };

/**
 * Waits for `work` no longer than `limitMs` (milliseconds) and no longer than `signal` allows. `work` gets a signal of
 * its own that is aborted in both cases, so that it can let go of what it holds. Rejections of `work` pass through: they are bugs.
 */
export async function withDeadline<T>(
  limitMs: number,
  signal: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<Result<T, Overdue>> {
  if (signal?.aborted) return err({ kind: 'aborted' });
  const given = new AbortController();
  return await new Promise((resolve, reject) => {
    const letGo = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    };
    const end = (overdue: Overdue): void => {
      letGo();
      resolve(err(overdue));
      given.abort();
    };
    const onAbort = (): void => end({ kind: 'aborted' });
    const timer = setTimeout(() => end({ kind: 'timeout', afterMs: limitMs }), limitMs);
    signal?.addEventListener('abort', onAbort, { once: true });
    work(given.signal).then(
      (value) => {
        letGo();
        resolve(ok(value));
      },
      (error: unknown) => {
        letGo();
        reject(error instanceof Error ? error : new Error(String(error)));
      },
    );
  });
}

/**
 * Gives `work` a signal that is aborted, with its reason, by the first of `signals`, for as long as it works. `AbortSignal.any` in its place
 * would leave something in a long-lived signal at each call and for good (Node 20): with one look at the printer every two seconds, 12 MB a day.
 */
export async function withAny<T>(signals: readonly AbortSignal[], work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const given = new AbortController();
  const follows = signals.map((signal) => ({ signal, onAbort: (): void => given.abort(signal.reason) }));
  for (const { signal, onAbort } of follows) {
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  }
  try {
    return await work(given.signal);
  } finally {
    for (const { signal, onAbort } of follows) signal.removeEventListener('abort', onAbort);
  }
}
