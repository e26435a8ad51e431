import { type KeyObject, verify } from 'node:crypto';
import type { AlgorithmIdentifier } from 'pkijs';

/** Signature algorithms that are believed, by OID: RSA PKCS #1 v1.5 (RFC 4055) and ECDSA (RFC 5758), with SHA-2. */
const believed: Readonly<Record<string, { readonly hash: string; readonly keyType: 'rsa' | 'ec' }>> = {
  '1.2.840.113549.1.1.11': { hash: 'sha256', keyType: 'rsa' },
  '1.2.840.113549.1.1.12': { hash: 'sha384', keyType: 'rsa' },
  '1.2.840.113549.1.1.13': { hash: 'sha512', keyType: 'rsa' },
  '1.2.840.10045.4.3.2': { hash: 'sha256', keyType: 'ec' },
  '1.2.840.10045.4.3.3': { hash: 'sha384', keyType: 'ec' },
  '1.2.840.10045.4.3.4': { hash: 'sha512', keyType: 'ec' },
};

/** What certificates and CRLs have in common: bytes, and an issuer's signature on them (RFC 5280, 4.1 and 5.1). */
export interface Signed {
  readonly tbsView: Uint8Array;
  readonly signature: AlgorithmIdentifier;
  readonly signatureAlgorithm: AlgorithmIdentifier;
  readonly signatureValue: {
    readonly valueBlock: { readonly valueHexView: Uint8Array; readonly unusedBits: number };
    toBER(): ArrayBuffer;
  };
}

/** Is `der` these three parts in DER and nothing else? What the signature does not cover must leave no room for a second form of the same thing. */
export function isExactly(signed: Signed, der: Uint8Array): boolean {
  const parts = [signed.tbsView, signed.signatureAlgorithm.toSchema().toBER(), signed.signatureValue.toBER()].map((part) =>
    Buffer.from(new Uint8Array(part)),
  );
  const content = Buffer.concat(parts);
  return content.equals(der.subarray(Math.max(0, der.length - content.length)));
}

/** Is it signed by this key? The algorithm inside the signed bytes must be the one outside (RFC 5280, 4.1.1.2). */
export function isSignedBy(signed: Signed, key: KeyObject): boolean {
  if (!signed.signature.isEqual(signed.signatureAlgorithm) || signed.signatureValue.valueBlock.unusedBits !== 0) return false;
  const algorithm = believed[signed.signatureAlgorithm.algorithmId];
  if (algorithm === undefined || key.asymmetricKeyType !== algorithm.keyType) return false;
  return verify(algorithm.hash, signed.tbsView, key, signed.signatureValue.valueBlock.valueHexView);
}
