import { stat } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { SerialPort } from 'serialport';
import { withDeadline } from './deadline.ts';
import { type Result, err, ok } from './result.ts';

const OPEN_LIMIT_MS = 3_000;
const CONTROL_LIMIT_MS = 1_000;
/** How often it is looked whether the device is still there, milliseconds. */
const LOOK_MS = 500;

export type SerialPortError = { readonly kind: 'gone'; readonly detail: string } | { readonly kind: 'aborted' };

/** One connection over a serial line, raw. */
export interface OpenSerialPort {
  readonly stream: SerialPort;
  /** Aborted once, when the line is gone for whatever reason; its `reason` is a string for a person. */
  readonly gone: AbortController;
  /** Throws away what the operating system holds, in both directions. */
  readonly flush: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/**
 * Opens a serial line for one connection. A `SerialPort` that was closed queues what is written to it and sends it when it is opened again, and
 * its parsers keep half a line: a slip, or half a code, could come out to the next person. So one object serves one connection, and is destroyed with it.
 */
export async function openSerialPort(
  path: string,
  baudRate: number,
  signal: AbortSignal,
): Promise<Result<OpenSerialPort, SerialPortError>> {
  // Before it is opened: a device that goes right after must be seen to be another, or gone.
  const device = await identity(path);
  const stream = new SerialPort({ path, baudRate, lock: true, autoOpen: false });
  const gone = new AbortController();
  // `close` may come twice, and once more as an error of each pending write; a line is lost only once.
  stream.on('close', (error: unknown) => gone.abort(error instanceof Error ? error.message : 'closed'));
  stream.on('error', (error: Error) => {
    if (!stream.isOpen) gone.abort(error.message);
  });
  const opened = await withDeadline(OPEN_LIMIT_MS, signal, () => called((done) => stream.open(done)));
  if (!opened.ok) {
    stream.once('open', () => stream.close());
    return err(opened.error.kind === 'aborted' ? { kind: 'aborted' } : { kind: 'gone', detail: `${path} did not open in time` });
  }
  if (opened.value !== undefined) return err({ kind: 'gone', detail: opened.value });

  const flush = async (): Promise<void> => {
    if (stream.isOpen) await withDeadline(CONTROL_LIMIT_MS, undefined, () => called((done) => stream.flush(done)));
  };
  // Pseudo-terminals have no modem lines (ENOTTY); a device that waits for them is on a real port.
  await withDeadline(CONTROL_LIMIT_MS, undefined, () => called((done) => stream.set({ dtr: true, rts: true }, done)));
  await flush();
  void watch(path, device, gone).then(() => {
    if (stream.isOpen) stream.close();
  });
  return ok({
    stream,
    gone,
    flush,
    close: async () => {
      await flush();
      if (stream.isOpen) await withDeadline(CONTROL_LIMIT_MS, undefined, () => called((done) => stream.close(done)));
      gone.abort('closed');
      stream.destroy();
    },
  });
}

/**
 * Ends the connection where the device is no more at its path. A line that hangs up while serialport reads it can go unnoticed: read(2) then answers
 * that there is nothing, for ever, and serialport asks again at once, for ever (bindings-cpp 13, `unixRead`).
 */
async function watch(path: string, device: string, gone: AbortController): Promise<void> {
  while (!gone.signal.aborted) {
    await delay(LOOK_MS, undefined, { signal: gone.signal, ref: false }).catch(() => undefined);
    if ((await identity(path)) !== device) gone.abort('unplugged');
  }
}

/** Which device is at a path now. */
async function identity(path: string): Promise<string> {
  return await stat(path).then(
    ({ ino, rdev }) => `${ino} ${rdev}`,
    () => 'gone',
  );
}

/** A callback of serialport as a promise: the message of its error, or nothing. */
function called(start: (done: (error: Error | null | undefined) => void) => void): Promise<string | undefined> {
  return new Promise((resolve) => start((error) => resolve(error?.message)));
}
