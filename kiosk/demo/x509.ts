import { randomBytes, webcrypto } from 'node:crypto';
import { BitString, OctetString, PrintableString, Sequence, Set, Utf8String } from 'asn1js';
import {
  AttributeTypeAndValue,
  BasicConstraints,
  Certificate,
  ExtKeyUsage,
  type Extension,
  GeneralName,
  GeneralNames,
  PublicKeyInfo,
  RelativeDistinguishedNames,
} from 'pkijs';
import { authorityKeyIdentifier, derOf, extension, keyIdentifier, positiveInteger, time } from '../reference-cms/crl-signing.ts';

/** Certificates of the demo's throw-away PKI (RFC 5280), made with pkijs. Everything in and out is PEM or DER. */

const oid = {
  commonName: '2.5.4.3',
  country: '2.5.4.6',
  organization: '2.5.4.10',
  organizationalUnit: '2.5.4.11',
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  extendedKeyUsage: '2.5.29.37',
} as const;

const purposes = { serverAuth: '1.3.6.1.5.5.7.3.1', clientAuth: '1.3.6.1.5.5.7.3.2' } as const;

export type KeyKind = 'RSA-2048' | 'P-256';

export interface Name {
  readonly organization: string;
  readonly organizationalUnit?: string;
  readonly commonName: string;
}

export interface KeyPair {
  readonly publicKey: webcrypto.CryptoKey;
  readonly privateKey: webcrypto.CryptoKey;
  /** PKCS #8 in PEM. */
  readonly privateKeyPem: string;
}

interface Validity {
  readonly notBefore: Date;
  readonly notAfter: Date;
}

const algorithms = {
  'RSA-2048': { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256', modulusLength: 2048, publicExponent: Uint8Array.of(1, 0, 1) },
  'P-256': { name: 'ECDSA', namedCurve: 'P-256' },
} as const satisfies Record<KeyKind, webcrypto.RsaHashedKeyGenParams | webcrypto.EcKeyGenParams>;

export async function makeKeyPair(kind: KeyKind): Promise<KeyPair> {
  const pair = await webcrypto.subtle.generateKey(algorithms[kind], true, ['sign', 'verify']);
  const pkcs8 = await webcrypto.subtle.exportKey('pkcs8', pair.privateKey);
  return { ...pair, privateKeyPem: pem('PRIVATE KEY', pkcs8) };
}

/** A self-signed CA certificate for end-entity certificates and their CRLs. */
export async function issueAuthority(name: Name, keys: KeyPair, validity: Validity): Promise<string> {
  const key = await publicKeyInfo(keys.publicKey);
  const extensions = [
    extension(oid.basicConstraints, true, new BasicConstraints({ cA: true, pathLenConstraint: 0 }).toSchema().toBER()),
    keyUsage('keyCertSign', 'cRLSign'),
  ];
  return await issue(distinguishedName(name), distinguishedName(name), key, key, extensions, keys.privateKey, validity);
}

/** A certificate for TLS, issued by `authority`; `hosts` are the names and addresses of a server. */
export async function issueTlsCertificate(
  authority: { readonly certificatePem: string; readonly keys: KeyPair },
  name: Name,
  keys: KeyPair,
  purpose: keyof typeof purposes,
  hosts: { readonly dns: readonly string[]; readonly ip: readonly string[] },
  validity: Validity,
): Promise<string> {
  const issuer = Certificate.fromBER(derOf(authority.certificatePem));
  const alternatives = [
    ...hosts.dns.map((value) => new GeneralName({ type: 2, value })),
    ...hosts.ip.map((value) => new GeneralName({ type: 7, value: new OctetString({ valueHex: ipv4(value) }) })),
  ];
  const extensions = [
    extension(oid.basicConstraints, true, new BasicConstraints({ cA: false }).toSchema().toBER()),
    keyUsage('digitalSignature'),
    extension(oid.extendedKeyUsage, false, new ExtKeyUsage({ keyPurposes: [purposes[purpose]] }).toSchema().toBER()),
    ...(alternatives.length > 0
      ? [extension(oid.subjectAltName, false, new GeneralNames({ names: alternatives }).toSchema().toBER())]
      : []),
  ];
  return await issue(
    distinguishedName(name),
    issuer.subject,
    await publicKeyInfo(keys.publicKey),
    issuer.subjectPublicKeyInfo,
    extensions,
    authority.keys.privateKey,
    validity,
  );
}

async function issue(
  subject: RelativeDistinguishedNames,
  issuer: RelativeDistinguishedNames,
  subjectKey: PublicKeyInfo,
  issuerKey: PublicKeyInfo,
  extensions: readonly Extension[],
  signingKey: webcrypto.CryptoKey,
  validity: Validity,
): Promise<string> {
  const certificate = new Certificate({ version: 2, serialNumber: positiveInteger(randomBytes(16)), subjectPublicKeyInfo: subjectKey });
  certificate.subject = subject;
  certificate.issuer = issuer;
  certificate.notBefore = time(validity.notBefore);
  certificate.notAfter = time(validity.notAfter);
  certificate.extensions = [
    ...extensions,
    extension(oid.subjectKeyIdentifier, false, new OctetString({ valueHex: keyIdentifier(subjectKey) }).toBER()),
    authorityKeyIdentifier(issuerKey),
  ];
  await certificate.sign(signingKey, 'SHA-256');
  return pem('CERTIFICATE', certificate.toSchema(true).toBER());
}

async function publicKeyInfo(key: webcrypto.CryptoKey): Promise<PublicKeyInfo> {
  return PublicKeyInfo.fromBER(await webcrypto.subtle.exportKey('spki', key));
}

/**
 * RDNSequence with one attribute each (RFC 5280, 4.1.2.4). Encoded here: `RelativeDistinguishedNames` of pkijs 4 puts all
 * the attributes it was given into a single, multi-valued RDN.
 */
function distinguishedName({ organization, organizationalUnit, commonName }: Name): RelativeDistinguishedNames {
  const text = (value: string): Utf8String => new Utf8String({ value });
  const attributes = [
    new AttributeTypeAndValue({ type: oid.country, value: new PrintableString({ value: 'IT' }) }),
    new AttributeTypeAndValue({ type: oid.organization, value: text(organization) }),
    ...(organizationalUnit === undefined
      ? []
      : [new AttributeTypeAndValue({ type: oid.organizationalUnit, value: text(organizationalUnit) })]),
    new AttributeTypeAndValue({ type: oid.commonName, value: text(commonName) }),
  ];
  const sequence = new Sequence({ value: attributes.map((attribute) => new Set({ value: [attribute.toSchema()] })) });
  return RelativeDistinguishedNames.fromBER(sequence.toBER());
}

const keyUsageBits = { digitalSignature: 0, keyCertSign: 5, cRLSign: 6 } as const;

function keyUsage(...usages: (keyof typeof keyUsageBits)[]): Extension {
  let bits = 0;
  for (const usage of usages) bits |= 0x80 >> keyUsageBits[usage];
  // DER: trailing zero bits of a named bit list are left out.
  const unusedBits = 31 - Math.clz32(bits & -bits);
  return extension(oid.keyUsage, true, new BitString({ valueHex: Uint8Array.of(bits).buffer, unusedBits }).toBER());
}

function ipv4(address: string): ArrayBuffer {
  return Uint8Array.from(address.split('.'), Number).buffer;
}

function pem(label: string, der: ArrayBuffer): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}
