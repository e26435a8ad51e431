import { type KeyObject, constants, createHash, generateKeyPairSync, sign } from 'node:crypto';

/** Makes certificates of authorities and CRLs of any size (RFC 5280), straight into DER: no library at hand writes a million entries. */

export function der(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const length = contents.reduce((sum, { length: each }) => sum + each, 0);
  return Buffer.concat([Buffer.of(tag), lengthOctets(length), ...contents]);
}

function lengthOctets(length: number): Buffer {
  if (length < 0x80) return Buffer.of(length);
  const hex = length.toString(16);
  const octets = Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex');
  return Buffer.concat([Buffer.of(0x80 | octets.length), octets]);
}

export function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const arcs = [first * 40 + second, ...rest].flatMap((arc) => {
    const octets = [arc & 0x7f];
    for (let more = Math.floor(arc / 128); more > 0; more = Math.floor(more / 128)) octets.unshift(0x80 | (more & 0x7f));
    return octets;
  });
  return der(0x06, Buffer.from(arcs));
}

/** An INTEGER that is not negative. */
export function integer(value: bigint | number): Buffer {
  const hex = BigInt(value).toString(16);
  const octets = Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex');
  return der(0x02, (octets[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.of(0), octets]) : octets);
}

export function time(at: Date): Buffer {
  const digits = at.toISOString().replace(/[-:T]|\.\d+/g, '');
  const year = at.getUTCFullYear();
  return year >= 1950 && year < 2050 ? der(0x17, Buffer.from(digits.slice(2))) : der(0x18, Buffer.from(digits));
}

export function name(commonName: string, stringTag = 0x0c): Buffer {
  const attribute = (type: string, kind: number, value: string): Buffer => der(0x31, der(0x30, oid(type), der(kind, Buffer.from(value))));
  return der(0x30, attribute('2.5.4.6', 0x13, 'IT'), attribute('2.5.4.3', stringTag, commonName));
}

export function extension(id: string, critical: boolean, value: Uint8Array): Buffer {
  return der(0x30, oid(id), ...(critical ? [der(0x01, Buffer.of(0xff))] : []), der(0x04, value));
}

export type Signing = 'rsa' | 'rsa-pss' | 'rsa-sha1' | 'ec' | 'ed25519';

const sha256 = der(0x30, oid('2.16.840.1.101.3.4.2.1'), der(0x05));
const algorithms: Readonly<Record<Signing, Buffer>> = {
  rsa: der(0x30, oid('1.2.840.113549.1.1.11'), der(0x05)),
  'rsa-sha1': der(0x30, oid('1.2.840.113549.1.1.5'), der(0x05)),
  'rsa-pss': der(
    0x30,
    oid('1.2.840.113549.1.1.10'),
    der(0x30, der(0xa0, sha256), der(0xa1, der(0x30, oid('1.2.840.113549.1.1.8'), sha256)), der(0xa2, integer(32))),
  ),
  ec: der(0x30, oid('1.2.840.10045.4.3.2')),
  ed25519: der(0x30, oid('1.3.101.112')),
};

export function signed(tbs: Buffer, key: KeyObject, signing: Signing): Buffer {
  const hash = signing === 'ed25519' ? null : signing === 'rsa-sha1' ? 'sha1' : 'sha256';
  const how = signing === 'rsa-pss' ? { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 } : key;
  return der(0x30, tbs, algorithms[signing], der(0x03, Buffer.of(0), sign(hash, tbs, how)));
}

export interface Authority {
  readonly name: Buffer;
  readonly certificate: Buffer;
  readonly key: KeyObject;
  readonly signing: Signing;
}

const pairs = {
  rsa: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
  ec: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  ed25519: () => generateKeyPairSync('ed25519'),
};

/** `by`: who signs its certificate; itself without one. */
export function makeAuthority(commonName: string, signing: Signing = 'ec', by?: Authority, subject = name(commonName)): Authority {
  const { publicKey, privateKey } = pairs[signing === 'ec' || signing === 'ed25519' ? signing : 'rsa']();
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  const issuer = by ?? { name: subject, key: privateKey, signing };
  const tbs = der(
    0x30,
    der(0xa0, integer(2)),
    integer(1),
    algorithms[issuer.signing],
    issuer.name,
    der(0x30, time(new Date('2020-01-01')), time(new Date('2045-01-01'))),
    subject,
    spki,
    der(
      0xa3,
      der(0x30, extension('2.5.29.19', true, der(0x30, der(0x01, Buffer.of(0xff)))), extension('2.5.29.14', false, der(0x04, keyId(spki)))),
    ),
  );
  return { name: subject, certificate: signed(tbs, issuer.key, issuer.signing), key: privateKey, signing };
}

