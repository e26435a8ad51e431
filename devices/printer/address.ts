import { z } from 'zod';
import { type Result, err, ok } from '../result.ts';

/** Where a printer is. A network printer is reached on this machine's loopback only: a slip must not cross a wire in clear. */
export type PrinterAddress =
  | {
      readonly line: 'serial';
      readonly path: string;
      readonly baudRate: number;
      /** The printer has a presenter that speaks as Custom's do. */
      readonly presenter?: 'custom';
    }
  | { readonly line: 'usb'; readonly path: string }
  | { readonly line: 'tcp'; readonly host: '127.0.0.1'; readonly port: number };

const DEFAULT_BAUD_RATE = 115_200;

const devicePath = z.string().regex(/^\/[^\0?#]+$/, 'the device must be an absolute path');
const port = z.coerce.number().int().min(1).max(65_535);
const baudRate = z.coerce.number().int().min(1200).max(4_000_000);

/** Reads `serial:/dev/…?baud=…` (with a presenter: `&presenter=custom`), `usb:/dev/usb/lp0` or `tcp:127.0.0.1:PORT`; the error is one line for a person. */
export function parsePrinterAddress(text: string): Result<PrinterAddress, string> {
  const [, line, rest] = /^([a-z]+):(.*)$/s.exec(text) ?? [];
  if (line === 'serial' && rest !== undefined) return parseSerial(rest);
  if (line === 'usb' && rest !== undefined) {
    const path = devicePath.safeParse(rest);
    return path.success ? ok({ line: 'usb', path: path.data }) : refuse(text, 'usb:/dev/usb/lp0');
  }
  if (line === 'tcp' && rest !== undefined) {
    const [, host, portText] = /^(.*):(\d{1,5})$/.exec(rest) ?? [];
    const parsed = port.safeParse(portText);
    if (host === undefined || !parsed.success) return refuse(text, 'tcp:127.0.0.1:9100');
    if (host !== '127.0.0.1')
      return err(`printer address ${JSON.stringify(text)}: only 127.0.0.1 is allowed, a slip must not leave this machine`);
    return ok({ line: 'tcp', host, port: parsed.data });
  }
  return refuse(text, 'serial:/dev/…?baud=115200, usb:/dev/usb/lp0 or tcp:127.0.0.1:9100');
}

function parseSerial(rest: string): Result<PrinterAddress, string> {
  const [pathText = '', query = '', ...more] = rest.split('?');
  const path = devicePath.safeParse(pathText);
  const options = new URLSearchParams(query);
  const baud = baudRate.safeParse(options.get('baud') ?? DEFAULT_BAUD_RATE);
  const presenter = options.get('presenter');
  const known = [...options.keys()].every((key) => options.getAll(key).length === 1 && (key === 'baud' || key === 'presenter'));
  if (!path.success || !baud.success || !known || (presenter !== null && presenter !== 'custom') || more.length > 0)
    return refuse(`serial:${rest}`, 'serial:/dev/ttyS0?baud=115200');
  return ok({ line: 'serial', path: path.data, baudRate: baud.data, ...(presenter === null ? {} : { presenter }) });
}

function refuse(text: string, expected: string): Result<never, string> {
  return err(`printer address ${JSON.stringify(text)}: expected ${expected}`);
}
