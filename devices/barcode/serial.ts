import { type Result, ok } from '../result.ts';
import { openSerialPort } from '../serial-port.ts';
import { Assembly } from './assembly.ts';
import { type Heard, type LineError, PIECE_LIMIT_MS, type ScannerLine } from './line.ts';

/** A scanner on a serial line, also one on USB in serial mode (CDC-ACM), which is how a scanner is best set: no keyboard, no focus, no layout. */
export async function openSerial(path: string, baudRate: number, signal: AbortSignal): Promise<Result<ScannerLine, LineError>> {
  const opened = await openSerialPort(path, baudRate, signal);
  if (!opened.ok) return opened;
  const { stream, gone, close } = opened.value;
  const assembly = new Assembly();
  let hear: (heard: Heard) => void = () => undefined;
  let expiry: NodeJS.Timeout | undefined;
  const tell = (all: readonly Heard[]): void => all.forEach((heard) => hear(heard));
  stream.on('data', (bytes: Uint8Array) => {
    clearTimeout(expiry);
    tell(assembly.push(bytes, performance.now()));
    if (assembly.open) expiry = setTimeout(() => tell(assembly.expire(performance.now())), PIECE_LIMIT_MS + 1);
  });
  gone.signal.addEventListener('abort', () => clearTimeout(expiry), { once: true });
  return ok({
    listen: (listener) => {
      hear = listener;
    },
    gone: gone.signal,
    close,
  });
}
