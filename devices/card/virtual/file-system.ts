import { encodePersonalData } from '../personal-data.ts';
import type { PersonalData } from '../contract.ts';

/**
 * A file of the card's tree, by its two-byte identifier. `content` is the whole EF, padding included; `read` its access condition: `00` always,
 * else the reference of the PIN that must be verified.
 */
export type CardFile =
  | { readonly kind: 'df'; readonly id: number; readonly files: CardFile[] }
  | { readonly kind: 'ef'; readonly id: number; readonly content: Uint8Array; readonly read: number };
export type DedicatedFile = Extract<CardFile, { kind: 'df' }>;

export interface CnsFiles {
  readonly cardId: string;
  readonly personalData: PersonalData;
  /** DER. */
  readonly certificate: Uint8Array;
  /** No padding after the certificate, and no file for one of signature (the CMS makes it): nothing that a client could read in vain. */
  readonly tight?: boolean | undefined;
  /** Where the certificate is instead of in EF.C_Carta, which then is empty; and what stands before it there. */
  readonly certificatePlace?: { readonly path: string; readonly prefix?: Uint8Array } | undefined;
  /** Identifiers of EFs that are read after the PIN was verified alone; by default none is. */
  readonly behindPin?: readonly number[];
}

const cCarta = '11001101';
const always = 0x00;
const pin = 0x10;

/** The CNS file system (card.md, 1.3), with the sizes of a card of 2025. */
export function cnsFileSystem({
  cardId,
  personalData,
  certificate,
  certificatePlace,
  tight = false,
  behindPin = [],
}: CnsFiles): DedicatedFile {
  const ef = (id: number, used: Uint8Array, size: number): CardFile => elementary(id, used, size, behindPin.includes(id) ? pin : always);
  const serial = Uint8Array.from([0x5a, 0x0c, ...Buffer.from(cardId.slice(0, 12), 'latin1')]);
  const { path, prefix = new Uint8Array() } = certificatePlace ?? { path: cCarta };
  const usual = df(0x3f00, [
    ef(0x2f02, serial, 14),
    ef(0x3f01, new Uint8Array(), 0x140),
    ef(0x3f02, Uint8Array.of(0x01), 1),
    ef(0x0405, new Uint8Array(), 16),
    df(0x1000, [ef(0x1002, new Uint8Array(), 54), ef(0x1003, Buffer.from(cardId, 'latin1'), 16)]),
    df(0x1100, [ef(0x1101, new Uint8Array(), 2048), ef(0x1102, encodePersonalData(personalData), 400)]),
    df(0x1200, [
      ef(0x1201, new Uint8Array(), 400),
      ef(0x1202, Buffer.from('0000', 'latin1'), 4),
      ef(0x1203, new Uint8Array(), 160),
      ef(0x4142, new Uint8Array(), 128),
    ]),
    df(0x1400, tight ? [] : [ef(0x9010, new Uint8Array(), 2048)]),
  ]);
  return holding(usual, path.match(/.{4}/g) ?? [], (id) => ef(id, Uint8Array.of(...prefix, ...certificate), tight ? 0 : 2048));
}

/** The folder with this file at `path`, whatever is there now; folders on the way are made. */
function holding(folder: DedicatedFile, [first = '', ...rest]: readonly string[], fileOf: (id: number) => CardFile): DedicatedFile {
  const id = Number.parseInt(first, 16);
  const there = folder.files.find((file) => file.id === id);
  const file = rest.length === 0 ? fileOf(id) : holding(there?.kind === 'df' ? there : df(id, []), rest, fileOf);
  return { ...folder, files: [...folder.files.filter((other) => other !== there), file] };
}

/** File control information (ISO 7816-4, 7.4.3), in the order and with the proprietary tags seen on real cards. */
export function fileControlInformation(file: CardFile): Uint8Array {
  const size = file.kind === 'ef' ? file.content.length : file.files.length;
  // Access bytes READ, UPDATE, APPEND, DEACTIVATE, ACTIVATE, ERASE, ADMIN, INC, DEC: all but READ never.
  const access = [file.kind === 'ef' ? file.read : always, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
  const noSecureMessaging = new Array<number>(24).fill(0xff);
  const body = [
    ...tlv(file.kind === 'ef' ? 0x80 : 0x81, [size >> 8, size & 0xff]),
    ...tlv(0x82, [file.kind === 'ef' ? 0x01 : 0x38]),
    ...tlv(0x83, [file.id >> 8, file.id & 0xff]),
    ...tlv(0x85, [0x01]),
    ...tlv(0x86, access),
    ...tlv(0x8a, [0x05]),
    ...tlv(0xcb, noSecureMessaging),
  ];
  return Uint8Array.from(tlv(0x6f, body));
}

function df(id: number, files: CardFile[]): DedicatedFile {
  return { kind: 'df', id, files };
}

export function elementary(id: number, used: Uint8Array, size: number, read: number): CardFile {
  const content = new Uint8Array(Math.max(size, used.length));
  content.set(used);
  return { kind: 'ef', id, content, read };
}

function tlv(tag: number, value: readonly number[]): number[] {
  return [tag, value.length, ...value];
}
