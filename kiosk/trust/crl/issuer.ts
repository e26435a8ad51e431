import { type KeyObject, X509Certificate, createPublicKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type Result, err, ok } from '../../../devices/result.ts';
import { derObjects } from '../pem.ts';
import { readAnchorCertificate } from '../x509/certificate.ts';
import type { Name } from '../x509/name.ts';

/** Who signs CRLs: a name and a key. Its certificate is believed because it was given, not because of what is in it (RFC 5280, 6.1.1 d). */
export interface CrlIssuer {
  readonly name: Name;
  readonly key: KeyObject;
  /** SHA-256 of the SubjectPublicKeyInfo, hexadecimal. */
  readonly keyDigest: string;
  /** Its subjectKeyIdentifier, hexadecimal: by it a CRL names the key that signed it among several of one issuer. */
  readonly keyId: string | null;
  readonly certificate: Uint8Array;
}

/** Reads certificates of issuers, DER or PEM, several to a file. */
export function readIssuers(file: string): Result<readonly CrlIssuer[], string> {
  try {
    const found = derObjects(readFileSync(file), 'CERTIFICATE').map(issuerOf);
    return found.length === 0 ? err('holds no certificate') : ok(found);
  } catch (error) {
    return err(error instanceof Error ? error.message : String(error));
  }
}

/** Those of the national trusted list, DER: one that cannot be used is nobody's issuer here, since that list was not made for this machine. */
export function usableIssuers(listed: readonly Buffer[]): readonly CrlIssuer[] {
  return listed.flatMap((der) => {
    try {
      return [issuerOf(der)];
    } catch {
      return [];
    }
  });
}

/** Throws where the certificate cannot be read. */
export function issuerOf(der: Uint8Array): CrlIssuer {
  const read = readAnchorCertificate(der);
  if (!read.ok) throw new Error(read.error);
  const { name, key, certificate } = read.value;
  return {
    name,
    key: createPublicKey({ key: Buffer.from(key.spki), format: 'der', type: 'spki' }),
    keyDigest: key.digest,
    keyId: certificate?.subjectKey ?? null,
    certificate: der,
  };
}

/** Does `issuer` say, by a certificate of the same name that it signed, that `other` is a key of its own too (RFC 5280, 3.2: self-issued)? */
export function vouchesFor(issuer: Pick<CrlIssuer, 'name' | 'key'>, other: CrlIssuer): boolean {
  if (issuer.name.key !== other.name.key) return false;
  try {
    return new X509Certificate(other.certificate).verify(issuer.key);
  } catch {
    return false;
  }
}
