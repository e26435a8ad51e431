import { type KeyObject, constants, createHash, createPublicKey, verify } from 'node:crypto';
import { type Result, err, ok } from '../../../devices/result.ts';
import { hashes, signatures } from '../algorithms.ts';
import { DerReader, type Element, Malformed, constructed, countOf, octetsOfBitString, oidOf, tag, whole } from './der.ts';

/** Which signatures are believed beyond RSA from 2048 bits, ECDSA and EdDSA with SHA-2: what old cards and their authorities were made with. */
export interface SignaturePolicy {
  readonly allowSha1: boolean;
  readonly allowRsa1024: boolean;
}

export interface Algorithm {
  readonly oid: string;
  /** The whole AlgorithmIdentifier: the one inside the signed bytes must be the one outside, byte by byte (RFC 5280, 4.1.1.2). */
  readonly whole: Uint8Array;
  readonly parameters: Element | null;
}

export function algorithmOf(element: Element, what: string): Algorithm {
  const reader = new DerReader(element.content);
  const id = oidOf(reader.next(tag.oid, what), what);
  const parameters = reader.atEnd ? null : reader.any(what);
  reader.end(what);
  return { oid: id, whole: element.whole, parameters };
}

/** What certificates and CRLs have in common (RFC 5280, 4.1.1 and 5.1.1). */
export interface Signed {
  readonly tbs: Uint8Array;
  readonly algorithm: Algorithm;
  readonly signature: Uint8Array;
}

/** A SubjectPublicKeyInfo. A DSA key may leave its parameters to its issuer's (RFC 3279, 2.3.2): then they are `null`. */
export interface PublicKey {
  readonly spki: Uint8Array;
  readonly digest: string;
  readonly algorithm: Algorithm;
}

const oid = { dsa: '1.2.840.10040.4.1', pss: '1.2.840.113549.1.1.10', mgf1: '1.2.840.113549.1.1.8' } as const;

export function publicKeyOf(element: Element, what: string): PublicKey {
  const reader = new DerReader(element.content);
  const algorithm = algorithmOf(reader.next(tag.sequence, what), what);
  octetsOfBitString(reader.next(tag.bitString, what), what);
  reader.end(what);
  return { spki: element.whole, digest: createHash('sha256').update(element.whole).digest('hex'), algorithm };
}

export function lacksParameters({ algorithm }: PublicKey): boolean {
  return algorithm.oid === oid.dsa && (algorithm.parameters === null || algorithm.parameters.tag === tag.null);
}

/** The same key with the parameters of its issuer's (RFC 5280, 6.1.4 e): itself, where it has its own or the issuer's are another algorithm's. */
export function inheriting(key: PublicKey, issuer: PublicKey): PublicKey {
  const parameters = issuer.algorithm.parameters;
  if (!lacksParameters(key) || issuer.algorithm.oid !== oid.dsa || parameters === null) return key;
  const reader = new DerReader(whole(key.spki, tag.sequence, 'key').content);
  reader.any('key');
  const bits = reader.any('key').whole;
  const id = whole(new DerReader(key.algorithm.whole.subarray(2)).any('key').whole, tag.oid, 'key').whole;
  const spki = encoded(tag.sequence, Buffer.concat([encoded(tag.sequence, Buffer.concat([id, parameters.whole])), bits]));
  return publicKeyOf(whole(spki, tag.sequence, 'key'), 'key');
}

function encoded(identifier: number, content: Buffer): Buffer {
  const { length } = content;
  const octets = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([identifier, ...octets]), content]);
}

type Scheme =
  | { readonly kind: 'rsa' | 'ec' | 'dsa'; readonly hash: string }
  | { readonly kind: 'pss'; readonly hash: string; readonly saltLength: number }
  | { readonly kind: 'ed25519' | 'ed448' };

const schemes: Readonly<Record<string, Scheme>> = {
  ...signatures,
  '1.2.840.10040.4.3': { kind: 'dsa', hash: 'sha1' },
  '2.16.840.1.101.3.4.3.2': { kind: 'dsa', hash: 'sha256' },
  '1.3.101.113': { kind: 'ed448' },
};

function schemeOf(algorithm: Algorithm): Scheme | null {
  if (algorithm.oid === oid.pss) return pssOf(algorithm.parameters);
  const scheme = schemes[algorithm.oid];
  if (scheme === undefined) return null;
  // RFC 4055, 5: NULL, and absent must be borne too; the others (RFC 3279, 5758, 8410) have none.
  const isNull = algorithm.parameters?.tag === tag.null && algorithm.parameters.content.length === 0;
  return algorithm.parameters === null || (scheme.kind === 'rsa' && isNull) ? scheme : null;
}

