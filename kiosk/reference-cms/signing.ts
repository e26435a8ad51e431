import { type JsonWebKey, type KeyObject, createHmac, createPrivateKey, createPublicKey, hkdfSync, sign } from 'node:crypto';
import { compactVerify, errors } from 'jose';

/** The CMS's own key: it signs proofs of contact and receipts, and the key of every keyed digest comes from it. */
export interface CmsKey {
  /** Compact JWS (RFC 7515) over `claims`; `type` is the header's `typ`. */
  sign(type: string, claims: Record<string, unknown>): string;
  /** The claims of a JWS that this key signed as `type`; `null` of any other. */
  verify(type: string, jws: string): Promise<unknown>;
  /** HMAC-SHA-256, for what must be recognised and not be guessed from a copy of the database. */
  digest(...parts: readonly (string | Uint8Array)[]): Buffer;
}

/** `jwk`: a private key, P-256 or Ed25519. */
export function cmsKey(jwk: JsonWebKey & { readonly kid?: string }): CmsKey {
  const privateKey = createPrivateKey({ key: jwk, format: 'jwk' });
  const publicKey = createPublicKey(privateKey);
  const alg = algorithmOf(privateKey);
  const secret = Buffer.from(
    hkdfSync('sha256', privateKey.export({ type: 'pkcs8', format: 'der' }), '', 'sportello reference cms: keyed digests', 32),
  );
  return {
    // By node:crypto and not by jose, which only signs asynchronously: a receipt's number and its signature belong to one SQLite transaction.
    sign(type, claims) {
      const input = [{ alg, typ: type, kid: jwk.kid }, claims]
        .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
        .join('.');
      const signature = sign(alg === 'ES256' ? 'sha256' : null, Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' });
      return `${input}.${signature.toString('base64url')}`;
    },
    async verify(type, jws) {
      try {
        const { payload, protectedHeader } = await compactVerify(jws, publicKey, { algorithms: [alg] });
        const claims: unknown = JSON.parse(new TextDecoder().decode(payload));
        return protectedHeader.typ === type ? claims : null;
      } catch (error) {
        if (error instanceof errors.JOSEError || error instanceof SyntaxError) return null;
        throw error;
      }
    },
    digest(...parts) {
      const mac = createHmac('sha256', secret);
      // Lengths first, so that no two lists of parts are one text.
      for (const part of parts) mac.update(`${Buffer.byteLength(part)}:`).update(part);
      return mac.digest();
    },
  };
}

function algorithmOf(key: KeyObject): 'ES256' | 'EdDSA' {
  if (key.asymmetricKeyType === 'ed25519') return 'EdDSA';
  if (key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1') return 'ES256';
  throw new TypeError('the signing key is neither P-256 nor Ed25519');
}
