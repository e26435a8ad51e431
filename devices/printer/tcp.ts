import { connect, type Socket } from 'node:net';
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
  const failed = await connected(socket, AbortSignal.any([signal, AbortSignal.timeout(OPEN_LIMIT_MS), gone.signal]));
  if (failed) {
    socket.destroy();
    return err(
      signal.aborted
        ? { kind: 'aborted' }
        : { kind: 'gone', detail: gone.signal.aborted ? String(gone.signal.reason) : 'no answer in time' },
    );
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

/** Whether the connection failed to come about before `limit`. */
function connected(socket: Socket, limit: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    socket.once('connect', () => resolve(false));
    limit.addEventListener('abort', () => resolve(true), { once: true });
  });
}