/** RSASSA-PSS-params (RFC 4055, 3.1): one hash for both, the trailer of old, a salt that is not absurd. */
function pssOf(parameters: Element | null): Scheme | null {
  if (parameters?.tag !== tag.sequence) return null;
  const reader = new DerReader(parameters.content);
  const hashField = reader.optional(constructed(0), 'PSS');
  const maskField = reader.optional(constructed(1), 'PSS');
  const saltField = reader.optional(constructed(2), 'PSS');
  const trailerField = reader.optional(constructed(3), 'PSS');
  reader.end('PSS');
  const hash = hashField === null ? 'sha1' : hashName(hashField.content);
  const mask = maskField === null ? null : algorithmOf(whole(maskField.content, tag.sequence, 'PSS'), 'PSS');
  if (mask !== null && mask.oid !== oid.mgf1) return null;
  const maskHash = mask === null ? 'sha1' : mask.parameters === null ? undefined : hashName(mask.parameters.whole);
  const saltLength = saltField === null ? 20 : countOf(whole(saltField.content, tag.integer, 'PSS'), 'PSS');
  const trailer = trailerField === null ? 1 : countOf(whole(trailerField.content, tag.integer, 'PSS'), 'PSS');
  if (hash === undefined || maskHash !== hash || trailer !== 1 || saltLength > 512) return null;
  return { kind: 'pss', hash, saltLength };
}

function hashName(content: Uint8Array): string | undefined {
  const { oid: id, parameters } = algorithmOf(whole(content, tag.sequence, 'PSS'), 'PSS');
  if (parameters !== null && (parameters.tag !== tag.null || parameters.content.length > 0)) return undefined;
  return hashes[id];
}

const curves: ReadonlySet<string> = new Set(['prime256v1', 'secp384r1', 'secp521r1']);

/** What hinders this key from being believed for this scheme, `null` if nothing. */
function hindrance(key: KeyObject, scheme: Scheme, { allowSha1, allowRsa1024 }: SignaturePolicy): string | null {
  if ('hash' in scheme && scheme.hash === 'sha1' && !allowSha1) return 'signed with SHA-1';
  const type = key.asymmetricKeyType;
  const fits = type === scheme.kind || (scheme.kind === 'pss' && (type === 'rsa' || type === 'rsa-pss'));
  if (!fits) return 'the issuer’s key is for another algorithm';
  const { modulusLength = 0, publicExponent = 0n, namedCurve = '' } = key.asymmetricKeyDetails ?? {};
  if (scheme.kind === 'rsa' || scheme.kind === 'pss') {
    if (modulusLength < (allowRsa1024 ? 1024 : 2048)) return `the issuer’s RSA key has only ${modulusLength} bits`;
    // Beyond this one check takes as long as hundreds of honest ones.
    if (modulusLength > 8192 || publicExponent > 0x1_ffff_ffffn) return 'the issuer’s RSA key is beyond all measure';
  }
  if (scheme.kind === 'dsa' && modulusLength > 4096) return 'the issuer’s DSA key is beyond all measure';
  if (scheme.kind === 'ec' && !curves.has(namedCurve)) return `the issuer’s key is on the curve ${namedCurve}`;
  return null;
}

/**
 * Is it signed by this key? Over the raw bytes, with what the signer wrote. `spend` is told what a check costs, in about ten microseconds,
 * before it is made; it answers `false` where there is no more to spend.
 */
export function checkSignature(
  signed: Signed,
  key: PublicKey,
  policy: SignaturePolicy,
  spend: (cost: number) => boolean,
): Result<void, string> {
  try {
    const scheme = schemeOf(signed.algorithm);
    if (scheme === null) return err(`signed with an algorithm that is not believed (${signed.algorithm.oid})`);
    const object = createPublicKey({ key: Buffer.from(key.spki), format: 'der', type: 'spki' });
    const amiss = hindrance(object, scheme, policy);
    if (amiss !== null) return err(amiss);
    if (!spend(costOf(object, signed.tbs.length))) return err(BUDGET_SPENT);
    const padding = scheme.kind === 'pss' ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: scheme.saltLength } : {};
    const holds = verify('hash' in scheme ? scheme.hash : null, signed.tbs, { key: object, ...padding }, signed.signature);
    return holds ? ok() : err('its signature is not its issuer’s');
  } catch (error) {
    if (error instanceof Malformed) return err(error.message);
    return err('its signature cannot be checked with its issuer’s key');
  }
}

export const BUDGET_SPENT = 'the search for a path was given up: too much work';

/** In about ten microseconds (Node 20, OpenSSL 3, one slow core), the decoding of the key included. A long CRL was handed over on purpose: its hashing counts little. */
function costOf(key: KeyObject, length: number): number {
  const { modulusLength = 2048, namedCurve } = key.asymmetricKeyDetails ?? {};
  const curve = namedCurve === 'prime256v1' ? 25 : 200;
  return 5 + Math.min(Math.ceil(length / 8192), 100) + (namedCurve === undefined ? Math.ceil((modulusLength / 1024) ** 2) : curve);
}
