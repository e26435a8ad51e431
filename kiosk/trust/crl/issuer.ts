import { type KeyObject, X509Certificate, createHash, createPublicKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type Result, err, ok } from '../../../devices/result.ts';
import { derObjects } from '../pem.ts';
import { type DistinguishedName, nameOf } from './name.ts';
import { Elements, context, extensionsOf, tag } from './tlv.ts';

/** Who signs CRLs: a name and a key. Its certificate is believed because it was given, not because of what is in it (RFC 5280, 6.1.1 d). */
export interface CrlIssuer {
  readonly name: DistinguishedName;
  /** SHA-256 of the SubjectPublicKeyInfo. */
  readonly keyHash: Buffer;
  readonly key: KeyObject;
  readonly keyId: Buffer | null;
  readonly certificate: Buffer;
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

/** Throws where the certificate cannot be read. */
export function issuerOf(der: Buffer): CrlIssuer {
  const outer = new Elements(der);
  const certificate = outer.within(outer.next(tag.sequence, 'a certificate'));
  const signed = certificate.within(certificate.next(tag.sequence, 'a certificate'));
  signed.optional(context(0));
  signed.next(tag.integer, 'the serial number');
  signed.next(tag.sequence, 'the algorithm');
  signed.next(tag.sequence, 'the issuer');
  signed.next(tag.sequence, 'the validity');
  const name = nameOf(signed.whole(signed.next(tag.sequence, 'the subject')));
  const spki = signed.whole(signed.next(tag.sequence, 'the key'));
  return {
    name,
    keyHash: createHash('sha256').update(spki).digest(),
    key: createPublicKey({ key: spki, format: 'der', type: 'spki' }),
    keyId: keyIdOf(signed),
    certificate: der,
  };
}

/** subjectKeyIdentifier, by which a CRL names the key that signed it among several of one issuer. */
function keyIdOf(signed: Elements): Buffer | null {
  signed.optional(0x81);
  signed.optional(0x82);
  const explicit = signed.optional(context(3));
  if (explicit === null) return null;
  const list = signed.within(explicit);
  const extension = extensionsOf(list.within(list.next(tag.sequence, 'the extensions'))).get('2.5.29.14');
  if (extension === undefined) return null;
  const value = new Elements(extension.value);
  return value.content(value.next(tag.octetString, 'the key identifier'));
}

/** Does `issuer` say, by a certificate of the same name that it signed, that `other` is a key of its own too (RFC 5280, 3.2: self-issued)? */
export function vouchesFor(issuer: CrlIssuer, other: CrlIssuer): boolean {
  if (issuer.name.normal !== other.name.normal) return false;
  try {
    return new X509Certificate(other.certificate).verify(issuer.key);
  } catch {
    return false;
  }
}
