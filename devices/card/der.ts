import type { Extent } from './files.ts';

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

const longestPrefix = 8;
/** No certificate is so short that its length takes one byte: `30 30` are digits of a prefix. */
const leastCertificate = 0x80;

/**
 * Where the certificate lies in a file that begins with `start`: from the first byte on, or after a prefix of up to eight bytes that states its
 * length, as Infocamere's does in the second and third of five (OpenSC, pkcs15-itacns.c).
 */
export function certificateExtent(start: Uint8Array): Extent | undefined {
  for (let from = 0; from <= longestPrefix; from += 1) {
    const length = derSequenceLength(start.subarray(from));
    if (length !== undefined && length > leastCertificate && (from === 0 || states(start.subarray(0, from), length)))
      return { from, length };
  }
  return undefined;
}

/** Two neighbouring bytes, big or little endian, or the whole as hexadecimal digits. */
function states(prefix: Uint8Array, length: number): boolean {
  const pairs = Array.from(prefix.subarray(1), (second, index) => [prefix[index] ?? 0, second] as const);
  if (pairs.some(([first, second]) => first * 256 + second === length || second * 256 + first === length)) return true;
  const text = Buffer.from(prefix).toString('latin1');
  return /^[0-9A-Fa-f]{4,8}$/.test(text) && Number.parseInt(text, 16) === length;
}
