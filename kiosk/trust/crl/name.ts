import { Elements, Malformed, oidOf, tag } from './tlv.ts';

const shortNames: Readonly<Record<string, string>> = {
  '2.5.4.3': 'CN',
  '2.5.4.4': 'SN',
  '2.5.4.5': 'serialNumber',
  '2.5.4.6': 'C',
  '2.5.4.7': 'L',
  '2.5.4.8': 'ST',
  '2.5.4.10': 'O',
  '2.5.4.11': 'OU',
  '2.5.4.42': 'GN',
  '0.9.2342.19200300.100.1.25': 'DC',
};

/** A distinguished name: how it is compared and how it is read. */
export interface DistinguishedName {
  /** The same for all encodings of one name (RFC 5280, 7.1): strings compare without case, and without spaces that say nothing. */
  readonly normal: string;
  readonly text: string;
}

/** Reads a Name, `der` being its whole SEQUENCE. */
export function nameOf(der: Buffer): DistinguishedName {
  const outer = new Elements(der);
  const rdns = outer.within(outer.next(tag.sequence, 'a name'));
  outer.nothingMore('a name');
  const normal: string[] = [];
  const text: string[] = [];
  while (rdns.more) {
    const read = relativeNameOf(rdns.within(rdns.next(tag.set, 'a relative name')));
    normal.push(read.normal);
    text.push(read.text);
  }
  return { normal: JSON.stringify(normal), text: text.join(', ') };
}

/** Reads the attributes of one RelativeDistinguishedName, which is a set: their order says nothing. */
export function relativeNameOf(set: Elements): DistinguishedName {
  const attributes: DistinguishedName[] = [];
  while (set.more) {
    const parts = set.within(set.next(tag.sequence, 'an attribute of a name'));
    const type = oidOf(parts.content(parts.next(tag.oid, 'the type of an attribute')));
    const value = parts.any();
    parts.nothingMore('an attribute of a name');
    const read = stringOf(value.tag, parts.content(value));
    const shown = read ?? `#${parts.whole(value).toString('hex')}`;
    attributes.push({
      normal: JSON.stringify([type, read === null ? shown : prepared(read)]),
      text: `${shortNames[type] ?? type}=${shown}`,
    });
  }
  if (attributes.length === 0) throw new Malformed('an empty relative name');
  attributes.sort((a, b) => (a.normal < b.normal ? -1 : 1));
  return { normal: attributes.map(({ normal }) => normal).join('+'), text: attributes.map(({ text }) => text).join('+') };
}

const strings: Readonly<Record<number, (content: Buffer) => string>> = {
  0x0c: (content) => content.toString('utf8'),
  0x13: (content) => content.toString('latin1'),
  0x14: (content) => content.toString('latin1'),
  0x16: (content) => content.toString('latin1'),
  0x1a: (content) => content.toString('latin1'),
  0x1e: (content) => swapped(content).toString('utf16le'),
};

/** `null`: not one of the strings that names are written in. */
function stringOf(kind: number, content: Buffer): string | null {
  return strings[kind]?.(content) ?? null;
}

function swapped(content: Buffer): Buffer {
  if (content.length % 2 === 1) throw new Malformed('a BMPString of half a character');
  return Buffer.from(content).swap16();
}

/** RFC 4518 as far as issuers' names need it: compatibility forms, case, and runs of spaces are one. */
function prepared(value: string): string {
  const mapped = value.normalize('NFKC').toLowerCase().normalize('NFKC');
  return mapped
    .replace(/[\u00ad\u200b-\u200f\u2060\ufeff]/g, '')
    .replace(/\s+/gu, ' ')
    .trim();
}
