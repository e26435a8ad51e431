import { type KeyObject, type SignKeyObjectInput, constants, generateKeyPairSync, sign } from 'node:crypto';

/** Certificates and CRLs for tests, in DER written by hand: what no library would write can be written too. */

export function tlv(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(contents);
  const { length } = content;
  const octets = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  if (length > 0xffff) octets.splice(0, 3, 0x83, length >> 16, (length >> 8) & 0xff, length & 0xff);
  return Buffer.concat([Buffer.from([tag, ...octets]), content]);
}

export const sequence = (...contents: readonly Uint8Array[]): Buffer => tlv(0x30, ...contents);
export const text = (tag: number, value: string): Buffer => tlv(tag, Buffer.from(value));
export const TRUE = Buffer.from([1, 1, 0xff]);

export function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const octets = [first * 40 + second, ...rest].flatMap((arc) => {
    const groups = [arc & 0x7f];
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128)) groups.unshift((left & 0x7f) | 0x80);
    return groups;
  });
  return tlv(6, Buffer.from(octets));
}

export function integer(value: number | Uint8Array): Buffer {
  if (typeof value !== 'number') return tlv(2, value);
  const bytes = Buffer.from(value.toString(16).padStart(2 * Math.ceil(value.toString(16).length / 2), '0'), 'hex');
  return tlv(2, (bytes[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.from([0]), bytes]) : bytes);
}

export function name(...attributes: readonly (readonly [type: string, value: string, tag?: number])[]): Buffer {
  return sequence(...attributes.map(([type, value, tag = 0x0c]) => tlv(0x31, sequence(oid(type), text(tag, value)))));
}

export const called = (commonName: string): Buffer => name(['2.5.4.10', 'Specimen'], ['2.5.4.3', commonName]);

const utc = (date: Date): Buffer => text(0x17, `${date.toISOString().replace(/[-:T]/g, '').slice(2, 14)}Z`);

export function extension(id: string, value: Uint8Array, critical = false): Buffer {
  return sequence(oid(id), ...(critical ? [TRUE] : []), tlv(4, value));
}

export const ca = (pathLength?: number): Buffer =>
  extension('2.5.29.19', sequence(TRUE, ...(pathLength === undefined ? [] : [integer(pathLength)])), true);
export const keyUsage = (bits: number): Buffer => extension('2.5.29.15', Buffer.from([3, 2, 0, bits]), true);
export const eku = (...purposes: readonly string[]): Buffer => extension('2.5.29.37', sequence(...purposes.map(oid)));
export const san = (...names: readonly Uint8Array[]): Buffer => extension('2.5.29.17', sequence(...names));
export const policies = (...ids: readonly string[]): Buffer => extension('2.5.29.32', sequence(...ids.map((id) => sequence(oid(id)))));

export function constraints(permitted: readonly Uint8Array[], excluded: readonly Uint8Array[] = []): Buffer {
  const subtrees = (n: number, bases: readonly Uint8Array[]): readonly Buffer[] =>
    bases.length === 0 ? [] : [tlv(0xa0 | n, ...bases.map((base) => sequence(base)))];
  return extension('2.5.29.30', sequence(...subtrees(0, permitted), ...subtrees(1, excluded)), true);
}

export const dns = (value: string): Buffer => text(0x82, value);
export const email = (value: string): Buffer => text(0x81, value);
export const uri = (value: string): Buffer => text(0x86, value);
export const ip = (...octets: readonly number[]): Buffer => tlv(0x87, Buffer.from(octets));
export const directory = (value: Uint8Array): Buffer => tlv(0xa4, value);

