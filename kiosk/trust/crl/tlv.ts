/** What is wrong with bytes that are read. Thrown within this folder alone: `readCrl` and `readIssuers` make values of it. */
export class Malformed extends Error {}

export const tag = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  enumerated: 0x0a,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

/** The context-specific tag `[n]`, of a constructed value or of a primitive one. */
export const context = (n: number): number => 0xa0 | n;
export const contextPrimitive = (n: number): number => 0x80 | n;

/** One element, by its places in the bytes it was read from: `at` its tag, `start` and `end` its content. */
export interface Element {
  readonly tag: number;
  readonly at: number;
  readonly start: number;
  readonly end: number;
}

/** The head of the element at `at`: one-byte tag, definite length in the fewest octets (X.690, 10.1). Its content may lie beyond the bytes at hand. */
export function headAt(bytes: Buffer, at: number, limit: number): Element {
  const first = bytes[at + 1];
  const id = bytes[at];
  if (at + 2 > limit || id === undefined || first === undefined) throw new Malformed('cut short');
  if ((id & 0x1f) === 0x1f) throw new Malformed('a tag of several octets');
  if (first < 0x80) return { tag: id, at, start: at + 2, end: at + 2 + first };
  const octets = first & 0x7f;
  if (octets === 0) throw new Malformed('an indefinite length');
  if (octets > 4) throw new Malformed('a length of more than four octets');
  if (at + 2 + octets > limit) throw new Malformed('cut short');
  const length = bytes.readUIntBE(at + 2, octets);
  if (length < 0x80 || length < 256 ** (octets - 1)) throw new Malformed('a length in more octets than it needs');
  const start = at + 2 + octets;
  return { tag: id, at, start, end: start + length };
}

/** Walks the elements of one value that is wholly at hand. */
export class Elements {
  readonly bytes: Buffer;
  at: number;
  readonly end: number;

  constructor(bytes: Buffer, at = 0, end = bytes.length) {
    this.bytes = bytes;
    this.at = at;
    this.end = end;
  }

  get more(): boolean {
    return this.at < this.end;
  }

  is(wanted: number): boolean {
    return this.more && this.bytes[this.at] === wanted;
  }

  any(): Element {
    const element = headAt(this.bytes, this.at, this.end);
    if (element.end > this.end) throw new Malformed('an element runs past what holds it');
    this.at = element.end;
    return element;
  }

  next(wanted: number, what: string): Element {
    if (!this.is(wanted)) throw new Malformed(`${what} is missing`);
    return this.any();
  }

  optional(wanted: number): Element | null {
    return this.is(wanted) ? this.any() : null;
  }

  within(element: Element): Elements {
    return new Elements(this.bytes, element.start, element.end);
  }

  content(element: Element): Buffer {
    return this.bytes.subarray(element.start, element.end);
  }

  whole(element: Element): Buffer {
    return this.bytes.subarray(element.at, element.end);
  }

  nothingMore(what: string): void {
    if (this.more) throw new Malformed(`${what} is followed by more`);
  }
}

export function oidOf(content: Buffer): string {
  const arcs: number[] = [];
  let arc = 0;
  for (const [place, octet] of content.entries()) {
    if (arc === 0 && octet === 0x80) throw new Malformed('an object identifier that is not DER');
    arc = arc * 128 + (octet & 0x7f);
    if (arc > Number.MAX_SAFE_INTEGER / 256) throw new Malformed('an object identifier out of reach');
    if (octet < 0x80) {
      arcs.push(arc);
      arc = 0;
    } else if (place === content.length - 1) throw new Malformed('an object identifier cut short');
  }
  const [first] = arcs;
  if (first === undefined) throw new Malformed('an empty object identifier');
  const top = Math.min(2, Math.floor(first / 40));
  return [top, first - top * 40, ...arcs.slice(1)].join('.');
}

/** DER has but 0xff for TRUE; an explicit FALSE, which DER would leave out, is met in the field and does no harm. */
export function booleanOf(content: Buffer): boolean {
  const [value] = content;
  if (content.length !== 1 || (value !== 0xff && value !== 0x00)) throw new Malformed('a BOOLEAN that is not DER');
  return value === 0xff;
}

/** A number that may not be negative, of at most 20 octets (RFC 5280, 5.2.3), in the fewest octets. */
export function numberOf(content: Buffer): bigint {
  const [first, second] = content;
  if (first === undefined || (first === 0 && second !== undefined && second < 0x80)) throw new Malformed('an INTEGER that is not DER');
  if (first >= 0x80) throw new Malformed('a negative number');
  if (content.length > 21) throw new Malformed('a number of more than 20 octets');
  return BigInt(`0x${content.toString('hex')}`);
}

export interface Extension {
  readonly critical: boolean;
  readonly value: Buffer;
}

/** Extensions by OID: `elements` walks the content of a SEQUENCE OF Extension. One that stands twice is refused (RFC 5280, 4.2). */
export function extensionsOf(elements: Elements): ReadonlyMap<string, Extension> {
  const found = new Map<string, Extension>();
  while (elements.more) {
    const parts = elements.within(elements.next(tag.sequence, 'an extension'));
    const oid = oidOf(parts.content(parts.next(tag.oid, 'an extension’s identifier')));
    const critical = parts.optional(tag.boolean);
    const value = parts.content(parts.next(tag.octetString, 'an extension’s value'));
    parts.nothingMore('an extension');
    if (found.has(oid)) throw new Malformed(`extension ${oid} stands twice`);
    found.set(oid, { critical: critical !== null && booleanOf(parts.content(critical)), value });
  }
  if (found.size === 0) throw new Malformed('an empty list of extensions');
  return found;
}
