import { type JsonWebKey, createHmac, createPrivateKey, createPublicKey, hkdfSync } from 'node:crypto';
import { signJws, verifiedClaims } from '../jws.ts';

/** The CMS's own key: it signs proofs of contact and receipts, and the key of every keyed digest comes from it. */
export interface CmsKey {
  /** Compact JWS (RFC 7515) over `claims`; `type` is the header's `typ`. */
  sign(type: string, claims: Record<string, unknown>): string;
  /** The claims of a JWS that this key signed as `type`; `null` of any other. */
  verify(type: string, jws: string): unknown;
  /** HMAC-SHA-256, for what must be recognised and not be guessed from a copy of the database. */
  digest(...parts: readonly (string | Uint8Array)[]): Buffer;
}

/** `jwk`: a private key, P-256 or Ed25519. */
export function cmsKey(jwk: JsonWebKey & { readonly kid?: string }): CmsKey {
  const privateKey = createPrivateKey({ key: jwk, format: 'jwk' });
  const publicKey = createPublicKey(privateKey);
  const secret = Buffer.from(
    hkdfSync('sha256', privateKey.export({ type: 'pkcs8', format: 'der' }), '', 'sportello reference cms: keyed digests', 32),
  );
  return {
    sign: (type, claims) => signJws(privateKey, type, claims, jwk.kid),
    verify: (type, jws) => verifiedClaims(jws, type, publicKey),
    digest(...parts) {
      const mac = createHmac('sha256', secret);
      // Lengths first, so that no two lists of parts are one text.
      for (const part of parts) mac.update(`${Buffer.byteLength(part)}:`).update(part);
      return mac.digest();
    },
  };
}
