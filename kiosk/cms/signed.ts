import type { KeyObject } from 'node:crypto';
import { compactVerify, errors } from 'jose';
import type { z } from 'zod';
import { publicJwk, publicKeyOf } from '../jws.ts';

/** A public key that signs for a CMS, from its JWK (P-256 or Ed25519). Throws where it is none. */
export function signingKeyOf(jwk: unknown): KeyObject {
  return publicKeyOf(publicJwk.parse(jwk));
}

/** The claims of what the CMS says it signed as `type`; `null` if it did not, or if they are not as they should be. */
export async function claimsOf<T>(jws: string, type: string, key: KeyObject, schema: z.ZodType<T>): Promise<T | null> {
  try {
    const { payload, protectedHeader } = await compactVerify(jws, key, { algorithms: ['ES256', 'EdDSA'] });
    if (protectedHeader.typ !== type) return null;
    return schema.safeParse(jsonOf(payload)).data ?? null;
  } catch (error) {
    if (error instanceof errors.JOSEError) return null;
    throw error;
  }
}

/** What UTF-8 bytes say as JSON; `undefined` where they say nothing. */
export function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
}
