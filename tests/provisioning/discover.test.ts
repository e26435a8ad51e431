import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parsePrinterAddress } from '../../devices/printer/address.ts';
import { configuration } from '../../kiosk/configuration.ts';
import { type DeviceTree, discoverDevices, foundReader, machine } from '../../provisioning/discover.ts';

/** A device tree as the kernel and udev lay it out, with what the test plugs in. */
let root: string;
let tree: DeviceTree;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'devices-'));
  tree = { sys: join(root, 'sys'), dev: join(root, 'dev') };
});
afterEach(() => rmSync(root, { recursive: true }));

function file(path: string, content = ''): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), content);
}

function link(path: string, target: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  symlinkSync(target, join(root, path));
}

/** A USB device at a port, and one interface of it; gives the interface's folder under /sys. */
function usb(port: string, attributes: Record<string, string>): string {
  const device = `sys/devices/pci0000:00/0000:00:14.0/usb1/${port}`;
  for (const [name, value] of Object.entries(attributes)) file(`${device}/${name}`, `${value}\n`);
  mkdirSync(join(root, device, `${port}:1.0`), { recursive: true });
  return join(root, device, `${port}:1.0`);
}

const ftdi = { idVendor: '0403', idProduct: '6001', manufacturer: 'FTDI', product: 'FT232R USB UART', serial: 'A50285BI' };
const epson = { idVendor: '04b8', idProduct: '0e28', manufacturer: 'EPSON', product: 'TM-T20III', serial: 'X3FE012345' };

test('a machine without devices has none', () => {
  expect(discoverDevices(tree)).toEqual([]);
});

test('this machine can be asked', () => {
  expect(Array.isArray(discoverDevices(machine))).toBe(true);
});

test('a USB serial line is told by the name that udev made from its serial number', () => {
  file('sys/class/tty/ttyUSB0/dev', '188:0\n');
  link('sys/class/tty/ttyUSB0/device', usb('1-2', ftdi));
  file('dev/ttyUSB0');
  link('dev/serial/by-id/usb-FTDI_FT232R_USB_UART_A50285BI-if00-port0', '../../ttyUSB0');
  const stablePath = `${tree.dev}/serial/by-id/usb-FTDI_FT232R_USB_UART_A50285BI-if00-port0`;
  expect(discoverDevices(tree)).toEqual([
    {
      kind: 'serial',
      name: 'FTDI FT232R USB UART',
      stablePath,
      address: `serial:${stablePath}?baud=115200`,
      entry: { printer: { device: `serial:${stablePath}?baud=115200` } },
      note: 'the speed must be the one set in the printer',
    },
  ]);
});

test('a USB serial line for which udev made no name comes with a rule that makes one', () => {
  link('sys/class/tty/ttyACM0/device', usb('1-3', ftdi));
  const [found] = discoverDevices(tree);
  expect(found?.stablePath).toBe(join(tree.dev, 'ttyACM0'));
  expect(found?.note).toContain(
    'ATTRS{idVendor}=="0403", ATTRS{idProduct}=="6001", ATTRS{serial}=="A50285BI", SYMLINK+="sportello/printer"',
  );
});

test('a UART counts only where there is one, consoles and pseudo-terminals never', () => {
  for (const [tty, type] of [
    ['ttyS0', '4'],
    ['ttyS1', '0'],
  ] as const) {
    file(`sys/class/tty/${tty}/type`, `${type}\n`);
    file(`sys/class/tty/${tty}/device/driver`);
  }
  for (const tty of ['tty', 'tty0', 'console', 'ptmx']) file(`sys/class/tty/${tty}/dev`);
  expect(discoverDevices(tree).map(({ name, stablePath }) => [name, stablePath])).toEqual([['serial port ttyS0', join(tree.dev, 'ttyS0')]]);
});

test('a USB printer is told with its make, and a rule against changing numbers', () => {
  link('sys/class/usbmisc/lp0/device', usb('1-4', epson));
  file('sys/class/usbmisc/hiddev0/dev');
  const [found, ...more] = discoverDevices(tree);
  expect(more).toEqual([]);
  expect(found).toMatchObject({ kind: 'usb-printer', name: 'EPSON TM-T20III', address: `usb:${tree.dev}/usb/lp0` });
  expect(found?.note).toContain('ATTRS{serial}=="X3FE012345"');
});

test('what a USB device says of itself cannot write a rule of its own', () => {
  link('sys/class/usbmisc/lp0/device', usb('1-4', { ...epson, serial: '", RUN+="/bin/sh' }));
  expect(discoverDevices(tree)[0]?.note).not.toContain('RUN');
});

test('a HID device is told by vendor and product, whatever its number', () => {
  const uevent =
    'DRIVER=hid-generic\nHID_ID=0003:00000C2E:00000B61\nHID_NAME=Honeywell 1900\nHID_PHYS=usb-0000:00:14.0-1/input0\nHID_UNIQ=\n';
  file('sys/class/hidraw/hidraw3/device/uevent', uevent);
  file('sys/class/hidraw/hidraw4/device/uevent', 'HID_ID=garbage\n');
  expect(discoverDevices(tree)).toMatchObject([
    { kind: 'hid', name: 'Honeywell 1900', address: 'hid:0C2E:0B61', entry: null },
    { kind: 'hid', name: 'hidraw4', address: `hid:${tree.dev}/hidraw4`, entry: null },
  ]);
});

test('every entry that is proposed is one that the configuration takes, and every address one that the printer takes', () => {
  link('sys/class/tty/ttyUSB0/device', usb('1-2', ftdi));
  link('sys/class/usbmisc/lp0/device', usb('1-4', epson));
  const found = [...discoverDevices(tree), foundReader('ACS ACR39U ICC Reader 00 00')];
  expect(found).toHaveLength(3);
  const cms = { url: 'https://cms.example', ca: 'a', clientCertificate: 'b', clientKey: 'c', signingKey: 'd' };
  const site = { id: 'site', name: 'Site', desk: 'health-authority', profile: 'emilia-romagna' };
  const whole = { site, cms, trust: { anchors: ['a'] }, printer: { device: 'usb:/dev/usb/lp9' }, operators: 'o', state: 's' };
  for (const { entry, address } of found) {
    expect(configuration.safeParse({ ...whole, ...entry }).error).toBeUndefined();
    if (address !== null) expect(parsePrinterAddress(address)).toMatchObject({ ok: true });
  }
});
