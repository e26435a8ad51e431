import { createHash } from 'node:crypto';
import { type Result, err, ok } from '../../../devices/result.ts';
import { DerReader, Malformed, constructed, countOf, hex, integerOctets, primitive, tag, whole } from './der.ts';
import {
  type BasicConstraints,
  type DistributionPoint,
  type Extension,
  type Extensions,
  type KeyUsage,
  type NameConstraints,
  type PolicyConstraints,
  type PolicyMapping,
  accessDescriptionsOf,
  authorityKeyOf,
  basicConstraintsOf,
  certificatePoliciesOf,
  distributionPointsOf,
  extKeyUsageOf,
  extensionsOf,
  inhibitAnyPolicyOf,
  keyUsageOf,
  nameConstraintsOf,
  oid,
  policyConstraintsOf,
  policyMappingsOf,
  subjectAltNameOf,
  subjectKeyOf,
} from './extensions.ts';
import type { GeneralName } from './general-name.ts';
import { type Name, nameOf } from './name.ts';
import { type PublicKey, publicKeyOf } from './key.ts';
import { type Signed, refuseAnother, signedOf } from './signed.ts';
import { timeOf } from './time.ts';

/** A certificate whose form is right; whether it is to be trusted is another question. Extensions that are not there are `null` or empty. */
export interface Certificate extends Signed {
  /** SHA-256 of the whole, hexadecimal: what tells one certificate from another. */
  readonly digest: string;
  readonly version: 1 | 2 | 3;
  /** The INTEGER's octets in hexadecimal, as they stand. */
  readonly serial: string;
  readonly issuer: Name;
  readonly subject: Name;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly key: PublicKey;
  readonly basicConstraints: BasicConstraints | null;
  readonly keyUsage: KeyUsage | null;
  readonly extKeyUsage: readonly string[] | null;
  readonly subjectAltName: readonly GeneralName[];
  readonly policies: ReadonlySet<string> | null;
  readonly policyMappings: readonly PolicyMapping[];
  readonly policyConstraints: PolicyConstraints | null;
  readonly inhibitAnyPolicy: number | null;
  readonly nameConstraints: NameConstraints | null;
  readonly distributionPoints: readonly DistributionPoint[];
  readonly authorityKey: string | null;
  readonly subjectKey: string | null;
  /** The first critical extension that nobody here understands. */
  readonly notUnderstood: string | null;
}

const understood: ReadonlySet<string> = new Set([
  oid.keyUsage,
  oid.subjectAltName,
  oid.issuerAltName,
  oid.basicConstraints,
  oid.nameConstraints,
  oid.crlDistributionPoints,
  oid.certificatePolicies,
  oid.policyMappings,
  oid.policyConstraints,
  oid.extKeyUsage,
  oid.inhibitAnyPolicy,
]);

/** Octets of the largest certificate that is looked at. */
const MOST_BYTES = 256 * 1024;
const MOST_SERIAL_OCTETS = 20;

/** Reads a certificate as DER, wholly: anything that RFC 5280, section 4, forbids to the letter and that could be read in two ways is refused here. */
export function readCertificate(der: Uint8Array): Result<Certificate, string> {
  if (der.length > MOST_BYTES) return err('certificate: too large');
  try {
    return ok(parse(der));
  } catch (error) {
    if (error instanceof Malformed) return err(error.message);
    throw error;
  }
}

/** A trust anchor's name and key are all that is asked of its certificate (RFC 5280, 6.1.1 d); what is wrong elsewhere in it is nobody's business. */
export interface AnchorCertificate {
  readonly name: Name;
  readonly key: PublicKey;
  /** What its certificate says besides, where it can be read: a hint when a path is looked for, and whether its key may sign CRLs. */
  readonly certificate: Certificate | null;
}

export function readAnchorCertificate(der: Uint8Array): Result<AnchorCertificate, string> {
  const read = readCertificate(der);
  if (read.ok) return ok({ name: read.value.subject, key: read.value.key, certificate: read.value });
  try {
    const tbs = new DerReader(whole(der, tag.sequence, 'anchor').content).inside(tag.sequence, 'anchor');
    tbs.optional(constructed(0), 'anchor');
    for (const field of ['serial number', 'signature', 'issuer', 'validity']) tbs.any(`anchor’s ${field}`);
    const name = nameOf(tbs.next(tag.sequence, 'anchor’s subject'), 'anchor’s subject');
    return ok({ name, key: publicKeyOf(tbs.next(tag.sequence, 'anchor’s key'), 'anchor’s key'), certificate: null });
  } catch (error) {
    if (error instanceof Malformed) return err(error.message);
    throw error;
  }
}

