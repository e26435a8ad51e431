import type { Writable } from 'node:stream';
import { withAny } from '../deadline.ts';
import { err, ok, type Result } from '../result.ts';
import type { TransportError } from './transport.ts';

/** `Transport.write` on a stream: a view of `bytes` goes out, and nothing is waited for once `signal` or `gone` says so. */
export function writeToStream(
  stream: Writable,
  bytes: Uint8Array,
  signal: AbortSignal,
  gone: AbortSignal,
): Promise<Result<void, TransportError>> {
  const givenUp = (): Result<void, TransportError> =>
    err(gone.aborted ? { kind: 'gone', detail: String(gone.reason) } : { kind: 'aborted' });
  return withAny(
    [signal, gone],
    (given) =>
      new Promise((resolve) => {
        given.addEventListener('abort', () => resolve(givenUp()), { once: true });
        if (given.aborted) resolve(givenUp());
        else
          stream.write(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), (error) => {
            resolve(error ? err({ kind: 'gone', detail: error.message }) : ok());
          });
      }),
  );
}
