import { type KeyObject, createHash, createPrivateKey, createPublicKey, generateKeyPair, sign } from 'node:crypto';
import { promisify } from 'node:util';
import * as asn1js from 'asn1js';
import * as pkijs from 'pkijs';
import type { PersonalData } from '../contract.ts';
import { encodePersonalData } from '../personal-data.ts';

/** A certificate with its key: the certificate in DER, the private key as PKCS#8 PEM. */
export interface Certified {
  readonly certificate: Uint8Array;
  readonly privateKey: string;
}

export interface CnsCertificateRequest {
  readonly personalData: PersonalData;
  /** The 16 digits of EF.ID_Carta. */
  readonly cardId: string;
  readonly issuer: Certified;
  /** Hexadecimal. */
  readonly serialNumber: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** Where the issuer publishes its CRL (RFC 5280, 4.2.1.13). */
  readonly crlUrl?: string;
  /** The card's key as PKCS#8 PEM; a new RSA-2048 key where absent. */
  readonly privateKey?: string;
}

const oid = {
  country: '2.5.4.6',
  organization: '2.5.4.10',
  organizationalUnit: '2.5.4.11',
  commonName: '2.5.4.3',
  surname: '2.5.4.4',
  serialNumber: '2.5.4.5',
  givenName: '2.5.4.42',
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  basicConstraints: '2.5.29.19',
  crlDistributionPoints: '2.5.29.31',
  certificatePolicies: '2.5.29.32',
  authorityKeyIdentifier: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
  clientAuthentication: '1.3.6.1.5.5.7.3.2',
  userNotice: '1.3.6.1.5.5.7.2.2',
  cnsAuthentication: '1.3.76.16.2.1',
  sha256WithRsa: '1.2.840.113549.1.1.11',
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
} as const;

/** Names of the administrations that specimens are issued by, as they stand in OU; by the issuer code of EF.Dati_personali. */
const issuers: Readonly<Record<string, string>> = { '0080': 'REGIONE EMILIA-ROMAGNA' };

/**
 * Issues a CNS authentication certificate (profile: card.md, 1.5): keyUsage critical digitalSignature, EKU clientAuth, policy 1.3.76.16.2.1, and
 * CN = `<codice fiscale>/<ID_Carta>.<base64 SHA-1 of EF.Dati_personali>`. For specimens only: demo, tests, `card virtual`.
 */
export async function issueCnsCertificate(request: CnsCertificateRequest): Promise<Certified> {
  const { personalData, cardId, issuer } = request;
  const privateKey = request.privateKey ?? (await newRsaKey());
  const authority = pkijs.Certificate.fromBER(issuer.certificate.slice().buffer);
  const hash = createHash('sha1').update(encodePersonalData(personalData)).digest('base64');
  const certificate = unsigned(createPublicKey(privateKey), request);
  certificate.issuer = authority.subject;
  certificate.subject = name([
    [oid.country, 'IT'],
    [oid.organization, 'Sportello specimen'],
    [oid.organizationalUnit, issuers[personalData.issuer] ?? 'SPECIMEN'],
    [oid.commonName, `${personalData.fiscalCode}/${cardId}.${hash}`],
  ]);
  certificate.extensions?.push(
    extension(oid.keyUsage, true, keyUsage(0x80, 7)),
    extension(oid.extendedKeyUsage, false, new pkijs.ExtKeyUsage({ keyPurposes: [oid.clientAuthentication] }).toSchema()),
    extension(oid.certificatePolicies, false, policies().toSchema()),
    issuedBy(authority),
  );
  if (request.crlUrl !== undefined)
    certificate.extensions?.push(extension(oid.crlDistributionPoints, false, distributionPoint(request.crlUrl).toSchema()));
  return { certificate: signed(certificate, issuer.privateKey), privateKey };
}

export interface SignatureCertificateRequest extends Pick<CnsCertificateRequest, 'issuer' | 'serialNumber' | 'notBefore' | 'notAfter'> {
  /** Of the pair that the card made. */
  readonly publicKey: KeyObject;
  readonly holder: { readonly fiscalCode: string; readonly surname: string; readonly name: string };
}

/** Issues a specimen of a signature certificate: keyUsage critical nonRepudiation alone, the fiscal code as ETSI EN 319 412-1, 5.1.3 writes it. DER. */
export function issueSignatureCertificate({ publicKey, holder, issuer, ...request }: SignatureCertificateRequest): Uint8Array {
  const authority = pkijs.Certificate.fromBER(issuer.certificate.slice().buffer);
  const certificate = unsigned(publicKey, request);
  certificate.issuer = authority.subject;
  certificate.subject = name([
    [oid.country, 'IT'],
    [oid.surname, holder.surname],
    [oid.givenName, holder.name],
    [oid.serialNumber, `TINIT-${holder.fiscalCode}`],
    [oid.commonName, `${holder.name} ${holder.surname}`],
  ]);
  certificate.extensions?.push(extension(oid.keyUsage, true, keyUsage(0x40, 6)), issuedBy(authority));
  return signed(certificate, issuer.privateKey);
}

