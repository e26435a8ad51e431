import { type KeyObject, createPublicKey } from 'node:crypto';
import { decodeObjects, encodeObjects } from './secure-messaging/data-objects.ts';

/** An RSA public key as GENERATE ASYMMETRIC KEY PAIR tells it: `7F49`, in it modulus (`81`) and exponent (`82`) (ISO 7816-8, table 3). */
const outer = 0x7f;
const inner = 0x49;
const modulus = 0x81;
const exponent = 0x82;

export function encodePublicKey(key: KeyObject): Uint8Array {
  const { n = '', e = '' } = key.export({ format: 'jwk' });
  const value = encodeObjects([
    { tag: modulus, value: new Uint8Array(Buffer.from(n, 'base64url')) },
    { tag: exponent, value: new Uint8Array(Buffer.from(e, 'base64url')) },
  ]);
  return Uint8Array.of(outer, ...encodeObjects([{ tag: inner, value }]));
}

/** `null`: not an RSA public key in such a template. */
export function decodePublicKey(bytes: Uint8Array): KeyObject | null {
  const template = bytes[0] === outer ? decodeObjects(bytes.subarray(1)) : undefined;
  const objects = template?.length === 1 && template[0]?.tag === inner ? decodeObjects(template[0].value) : undefined;
  const valueOf = (tag: number): string => Buffer.from(objects?.find((object) => object.tag === tag)?.value ?? []).toString('base64url');
  const [n, e] = [valueOf(modulus), valueOf(exponent)];
  if (n === '' || e === '') return null;
  return createPublicKey({ key: { kty: 'RSA', n, e }, format: 'jwk' });
}
