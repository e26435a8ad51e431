import { createPublicKey } from 'node:crypto';
import { CompactEncrypt } from 'jose';
import { type Result, err, ok } from '../../devices/result.ts';
import type { OneUseKey } from '../../flows/ports/cms.ts';

/**
 * Seals bytes to a print worker's one-use key: compact JWE (RFC 7516), ECDH-ES on X25519 (RFC 8037) with A256GCM, and wipes them.
 * A key that is no point to agree on (of low order, RFC 7748, 6.1) is `key-unusable`.
 */
export async function seal(plaintext: Buffer, key: OneUseKey, kid: string): Promise<Result<string, 'key-unusable'>> {
  try {
    const publicKey = createPublicKey({ key: { ...key }, format: 'jwk' });
    return ok(await new CompactEncrypt(plaintext).setProtectedHeader({ alg: 'ECDH-ES', enc: 'A256GCM', kid }).encrypt(publicKey));
  } catch {
    return err('key-unusable');
  } finally {
    plaintext.fill(0);
  }
}
