/**
 * The whole length of the DER value that begins `bytes`: tag, length and content (X.690, 8.1.3). `undefined` if it is not a SEQUENCE, the
 * length is not definite, or it takes more than three bytes.
 */
export function derSequenceLength(bytes: Uint8Array): number | undefined {
  const [tag, first] = bytes;
  if (tag !== 0x30 || first === undefined) return undefined;
  if (first < 0x80) return 2 + first;
  const count = first & 0x7f;
  if (count === 0 || count > 3 || bytes.length < 2 + count) return undefined;
  return 2 + count + bytes.subarray(2, 2 + count).reduce((length, byte) => length * 256 + byte, 0);
}
