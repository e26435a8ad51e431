import { expect, test } from 'vitest';
import { parseScannerAddress } from '../../../devices/barcode/address.ts';

test.each([
  ['serial:/dev/ttyACM0', { line: 'serial', path: '/dev/ttyACM0', baudRate: 9600 }],
  ['serial:/dev/serial/by-id/usb-x?baud=115200', { line: 'serial', path: '/dev/serial/by-id/usb-x', baudRate: 115_200 }],
  ['hid:/dev/hidraw0', { line: 'hid', path: '/dev/hidraw0' }],
  ['hid:0c2e:0901', { line: 'hid', vendorId: 0x0c2e, productId: 0x0901 }],
  ['hid:0C2E:0901', { line: 'hid', vendorId: 0x0c2e, productId: 0x0901 }],
])('%s', (text, address) => {
  expect(parseScannerAddress(text)).toEqual({ ok: true, value: address });
});

test.each([
  '',
  'serial:',
  'serial:ttyACM0',
  'serial:/dev/ttyACM0?baud=0',
  'serial:/dev/ttyACM0?baud=9600&baud=9600',
  'serial:/dev/ttyACM0?speed=9600',
  'hid:',
  'hid:hidraw0',
  'hid:0c2e',
  'hid:0c2e:901',
  'usb:/dev/usb/lp0',
  'tcp:127.0.0.1:9100',
])('%j is no address, and the answer says what one is, in one line', (text) => {
  const parsed = parseScannerAddress(text);
  expect(parsed).toMatchObject({ ok: false, error: expect.stringMatching(/^scanner address .*: expected serial:.*hid:VID:PID[^\n]*$/) });
});
