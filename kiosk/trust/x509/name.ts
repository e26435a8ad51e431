import { DerReader, type Element, Malformed, hex, listOf, oidOf, tag } from './der.ts';

/** A distinguished name, made ready for comparison: two names are the same exactly if their `key` is (RFC 5280, 7.1). */
export interface Name {
  readonly key: string;
  /** One for each relative name, from the root down. */
  readonly relative: readonly string[];
  /** Each attribute's type and its text, `null` where the value is no string. */
  readonly attributes: readonly { readonly type: string; readonly text: string | null }[];
}

const shortNames: Readonly<Record<string, string>> = {
  '2.5.4.3': 'CN',
  '2.5.4.4': 'SN',
  '2.5.4.42': 'GN',
  '2.5.4.5': 'serialNumber',
  '2.5.4.6': 'C',
  '2.5.4.7': 'L',
  '2.5.4.8': 'ST',
  '2.5.4.10': 'O',
  '2.5.4.11': 'OU',
  '0.9.2342.19200300.100.1.25': 'DC',
  '1.2.840.113549.1.9.1': 'emailAddress',
};

export function nameOf(element: Element, what: string): Name {
  const relative: string[] = [];
  const attributes: Name['attributes'][number][] = [];
  const reader = new DerReader(element.content);
  while (!reader.atEnd) {
    const rdn = relativeName(reader.next(tag.set, what).content, what);
    relative.push(rdn.key);
    attributes.push(...rdn.attributes);
  }
  return { key: relative.join('/'), relative, attributes };
}

/** A RelativeDistinguishedName's contents: its attributes count in any order. */
export function relativeName(content: Uint8Array, what: string): { readonly key: string; readonly attributes: Name['attributes'] } {
  const parts = listOf(content, what).map((element) => {
    if (element.tag !== tag.sequence) throw new Malformed(`${what}: not an attribute`);
    const reader = new DerReader(element.content);
    const type = oidOf(reader.next(tag.oid, what), what);
    const value = reader.any(what);
    reader.end(what);
    const text = textOf(value);
    const prepared = text === null ? `#${hex(value.whole)}` : JSON.stringify(prepare(text));
    return { key: `${type}=${prepared}`, type, text };
  });
  return {
    key: parts
      .map(({ key }) => key)
      .sort()
      .join('+'),
    attributes: parts.map(({ type, text }) => ({ type, text })),
  };
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The text of a character string, `null` for another type or for octets that are not what their type says. */
function textOf({ tag: type, content }: Element): string | null {
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  try {
    switch (type) {
      case 0x0c:
        return utf8.decode(bytes);
      case 0x12: // NumericString
      case 0x13: // PrintableString
      case 0x14: // TeletexString, which the world fills with Latin-1
      case 0x16: // IA5String
      case 0x1a: // VisibleString
        return bytes.toString('latin1');
      case 0x1e: // BMPString
        return bytes.length % 2 === 0 ? Buffer.from(bytes).swap16().toString('utf16le') : null;
      case 0x1c: // UniversalString
        if (bytes.length % 4 !== 0) return null;
        return Array.from({ length: bytes.length / 4 }, (_, i) => String.fromCodePoint(bytes.readUInt32BE(i * 4))).join('');
      default:
        return null;
    }
  } catch {
    return null;
  }
}

/** String preparation for caseIgnoreMatch (RFC 4518, 2): map, normalise, fold case, and let runs of spaces count as one and those at the ends as none. */
export function prepare(text: string): string {
  if (/^[A-Za-z0-9]*$/.test(text)) return text.toUpperCase();
  return text
    .replace(/[\t\n\v\f\r\u0085]/g, ' ')
    .replace(/[\p{Cc}\p{Cf}\u034f\u1806\ufffc\ufe00-\ufe0f]/gu, '')
    .normalize('NFKC')
    .toUpperCase()
    .normalize('NFKC')
    .replace(/\p{Z}+/gu, ' ')
    .trim();
}

/** For people: `CN=…, O=…`, the most particular first (RFC 4514). */
export function displayName({ attributes }: Name): string {
  return attributes
    .map(({ type, text }) => `${shortNames[type] ?? type}=${text ?? '#'}`)
    .reverse()
    .join(', ');
}
