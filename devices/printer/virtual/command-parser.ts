/** What a byte stream of ESC/POS asks for, one command at a time. Pure; knows lengths and meanings, keeps no state. */
export type Command =
  | { readonly kind: 'character'; readonly byte: number }
  | { readonly kind: 'line-feed' }
  | { readonly kind: 'tab' }
  | { readonly kind: 'initialise' }
  | { readonly kind: 'style'; readonly change: Partial<Style> }
  | { readonly kind: 'feed'; readonly lines: number }
  | { readonly kind: 'feed-dots'; readonly dots: number }
  | { readonly kind: 'cut'; readonly feedDots: number }
  | { readonly kind: 'barcode-setting'; readonly change: Partial<BarcodeSetting> }
  | { readonly kind: 'barcode'; readonly system: number; readonly data: Uint8Array }
  | { readonly kind: 'qr-setting'; readonly change: Partial<QrSetting> }
  | { readonly kind: 'qr-print' }
  | { readonly kind: 'raster'; readonly widthBytes: number; readonly rows: number; readonly data: Uint8Array }
  | { readonly kind: 'ask-process-id'; readonly id: Uint8Array }
  | { readonly kind: 'ask-sensor'; readonly sensor: number }
  | { readonly kind: 'ask-name'; readonly which: number }
  | { readonly kind: 'automatic-status'; readonly mask: number }
  | { readonly kind: 'present' | 'retract' }
  | { readonly kind: 'ignored' };

export type Align = 'left' | 'centre' | 'right';

export interface Style {
  readonly align: Align;
  readonly bold: boolean;
  readonly underline: boolean;
  readonly inverse: boolean;
  readonly smallFont: boolean;
  /** 1-8, each */
  readonly widthTimes: number;
  readonly heightTimes: number;
  readonly codePage: number;
}

export interface BarcodeSetting {
  readonly heightDots: number;
  readonly moduleDots: number;
  readonly caption: boolean;
}

export interface QrSetting {
  readonly moduleDots: number;
  readonly level: 'L' | 'M' | 'Q' | 'H';
  readonly data: Uint8Array;
}

export interface Parsed {
  readonly length: number;
  readonly command: Command;
}

const ESC = 0x1b;
const GS = 0x1d;
const FS = 0x1c;
const IGNORED: Command = { kind: 'ignored' };

/** The command at the head of `bytes` and its length; `undefined` while it is not all there. Always at least one byte long. */
export function parseCommand(bytes: Uint8Array): Parsed | undefined {
  const [first, second] = bytes;
  if (first === undefined) return undefined;
  if (first === 0x0a) return { length: 1, command: { kind: 'line-feed' } };
  if (first === 0x09) return { length: 1, command: { kind: 'tab' } };
  if (first !== ESC && first !== GS && first !== FS) {
    return { length: 1, command: first < 0x20 || first === 0x7f ? IGNORED : { kind: 'character', byte: first } };
  }
  if (second === undefined) return undefined;
  if (first === ESC) return parseEsc(bytes, second);
  if (first === GS) return parseGs(bytes, second);
  return second === 0x2e || second === 0x26 ? { length: 2, command: IGNORED } : withArguments(bytes, 1, () => IGNORED);
}

/** A command of two bytes and `count` one-byte arguments. */
function withArguments(bytes: Uint8Array, count: number, read: (a: number, b: number) => Command): Parsed | undefined {
  if (bytes.length < 2 + count) return undefined;
  return { length: 2 + count, command: read(bytes[2] ?? 0, bytes[3] ?? 0) };
}

function styled(change: Partial<Style>): Command {
  return { kind: 'style', change };
}

function parseEsc(bytes: Uint8Array, second: number): Parsed | undefined {
  switch (String.fromCharCode(second)) {
    case '@':
      return { length: 2, command: { kind: 'initialise' } };
    case 't':
      return withArguments(bytes, 1, (codePage) => styled({ codePage }));
    case 'E':
    case 'G':
      return withArguments(bytes, 1, (n) => styled({ bold: (n & 1) === 1 }));
    case '-':
      return withArguments(bytes, 1, (n) => styled({ underline: (n & 3) !== 0 }));
    case 'M':
      return withArguments(bytes, 1, (n) => styled({ smallFont: (n & 1) === 1 }));
    case 'a':
      return withArguments(bytes, 1, (n) => styled({ align: (['left', 'centre', 'right'] as const)[n & 3] ?? 'left' }));
    case '!':
      return withArguments(bytes, 1, (n) =>
        styled({
          smallFont: (n & 1) !== 0,
          bold: (n & 8) !== 0,
          heightTimes: n & 16 ? 2 : 1,
          widthTimes: n & 32 ? 2 : 1,
          underline: (n & 128) !== 0,
        }),
      );
    case 'd':
      return withArguments(bytes, 1, (lines) => ({ kind: 'feed', lines }));
    case 'J':
      return withArguments(bytes, 1, (dots) => ({ kind: 'feed-dots', dots }));
    case '2':
      return { length: 2, command: IGNORED };
    case 'c':
    case '$':
    case '\\':
      return withArguments(bytes, 2, () => IGNORED);
    case 'p':
      return withArguments(bytes, 3, () => IGNORED);
    case 'D':
      return untilNul(bytes, 2, () => IGNORED);
    case '*': {
      const [, , mode = 0, low, high] = bytes;
      if (low === undefined || high === undefined) return undefined;
      const length = 5 + (low + 256 * high) * (mode >= 32 ? 3 : 1);
      return bytes.length < length ? undefined : { length, command: IGNORED };
    }
    default:
      return withArguments(bytes, 1, () => IGNORED);
  }
}

