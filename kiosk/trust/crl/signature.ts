import { type KeyObject, type Verify, constants, createVerify, verify } from 'node:crypto';
import { type Hash, hashes, signatures } from '../algorithms.ts';
import { Elements, Malformed, context, numberOf, oidOf, tag } from './tlv.ts';

/** How a CRL is signed, by its AlgorithmIdentifier (RFC 4055, 5758, 8410). */
export type SignatureAlgorithm =
  | { readonly kind: 'rsa' | 'ec'; readonly hash: Hash }
  | { readonly kind: 'rsa-pss'; readonly hash: Hash; readonly saltLength: number }
  | { readonly kind: 'ed25519' };

const rsaPss = '1.2.840.113549.1.1.10';
const mgf1 = '1.2.840.113549.1.1.8';
const asn1Null = 0x05;

/** `der` is the AlgorithmIdentifier with its head. */
export function signatureAlgorithm(der: Buffer): SignatureAlgorithm {
  const { oid, parameters } = algorithm(new Elements(der));
  if (oid === rsaPss) return pssParameters(parameters);
  const known = signatures[oid];
  if (known === undefined) throw new Malformed(`unknown signature algorithm ${oid}`);
  if (known.kind === 'rsa') parameters.optional(asn1Null);
  parameters.nothingMore('a signature algorithm');
  return known;
}

function algorithm(elements: Elements): { oid: string; parameters: Elements } {
  const parts = elements.within(elements.next(tag.sequence, 'an algorithm'));
  return { oid: oidOf(parts.content(parts.next(tag.oid, 'an algorithm’s identifier'))), parameters: parts };
}

/** RSASSA-PSS-params (RFC 4055, 3.1), mask and message under the same hash. */
function pssParameters(outer: Elements): SignatureAlgorithm {
  const parts = outer.within(outer.next(tag.sequence, 'the parameters of RSASSA-PSS'));
  const parameter = (n: number): Elements | null => {
    const element = parts.optional(context(n));
    return element === null ? null : parts.within(element);
  };
  const hashField = parameter(0);
  const hash = hashField === null ? 'sha1' : hashes[algorithm(hashField).oid];
  const maskField = parameter(1);
  const mask = maskField === null ? null : algorithm(maskField);
  const maskHash = mask === null ? 'sha1' : hashes[algorithm(mask.parameters).oid];
  const saltField = parameter(2);
  const salt = saltField === null ? 20n : numberOf(saltField.content(saltField.next(tag.integer, 'the length of the salt')));
  const trailer = parameter(3);
  if (trailer !== null && numberOf(trailer.content(trailer.next(tag.integer, 'the trailer'))) !== 1n)
    throw new Malformed('another trailer');
  parts.nothingMore('the parameters of RSASSA-PSS');
  if (hash === undefined || hash !== maskHash || (mask !== null && mask.oid !== mgf1) || salt > 512n)
    throw new Malformed('parameters of RSASSA-PSS that are not supported');
  return { kind: 'rsa-pss', hash, saltLength: Number(salt) };
}

/** SHA-1, and RSA of less than 2048 bits: only where the site says so. */
export function isLegacy(algorithm: SignatureAlgorithm, key: KeyObject): boolean {
  const bits = key.asymmetricKeyDetails?.modulusLength ?? Infinity;
  return bits < 2048 || ('hash' in algorithm && algorithm.hash === 'sha1');
}

/** Takes the signed bytes piece by piece, and at the end says whether the signature on them is the key's. */
export interface SignatureCheck {
  update(piece: Buffer): void;
  isSignedBy(key: KeyObject, signature: Buffer): boolean;
}

/** Ed25519 signs no hash but the message, and twice over it: it must be kept whole, so it may not be long. */
const MOST_ED25519_BYTES = 32 * 1024 * 1024;

export function signatureCheck(algorithm: SignatureAlgorithm): SignatureCheck {
  return algorithm.kind === 'ed25519' ? wholeCheck() : hashingCheck(algorithm, createVerify(algorithm.hash));
}

function hashingCheck(algorithm: Exclude<SignatureAlgorithm, { kind: 'ed25519' }>, hashing: Verify): SignatureCheck {
  return {
    update: (piece) => void hashing.update(piece),
    isSignedBy(key, signature) {
      if (algorithm.kind === 'rsa-pss') {
        if (key.asymmetricKeyType !== 'rsa' && key.asymmetricKeyType !== 'rsa-pss') return false;
        return verified(() =>
          hashing.verify({ key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: algorithm.saltLength }, signature),
        );
      }
      return key.asymmetricKeyType === algorithm.kind && verified(() => hashing.verify(key, signature));
    },
  };
}

function wholeCheck(): SignatureCheck {
  const pieces: Buffer[] = [];
  let bytes = 0;
  return {
    update(piece) {
      bytes += piece.length;
      if (bytes > MOST_ED25519_BYTES) throw new Malformed('too large for a signature with Ed25519');
      pieces.push(Buffer.from(piece));
    },
    isSignedBy: (key, signature) =>
      key.asymmetricKeyType === 'ed25519' && verified(() => verify(null, Buffer.concat(pieces), key, signature)),
  };
}

/** OpenSSL throws at keys that do not go with the parameters. */
function verified(check: () => boolean): boolean {
  try {
    return check();
  } catch {
    return false;
  }
}
