import type { BitString } from 'asn1js';
import { Certificate, CertificatePolicies, CRLDistributionPoints, BasicConstraints, ExtKeyUsage } from 'pkijs';
import { type Result, err, ok } from '../../devices/result.ts';
import { type ParsedExtension, extensionsOf, parseDer, serialHex, uris } from './der.ts';
import { isExactly } from './signature.ts';

/** What a card's authentication certificate says, once it keeps the CNS profile (AgID; card.md 1.5, trust.md 3). */
export interface CardCertificate {
  readonly certificate: Certificate;
  readonly serial: string;
  readonly name: CardName;
  readonly distributionPoints: readonly string[];
}

/** The parts of its CN, `<codice fiscale>/<ID_Carta>.<base64 SHA-1 of EF.Dati_personali>`. */
export interface CardName {
  readonly fiscalCode: string;
  readonly cardId: string;
  readonly personalDataHash: string;
}

export interface NotACardCertificate {
  readonly reason: string;
  /** The name, where at least that could be read. */
  readonly name: CardName | null;
}

const oid = {
  commonName: '2.5.4.3',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  crlDistributionPoints: '2.5.29.31',
  certificatePolicies: '2.5.29.32',
  extKeyUsage: '2.5.29.37',
  clientAuth: '1.3.6.1.5.5.7.3.2',
} as const;

/** CNS authentication, and what Lombardy's CRS/SISS cards have in its place. */
const cnsPolicies: ReadonlySet<string> = new Set(['1.3.76.16.2.1', '1.3.159.6.1.3.2.10', '1.3.76.12.1.1.10.2.2.10']);
/** A critical extension outside these is one that is not acted upon: the certificate is refused (RFC 5280, 4.2). */
const understood: ReadonlySet<string> = new Set([
  oid.keyUsage,
  oid.subjectAltName,
  oid.basicConstraints,
  oid.crlDistributionPoints,
  oid.certificatePolicies,
  oid.extKeyUsage,
]);

export function readCardCertificate(der: Uint8Array): Result<CardCertificate, NotACardCertificate> {
  let name: CardName | null = null;
  const refuse = (reason: string): Result<never, NotACardCertificate> => err({ reason, name });
  const parsed = parseDer(der);
  if (!parsed.ok) return refuse(`certificate ${parsed.error}`);
  let certificate: Certificate;
  try {
    certificate = new Certificate({ schema: parsed.value });
  } catch {
    return refuse('not an X.509 certificate');
  }
  if (!isExactly(certificate, der)) return refuse('certificate not DER');
  name = cardName(certificate);
  if (name === null) return refuse('the name is not that of a CNS');
  const extensions = extensionsOf(certificate.extensions);
  if (extensions === null) return refuse('an extension stands twice or cannot be read');
  for (const { critical, oid: id } of extensions.values()) {
    if (critical && !understood.has(id)) return refuse(`unknown critical extension ${id}`);
  }
  const profile = againstProfile(extensions);
  if (profile !== null) return refuse(profile);
  const points = extensions.get(oid.crlDistributionPoints)?.value;
  return ok({
    certificate,
    serial: serialHex(certificate.serialNumber),
    name,
    distributionPoints:
      points instanceof CRLDistributionPoints ? points.distributionPoints.flatMap((point) => uris(point.distributionPoint)) : [],
  });
}

function againstProfile(extensions: ReadonlyMap<string, ParsedExtension>): string | null {
  const usage = extensions.get(oid.keyUsage)?.value as BitString | undefined;
  const bits = usage?.valueBlock.valueHexView[0] ?? 0;
  if ((bits & 0x80) === 0) return 'keyUsage lacks digitalSignature';
  if ((bits & 0x40) !== 0) return 'keyUsage has nonRepudiation: a signature certificate';
  const constraints = extensions.get(oid.basicConstraints)?.value;
  if (constraints instanceof BasicConstraints && constraints.cA) return 'the certificate of an authority';
  const purposes = extensions.get(oid.extKeyUsage)?.value;
  if (!(purposes instanceof ExtKeyUsage) || !purposes.keyPurposes.includes(oid.clientAuth)) return 'extended key usage lacks clientAuth';
  const policies = extensions.get(oid.certificatePolicies)?.value;
  const isCns =
    policies instanceof CertificatePolicies &&
    policies.certificatePolicies.some(({ policyIdentifier }) => cnsPolicies.has(policyIdentifier));
  return isCns ? null : 'no CNS authentication policy';
}

const shape = /^([A-Z0-9]{16}|\d{11})\/(\d{16})\.([A-Za-z0-9+/]{27}=)$/;

/** From the one commonName of the subject; a `/` or `=` in it is content, not syntax. */
function cardName(certificate: Certificate): CardName | null {
  const names = certificate.subject.typesAndValues.filter(({ type }) => type === oid.commonName);
  const value: unknown = names[0]?.value.valueBlock.value;
  if (names.length !== 1 || typeof value !== 'string') return null;
  const [, fiscalCode, cardId, personalDataHash] = shape.exec(value) ?? [];
  if (fiscalCode === undefined || cardId === undefined || personalDataHash === undefined) return null;
  return { fiscalCode, cardId, personalDataHash };
}
