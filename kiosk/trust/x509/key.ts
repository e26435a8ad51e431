import { createHash } from 'node:crypto';
import { type Algorithm, algorithmOf } from './algorithm.ts';
import { DerReader, type Element, octetsOfBitString, tag, whole } from './der.ts';

/** A SubjectPublicKeyInfo. A DSA key may leave its parameters to its issuer's (RFC 3279, 2.3.2): then they are `null`. */
export interface PublicKey {
  readonly spki: Uint8Array;
  readonly digest: string;
  readonly algorithm: Algorithm;
}

const DSA = '1.2.840.10040.4.1';

export function publicKeyOf(element: Element, what: string): PublicKey {
  const reader = new DerReader(element.content);
  const algorithm = algorithmOf(reader.next(tag.sequence, what), what);
  octetsOfBitString(reader.next(tag.bitString, what), what);
  reader.end(what);
  return { spki: element.whole, digest: createHash('sha256').update(element.whole).digest('hex'), algorithm };
}

export function lacksParameters({ algorithm }: PublicKey): boolean {
  return algorithm.oid === DSA && (algorithm.parameters === null || algorithm.parameters.tag === tag.null);
}

/** The same key with the parameters of its issuer's (RFC 5280, 6.1.4 e): itself, where it has its own or the issuer's are another algorithm's. */
export function inheriting(key: PublicKey, issuer: PublicKey): PublicKey {
  const parameters = issuer.algorithm.parameters;
  if (!lacksParameters(key) || issuer.algorithm.oid !== DSA || parameters === null) return key;
  const reader = new DerReader(whole(key.spki, tag.sequence, 'key').content);
  reader.any('key');
  const bits = reader.any('key').whole;
  const id = whole(new DerReader(key.algorithm.whole.subarray(2)).any('key').whole, tag.oid, 'key').whole;
  const spki = encoded(tag.sequence, Buffer.concat([encoded(tag.sequence, Buffer.concat([id, parameters.whole])), bits]));
  return publicKeyOf(whole(spki, tag.sequence, 'key'), 'key');
}

function encoded(identifier: number, content: Buffer): Buffer {
  const { length } = content;
  const octets = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([identifier, ...octets]), content]);
}
