/** Bytes that are not what their type says. Thrown while reading, and caught where a whole object is read: outside it is a `Result`. */
export class Malformed extends Error {}

/** One element: its identifier octet, its contents, and all of it with tag and length. */
export interface Element {
  readonly tag: number;
  readonly content: Uint8Array;
  readonly whole: Uint8Array;
}

export const tag = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  enumerated: 0x0a,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

/** `[n]` of a context: IMPLICIT on a primitive, or EXPLICIT and IMPLICIT on what is constructed. */
export const primitive = (n: number): number => 0x80 | n;
export const constructed = (n: number): number => 0xa0 | n;

/** Reads elements one after another, by the rules of DER (X.690, 10): low tags, definite lengths, each in its shortest form, none past the end. */
export class DerReader {
  private readonly bytes: Uint8Array;
  private offset = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  get atEnd(): boolean {
    return this.offset === this.bytes.length;
  }

  peek(): number | undefined {
    return this.bytes[this.offset];
  }

  any(what: string): Element {
    const { bytes, offset: start } = this;
    const identifier = bytes[start];
    const first = bytes[start + 1];
    if (identifier === undefined || first === undefined) throw new Malformed(`${what}: cut short`);
    if ((identifier & 0x1f) === 0x1f) throw new Malformed(`${what}: a tag of several octets`);
    let length = first;
    let contentAt = start + 2;
    if (first >= 0x80) {
      const octets = first & 0x7f;
      if (octets === 0) throw new Malformed(`${what}: an indefinite length`);
      if (octets > 4) throw new Malformed(`${what}: a length beyond all measure`);
      length = 0;
      for (let i = 0; i < octets; i++) length = length * 256 + (bytes[contentAt + i] ?? 0);
      if (length < 0x80 || length < 256 ** (octets - 1)) throw new Malformed(`${what}: a length longer than it need be`);
      contentAt += octets;
    }
    const end = contentAt + length;
    if (end > bytes.length) throw new Malformed(`${what}: cut short`);
    this.offset = end;
    return { tag: identifier, content: bytes.subarray(contentAt, end), whole: bytes.subarray(start, end) };
  }

  next(expected: number, what: string): Element {
    if (this.peek() !== expected) throw new Malformed(this.atEnd ? `${what}: missing` : `${what}: of another type`);
    return this.any(what);
  }

  optional(expected: number, what: string): Element | null {
    return this.peek() === expected ? this.any(what) : null;
  }

  inside(expected: number, what: string): DerReader {
    return new DerReader(this.next(expected, what).content);
  }

  end(what: string): void {
    if (!this.atEnd) throw new Malformed(`${what}: followed by something that does not belong there`);
  }
}

/** The one element that these bytes are. */
export function whole(bytes: Uint8Array, expected: number, what: string): Element {
  const reader = new DerReader(bytes);
  const element = reader.next(expected, what);
  reader.end(what);
  return element;
}

/** The elements of a SEQUENCE OF or SET OF that may not be empty. */
export function listOf(content: Uint8Array, what: string): readonly Element[] {
  const reader = new DerReader(content);
  const elements: Element[] = [];
  while (!reader.atEnd) elements.push(reader.any(what));
  if (elements.length === 0) throw new Malformed(`${what}: empty`);
  return elements;
}

export function booleanOf({ content }: Element, what: string): boolean {
  const [value] = content;
  if (content.length !== 1 || (value !== 0 && value !== 0xff)) throw new Malformed(`${what}: not a BOOLEAN of DER`);
  return value === 0xff;
}

/** An INTEGER's contents, in the shortest form. */
export function integerOctets({ content }: Element, what: string): Uint8Array {
  const [first, second] = content;
  if (first === undefined) throw new Malformed(`${what}: an INTEGER without contents`);
  if (second !== undefined && ((first === 0 && second < 0x80) || (first === 0xff && second >= 0x80))) {
    throw new Malformed(`${what}: an INTEGER longer than it need be`);
  }
  return content;
}

export function bigintOf(element: Element, what: string): bigint {
  const octets = integerOctets(element, what);
  return BigInt.asIntN(octets.length * 8, BigInt(`0x${hex(octets)}`));
}

/** A count: zero or more; one beyond 2^31 is as good as 2^31. */
export function countOf(element: Element, what: string): number {
  const value = bigintOf(element, what);
  if (value < 0n) throw new Malformed(`${what}: negative`);
  return Number(value > 0x7fff_ffffn ? 0x7fff_ffffn : value);
}

/** A named bit list's octets, without trailing zero bits being asked for: issuers leave them, and they change nothing. */
export function bitsOf({ content }: Element, what: string): Uint8Array {
  const [unused] = content;
  if (unused === undefined || unused > 7 || (content.length === 1 && unused !== 0)) throw new Malformed(`${what}: not a BIT STRING`);
  const last = content.at(-1) ?? 0;
  if (content.length > 1 && (last & ((1 << unused) - 1)) !== 0) throw new Malformed(`${what}: unused bits that are set`);
  return content.subarray(1);
}

export function hasBit(octets: Uint8Array, bit: number): boolean {
  return ((octets[bit >> 3] ?? 0) & (0x80 >> (bit & 7))) !== 0;
}

/** A signature or key: whole octets. */
export function octetsOfBitString({ content }: Element, what: string): Uint8Array {
  if (content[0] !== 0) throw new Malformed(`${what}: not of whole octets`);
  return content.subarray(1);
}

export function oidOf({ content }: Element, what: string): string {
  const arcs: (number | bigint)[] = [];
  let arc = 0n;
  let begun = false;
  for (const octet of content) {
    if (!begun && octet === 0x80) throw new Malformed(`${what}: an OBJECT IDENTIFIER longer than it need be`);
    begun = octet >= 0x80;
    arc = arc * 128n + BigInt(octet & 0x7f);
    if (begun) continue;
    if (arcs.length === 0) {
      const root = arc < 80n ? arc / 40n : 2n;
      arcs.push(root, arc - root * 40n);
    } else arcs.push(arc);
    arc = 0n;
  }
  if (begun || arcs.length === 0 || content.length > 64) throw new Malformed(`${what}: not an OBJECT IDENTIFIER`);
  return arcs.join('.');
}

const utc = /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/;
const generalized = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/;

/** UTCTime or GeneralizedTime, with seconds, in Zulu, without fractions (RFC 5280, 4.1.2.5). */
export function timeOf(element: Element, what: string): Date {
  const pattern = element.tag === tag.utcTime ? utc : element.tag === tag.generalizedTime ? generalized : null;
  const text = Buffer.from(element.content).toString('latin1');
  const [, year = '', month = '', day = '', hour = '', minute = '', second = ''] = pattern?.exec(text) ?? [];
  const century = year.length === 2 ? (Number(year) < 50 ? '20' : '19') : '';
  const iso = `${century}${year}-${month}-${day}T${hour}:${minute}:${second}.000Z`;
  const time = new Date(iso);
  // A 30th of February rolls over: the date that comes out must be the date that went in.
  if (year === '' || Number.isNaN(time.getTime()) || time.toISOString() !== iso) throw new Malformed(`${what}: not a time`);
  return time;
}

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