function parseGs(bytes: Uint8Array, second: number): Parsed | undefined {
  switch (String.fromCharCode(second)) {
    case '!':
      return withArguments(bytes, 1, (n) => styled({ widthTimes: ((n >> 4) & 7) + 1, heightTimes: (n & 7) + 1 }));
    case 'B':
      return withArguments(bytes, 1, (n) => styled({ inverse: (n & 1) === 1 }));
    case 'h':
      return withArguments(bytes, 1, (heightDots) => ({ kind: 'barcode-setting', change: { heightDots } }));
    case 'w':
      return withArguments(bytes, 1, (moduleDots) => ({
        kind: 'barcode-setting',
        change: { moduleDots: Math.min(6, Math.max(1, moduleDots)) },
      }));
    case 'H':
      return withArguments(bytes, 1, (n) => ({ kind: 'barcode-setting', change: { caption: (n & 3) !== 0 } }));
    case 'k':
      return parseBarcode(bytes);
    case 'V': {
      const mode = bytes[2];
      if (mode === undefined) return undefined;
      return withArguments(bytes, mode >= 65 ? 2 : 1, (_, feedDots) => ({ kind: 'cut', feedDots: mode >= 65 ? feedDots : 0 }));
    }
    case 'a':
      return withArguments(bytes, 1, (mask) => ({ kind: 'automatic-status', mask }));
    case 'e': {
      const action = bytes[2];
      if (action === undefined) return undefined;
      return withArguments(bytes, action === 3 ? 2 : 1, () =>
        action === 3 ? { kind: 'present' } : action === 2 ? { kind: 'retract' } : IGNORED,
      );
    }
    case 'r':
      return withArguments(bytes, 1, (sensor) => ({ kind: 'ask-sensor', sensor }));
    case 'I':
      return withArguments(bytes, 1, (which) => ({ kind: 'ask-name', which }));
    case 'L':
    case 'W':
    case 'P':
    case '$':
    case '\\':
      return withArguments(bytes, 2, () => IGNORED);
    case 'v': {
      const [, , , , xLow, xHigh, yLow, yHigh] = bytes;
      if (xLow === undefined || xHigh === undefined || yLow === undefined || yHigh === undefined) return undefined;
      const widthBytes = xLow + 256 * xHigh;
      const rows = yLow + 256 * yHigh;
      const length = 8 + widthBytes * rows;
      return bytes.length < length ? undefined : { length, command: { kind: 'raster', widthBytes, rows, data: bytes.slice(8, length) } };
    }
    case '(': {
      const [, , , low, high] = bytes;
      if (low === undefined || high === undefined) return undefined;
      const length = 5 + low + 256 * high;
      return bytes.length < length ? undefined : { length, command: extended(bytes[2] ?? 0, bytes.slice(5, length)) };
    }
    default:
      return withArguments(bytes, 1, () => IGNORED);
  }
}

function parseBarcode(bytes: Uint8Array): Parsed | undefined {
  const [, , system, count] = bytes;
  if (system === undefined) return undefined;
  if (system <= 6) return untilNul(bytes, 3, (data) => ({ kind: 'barcode', system, data }));
  if (count === undefined || bytes.length < 4 + count) return undefined;
  return { length: 4 + count, command: { kind: 'barcode', system, data: bytes.slice(4, 4 + count) } };
}

function untilNul(bytes: Uint8Array, from: number, read: (data: Uint8Array) => Command): Parsed | undefined {
  const end = bytes.indexOf(0, from);
  return end === -1 ? undefined : { length: end + 1, command: read(bytes.slice(from, end)) };
}

/** GS ( H: process id. GS ( k with cn 49: QR code. */
function extended(letter: number, data: Uint8Array): Command {
  const [a, b] = data;
  if (letter === 0x48 && a === 0x30 && b === 0x30 && data.length === 6) return { kind: 'ask-process-id', id: data.slice(2) };
  if (letter !== 0x6b || a !== 0x31) return IGNORED;
  const value = data[2] ?? 0;
  if (b === 0x43) return { kind: 'qr-setting', change: { moduleDots: Math.min(16, Math.max(1, value)) } };
  if (b === 0x45) return { kind: 'qr-setting', change: { level: (['L', 'M', 'Q', 'H'] as const)[value - 0x30] ?? 'L' } };
  if (b === 0x50) return { kind: 'qr-setting', change: { data: data.slice(3) } };
  if (b === 0x51) return { kind: 'qr-print' };
  return IGNORED;
}
