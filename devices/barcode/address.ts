import { z } from 'zod';
import { type Result, err, ok } from '../result.ts';

/** Where a scanner is: a serial line (also USB in serial mode), or a HID device by its path or by make and model. */
export type ScannerAddress =
  | { readonly line: 'serial'; readonly path: string; readonly baudRate: number }
  | { readonly line: 'hid'; readonly path: string }
  | { readonly line: 'hid'; readonly vendorId: number; readonly productId: number };

/** What scanners in serial mode are usually delivered with; USB in serial mode does not mind. */
const DEFAULT_BAUD_RATE = 9_600;

const devicePath = z.string().regex(/^\/[^\0?#]+$/);
const baudRate = z.coerce.number().int().min(1200).max(4_000_000);
const expected = 'serial:/dev/…?baud=9600, hid:/dev/hidraw0 or hid:VID:PID (four hexadecimal digits each)';

/** Reads `serial:/dev/…?baud=…`, `hid:/dev/hidraw0` or `hid:VID:PID`; the error is one line for a person. */
export function parseScannerAddress(text: string): Result<ScannerAddress, string> {
  const refused = err(`scanner address ${JSON.stringify(text)}: expected ${expected}`);
  const [, serialPath, query] = /^serial:([^?]*)(?:\?(.*))?$/s.exec(text) ?? [];
  if (serialPath !== undefined) {
    const options = new URLSearchParams(query ?? '');
    const path = devicePath.safeParse(serialPath);
    const baud = baudRate.safeParse(options.get('baud') ?? DEFAULT_BAUD_RATE);
    const onlyBaud = options.size <= 1 && [...options.keys()].every((key) => key === 'baud');
    return path.success && baud.success && onlyBaud ? ok({ line: 'serial', path: path.data, baudRate: baud.data }) : refused;
  }
  const [, vendor, product] = /^hid:([0-9a-f]{4}):([0-9a-f]{4})$/i.exec(text) ?? [];
  if (vendor !== undefined && product !== undefined)
    return ok({ line: 'hid', vendorId: Number.parseInt(vendor, 16), productId: Number.parseInt(product, 16) });
  const [, hidPath] = /^hid:(.*)$/s.exec(text) ?? [];
  const path = devicePath.safeParse(hidPath);
  return path.success ? ok({ line: 'hid', path: path.data }) : refused;
}
