import { SerialPort } from 'serialport';
import { withDeadline } from '../deadline.ts';
import { err, ok, type Result } from '../result.ts';
import { writeToStream } from './stream-write.ts';
import type { Transport, TransportError } from './transport.ts';

const OPEN_LIMIT_MS = 3_000;
const CONTROL_LIMIT_MS = 1_000;

/**
 * A printer on a serial line. A `SerialPort` that was closed queues what is written to it and sends it when it is opened
 * again: a slip could come out to the next person. So one object serves one connection, and is destroyed with it.
 */
export async function openSerial(path: string, baudRate: number, signal: AbortSignal): Promise<Result<Transport, TransportError>> {
  const port = new SerialPort({ path, baudRate, lock: true, autoOpen: false });
  const gone = new AbortController();
  // `close` may come twice, and once more as an error of each pending write; a line is lost only once.
  port.on('close', (error: unknown) => gone.abort(error instanceof Error ? error.message : 'closed'));
  port.on('error', (error: Error) => {
    if (!port.isOpen) gone.abort(error.message);
  });
  const opened = await withDeadline(OPEN_LIMIT_MS, signal, () => called((done) => port.open(done)));
  if (!opened.ok) {
    port.once('open', () => port.close());
    return err(opened.error.kind === 'aborted' ? { kind: 'aborted' } : { kind: 'gone', detail: `${path} did not open in time` });
  }
  if (opened.value !== undefined) return err({ kind: 'gone', detail: opened.value });

  const flush = async (): Promise<void> => {
    if (port.isOpen) await withDeadline(CONTROL_LIMIT_MS, undefined, () => called((done) => port.flush(done)));
  };
  // Pseudo-terminals have no modem lines (ENOTTY); a printer that waits for them is on a real port.
  await withDeadline(CONTROL_LIMIT_MS, undefined, () => called((done) => port.set({ dtr: true, rts: true }, done)));
  await flush();

  return ok({
    gone: gone.signal,
    discard: flush,
    listen: (listener) => {
      port.removeAllListeners('data');
      port.on('data', listener);
    },
    write: (bytes, writeSignal) => {
      if (!port.isOpen) gone.abort('not open');
      return writeToStream(port, bytes, writeSignal, gone.signal);
    },
    close: async () => {
      await flush();
      if (port.isOpen) await withDeadline(CONTROL_LIMIT_MS, undefined, () => called((done) => port.close(done)));
      gone.abort('closed');
      port.destroy();
    },
  });
}

/** A callback of serialport as a promise: the message of its error, or nothing. */
function called(start: (done: (error: Error | null | undefined) => void) => void): Promise<string | undefined> {
  return new Promise((resolve) => start((error) => resolve(error?.message)));
}
