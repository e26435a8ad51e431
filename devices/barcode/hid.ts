import { HIDAsync, devicesAsync } from 'node-hid';
import { withDeadline } from '../deadline.ts';
import { type Result, err, ok } from '../result.ts';
import type { ScannerAddress } from './address.ts';
import { type Heard, type LineError, PIECE_LIMIT_MS, type ScannerLine } from './line.ts';
import { Reports } from './reports.ts';

/** For listing, opening and closing, milliseconds each. */
const LIMIT_MS = 3_000;

type HidAddress = Extract<ScannerAddress, { line: 'hid' }>;

/** A scanner in HID POS mode. Unplugged, node-hid says `error`, with an argument or without one; a device that is just going may still be listed. */
export async function openHid(address: HidAddress, signal: AbortSignal): Promise<Result<ScannerLine, LineError>> {
  const opened = await withDeadline(LIMIT_MS, signal, () => find(address));
  if (!opened.ok) return err(opened.error.kind === 'aborted' ? { kind: 'aborted' } : { kind: 'gone', detail: 'did not open in time' });
  if (!opened.value.ok) return opened.value;
  const device = opened.value.value;
  const gone = new AbortController();
  const reports = new Reports();
  let hear: (heard: Heard) => void = () => undefined;
  let expiry: NodeJS.Timeout | undefined;
  let closing: Promise<void> | undefined;
  const tell = (all: readonly Heard[]): void => all.forEach((heard) => hear(heard));
  const close = async (detail: string): Promise<void> => {
    clearTimeout(expiry);
    gone.abort(detail);
    await withDeadline(LIMIT_MS, undefined, () => device.close().catch(() => undefined));
  };
  device.on('error', () => void (closing ??= close('unplugged')));
  device.on('data', (report: Buffer) => {
    clearTimeout(expiry);
    tell(reports.push(report, performance.now()));
    if (reports.open) expiry = setTimeout(() => tell(reports.expire(performance.now())), PIECE_LIMIT_MS + 1);
  });
  return ok({
    listen: (listener) => {
      hear = listener;
    },
    gone: gone.signal,
    close: () => (closing ??= close('closed')),
  });
}

async function find(address: HidAddress): Promise<Result<HIDAsync, LineError>> {
  try {
    const listed = await devicesAsync();
    const found = listed.find((device) =>
      'path' in address ? device.path === address.path : device.vendorId === address.vendorId && device.productId === address.productId,
    );
    if (found?.path === undefined) return err({ kind: 'gone', detail: 'not plugged in' });
    return ok(await HIDAsync.open(found.path));
  } catch (error) {
    return err({ kind: 'gone', detail: error instanceof Error ? error.message : String(error) });
  }
}
