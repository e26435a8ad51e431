import type { Writable } from 'node:stream';
import { err, ok, type Result } from '../result.ts';
import type { TransportError } from './transport.ts';

/** `Transport.write` on a stream: a view of `bytes` goes out, and nothing is waited for once `signal` or `gone` says so. */
export function writeToStream(
  stream: Writable,
  bytes: Uint8Array,
  signal: AbortSignal,
  gone: AbortSignal,
): Promise<Result<void, TransportError>> {
  const given = AbortSignal.any([signal, gone]);
  const givenUp = (): Result<void, TransportError> =>
    err(gone.aborted ? { kind: 'gone', detail: String(gone.reason) } : { kind: 'aborted' });
  if (given.aborted) return Promise.resolve(givenUp());
  return new Promise((resolve) => {
    const onGivenUp = (): void => resolve(givenUp());
    given.addEventListener('abort', onGivenUp, { once: true });
    stream.write(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), (error) => {
      given.removeEventListener('abort', onGivenUp);
      resolve(error ? err({ kind: 'gone', detail: error.message }) : ok());
    });
  });
}
