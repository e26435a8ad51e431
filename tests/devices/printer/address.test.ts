import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parsePrinterAddress } from '../../../devices/printer/address.ts';

test('the three kinds of line', () => {
  expect(parsePrinterAddress('serial:/dev/serial/by-id/usb-EPSON-if00?baud=38400')).toEqual({
    ok: true,
    value: { line: 'serial', path: '/dev/serial/by-id/usb-EPSON-if00', baudRate: 38_400 },
  });
  expect(parsePrinterAddress('serial:/dev/ttyS0')).toEqual({ ok: true, value: { line: 'serial', path: '/dev/ttyS0', baudRate: 115_200 } });
  expect(parsePrinterAddress('usb:/dev/usb/lp0')).toEqual({ ok: true, value: { line: 'usb', path: '/dev/usb/lp0' } });
  expect(parsePrinterAddress('tcp:127.0.0.1:9100')).toEqual({ ok: true, value: { line: 'tcp', host: '127.0.0.1', port: 9100 } });
});

test.each(['tcp:192.168.1.20:9100', 'tcp:0.0.0.0:9100', 'tcp:localhost:9100', 'tcp:127.0.0.1.example.com:9100', 'tcp:[::]:9100'])(
  '%s would leave the machine',
  (address) => {
    const parsed = parsePrinterAddress(address);
    expect(!parsed.ok && parsed.error).toContain('127.0.0.1');
  },
);

test.each([
  '',
  'serial:',
  'serial:ttyS0',
  'serial:/dev/ttyS0?baud=fast',
  'serial:/dev/ttyS0?baud=0',
  'serial:/dev/ttyS0?parity=even',
  'serial:/dev/ttyS0?baud=9600&baud=19200',
  'usb:lp0',
  'tcp:127.0.0.1',
  'tcp:127.0.0.1:0',
  'tcp:127.0.0.1:70000',
  'hid:/dev/hidraw0',
  'http://127.0.0.1/',
])('%j is refused with one line that says what is expected', (address) => {
  const parsed = parsePrinterAddress(address);
  expect(!parsed.ok && parsed.error).toMatch(/expected|only/);
  expect(!parsed.ok && parsed.error).not.toContain('\n');
});

test('anything is either an address or refused', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.string().map((rest) => `serial:/${rest}`),
        fc.string().map((rest) => `tcp:${rest}`),
      ),
      (text) => typeof parsePrinterAddress(text).ok === 'boolean',
    ),
  );
});
