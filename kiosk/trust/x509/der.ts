/** Bytes that are not what their type says. Thrown while reading, and caught where a whole object is read: outside it is a `Result`. */
export class Malformed extends Error {}

/** One element: its identifier octet, and where in the bytes it and its contents lie. They may end beyond the bytes that are at hand. */
export class Element {
  readonly bytes: Uint8Array;
  readonly tag: number;
  readonly at: number;
  readonly start: number;
  readonly end: number;

  constructor(bytes: Uint8Array, tag: number, at: number, start: number, end: number) {
    this.bytes = bytes;
    this.tag = tag;
    this.at = at;
    this.start = start;
    this.end = end;
  }

  get content(): Uint8Array {
    return this.bytes.subarray(this.start, this.end);
  }

  /** All of it, with tag and length. */
  get whole(): Uint8Array {
    return this.bytes.subarray(this.at, this.end);
  }
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

/** The element whose head is at `at`, by the rules of DER (X.690, 10): a low tag, a definite length in its shortest form. `limit`: of the bytes at hand. */
export function elementAt(bytes: Uint8Array, at: number, limit: number, what: string): Element {
  const identifier = bytes[at];
  const first = bytes[at + 1];
  if (at + 2 > limit || identifier === undefined || first === undefined) throw new Malformed(`${what}: cut short`);
  if ((identifier & 0x1f) === 0x1f) throw new Malformed(`${what}: a tag of several octets`);
  const start = at + 2;
  if (first < 0x80) return new Element(bytes, identifier, at, start, start + first);
  const octets = first & 0x7f;
  if (octets === 0) throw new Malformed(`${what}: an indefinite length`);
  if (octets > 4) throw new Malformed(`${what}: a length beyond all measure`);
  if (start + octets > limit) throw new Malformed(`${what}: cut short`);
  let length = 0;
  for (let place = 0; place < octets; place += 1) length = length * 256 + (bytes[start + place] ?? 0);
  if (length < 0x80 || length < 256 ** (octets - 1)) throw new Malformed(`${what}: a length longer than it need be`);
  return new Element(bytes, identifier, at, start + octets, start + octets + length);
}

/** Reads elements one after another; none past the end. */
export class DerReader {
  private readonly bytes: Uint8Array;
  private offset: number;
  private readonly limit: number;

  constructor(bytes: Uint8Array, from = 0, to = bytes.length) {
    this.bytes = bytes;
    this.offset = from;
    this.limit = to;
  }

  get atEnd(): boolean {
    return this.offset === this.limit;
  }

  peek(): number | undefined {
    return this.atEnd ? undefined : this.bytes[this.offset];
  }

  any(what: string): Element {
    const element = elementAt(this.bytes, this.offset, this.limit, what);
    if (element.end > this.limit) throw new Malformed(`${what}: cut short`);
    this.offset = element.end;
    return element;
  }

  next(expected: number, what: string): Element {
    if (this.peek() !== expected) throw new Malformed(this.atEnd ? `${what}: missing` : `${what}: of another type`);
    return this.any(what);
  }

  optional(expected: number, what: string): Element | null {
    return this.peek() === expected ? this.any(what) : null;
  }

  inside(expected: number, what: string): DerReader {
    return this.within(this.next(expected, what));
  }

  within({ start, end }: Element): DerReader {
    return new DerReader(this.bytes, start, end);
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
  const only = element.bytes[element.start] ?? 0x80;
  if (element.end - element.start === 1 && only < 0x80) return only;
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

export function oidOf({ bytes, start, end }: Element, what: string): string {
  if (start === end || end - start > 64) throw new Malformed(`${what}: not an OBJECT IDENTIFIER`);
  let text = '';
  let arc = 0;
  let begun = false;
  for (let at = start; at < end; at += 1) {
    const octet = bytes[at] ?? 0;
    if (!begun && octet === 0x80) throw new Malformed(`${what}: an OBJECT IDENTIFIER longer than it need be`);
    arc = arc * 128 + (octet & 0x7f);
    if (arc > Number.MAX_SAFE_INTEGER / 128) return longOidOf(bytes.subarray(start, end), what);
    begun = octet >= 0x80;
    if (begun) continue;
    const root = Math.min(2, Math.floor(arc / 40));
    text = text === '' ? `${root}.${arc - root * 40}` : `${text}.${arc}`;
    arc = 0;
  }
  if (begun) throw new Malformed(`${what}: not an OBJECT IDENTIFIER`);
  return text;
}

/** One with arcs beyond what numbers hold exactly, such as those made of a UUID (2.25). */
function longOidOf(content: Uint8Array, what: string): string {
  if ((content.at(-1) ?? 0x80) >= 0x80) throw new Malformed(`${what}: not an OBJECT IDENTIFIER`);
  const arcs: bigint[] = [];
  let arc = 0n;
  let begun = false;
  for (const octet of content) {
    if (!begun && octet === 0x80) throw new Malformed(`${what}: an OBJECT IDENTIFIER longer than it need be`);
    begun = octet >= 0x80;
    arc = arc * 128n + BigInt(octet & 0x7f);
    if (begun) continue;
    arcs.push(...(arcs.length > 0 ? [arc] : arc < 80n ? [arc / 40n, arc % 40n] : [2n, arc - 80n]));
    arc = 0n;
  }
  return arcs.join('.');
}

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
