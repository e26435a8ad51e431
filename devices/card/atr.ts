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
