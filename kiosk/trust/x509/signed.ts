import { type Algorithm, algorithmOf } from './algorithm.ts';
import { DerReader, type Element, Malformed, octetsOfBitString, sameBytes, tag, whole } from './der.ts';

/** What certificates and CRLs have in common: signed bytes, and how they are signed (RFC 5280, 4.1.1 and 5.1.1). */
export interface Signed {
  readonly tbs: Uint8Array;
  readonly algorithm: Algorithm;
  readonly signature: Uint8Array;
}

/** Reads the outer shape: the signed bytes are then to be read from `reader`. */
export function signedOf(der: Uint8Array, what: string): Signed & { readonly reader: DerReader } {
  const outer = new DerReader(whole(der, tag.sequence, what).content);
  const tbs = outer.next(tag.sequence, `${what}’s signed part`);
  const algorithm = algorithmOf(outer.next(tag.sequence, 'signatureAlgorithm'), 'signatureAlgorithm');
  const signature = octetsOfBitString(outer.next(tag.bitString, 'signature'), 'signature');
  outer.end(what);
  return { tbs: tbs.whole, algorithm, signature, reader: new DerReader(tbs.content) };
}

/** The algorithm inside the signed bytes must be the one outside, byte by byte (RFC 5280, 4.1.1.2 and 5.1.1.2). */
export function refuseAnother(inner: Element, { whole: outer }: Algorithm): void {
  if (!sameBytes(inner.whole, outer)) throw new Malformed('signature algorithm: one inside, another outside');
}
