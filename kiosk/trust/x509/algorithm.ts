import type { KeyObject } from 'node:crypto';
import { DerReader, type Element, constructed, countOf, oidOf, tag, whole } from './der.ts';

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

type Hash = 'sha1' | 'sha256' | 'sha384' | 'sha512';

/** Hashes by their object identifier (RFC 4055, 2.1). */
const hashes: Readonly<Record<string, Hash>> = {
  '1.3.14.3.2.26': 'sha1',
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
};

const PSS = '1.2.840.113549.1.1.10';
const MGF1 = '1.2.840.113549.1.1.8';

/** How something is signed, by its AlgorithmIdentifier. */
export type Scheme =
  | { readonly kind: 'rsa' | 'ec' | 'dsa'; readonly hash: Hash }
  | { readonly kind: 'pss'; readonly hash: Hash; readonly saltLength: number }
  | { readonly kind: 'ed25519' | 'ed448' };

/** Signatures that name their hash, by their object identifier (RFC 4055, 5758, 8410). RSASSA-PSS has it in its parameters. */
const schemes: Readonly<Record<string, Scheme>> = {
  '1.2.840.113549.1.1.5': { kind: 'rsa', hash: 'sha1' },
  '1.2.840.113549.1.1.11': { kind: 'rsa', hash: 'sha256' },
  '1.2.840.113549.1.1.12': { kind: 'rsa', hash: 'sha384' },
  '1.2.840.113549.1.1.13': { kind: 'rsa', hash: 'sha512' },
  '1.2.840.10045.4.1': { kind: 'ec', hash: 'sha1' },
  '1.2.840.10045.4.3.2': { kind: 'ec', hash: 'sha256' },
  '1.2.840.10045.4.3.3': { kind: 'ec', hash: 'sha384' },
  '1.2.840.10045.4.3.4': { kind: 'ec', hash: 'sha512' },
  '1.3.101.112': { kind: 'ed25519' },
  '1.2.840.10040.4.3': { kind: 'dsa', hash: 'sha1' },
  '2.16.840.1.101.3.4.3.2': { kind: 'dsa', hash: 'sha256' },
  '1.3.101.113': { kind: 'ed448' },
};

/** `null`: an algorithm, or parameters of one, that nobody here believes. */
export function schemeOf(algorithm: Algorithm): Scheme | null {
  if (algorithm.oid === PSS) return pssOf(algorithm.parameters);
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
  if (mask !== null && mask.oid !== MGF1) return null;
  const maskHash = mask === null ? 'sha1' : mask.parameters === null ? undefined : hashName(mask.parameters.whole);
  const saltLength = saltField === null ? 20 : countOf(whole(saltField.content, tag.integer, 'PSS'), 'PSS');
  const trailer = trailerField === null ? 1 : countOf(whole(trailerField.content, tag.integer, 'PSS'), 'PSS');
  if (hash === undefined || maskHash !== hash || trailer !== 1 || saltLength > 512) return null;
  return { kind: 'pss', hash, saltLength };
}

function hashName(content: Uint8Array): Hash | undefined {
  const { oid: id, parameters } = algorithmOf(whole(content, tag.sequence, 'PSS'), 'PSS');
  if (parameters !== null && (parameters.tag !== tag.null || parameters.content.length > 0)) return undefined;
  return hashes[id];
}

const curves: ReadonlySet<string> = new Set(['prime256v1', 'secp384r1', 'secp521r1']);

/** What hinders this key from being believed for this scheme, `null` if nothing. */
export function hindrance(key: KeyObject, scheme: Scheme, { allowSha1, allowRsa1024 }: SignaturePolicy): string | null {
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