/** A throw-away CA for a card whose person came without an issuer: nothing trusts it. */
export async function selfMadeIssuer(period: Pick<CnsCertificateRequest, 'notBefore' | 'notAfter'>): Promise<Certified> {
  const privateKey = await newRsaKey();
  const certificate = unsigned(createPublicKey(privateKey), { ...period, serialNumber: '01' });
  certificate.subject = name([
    [oid.country, 'IT'],
    [oid.organization, 'Sportello specimen'],
    [oid.commonName, 'Specimen - CA Cittadini'],
  ]);
  certificate.issuer = certificate.subject;
  certificate.extensions?.push(
    extension(oid.basicConstraints, true, new pkijs.BasicConstraints({ cA: true, pathLenConstraint: 0 }).toSchema()),
    extension(oid.keyUsage, true, keyUsage(0x06, 1)),
  );
  return { certificate: signed(certificate, privateKey), privateKey };
}

async function newRsaKey(): Promise<string> {
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 });
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

function unsigned(
  publicKey: KeyObject,
  { serialNumber, notBefore, notAfter }: Pick<CnsCertificateRequest, 'serialNumber' | 'notBefore' | 'notAfter'>,
): pkijs.Certificate {
  const certificate = new pkijs.Certificate();
  certificate.version = 2;
  certificate.serialNumber = asn1js.Integer.fromBigInt(BigInt(`0x${serialNumber}`));
  certificate.notBefore = time(notBefore);
  certificate.notAfter = time(notAfter);
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  certificate.subjectPublicKeyInfo = pkijs.PublicKeyInfo.fromBER(new Uint8Array(spki).buffer);
  certificate.extensions = [extension(oid.subjectKeyIdentifier, false, new asn1js.OctetString({ valueHex: keyIdentifier(certificate) }))];
  return certificate;
}

/** RSA carries explicit NULL parameters (RFC 4055, 5), which pkijs's own signing leaves out. */
function signed(certificate: pkijs.Certificate, issuerKey: string): Uint8Array {
  const algorithm =
    createPrivateKey(issuerKey).asymmetricKeyType === 'ec'
      ? new pkijs.AlgorithmIdentifier({ algorithmId: oid.ecdsaWithSha256 })
      : new pkijs.AlgorithmIdentifier({ algorithmId: oid.sha256WithRsa, algorithmParams: new asn1js.Null() });
  certificate.signature = algorithm;
  certificate.signatureAlgorithm = algorithm;
  certificate.tbsView = new Uint8Array(certificate.encodeTBS().toBER(false));
  const signature = sign('sha256', certificate.tbsView, issuerKey);
  certificate.signatureValue = new asn1js.BitString({ valueHex: new Uint8Array(signature).buffer });
  return new Uint8Array(certificate.toSchema(true).toBER(false));
}

/** RFC 5280, 4.1.2.5: UTCTime through 2049, GeneralizedTime after it. */
function time(value: Date): pkijs.Time {
  return new pkijs.Time({ type: value.getUTCFullYear() < 2050 ? 0 : 1, value });
}

/** One attribute an RDN: pkijs, encoding a name of its own, would put all into a single one. */
function name(parts: readonly (readonly [string, string])[]): pkijs.RelativeDistinguishedNames {
  const rdns = parts.map(([type, text]) => {
    const value = type === oid.country ? new asn1js.PrintableString({ value: text }) : new asn1js.Utf8String({ value: text });
    return new asn1js.Set({ value: [new pkijs.AttributeTypeAndValue({ type, value }).toSchema()] });
  });
  return pkijs.RelativeDistinguishedNames.fromBER(new asn1js.Sequence({ value: rdns }).toBER(false));
}

/** RFC 5280, 4.2.1.2, method 1: SHA-1 of the bits of the public key; what the certificate itself says goes first. */
function keyIdentifier(certificate: pkijs.Certificate): ArrayBuffer {
  const own = certificate.extensions?.find(({ extnID }) => extnID === oid.subjectKeyIdentifier)?.parsedValue as unknown;
  if (own instanceof asn1js.OctetString) return own.valueBlock.valueHexView.slice().buffer;
  const key = certificate.subjectPublicKeyInfo.subjectPublicKey.valueBlock.valueHexView;
  return new Uint8Array(createHash('sha1').update(key).digest()).buffer;
}

function issuedBy(authority: pkijs.Certificate): pkijs.Extension {
  const keyId = new asn1js.OctetString({ valueHex: keyIdentifier(authority) });
  return extension(oid.authorityKeyIdentifier, false, new pkijs.AuthorityKeyIdentifier({ keyIdentifier: keyId }).toSchema());
}

function keyUsage(bits: number, unusedBits: number): asn1js.BitString {
  return new asn1js.BitString({ valueHex: new Uint8Array([bits]).buffer, unusedBits });
}

function policies(): pkijs.CertificatePolicies {
  const notice = new asn1js.Sequence({ value: [new asn1js.Utf8String({ value: 'Certificato di autenticazione CNS - specimen' })] });
  return new pkijs.CertificatePolicies({
    certificatePolicies: [
      new pkijs.PolicyInformation({
        policyIdentifier: oid.cnsAuthentication,
        policyQualifiers: [new pkijs.PolicyQualifierInfo({ policyQualifierId: oid.userNotice, qualifier: notice })],
      }),
    ],
  });
}

function distributionPoint(url: string): pkijs.CRLDistributionPoints {
  return new pkijs.CRLDistributionPoints({
    distributionPoints: [new pkijs.DistributionPoint({ distributionPoint: [new pkijs.GeneralName({ type: 6, value: url })] })],
  });
}

function extension(extnID: string, critical: boolean, value: { toBER(sizeOnly?: boolean): ArrayBuffer }): pkijs.Extension {
  return new pkijs.Extension({ extnID, critical, extnValue: value.toBER(false) });
}
