import { type KeyLike, type VerifyKeyObjectInput, constants, createHash, createSign, createVerify } from 'node:crypto';
import {
  C14nCanonicalization,
  type CanonicalizationOrTransformationAlgorithm,
  ExclusiveCanonicalization,
  type HashAlgorithm,
  type SignatureAlgorithm,
  SignedXml,
} from 'xml-crypto';

/**
 * The algorithms of XML signatures that a trusted list may have (TS 119 612, 5.7.1; RFC 6931 for their names). The library brings fewer, and some that
 * are refused here: SHA-1, HMAC, and canonical forms that keep comments.
 */
type Hash = 'sha256' | 'sha384' | 'sha512';
type KeyOptions = Pick<VerifyKeyObjectInput, 'padding' | 'saltLength' | 'dsaEncoding'>;

const MORE = 'http://www.w3.org/2001/04/xmldsig-more#';
const pss: KeyOptions = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
const plainPair: KeyOptions = { dsaEncoding: 'ieee-p1363' };

function signatureAlgorithm(name: string, hash: Hash, type: 'rsa' | 'ec', options: KeyOptions): new () => SignatureAlgorithm {
  return class implements SignatureAlgorithm {
    readonly getAlgorithmName = (): string => name;
    readonly getSignature = (signed: unknown, key: unknown): string =>
      createSign(hash)
        .update(String(signed))
        .sign({ key: key as string, ...options }, 'base64');
    readonly verifySignature = (signed: string, key: KeyLike, signature: string): boolean => {
      // The key is that of a certificate: a name of RSA must not be tried with a curve's key.
      if (typeof key !== 'object' || !('asymmetricKeyType' in key) || key.asymmetricKeyType !== type) return false;
      return createVerify(hash)
        .update(signed)
        .verify({ key, ...options }, signature, 'base64');
    };
  };
}

const named = (name: string, hash: Hash, type: 'rsa' | 'ec', options: KeyOptions = {}): readonly [string, new () => SignatureAlgorithm] => [
  name,
  signatureAlgorithm(name, hash, type, options),
];

export const signatureAlgorithms = Object.fromEntries([
  named(`${MORE}rsa-sha256`, 'sha256', 'rsa'),
  named(`${MORE}rsa-sha384`, 'sha384', 'rsa'),
  named(`${MORE}rsa-sha512`, 'sha512', 'rsa'),
  named('http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1', 'sha256', 'rsa', pss),
  named('http://www.w3.org/2007/05/xmldsig-more#sha384-rsa-MGF1', 'sha384', 'rsa', pss),
  named('http://www.w3.org/2007/05/xmldsig-more#sha512-rsa-MGF1', 'sha512', 'rsa', pss),
  named(`${MORE}ecdsa-sha256`, 'sha256', 'ec', plainPair),
  named(`${MORE}ecdsa-sha384`, 'sha384', 'ec', plainPair),
  named(`${MORE}ecdsa-sha512`, 'sha512', 'ec', plainPair),
]);

/** By the names that digests have in XML. */
export const hashes: Readonly<Record<string, Hash>> = {
  'http://www.w3.org/2001/04/xmlenc#sha256': 'sha256',
  [`${MORE}sha384`]: 'sha384',
  'http://www.w3.org/2001/04/xmlenc#sha512': 'sha512',
};

export const hashAlgorithms: Readonly<Record<string, new () => HashAlgorithm>> = Object.fromEntries(
  Object.entries(hashes).map(([name, hash]) => [
    name,
    class implements HashAlgorithm {
      readonly getAlgorithmName = (): string => name;
      readonly getHash = (xml: string): string => createHash(hash).update(xml, 'utf8').digest('base64');
    },
  ]),
);

export const ENVELOPED = 'http://www.w3.org/2000/09/xmldsig#enveloped-signature';
export const transforms: Readonly<Record<string, new () => CanonicalizationOrTransformationAlgorithm>> = {
  'http://www.w3.org/TR/2001/REC-xml-c14n-20010315': C14nCanonicalization,
  'http://www.w3.org/2001/10/xml-exc-c14n#': ExclusiveCanonicalization,
  ...only(ENVELOPED),
};

/** The library exports it in no other way. */
function only(name: string): Readonly<Record<string, new () => CanonicalizationOrTransformationAlgorithm>> {
  const found = new SignedXml().CanonicalizationAlgorithms[name];
  if (found === undefined) throw new Error(`xml-crypto has no ${name}`);
  return { [name]: found };
}
