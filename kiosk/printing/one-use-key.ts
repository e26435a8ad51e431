import { createDecipheriv, createHash, createPublicKey, diffieHellman, type KeyObject } from 'node:crypto';
import { z } from 'zod';
import { type Result, err, ok } from '../../devices/result.ts';
import { Secret } from '../../devices/secret.ts';
import type { OneUseKey } from '../../flows/ports/cms.ts';
import { freshPrivateKey } from '../fresh-key.ts';

const base64url = z.string().regex(/^[A-Za-z0-9_-]*$/);
const protectedHeader = z.object({
  alg: z.literal('ECDH-ES'),
  enc: z.literal('A256GCM'),
  epk: z.object({ kty: z.literal('OKP'), crv: z.literal('X25519'), x: base64url.length(43) }),
  apu: base64url.optional(),
  apv: base64url.optional(),
  /** Extensions that must be understood: none is. */
  crit: z.never().optional(),
  zip: z.never().optional(),
});

export type UnsealError = { readonly kind: 'cannot-unseal'; readonly detail: string };

export interface OneUseKeyPair {
  readonly publicKey: OneUseKey;
  /**
   * Opens a compact JWE (RFC 7516) sealed to the public key by ECDH-ES (RFC 7518, 4.6; X25519: RFC 8037) and A256GCM. Works once.
   * Done on node:crypto and not by a JOSE library, because the shared secret, the key and the plaintext must be bytes that can be wiped.
   */
  unseal(jwe: string): Result<Secret, UnsealError>;
}

export function makeOneUseKey(): OneUseKeyPair {
  const made = freshPrivateKey('x25519');
  let privateKey: KeyObject | null = made;
  const { x } = createPublicKey(made).export({ format: 'jwk' });
  if (x === undefined) throw new Error('an X25519 key without x');
  return {
    publicKey: { kty: 'OKP', crv: 'X25519', x },
    unseal(jwe) {
      if (privateKey === null) return err({ kind: 'cannot-unseal', detail: 'the key was used' });
      const key = privateKey;
      privateKey = null;
      try {
        return open(jwe, key);
      } catch {
        // The reason would be OpenSSL's; it may not carry anything of the content.
        return err({ kind: 'cannot-unseal', detail: 'the seal does not open' });
      }
    },
  };
}

function open(jwe: string, privateKey: KeyObject): Result<Secret, UnsealError> {
  const [head, encryptedKey, iv, ciphertext, tag, ...rest] = jwe.split('.');
  if (head === undefined || encryptedKey !== '' || iv === undefined || ciphertext === undefined || tag === undefined || rest.length > 0) {
    return err({ kind: 'cannot-unseal', detail: 'not a compact JWE by direct key agreement' });
  }
  const header = protectedHeader.safeParse(JSON.parse(Buffer.from(head, 'base64url').toString('utf8')));
  if (!header.success) return err({ kind: 'cannot-unseal', detail: 'not ECDH-ES with X25519 and A256GCM' });
  const { epk, apu, apv } = header.data;
  const shared = diffieHellman({ privateKey, publicKey: createPublicKey({ key: { ...epk }, format: 'jwk' }) });
  const key = concatKdf(shared, apu ?? '', apv ?? '');
  shared.fill(0);
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(iv, 'base64url'), { authTagLength: 16 });
    decipher.setAAD(Buffer.from(head, 'ascii')).setAuthTag(Buffer.from(tag, 'base64url'));
    const plaintext = decipher.update(Buffer.from(ciphertext, 'base64url'));
    try {
      decipher.final();
    } catch (error) {
      plaintext.fill(0);
      throw error;
    }
    return ok(new Secret(plaintext));
  } finally {
    key.fill(0);
  }
}

/** NIST SP 800-56A Concat KDF, one round of SHA-256 (RFC 7518, 4.6.2). */
function concatKdf(shared: Uint8Array, apu: string, apv: string): Buffer {
  const number = (value: number): Buffer => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    return bytes;
  };
  const lengthFirst = (bytes: Buffer): Buffer => Buffer.concat([number(bytes.length), bytes]);
  return createHash('sha256')
    .update(number(1))
    .update(shared)
    .update(lengthFirst(Buffer.from('A256GCM', 'ascii')))
    .update(lengthFirst(Buffer.from(apu, 'base64url')))
    .update(lengthFirst(Buffer.from(apv, 'base64url')))
    .update(number(256))
    .digest();
}
