import { connect } from 'node:net';
import { withDeadline } from '../deadline.ts';
import { err, ok, type Result } from '../result.ts';
import { writeToStream } from './stream-write.ts';
import type { Transport, TransportError } from './transport.ts';

const OPEN_LIMIT_MS = 3_000;

/** A printer on a raw TCP port of this machine. */
export async function openTcp(host: '127.0.0.1', port: number, signal: AbortSignal): Promise<Result<Transport, TransportError>> {
  if (signal.aborted) return err({ kind: 'aborted' });
  const gone = new AbortController();
  const socket = connect({ host, port, noDelay: true });
  socket.on('error', (error) => gone.abort(error.message));
  socket.on('close', () => gone.abort('the connection was closed'));
  socket.on('end', () => gone.abort('the printer ended the connection'));
  const connected = new Promise<void>((resolve) => socket.once('connect', () => resolve()));
  const opened = await withDeadline(OPEN_LIMIT_MS, AbortSignal.any([signal, gone.signal]), () => connected);
  if (!opened.ok) {
    socket.destroy();
    if (opened.error.kind === 'timeout') return err({ kind: 'gone', detail: 'no answer in time' });
    return err(typeof gone.signal.reason === 'string' ? { kind: 'gone', detail: gone.signal.reason } : { kind: 'aborted' });
  }
  return ok({
    gone: gone.signal,
    discard: () => Promise.resolve(),
    listen: (listener) => {
      socket.removeAllListeners('data');
      socket.on('data', listener);
    },
    write: (bytes, writeSignal) => writeToStream(socket, bytes, writeSignal, gone.signal),
    close: () => {
      gone.abort('closed');
      // A plain close would still deliver what waits in the socket's buffer.
      socket.resetAndDestroy();
      return Promise.resolve();
    },
  });
}
