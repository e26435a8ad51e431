import { fromBER } from 'asn1js';

export type ParsedExtension = { readonly oid: string; readonly critical: boolean; readonly value: unknown };

/** Is it one whole ASN.1 value with nothing behind it? `null`, or what is wrong with it; asn1js stops at 10,000 nodes, which is a CRL of about 3,000 entries. */
export function malformed(der: Uint8Array): string | null {
  const { offset, result } = fromBER(der);
  if (offset === -1) return /limit|maximum|exceeded/i.test(result.error) ? `too large to be parsed here: ${result.error}` : `not DER: ${result.error}`;
  return offset === der.length ? null : `${der.length - offset} bytes behind its end`;
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
  return names.flatMap((name: { readonly type?: unknown; readonly value?: unknown }) => (name.type === 6 && typeof name.value === 'string' ? [name.value] : []));
}
