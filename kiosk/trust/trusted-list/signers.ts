import { X509Certificate, createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type Result, err, ok } from '../../../devices/result.ts';
import { derObjects } from '../pem.ts';

/** Who may sign the list, by SHA-256: of a certificate, or of the key in it (SubjectPublicKeyInfo), in hexadecimal. */
export type Pins = ReadonlySet<string>;

/** The two names by which a signer can be pinned. */
export interface SignerDigests {
  readonly certificate: string;
  readonly key: string;
}

/** Signers change, and the next is announced before: several pins, each a file of certificates (PEM or DER) or `sha256:HEX`. */
export function readPins(signers: readonly string[]): Result<Pins, string> {
  const pins = new Set<string>();
  for (const signer of signers) {
    if (isDigest(signer)) {
      pins.add(signer.slice('sha256:'.length).toLowerCase());
      continue;
    }
    try {
      const found = derObjects(readFileSync(signer), 'CERTIFICATE').map((der) => new X509Certificate(der));
      if (found.length === 0) return err(`${signer}: holds no certificate`);
      for (const certificate of found) pins.add(digestsOf(certificate).certificate);
    } catch (error) {
      return err(`${signer}: ${error instanceof Error && 'syscall' in error ? String(Reflect.get(error, 'code')) : 'not a certificate'}`);
    }
  }
  return pins.size === 0 ? err('no signer is pinned') : ok(pins);
}

export function isDigest(signer: string): boolean {
  return /^sha256:[0-9a-f]{64}$/i.test(signer);
}

export function digestsOf(certificate: X509Certificate): SignerDigests {
  return { certificate: sha256(certificate.raw), key: sha256(certificate.publicKey.export({ type: 'spki', format: 'der' })) };
}

export function isPinned({ certificate, key }: SignerDigests, pins: Pins): boolean {
  return pins.has(certificate) || pins.has(key);
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
