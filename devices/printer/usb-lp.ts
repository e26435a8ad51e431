import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { withAny } from '../deadline.ts';
import { err, ok, type Result } from '../result.ts';
import type { Transport, TransportError } from './transport.ts';

/** How often the kernel's printer driver is asked again where it has nothing or takes nothing (milliseconds). */
const POLL_MS = 10;
const REPLY_BYTES = 256;

/** A USB printer by the kernel's `usblp` (`/dev/usb/lp0`): reads say EAGAIN while the printer is silent, ENODEV once it is unplugged. */
export async function openUsbLp(path: string, signal: AbortSignal): Promise<Result<Transport, TransportError>> {
  if (signal.aborted) return err({ kind: 'aborted' });
  let file: FileHandle;
  try {
    file = await open(path, constants.O_RDWR | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch (error) {
    return err({ kind: 'gone', detail: message(error) });
  }
  const gone = new AbortController();
  let hear: (bytes: Uint8Array) => void = () => undefined;
  const reading = readUntilGone(file, gone, (bytes) => hear(bytes));
  let writing: Promise<unknown> = Promise.resolve();
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    gone.abort('closed');
    await Promise.all([reading, writing]);
    await file.close().catch(() => undefined);
  };
  return ok({
    gone: gone.signal,
    discard: () => Promise.resolve(),
    listen: (listener) => {
      hear = listener;
    },
    write: (bytes, writeSignal) => {
      const written = writeAll(file, bytes, writeSignal, gone);
      writing = written;
      return written;
    },
    close: () => (closing ??= close()),
  });
}

async function readUntilGone(file: FileHandle, gone: AbortController, hear: (bytes: Uint8Array) => void): Promise<void> {
  const buffer = new Uint8Array(REPLY_BYTES);
  while (!gone.signal.aborted) {
    try {
      const { bytesRead } = await file.read(buffer, 0, buffer.length, null);
      if (bytesRead > 0) hear(buffer.slice(0, bytesRead));
      else await pause(gone.signal);
    } catch (error) {
      if (!isBusy(error)) gone.abort(message(error));
      await pause(gone.signal);
    }
  }
}

async function writeAll(
  file: FileHandle,
  bytes: Uint8Array,
  signal: AbortSignal,
  gone: AbortController,
): Promise<Result<void, TransportError>> {
  let sent = 0;
  while (sent < bytes.length) {
    if (gone.signal.aborted) return err({ kind: 'gone', detail: String(gone.signal.reason) });
    if (signal.aborted) return err({ kind: 'aborted' });
    try {
      sent += (await file.write(bytes, sent, bytes.length - sent, null)).bytesWritten;
    } catch (error) {
      if (!isBusy(error)) {
        gone.abort(message(error));
        return err({ kind: 'gone', detail: message(error) });
      }
      await withAny([signal, gone.signal], pause);
    }
  }
  return ok();
}

async function pause(signal: AbortSignal): Promise<void> {
  await delay(POLL_MS, undefined, { signal }).catch(() => undefined);
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EAGAIN';
}

function message(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
