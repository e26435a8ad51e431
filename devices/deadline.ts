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
  const limit = new AbortController();
  const given = signal === undefined ? limit.signal : AbortSignal.any([signal, limit.signal]);
  return await new Promise((resolve, reject) => {
    const timer = setTimeout(() => limit.abort(), limitMs);
    const onAbort = (): void => {
      clearTimeout(timer);
      resolve(err(signal?.aborted ? { kind: 'aborted' } : { kind: 'timeout', afterMs: limitMs }));
    };
    given.addEventListener('abort', onAbort, { once: true });
    work(given).then(
      (value) => {
        clearTimeout(timer);
        given.removeEventListener('abort', onAbort);
        resolve(ok(value));
      },
      (error: unknown) => {
        clearTimeout(timer);
        given.removeEventListener('abort', onAbort);
        reject(error instanceof Error ? error : new Error(String(error)));
      },
    );
  });
}
