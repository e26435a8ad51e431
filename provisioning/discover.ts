import { existsSync, readFileSync, readdirSync, readlinkSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** One device that Sportello could use. */
export interface FoundDevice {
  readonly kind: 'serial' | 'usb-printer' | 'hid' | 'card-reader';
  /** As its maker calls it, as far as it says so. */
  readonly name: string;
  /** The path that stays the same over restarts and other plugs; a reader's PC/SC name. */
  readonly stablePath: string;
  /** What goes after `--device`; `null` where a device is not named by an address. */
  readonly address: string | null;
  /** A piece of the configuration file, if this device is the one to use; `null` where the configuration has no place for it. */
  readonly entry: Readonly<Record<string, Readonly<Record<string, string>>>> | null;
  /** What a technician should know before taking it; `""` where there is nothing. */
  readonly note: string;
}

/** Where the kernel tells of its devices; tests make their own. */
export interface DeviceTree {
  readonly sys: string;
  readonly dev: string;
}

export const machine: DeviceTree = { sys: '/sys', dev: '/dev' };

/** The devices that the kernel knows: serial lines, USB printers, HID. Card readers are known to PC/SC alone. */
export function discoverDevices(tree: DeviceTree): readonly FoundDevice[] {
  return [...serialLines(tree), ...usbPrinters(tree), ...hidDevices(tree)];
}

/** A card reader by its PC/SC name, as `discoverDevices` tells of the others. */
export function foundReader(reader: string): FoundDevice {
  return { kind: 'card-reader', name: reader, stablePath: reader, address: null, entry: { card: { reader } }, note: '' };
}

function serialLines({ sys, dev }: DeviceTree): FoundDevice[] {
  const byId = join(dev, 'serial/by-id');
  const named = new Map(list(byId).map((link) => [basename(readlinkSync(join(byId, link))), join(byId, link)]));
  return list(join(sys, 'class/tty'))
    .filter((tty) => isSerialLine(join(sys, 'class/tty', tty)))
    .map((tty) => {
      const usb = usbDeviceOf(join(sys, 'class/tty', tty, 'device'));
      const stablePath = named.get(tty) ?? join(dev, tty);
      const address = `serial:${stablePath}?baud=115200`;
      const numbered = usb !== null && !named.has(tty);
      return {
        kind: 'serial',
        name: usb === null ? `serial port ${tty}` : productOf(usb),
        stablePath,
        address,
        entry: { printer: { device: address } },
        note: numbered ? numberedByTheKernel(usb, `KERNEL=="ttyUSB*|ttyACM*"`) : 'the speed must be the one set in the printer',
      };
    });
}

/** A terminal with hardware behind it: one on USB, or a UART that the kernel has found to be there (type 0: there is none). */
function isSerialLine(tty: string): boolean {
  return existsSync(join(tty, 'device')) && (/^tty(USB|ACM)/.test(basename(tty)) || !['', '0'].includes(text(join(tty, 'type'))));
}

function usbPrinters({ sys, dev }: DeviceTree): FoundDevice[] {
  return list(join(sys, 'class/usbmisc'))
    .filter((name) => /^lp\d+$/.test(name))
    .map((name) => {
      const usb = usbDeviceOf(join(sys, 'class/usbmisc', name, 'device'));
      const stablePath = join(dev, 'usb', name);
      const address = `usb:${stablePath}`;
      const note = numberedByTheKernel(usb, 'KERNEL=="lp[0-9]*", SUBSYSTEM=="usbmisc"');
      return {
        kind: 'usb-printer',
        name: usb === null ? name : productOf(usb),
        stablePath,
        address,
        entry: { printer: { device: address } },
        note,
      };
    });
}

function hidDevices({ sys, dev }: DeviceTree): FoundDevice[] {
  return list(join(sys, 'class/hidraw')).map((hidraw) => {
    const uevent = text(join(sys, 'class/hidraw', hidraw, 'device/uevent'));
    const [, vendor, product] = /^HID_ID=[0-9A-F]{4}:0000([0-9A-F]{4}):0000([0-9A-F]{4})$/m.exec(uevent) ?? [];
    const known = vendor !== undefined && product !== undefined;
    return {
      kind: 'hid',
      name: /^HID_NAME=(.+)$/m.exec(uevent)?.[1] ?? hidraw,
      stablePath: join(dev, hidraw),
      address: known ? `hid:${vendor}:${product}` : `hid:${join(dev, hidraw)}`,
      entry: null,
      note: known ? 'the address holds for every device of this make and model' : 'the kernel numbers it in the order of plugging in',
    };
  });
}

/** The USB device that an interface belongs to: the nearest folder upwards that has a vendor number. */
function usbDeviceOf(device: string): string | null {
  if (!existsSync(device)) return null;
  for (let folder = realpathSync(device); folder !== dirname(folder); folder = dirname(folder)) {
    if (existsSync(join(folder, 'idVendor'))) return folder;
  }
  return null;
}

function productOf(usb: string): string {
  const named = [text(join(usb, 'manufacturer')), text(join(usb, 'product'))].filter(Boolean).join(' ');
  return named === '' ? `USB ${text(join(usb, 'idVendor'))}:${text(join(usb, 'idProduct'))}` : named;
}

/** Where udev makes no lasting name, the rule that would. */
function numberedByTheKernel(usb: string | null, match: string): string {
  const said = 'the kernel numbers it in the order of plugging in';
  if (usb === null) return said;
  const attributes = ['idVendor', 'idProduct', 'serial']
    .map((name) => [name, text(join(usb, name))] as const)
    .filter(([, value]) => /^[\w.-]+$/.test(value))
    .map(([name, value]) => `ATTRS{${name}}=="${value}"`);
  return `${said}; for a path that stays, as udev rule: ${[match, ...attributes, 'SYMLINK+="sportello/printer"'].join(', ')}`;
}

/** What a folder of the device tree holds, in a stable order; nothing where the kernel has no such class. */
function list(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).sort() : [];
}

/** A file of one line; empty where the kernel has none, or a device that is just going cannot answer. */
function text(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return '';
  }
}
