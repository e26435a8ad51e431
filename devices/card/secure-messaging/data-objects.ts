/** The data objects of secure messaging that we write and take (ISO 7816-4, table 37 and 10.2). */
export const tag = {
  /** Cryptogram with a padding indicator before it: of commands with an even instruction, and of their answers. */
  cryptogram: 0x87,
  /** Cryptogram without one: of commands with an odd instruction. */
  bareCryptogram: 0x85,
  le: 0x97,
  status: 0x99,
  mac: 0x8e,
} as const;

export interface DataObject {
  readonly tag: number;
  readonly value: Uint8Array;
}

/** Tag, length (DER, X.690 8.1.3) and value of each, one after the other. */
export function encodeObjects(objects: readonly DataObject[]): Uint8Array {
  return new Uint8Array(Buffer.concat(objects.flatMap(({ tag, value }) => [Uint8Array.from([tag, ...lengthField(value.length)]), value])));
}

/** `undefined`: not a row of objects with one-byte tags and shortest lengths that ends with the bytes. Values are views. */
export function decodeObjects(bytes: Uint8Array): readonly DataObject[] | undefined {
  const objects: DataObject[] = [];
  for (let at = 0; at < bytes.length;) {
    const [tag = 0, first = 0, ...more] = bytes.subarray(at, at + 4);
    const count = first < 0x80 ? 0 : first - 0x80;
    if (count > 2 || more.length < count) return undefined;
    const length = count === 0 ? first : more.slice(0, count).reduce((value, byte) => value * 256 + byte, 0);
    const start = at + 2 + count;
    if (lengthField(length).length !== 1 + count || bytes.length < start + length) return undefined;
    objects.push({ tag, value: bytes.subarray(start, start + length) });
    at = start + length;
  }
  return objects;
}

function lengthField(length: number): number[] {
  if (length < 0x80) return [length];
  return length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
}
