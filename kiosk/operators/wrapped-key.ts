import { type KeyObject, createCipheriv, createDecipheriv, createPrivateKey, randomBytes, scrypt } from 'node:crypto';
import { z } from 'zod';
import type { Secret } from '../../devices/secret.ts';

const base64url = (bytes: number): z.ZodString => z.string().regex(new RegExp(`^[A-Za-z0-9_-]{${Math.ceil((bytes * 4) / 3)}}$`));

/** A PKCS #8 private key under a PIN: scrypt (RFC 7914) makes the key of AES-256-GCM (SP 800-38D). Bytes are base64url. */
export const wrappedKey = z.strictObject({
  kdf: z.literal('scrypt'),
  /** N, a power of two: each guess at the PIN costs 1024 · N bytes (r = 8, p = 1). Bounded, so that a file cannot exhaust the kiosk. */
  cost: z.union([z.literal(2 ** 15), z.literal(2 ** 16), z.literal(2 ** 17), z.literal(2 ** 18)]),
  salt: base64url(16),
  iv: base64url(12),
  ciphertext: z.string().regex(/^[A-Za-z0-9_-]{1,1024}$/),
  tag: base64url(16),
});
export type WrappedKey = z.infer<typeof wrappedKey>;

const blockSize = 8;

/** Wraps `privateKey` under `pin`; it opens again only together with the same `boundTo`. Leaves the PIN to the caller. */
export async function wrapKey(privateKey: KeyObject, pin: Secret, boundTo: Uint8Array, cost: WrappedKey['cost']): Promise<WrappedKey> {
  const [salt, iv] = [randomBytes(16), randomBytes(12)];
  const key = await derive(pin, salt, cost);
  const clear = privateKey.export({ format: 'der', type: 'pkcs8' });
  try {
    const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(boundTo);
    const ciphertext = Buffer.concat([cipher.update(clear), cipher.final()]);
    const text = (bytes: Buffer): string => bytes.toString('base64url');
    return { kdf: 'scrypt', cost, salt: text(salt), iv: text(iv), ciphertext: text(ciphertext), tag: text(cipher.getAuthTag()) };
  } finally {
    clear.fill(0);
    key.fill(0);
  }
}

/** The private key, or `null` where the PIN, what it is bound to, or any of its bytes is not as it was. Leaves the PIN to the caller. */
export async function unwrapKey(wrapped: WrappedKey, pin: Secret, boundTo: Uint8Array): Promise<KeyObject | null> {
  const bytes = (text: string): Buffer => Buffer.from(text, 'base64url');
  const key = await derive(pin, bytes(wrapped.salt), wrapped.cost);
  const decipher = createDecipheriv('aes-256-gcm', key, bytes(wrapped.iv), { authTagLength: 16 });
  const clear = decipher.setAAD(boundTo).setAuthTag(bytes(wrapped.tag)).update(bytes(wrapped.ciphertext));
  try {
    decipher.final();
    return createPrivateKey({ key: clear, format: 'der', type: 'pkcs8' });
  } catch {
    return null;
  } finally {
    clear.fill(0);
    key.fill(0);
  }
}

async function derive(pin: Secret, salt: Buffer, cost: number): Promise<Buffer> {
  return await new Promise((resolve, reject) => {
    scrypt(pin.expose(), salt, 32, { N: cost, r: blockSize, p: 1, maxmem: 2 * 128 * cost * blockSize }, (error, key) => {
      if (error === null) resolve(key);
      else reject(error);
    });
  });
}
