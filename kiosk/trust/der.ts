import { type FromBerResult, fromBER } from 'asn1js';
import { type Result, err, ok } from '../../devices/result.ts';

export type ParsedExtension = { readonly oid: string; readonly critical: boolean; readonly value: unknown };

/**
 * One whole SEQUENCE with nothing behind it, or what is wrong with it. asn1js stops at 10,000 nodes, which is a CRL of about 3,000 entries. Contents of
 * strings are not parsed on the way: a signature's bytes may look like anything, and asn1js throws at some of what they can look like.
 */
export function parseDer(der: Uint8Array): Result<FromBerResult['result'], string> {
  const length = sequenceLength(der);
  if (length === null || length > der.length) return err('not DER, or cut short');
  if (length < der.length) return err(`followed by ${der.length - length} bytes more`);
  try {
    const { offset, result } = fromBER(der, { parseEmbedded: false });
    if (offset === der.length) return ok(result);
    return err(/limit|maximum|exceeded/i.test(result.error) ? `too large to be parsed here: ${result.error}` : 'not DER');
  } catch {
    return err('not DER');
  }
}

/** Octets of the outermost SEQUENCE, by its own definite and minimal length (X.690, 10.1): asn1js lets a length run past the end. */
function sequenceLength(der: Uint8Array): number | null {
  const [tag, first] = der;
  if (tag !== 0x30 || first === undefined) return null;
  if (first < 0x80) return 2 + first;
  const octets = first & 0x7f;
  if (octets < 1 || octets > 4 || der.length < 2 + octets) return null;
  const length = der.subarray(2, 2 + octets).reduce((sum, octet) => sum * 256 + octet, 0);
  const minimal = length >= 0x80 && length >= 256 ** (octets - 1);
  return minimal ? 2 + octets + length : null;
}

/** The extensions by OID, values parsed; `null` where one stands twice (RFC 5280, 4.2) or cannot be parsed. */
export function extensionsOf(
  extensions: readonly { readonly extnID: string; readonly critical: boolean; readonly parsedValue?: unknown }[] | undefined,
): ReadonlyMap<string, ParsedExtension> | null {
  const found = new Map<string, ParsedExtension>();
  for (const { extnID, critical, parsedValue } of extensions ?? []) {
    if (found.has(extnID)) return null;
    if (typeof parsedValue === 'object' && parsedValue !== null && 'parsingError' in parsedValue) return null;
    found.set(extnID, { oid: extnID, critical, value: parsedValue });
  }
  return found;
}

/** An INTEGER's value as hexadecimal, one leading zero octet less: how serial numbers are compared. */
export function serialHex(serial: { readonly valueBlock: { readonly valueHexView: Uint8Array } }): string {
  const hex = Buffer.from(serial.valueBlock.valueHexView).toString('hex');
  return hex.length > 2 && hex.startsWith('00') ? hex.slice(2) : hex;
}

/** The URIs of a list of GeneralNames. */
export function uris(names: unknown): readonly string[] {
  if (!Array.isArray(names)) return [];
  return names.flatMap((name: { readonly type?: unknown; readonly value?: unknown }) =>
    name.type === 6 && typeof name.value === 'string' ? [name.value] : [],
  );
}