function parse(der: Uint8Array): Certificate {
  const { reader, ...signed } = signedOf(der, 'certificate');
  const version = versionOf(reader);
  const serial = serialOf(reader);
  refuseAnother(reader.next(tag.sequence, 'signature algorithm'), signed.algorithm);
  const issuer = nameOf(reader.next(tag.sequence, 'issuer'), 'issuer');
  if (issuer.relative.length === 0) throw new Malformed('issuer: empty');
  const validity = reader.inside(tag.sequence, 'validity');
  const notBefore = timeOf(validity.any('notBefore'));
  const notAfter = timeOf(validity.any('notAfter'));
  validity.end('validity');
  const subject = nameOf(reader.next(tag.sequence, 'subject'), 'subject');
  const key = publicKeyOf(reader.next(tag.sequence, 'subjectPublicKeyInfo'), 'subjectPublicKeyInfo');
  for (const n of [1, 2]) {
    if (reader.optional(primitive(n), 'unique identifier') !== null && version === 1)
      throw new Malformed('a unique identifier in version 1');
  }
  const wrapped = reader.optional(constructed(3), 'extensions');
  if (wrapped !== null && version !== 3) throw new Malformed(`extensions in version ${version}`);
  reader.end('tbsCertificate');
  const extensions: Extensions =
    wrapped === null
      ? new Map<string, Extension>()
      : extensionsOf(whole(wrapped.content, tag.sequence, 'extensions').content, 'extensions');

  const certificate: Certificate = {
    ...signed,
    digest: createHash('sha256').update(der).digest('hex'),
    version,
    serial,
    issuer,
    subject,
    notBefore,
    notAfter,
    key,
    ...meaningOf(extensions),
  };
  const contradiction = contradictionIn(certificate, extensions);
  if (contradiction !== null) throw new Malformed(contradiction);
  return certificate;
}

function versionOf(reader: DerReader): 1 | 2 | 3 {
  const field = reader.optional(constructed(0), 'version');
  if (field === null) return 1;
  const version = countOf(whole(field.content, tag.integer, 'version'), 'version');
  if (version !== 1 && version !== 2) throw new Malformed('version: neither 2 nor 3, and 1 is not written');
  return version === 1 ? 2 : 3;
}

/** Negative ones were issued, and are told apart like others (RFC 5280, 4.1.2.2); zero and those beyond 20 octets are nobody's. */
function serialOf(reader: DerReader): string {
  const octets = integerOctets(reader.next(tag.integer, 'serial number'), 'serial number');
  if (octets.length > MOST_SERIAL_OCTETS) throw new Malformed('serial number: longer than 20 octets');
  if (octets.every((octet) => octet === 0)) throw new Malformed('serial number: zero');
  return hex(octets);
}

type Meaning = Omit<Certificate, keyof Signed | 'digest' | 'version' | 'serial' | 'issuer' | 'subject' | 'notBefore' | 'notAfter' | 'key'>;

function meaningOf(extensions: Extensions): Meaning {
  const read = <T, N>(id: string, reader: (value: Uint8Array) => T, absent: N): T | N => {
    const extension = extensions.get(id);
    return extension === undefined ? absent : reader(extension.value);
  };
  read(oid.authorityInfoAccess, accessDescriptionsOf, null);
  return {
    basicConstraints: read(oid.basicConstraints, basicConstraintsOf, null),
    keyUsage: read(oid.keyUsage, keyUsageOf, null),
    extKeyUsage: read(oid.extKeyUsage, extKeyUsageOf, null),
    subjectAltName: read(oid.subjectAltName, subjectAltNameOf, []),
    policies: read(oid.certificatePolicies, certificatePoliciesOf, null),
    policyMappings: read(oid.policyMappings, policyMappingsOf, []),
    policyConstraints: read(oid.policyConstraints, policyConstraintsOf, null),
    inhibitAnyPolicy: read(oid.inhibitAnyPolicy, inhibitAnyPolicyOf, null),
    nameConstraints: read(oid.nameConstraints, nameConstraintsOf, null),
    distributionPoints: read(oid.crlDistributionPoints, distributionPointsOf, []),
    authorityKey: read(oid.authorityKeyIdentifier, authorityKeyOf, null),
    subjectKey: read(oid.subjectKeyIdentifier, subjectKeyOf, null),
    notUnderstood: [...extensions].find(([id, { critical }]) => critical && !understood.has(id))?.[0] ?? null,
  };
}

/** What RFC 5280, 4.2.1, forbids between one part of a certificate and another. */
function contradictionIn(certificate: Certificate, extensions: Extensions): string | null {
  const { subject, basicConstraints, keyUsage, nameConstraints } = certificate;
  const ca = basicConstraints?.ca ?? false;
  if (subject.relative.length === 0) {
    if (ca) return 'subject: an authority without a name';
    if (extensions.get(oid.subjectAltName)?.critical !== true) return 'subject: empty, and no critical subjectAltName in its place';
  }
  if (certificate.version === 3 && keyUsage?.keyCertSign === true && !ca) return 'keyUsage: keyCertSign without being an authority';
  if (nameConstraints !== null && !ca) return 'nameConstraints: without being an authority';
  if (nameConstraints !== null && extensions.get(oid.nameConstraints)?.critical === false) return 'nameConstraints: not critical';
  return null;
}

/** Issued under its own name: a key that was rolled over, or a root (RFC 5280, 3.2). */
export function isSelfIssued({ issuer, subject }: Certificate): boolean {
  return issuer.key === subject.key;
}

/** Why this certificate cannot stand above another in a path, whatever the path, `null` if it can (RFC 5280, 6.1.4 k and n). */
export function whyNoAuthority({ version, basicConstraints, keyUsage }: Certificate): string | null {
  if (version !== 3 || basicConstraints?.ca !== true) return 'is no authority';
  return keyUsage !== null && !keyUsage.keyCertSign ? 'may not sign certificates' : null;
}

export function whyNotNow({ notBefore, notAfter }: Certificate, at: Date): string | null {
  if (at < notBefore) return `is not valid before ${notBefore.toISOString()}`;
  return at > notAfter ? `expired at ${notAfter.toISOString()}` : null;
}
