import { type Result, ok } from '../result.ts';
import { openSerialPort } from '../serial-port.ts';
import { writeToStream } from './stream-write.ts';
import type { Transport, TransportError } from './transport.ts';

/** A printer on a serial line. */
export async function openSerial(path: string, baudRate: number, signal: AbortSignal): Promise<Result<Transport, TransportError>> {
  const opened = await openSerialPort(path, baudRate, signal);
  if (!opened.ok) return opened;
  const { stream, gone, flush, close } = opened.value;
  return ok({
    gone: gone.signal,
    discard: flush,
    listen: (listener) => {
      stream.removeAllListeners('data');
      stream.on('data', listener);
    },
    write: (bytes, writeSignal) => {
      if (!stream.isOpen) gone.abort('not open');
      return writeToStream(stream, bytes, writeSignal, gone.signal);
    },
    close,
  });
}