export interface Keys {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

export const ecKeys = (namedCurve = 'P-256'): Keys => generateKeyPairSync('ec', { namedCurve });
const rsaKeysOf = new Map<number, Keys>();
export function rsaKeys(modulusLength = 2048): Keys {
  const keys = rsaKeysOf.get(modulusLength) ?? generateKeyPairSync('rsa', { modulusLength });
  rsaKeysOf.set(modulusLength, keys);
  return keys;
}

export interface Signing {
  readonly algorithm: Uint8Array;
  readonly hash: string | null;
  readonly options?: Omit<SignKeyObjectInput, 'key'>;
}

const NULL = Buffer.from([5, 0]);
const pssHash = (hash: string): Buffer => sequence(oid(hash), NULL);
const SHA256 = '2.16.840.1.101.3.4.2.1';

export const signings = {
  ecdsa: { algorithm: sequence(oid('1.2.840.10045.4.3.2')), hash: 'sha256' },
  ecdsa384: { algorithm: sequence(oid('1.2.840.10045.4.3.3')), hash: 'sha384' },
  ecdsa512: { algorithm: sequence(oid('1.2.840.10045.4.3.4')), hash: 'sha512' },
  rsa: { algorithm: sequence(oid('1.2.840.113549.1.1.11'), NULL), hash: 'sha256' },
  rsaSha1: { algorithm: sequence(oid('1.2.840.113549.1.1.5'), NULL), hash: 'sha1' },
  rsaMd5: { algorithm: sequence(oid('1.2.840.113549.1.1.4'), NULL), hash: 'md5' },
  ed25519: { algorithm: sequence(oid('1.3.101.112')), hash: null },
  pss: pss(32, SHA256),
  pssOtherMask: pss(32, '2.16.840.1.101.3.4.2.3'),
  pssOtherSalt: { ...pss(32, SHA256), options: { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 20 } },
} satisfies Record<string, Signing>;

function pss(saltLength: number, maskHash: string): Signing {
  const mask = sequence(oid('1.2.840.113549.1.1.8'), pssHash(maskHash));
  const parameters = sequence(tlv(0xa0, pssHash(SHA256)), tlv(0xa1, mask), tlv(0xa2, integer(saltLength)));
  return {
    algorithm: sequence(oid('1.2.840.113549.1.1.10'), parameters),
    hash: 'sha256',
    options: { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength },
  };
}

function signed(tbs: Buffer, { algorithm, hash, options }: Signing, { privateKey }: Keys): Buffer {
  const value = sign(hash, tbs, { key: privateKey, ...options });
  return sequence(tbs, algorithm, tlv(3, Buffer.from([0]), value));
}

export const NOW = new Date('2026-06-15T10:00:00Z');
export const day = (days: number): Date => new Date(NOW.getTime() + days * 86_400_000);

export interface CertificateParts {
  readonly subject: Uint8Array;
  readonly keys: Keys;
  readonly issuer: Uint8Array;
  readonly by: Keys;
  readonly signing?: Signing;
  readonly serial?: Uint8Array;
  readonly version?: Uint8Array;
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  readonly extensions?: readonly Uint8Array[];
}

let serials = 1000;

export function certificate({ subject, keys, issuer, by, signing = signings.ecdsa, extensions = [], ...rest }: CertificateParts): Buffer {
  const { serial = integer(++serials), version = tlv(0xa0, integer(2)), notBefore = day(-10), notAfter = day(10) } = rest;
  const tbs = sequence(
    version,
    serial,
    signing.algorithm,
    issuer,
    sequence(utc(notBefore), utc(notAfter)),
    subject,
    keys.publicKey.export({ format: 'der', type: 'spki' }),
    ...(extensions.length === 0 ? [] : [tlv(0xa3, sequence(...extensions))]),
  );
  return signed(tbs, signing, by);
}

/** An authority: what issues, and under which name. */
export interface Authority {
  readonly subject: Uint8Array;
  readonly keys: Keys;
}

export const authority = (commonName: string, keys: Keys = ecKeys()): Authority => ({ subject: called(commonName), keys });

/** `issuer` certifies `subject`. */
export function certify(
  issuer: Authority,
  subject: Authority,
  extensions: readonly Uint8Array[],
  parts: Partial<CertificateParts> = {},
): Buffer {
  return certificate({ subject: subject.subject, keys: subject.keys, issuer: issuer.subject, by: issuer.keys, extensions, ...parts });
}

export const root = (of: Authority, extensions: readonly Uint8Array[] = [ca(), keyUsage(0x06)]): Buffer => certify(of, of, extensions);

export interface ListedEntry {
  readonly serial: Uint8Array;
  readonly reason?: number;
  readonly extensions?: readonly Uint8Array[];
}

export interface CrlParts {
  readonly version?: Uint8Array | null;
  readonly listed?: readonly ListedEntry[];
  readonly thisUpdate?: Date;
  readonly nextUpdate?: Date | null;
  readonly extensions?: readonly Uint8Array[];
  readonly number?: number | null;
  readonly signing?: Signing;
}

export function crl(
  { subject, keys }: Authority,
  { listed = [], extensions = [], number = 1, signing = signings.ecdsa, ...rest }: CrlParts = {},
): Buffer {
  const { version = integer(1), thisUpdate = day(-1), nextUpdate = day(1) } = rest;
  const entries = listed.map((entry) => {
    const own = [...(entry.extensions ?? [])];
    if (entry.reason !== undefined) own.push(extension('2.5.29.21', tlv(10, Buffer.from([entry.reason]))));
    return sequence(entry.serial, utc(day(-2)), ...(own.length === 0 ? [] : [sequence(...own)]));
  });
  const all = [...(number === null ? [] : [extension('2.5.29.20', integer(number))]), ...extensions];
  const tbs = sequence(
    ...(version === null ? [] : [version]),
    signing.algorithm,
    subject,
    utc(thisUpdate),
    ...(nextUpdate === null ? [] : [utc(nextUpdate)]),
    ...(entries.length === 0 ? [] : [sequence(...entries)]),
    ...(all.length === 0 ? [] : [tlv(0xa0, sequence(...all))]),
  );
  return signed(tbs, signing, keys);
}
