/**
 * The historical bytes of an ATR (ISO 7816-3, 8.2): T0 counts them in its lower half; its upper half, and that of each TDi, say which
 * interface bytes stand before them. `undefined` if the ATR (hexadecimal) is not one.
 */
export function historicalBytes(atr: string): Uint8Array | undefined {
  const bytes = Buffer.from(atr, 'hex');
  const format = bytes[1];
  if (format === undefined || (bytes[0] !== 0x3b && bytes[0] !== 0x3f)) return undefined;
  let at = 2;
  let present = format >> 4;
  while (present !== 0) {
    at += [1, 2, 4].filter((bit) => present & bit).length;
    if ((present & 8) === 0) break;
    const next = bytes[at];
    if (next === undefined) return undefined;
    at += 1;
    present = next >> 4;
  }
  const count = format & 0x0f;
  return at + count <= bytes.length ? new Uint8Array(bytes.subarray(at, at + count)) : undefined;
}

/**
 * Whether the historical bytes say that the card takes extended length fields: third byte of its capabilities, bit 7 (ISO 7816-4, 12.1.1.9 and
 * table 119), in a compact TLV object of tag 7. What is cut short, or of another category than 00 and 80, says nothing.
 */
export function takesExtendedLength(historical: Uint8Array): boolean {
  const [category, ...rest] = historical;
  if (category !== 0x00 && category !== 0x80) return false;
  // The last three bytes of category 00 are a status, not an object.
  const objects = category === 0x00 ? rest.slice(0, -3) : rest;
  for (let at = 0; at < objects.length;) {
    const head = objects[at] ?? 0;
    const length = head & 0x0f;
    const value = objects.slice(at + 1, at + 1 + length);
    if (value.length < length) return false;
    if (head >> 4 === 7) return ((value[2] ?? 0) & 0x40) !== 0;
    at += 1 + length;
  }
  return false;
}
