import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import { withAny, withDeadline } from '../../devices/deadline.ts';

const never = (signal: AbortSignal): Promise<string> =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
const listeners = (signal: AbortSignal): number => getEventListeners(signal, 'abort').length;

test('the first of many signals aborts the work, with its reason', async () => {
  const [first, second] = [new AbortController(), new AbortController()];
  const work = withAny([first.signal, second.signal], never);
  second.abort(new Error('unplugged'));
  await expect(work).rejects.toThrow('unplugged');
});

test('a signal that is already aborted aborts the work at its beginning', async () => {
  expect(await withAny([new AbortController().signal, AbortSignal.abort()], async ({ aborted }) => aborted)).toBe(true);
});

test('nothing of the work stays on a signal that outlives it', async () => {
  const long = new AbortController();
  await withAny([long.signal], async () => 'done');
  await withAny([long.signal], async () => Promise.reject(new Error('failed'))).catch(() => undefined);
  expect(await withDeadline(1_000, long.signal, async () => 'done')).toEqual({ ok: true, value: 'done' });
  await withDeadline(1_000, long.signal, async () => Promise.reject(new Error('failed'))).catch(() => undefined);
  expect(await withDeadline(1, long.signal, () => new Promise(() => undefined))).toEqual({
    ok: false,
    error: { kind: 'timeout', afterMs: 1 },
  });
  expect(listeners(long.signal)).toBe(0);
});

test('whatever ends the wait, the work is told', async () => {
  const outer = new AbortController();
  const told: boolean[] = [];
  const work = (signal: AbortSignal): Promise<never> => {
    signal.addEventListener('abort', () => told.push(true));
    return new Promise(() => undefined);
  };
  await withDeadline(1, outer.signal, work);
  const waiting = withDeadline(10_000, outer.signal, work);
  outer.abort();
  expect(await waiting).toEqual({ ok: false, error: { kind: 'aborted' } });
  expect(told).toEqual([true, true]);
});
