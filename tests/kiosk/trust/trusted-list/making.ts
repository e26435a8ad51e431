import { X509Certificate, createHash } from 'node:crypto';
import { SignedXml } from 'xml-crypto';
import { ENVELOPED, hashAlgorithms, signatureAlgorithms, transforms } from '../../../../kiosk/trust/trusted-list/algorithms.ts';
import type { Authority } from '../../../bench/crl-generator.ts';

/** Makes and signs trusted lists (ETSI TS 119 612, signed by XAdES): no real one is to be had here. */
export const IDV = 'http://uri.etsi.org/TrstSvc/Svctype/IdV';
export const QC = 'http://uri.etsi.org/TrstSvc/Svctype/CA/QC';
export const EXCLUSIVE = 'http://www.w3.org/2001/10/xml-exc-c14n#';
export const INCLUSIVE = 'http://www.w3.org/TR/2001/REC-xml-c14n-20010315';
export const MORE = 'http://www.w3.org/2001/04/xmldsig-more#';
const SHA256 = 'http://www.w3.org/2001/04/xmlenc#sha256';
const XADES = 'http://uri.etsi.org/01903/v1.3.2#';

export interface MadeService {
  readonly authority: Authority;
  readonly type?: string;
  /** The last word of its URI. */
  readonly status?: string;
  readonly since?: string;
}

export interface MadeList {
  readonly services?: readonly MadeService[];
  readonly number?: number;
  readonly issued?: string;
  readonly next?: string | null;
  readonly territory?: string;
  readonly namespace?: string;
  readonly version?: number;
  readonly listType?: string;
}

export function listXml({
  services = [],
  number = 40,
  issued = '2026-06-01T10:00:00Z',
  next = '2026-11-30T00:00:00Z',
  territory = 'IT',
  namespace = 'http://uri.etsi.org/02231/v2#',
  version = 6,
  listType = 'EUgeneric',
}: MadeList): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<tsl:TrustServiceStatusList xmlns:tsl="${namespace}" xmlns:ds="http://www.w3.org/2000/09/xmldsig#" Id="list" TSLTag="http://uri.etsi.org/19612/TSLTag">
  <tsl:SchemeInformation>
    <tsl:TSLVersionIdentifier>${version}</tsl:TSLVersionIdentifier>
    <tsl:TSLSequenceNumber>${number}</tsl:TSLSequenceNumber>
    <tsl:TSLType>http://uri.etsi.org/TrstSvc/TrustedList/TSLType/${listType}</tsl:TSLType>
    <tsl:SchemeOperatorName><tsl:Name xml:lang="it">Specimen &amp; C.</tsl:Name></tsl:SchemeOperatorName>
    <tsl:SchemeTerritory>${territory}</tsl:SchemeTerritory>
    <tsl:ListIssueDateTime>${issued}</tsl:ListIssueDateTime>
    <tsl:NextUpdate>${next === null ? '' : `<tsl:dateTime>${next}</tsl:dateTime>`}</tsl:NextUpdate>
  </tsl:SchemeInformation>
  <tsl:TrustServiceProviderList><!-- as they are -->
    <tsl:TrustServiceProvider>
      <tsl:TSPInformation><tsl:TSPName><tsl:Name xml:lang="it">Ente Specimen</tsl:Name></tsl:TSPName></tsl:TSPInformation>
      <tsl:TSPServices>${services.map(serviceXml).join('')}
      </tsl:TSPServices>
    </tsl:TrustServiceProvider>
  </tsl:TrustServiceProviderList>
</tsl:TrustServiceStatusList>
`;
}

export function serviceXml({ authority, type = IDV, status = 'granted', since = '2020-01-01T00:00:00Z' }: MadeService): string {
  const certificate = (authority.certificate.toString('base64').match(/.{1,76}/g) ?? []).join('\n');
  return `
        <tsl:TSPService><tsl:ServiceInformation>
          <tsl:ServiceTypeIdentifier>${type}</tsl:ServiceTypeIdentifier>
          <tsl:ServiceName><tsl:Name xml:lang="it">Autenticazione con CNS</tsl:Name></tsl:ServiceName>
          <tsl:ServiceDigitalIdentity><tsl:DigitalId><tsl:X509Certificate>${certificate}</tsl:X509Certificate></tsl:DigitalId></tsl:ServiceDigitalIdentity>
          <tsl:ServiceStatus>http://uri.etsi.org/TrstSvc/TrustedList/Svcstatus/${status}</tsl:ServiceStatus>
          <tsl:StatusStartingTime>${since}</tsl:StatusStartingTime>
        </tsl:ServiceInformation></tsl:TSPService>`;
}

export interface Signing {
  readonly algorithm?: string;
  readonly digest?: string;
  readonly canonical?: string;
  /** What the first reference is to; the empty URI is the whole document. */
  readonly uri?: string;
  /** Whose certificate SigningCertificate names; `null`: nobody's. */
  readonly names?: Authority | null;
  readonly element?: 'SigningCertificate' | 'SigningCertificateV2';
  /** Whose certificate stands in KeyInfo. */
  readonly shows?: Authority;
}

/** Signs as authorities do: the list without the signature, and the properties that name the signer. */
export function sign(xml: string, signer: Authority, options: Signing = {}): string {
  const {
    algorithm = `${MORE}${signer.key.asymmetricKeyType === 'ec' ? 'ecdsa' : 'rsa'}-sha256`,
    digest = SHA256,
    canonical = EXCLUSIVE,
    uri = '',
    names = signer,
    element = 'SigningCertificateV2',
    shows = signer,
  } = options;
  const properties =
    names === null
      ? ''
      : `<xades:${element}><xades:Cert><xades:CertDigest><ds:DigestMethod xmlns:ds="http://www.w3.org/2000/09/xmldsig#" Algorithm="${SHA256}"/><ds:DigestValue xmlns:ds="http://www.w3.org/2000/09/xmldsig#">${createHash('sha256').update(names.certificate).digest('base64')}</ds:DigestValue></xades:CertDigest></xades:Cert></xades:${element}>`;
  const made = new SignedXml({
    privateKey: signer.key,
    publicCert: new X509Certificate(shows.certificate).toString(),
    signatureAlgorithm: algorithm,
    canonicalizationAlgorithm: canonical,
    objects: [
      {
        content: `<xades:QualifyingProperties xmlns:xades="${XADES}" Target="#signature"><xades:SignedProperties Id="properties"><xades:SignedSignatureProperties><xades:SigningTime>2026-06-01T10:00:00Z</xades:SigningTime>${properties}</xades:SignedSignatureProperties></xades:SignedProperties></xades:QualifyingProperties>`,
      },
    ],
  });
  made.SignatureAlgorithms = signatureAlgorithms;
  made.HashAlgorithms = hashAlgorithms;
  made.CanonicalizationAlgorithms = transforms;
  const whole = uri === '' ? { xpath: '/*', uri, isEmptyUri: true } : { xpath: `//*[@Id='${uri.slice(1)}']`, uri };
  made.addReference({ ...whole, transforms: [ENVELOPED, canonical], digestAlgorithm: digest });
  made.addReference({
    xpath: "//*[@Id='properties']",
    uri: '#properties',
    transforms: [canonical],
    digestAlgorithm: digest,
    type: `${XADES}SignedProperties`,
  });
  made.computeSignature(xml, { prefix: 'ds', attrs: { Id: 'signature' }, location: { reference: '/*', action: 'append' } });
  return made.getSignedXml();
}

export function signedList(list: MadeList, signer: Authority, options: Signing = {}): Buffer {
  return Buffer.from(sign(listXml(list), signer, options));
}
