import { type JsonWebKey, type KeyObject, createPublicKey, sign, verify } from 'node:crypto';
import { z } from 'zod';

// By node:crypto and not by jose, which only signs and verifies asynchronously: a row and its signature belong to one SQLite transaction.

/** A public signing key: P-256 (RFC 7518) or Ed25519 (RFC 8037). */
export const publicJwk = z.union([
  z.object({ kty: z.literal('EC'), crv: z.literal('P-256'), x: z.string(), y: z.string() }),
  z.object({ kty: z.literal('OKP'), crv: z.literal('Ed25519'), x: z.string() }),
]);
export type PublicJwk = z.infer<typeof publicJwk>;

export function algorithmOf(key: KeyObject): 'ES256' | 'EdDSA' {
  if (key.asymmetricKeyType === 'ed25519') return 'EdDSA';
  if (key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1') return 'ES256';
  throw new TypeError('the signing key is neither P-256 nor Ed25519');
}

/** The public half as it is handed out. */
export function publicJwkOf(key: KeyObject): PublicJwk {
  const half = key.type === 'private' ? createPublicKey(key) : key;
  return publicJwk.parse(half.export({ format: 'jwk' }));
}

/** Throws where the point is not on the curve. */
export function publicKeyOf(jwk: PublicJwk): KeyObject {
  return createPublicKey({ key: jwk as JsonWebKey, format: 'jwk' });
}

/** Compact JWS (RFC 7515) over `claims`; `type` is the header's `typ`. */
export function signJws(key: KeyObject, type: string, claims: Readonly<Record<string, unknown>>, kid?: string): string {
  const alg = algorithmOf(key);
  const input = [{ alg, typ: type, kid }, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  const signature = sign(alg === 'ES256' ? 'sha256' : null, Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' });
  return `${input}.${signature.toString('base64url')}`;
}

const header = z.object({ alg: z.string(), typ: z.string(), crit: z.never().optional() });

/** What a compact JWS of this `typ` says, whoever signed it; `null` if it is none. */
export function claimsOf(jws: string, type: string): unknown {
  const parts = jws.split('.');
  if (parts.length !== 3) return null;
  const [head, claims] = parts.slice(0, 2).map(jsonOf);
  return header.safeParse(head).data?.typ === type ? claims : null;
}

/** What a compact JWS says, if `key` signed it as `type`; `null` of any other. */
export function verifiedClaims(jws: string, type: string, key: KeyObject): unknown {
  const claims = claimsOf(jws, type);
  const alg = algorithmOf(key);
  const [head = '', body = '', signature = ''] = jws.split('.');
  if (claims === null || header.safeParse(jsonOf(head)).data?.alg !== alg) return null;
  const bytes = Buffer.from(signature, 'base64url');
  // One text for one signature: other spellings of the same bytes are not it.
  if (bytes.toString('base64url') !== signature) return null;
  const holds = verify(alg === 'ES256' ? 'sha256' : null, Buffer.from(`${head}.${body}`), { key, dsaEncoding: 'ieee-p1363' }, bytes);
  return holds ? claims : null;
}

function jsonOf(base64url: string): unknown {
  try {
    return JSON.parse(Buffer.from(base64url, 'base64url').toString('utf8'));
  } catch {
    return null;
  }
}