function keyId(spki: Buffer): Buffer {
  return createHash('sha1').update(spki).digest();
}

export interface RevokedEntry {
  /** Content octets of the INTEGER. */
  readonly serial: Uint8Array;
  readonly at?: Date;
  readonly reason?: number;
  readonly extensions?: readonly Buffer[];
}

export function entry({ serial, at = new Date('2026-01-15T08:00:00Z'), reason, extensions = [] }: RevokedEntry): Buffer {
  const all = [...(reason === undefined ? [] : [extension('2.5.29.21', false, der(0x0a, Buffer.of(reason)))]), ...extensions];
  return der(0x30, der(0x02, serial), time(at), ...(all.length === 0 ? [] : [der(0x30, ...all)]));
}

export interface CrlContents {
  readonly entries?: readonly RevokedEntry[];
  /** The entries as one piece of DER, instead. */
  readonly encoded?: Buffer;
  readonly thisUpdate?: Date;
  readonly nextUpdate?: Date | null;
  readonly number?: bigint | number | null;
  readonly deltaBase?: bigint | number;
  /** Content of the IssuingDistributionPoint. */
  readonly scope?: Buffer;
  readonly extensions?: readonly Buffer[];
  readonly signing?: Signing;
}

export function makeCrl(authority: Authority, contents: CrlContents = {}): Buffer {
  const { entries = [], encoded, number = 1, deltaBase, scope, extensions = [] } = contents;
  const {
    thisUpdate = new Date(Date.now() - 3_600_000),
    nextUpdate = new Date(Date.now() + 86_400_000),
    signing = authority.signing,
  } = contents;
  const listed = encoded ?? Buffer.concat(entries.map(entry));
  const own = [
    ...(number === null ? [] : [extension('2.5.29.20', false, integer(number))]),
    ...(deltaBase === undefined ? [] : [extension('2.5.29.27', true, integer(deltaBase))]),
    ...(scope === undefined ? [] : [extension('2.5.29.28', true, der(0x30, scope))]),
    ...extensions,
  ];
  const tbs = der(
    0x30,
    integer(1),
    algorithms[signing],
    authority.name,
    time(thisUpdate),
    ...(nextUpdate === null ? [] : [time(nextUpdate)]),
    ...(listed.length === 0 ? [] : [der(0x30, listed)]),
    ...(own.length === 0 ? [] : [der(0xa0, der(0x30, ...own))]),
  );
  return signed(tbs, authority.key, signing);
}

/** 1 keyCompromise, 4 superseded, 5 cessationOfOperation; each tenth entry is on hold. */
const reasons = [6, 1, 4, 5, 1, 4, 5, 1, 4, 5] as const;
const tail = Buffer.from('170d3236303131353038303030305a300c300a0603551d1504030a0100', 'hex');

/** `count` entries of 49 octets as authorities write them: serials of 16 octets, a date of the last two years, a reason each, 10 % holds. */
export function manyEntries(count: number): Buffer {
  const all = Buffer.allocUnsafe(count * 49);
  for (let number = 0; number < count; number += 1) {
    const at = number * 49;
    all.writeUInt16BE(0x302f, at);
    all.writeUInt16BE(0x0210, at + 2);
    serialOfEntry(number).copy(all, at + 4);
    tail.copy(all, at + 20);
    all.write(String(1 + (number % 28)).padStart(2, '0'), at + 26, 'latin1');
    all[at + 48] = reasons[number % 10] ?? 0;
  }
  return all;
}

/** The serial of `manyEntries`' entry of this number: 16 octets, of which the first is 01 to 7f. */
export function serialOfEntry(number: number): Buffer {
  const serial = Buffer.allocUnsafe(16);
  let state = (number + 1) * 0x9e3779b1;
  for (let at = 0; at < 16; at += 4) {
    state = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
    state = Math.imul(state ^ (state >>> 13), 0xc2b2ae35) + at;
    serial.writeInt32BE(state | 0, at);
  }
  // The number itself stands in it: no two are the same.
  serial.writeUInt32BE(number, 8);
  serial[0] = 1 + ((serial[0] ?? 0) % 127);
  return serial;
}

export function pemOf(label: 'X509 CRL' | 'CERTIFICATE', bytes: Uint8Array, newline = '\r\n'): string {
  const lines =
    Buffer.from(bytes)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join(newline);
}
