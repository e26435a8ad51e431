import { X509Certificate, createHash } from 'node:crypto';
import { SignedXml } from 'xml-crypto';
import { useNamespaces as withNames } from 'xpath';
import { type Result, err, ok } from '../../../devices/result.ts';
import { ENVELOPED, hashAlgorithms, hashes, signatureAlgorithms, transforms } from './algorithms.ts';
import { type Pins, type SignerDigests, digestsOf, isPinned } from './signers.ts';
import { type Xml, parseXml } from './xml.ts';

export interface Signed {
  /** The whole document as it was signed: canonical, without its signature. Nothing else may be read. */
  readonly document: Document;
  readonly signer: SignerDigests & { readonly subject: string };
}

const select = withNames({
  ds: 'http://www.w3.org/2000/09/xmldsig#',
  xades: 'http://uri.etsi.org/01903/v1.3.2#',
});
const MOST_REFERENCES = 8;
const LEAST_RSA_BITS = 2048;

/**
 * The enveloped XAdES signature of a trusted list (TS 119 612, 5.7; EN 319 132-1): one signature, over the whole document and over the properties that
 * name the signer, by one whose certificate or key is pinned. That it was pinned is what makes it believed: neither its dates nor its issuer are asked.
 */
export function verifyEnveloped({ text, document }: Xml, pins: Pins): Result<Signed, string> {
  const root = document.documentElement;
  const [signature, ...others] = elements('//ds:Signature', document);
  if (signature === undefined) return err('it is not signed');
  if (others.length > 0 || signature.parentNode !== root) return err('its signature is not the one of the whole list');
  const shown = certificatesOf(signature).find(({ digests }) => isPinned(digests, pins));
  if (shown === undefined) return err('signed by nobody who is pinned');
  const { certificate: signer, digests } = shown;
  const { asymmetricKeyDetails: key } = signer.publicKey;
  if ((key?.modulusLength ?? LEAST_RSA_BITS) < LEAST_RSA_BITS) return err(`signed with an RSA key of less than ${LEAST_RSA_BITS} bits`);

  const references = referencesOf(text, signature, signer);
  if (!references.ok) return references;
  const whole = references.value.filter(({ uri }) => uri === '' || uri === `#${idOf(root)}`);
  const [list] = whole;
  if (list === undefined || whole.length > 1) return err('its signature is not over the whole list');
  if (!list.transforms.includes(ENVELOPED)) return err('its signature is not over the list without itself');

  const [properties, ...more] = elements('ds:Object/xades:QualifyingProperties/xades:SignedProperties', signature);
  const signedProperties = references.value.find(({ uri }) => properties !== undefined && uri === `#${idOf(properties)}`);
  if (signedProperties === undefined || more.length > 0) return err('its signature does not sign who made it (XAdES SigningCertificate)');
  if (!namesSigner(signedProperties.xml, signer))
    return err('its signature names another signer than its certificate (XAdES SigningCertificate)');

  const signed = parseXml(Buffer.from(list.xml));
  if (!signed.ok) return signed;
  return ok({ document: signed.value.document, signer: { ...digests, subject: signer.subject.replaceAll('\n', ', ') } });
}

function elements(path: string, from: Node): readonly Element[] {
  return select(path, from) as Element[];
}

function idOf(element: Element): string | null {
  return element.getAttribute('Id') || element.getAttribute('ID') || element.getAttribute('id') || null;
}

/** Those that cannot be read are nobody's. */
function certificatesOf(signature: Element): readonly { readonly certificate: X509Certificate; readonly digests: SignerDigests }[] {
  return elements('ds:KeyInfo/ds:X509Data/ds:X509Certificate', signature).flatMap(({ textContent }) => {
    try {
      const certificate = new X509Certificate(Buffer.from(textContent, 'base64'));
      return [{ certificate, digests: digestsOf(certificate) }];
    } catch {
      return [];
    }
  });
}

interface SignedReference {
  readonly uri: string;
  readonly transforms: readonly string[];
  /** What was digested. */
  readonly xml: string;
}

function referencesOf(text: string, signature: Element, signer: X509Certificate): Result<readonly SignedReference[], string> {
  if (elements('ds:SignedInfo/ds:Reference', signature).length > MOST_REFERENCES) return err(`more than ${MOST_REFERENCES} references`);
  const checked = new SignedXml({ publicCert: signer.publicKey, getCertFromKeyInfo: () => null });
  checked.SignatureAlgorithms = signatureAlgorithms;
  checked.HashAlgorithms = hashAlgorithms;
  checked.CanonicalizationAlgorithms = transforms;
  try {
    checked.loadSignature(signature);
    if (!checked.checkSignature(text)) return err('its signature does not hold: something was changed');
    const xml = checked.getSignedReferences();
    return ok(checked.getReferences().map(({ uri, transforms: done }, index) => ({ uri, transforms: done, xml: xml[index] ?? '' })));
  } catch (error) {
    return err(`its signature does not hold: ${error instanceof Error ? brief(error.message) : String(error)}`);
  }
}

const brief = (text: string): string =>
  (text.split('\n')[0] ?? '').replace(/^invalid signature: /, '').replace(/the signature value .* is/, 'its value is');

/** SigningCertificate or SigningCertificateV2 (EN 319 132-1, 5.2.2): its first digest is that of the signer's certificate. */
function namesSigner(properties: string, signer: X509Certificate): boolean {
  const parsed = parseXml(Buffer.from(properties));
  if (!parsed.ok) return false;
  const path =
    '/xades:SignedProperties/xades:SignedSignatureProperties/*[self::xades:SigningCertificate or self::xades:SigningCertificateV2]/xades:Cert[1]/xades:CertDigest';
  const named = elements(path, parsed.value.document);
  return (
    named.length > 0 &&
    named.every((each) => {
      const hash = hashes[elements('ds:DigestMethod', each)[0]?.getAttribute('Algorithm') ?? ''];
      const digest = elements('ds:DigestValue', each)[0]?.textContent ?? '';
      return hash !== undefined && createHash(hash).update(signer.raw).digest().equals(Buffer.from(digest, 'base64'));
    })
  );
}
