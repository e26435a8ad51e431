import {
  DerReader,
  type Element,
  Malformed,
  booleanOf,
  constructed,
  countOf,
  hasBit,
  bitsOf,
  hex,
  listOf,
  oidOf,
  primitive,
  tag,
  whole,
} from './der.ts';
import { type GeneralName, generalNameOf, generalNamesOf, keyOf } from './general-name.ts';
import { type Name, relativeName } from './name.ts';

export interface Extension {
  readonly critical: boolean;
  readonly value: Uint8Array;
}

export type Extensions = ReadonlyMap<string, Extension>;

export const oid = {
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  issuerAltName: '2.5.29.18',
  basicConstraints: '2.5.29.19',
  nameConstraints: '2.5.29.30',
  crlDistributionPoints: '2.5.29.31',
  certificatePolicies: '2.5.29.32',
  anyPolicy: '2.5.29.32.0',
  policyMappings: '2.5.29.33',
  authorityKeyIdentifier: '2.5.29.35',
  policyConstraints: '2.5.29.36',
  extKeyUsage: '2.5.29.37',
  anyExtendedKeyUsage: '2.5.29.37.0',
  inhibitAnyPolicy: '2.5.29.54',
  authorityInfoAccess: '1.3.6.1.5.5.7.1.1',
} as const;

/**
 * Extensions ::= SEQUENCE SIZE (1..MAX) OF Extension, none of them twice (RFC 5280, 4.2). `lenient`: an explicit FALSE, which DER would leave out, is met
 * in the field and does no harm.
 */
export function extensionsOf(content: Uint8Array, what: string, manner: 'strict' | 'lenient' = 'strict'): Extensions {
  const found = new Map<string, Extension>();
  for (const element of listOf(content, what)) {
    if (element.tag !== tag.sequence) throw new Malformed(`${what}: not an extension`);
    const reader = new DerReader(element.content);
    const id = oidOf(reader.next(tag.oid, what), what);
    const flag = reader.optional(tag.boolean, what);
    const critical = flag !== null && booleanOf(flag, what);
    if (flag !== null && !critical && manner === 'strict') throw new Malformed(`extension ${id}: says the default, which DER leaves out`);
    const { content: value } = reader.next(tag.octetString, what);
    reader.end(what);
    if (found.has(id)) throw new Malformed(`extension ${id}: stands twice`);
    found.set(id, { critical, value });
  }
  return found;
}

export interface BasicConstraints {
  readonly ca: boolean;
  readonly pathLength: number | null;
}

export function basicConstraintsOf(value: Uint8Array): BasicConstraints {
  const what = 'basicConstraints';
  const reader = new DerReader(whole(value, tag.sequence, what).content);
  const flag = reader.optional(tag.boolean, what);
  const ca = flag !== null && booleanOf(flag, what);
  const length = reader.optional(tag.integer, what);
  reader.end(what);
  if (length !== null && !ca) throw new Malformed(`${what}: a path length without an authority`);
  return { ca, pathLength: length === null ? null : countOf(length, what) };
}

export interface KeyUsage {
  readonly digitalSignature: boolean;
  readonly nonRepudiation: boolean;
  readonly keyCertSign: boolean;
  readonly cRLSign: boolean;
}

export function keyUsageOf(value: Uint8Array): KeyUsage {
  const bits = bitsOf(whole(value, tag.bitString, 'keyUsage'), 'keyUsage');
  if (bits.every((octet) => octet === 0)) throw new Malformed('keyUsage: says nothing');
  return { digitalSignature: hasBit(bits, 0), nonRepudiation: hasBit(bits, 1), keyCertSign: hasBit(bits, 5), cRLSign: hasBit(bits, 6) };
}

function sequenceOf(value: Uint8Array, what: string): readonly Element[] {
  return listOf(whole(value, tag.sequence, what).content, what);
}

export function extKeyUsageOf(value: Uint8Array): readonly string[] {
  return sequenceOf(value, 'extKeyUsage').map((element) => {
    if (element.tag !== tag.oid) throw new Malformed('extKeyUsage: of another type');
    return oidOf(element, 'extKeyUsage');
  });
}

export function subjectAltNameOf(value: Uint8Array): readonly GeneralName[] {
  return generalNamesOf(whole(value, tag.sequence, 'subjectAltName').content, 'subjectAltName');
}

/** The policies' identifiers; what qualifies them is for people's eyes, and is not looked at. */
export function certificatePoliciesOf(value: Uint8Array): ReadonlySet<string> {
  const what = 'certificatePolicies';
  const policies = new Set<string>();
  for (const element of sequenceOf(value, what)) {
    if (element.tag !== tag.sequence) throw new Malformed(`${what}: of another type`);
    const reader = new DerReader(element.content);
    const policy = oidOf(reader.next(tag.oid, what), what);
    reader.optional(tag.sequence, what);
    reader.end(what);
    if (policies.has(policy)) throw new Malformed(`${what}: ${policy} stands twice`);
    policies.add(policy);
  }
  return policies;
}

export interface PolicyMapping {
  readonly issuer: string;
  readonly subject: string;
}

export function policyMappingsOf(value: Uint8Array): readonly PolicyMapping[] {
  const what = 'policyMappings';
  return sequenceOf(value, what).map((element) => {
    if (element.tag !== tag.sequence) throw new Malformed(`${what}: of another type`);
    const reader = new DerReader(element.content);
    const mapping = { issuer: oidOf(reader.next(tag.oid, what), what), subject: oidOf(reader.next(tag.oid, what), what) };
    reader.end(what);
    return mapping;
  });
}

export interface PolicyConstraints {
  readonly requireExplicitPolicy: number | null;
  readonly inhibitPolicyMapping: number | null;
}

export function policyConstraintsOf(value: Uint8Array): PolicyConstraints {
  const what = 'policyConstraints';
  const reader = new DerReader(whole(value, tag.sequence, what).content);
  if (reader.atEnd) throw new Malformed(`${what}: empty`);
  const explicit = reader.optional(primitive(0), what);
  const mapping = reader.optional(primitive(1), what);
  reader.end(what);
  return {
    requireExplicitPolicy: explicit === null ? null : countOf(explicit, what),
    inhibitPolicyMapping: mapping === null ? null : countOf(mapping, what),
  };
}

export function inhibitAnyPolicyOf(value: Uint8Array): number {
  return countOf(whole(value, tag.integer, 'inhibitAnyPolicy'), 'inhibitAnyPolicy');
}

export interface NameConstraints {
  readonly permitted: readonly GeneralName[];
  readonly excluded: readonly GeneralName[];
}

export function nameConstraintsOf(value: Uint8Array): NameConstraints {
  const what = 'nameConstraints';
  const reader = new DerReader(whole(value, tag.sequence, what).content);
  if (reader.atEnd) throw new Malformed(`${what}: empty`);
  const permitted = reader.optional(constructed(0), what);
  const excluded = reader.optional(constructed(1), what);
  reader.end(what);
  return {
    permitted: permitted === null ? [] : listOf(permitted.content, what).map((element) => subtreeBase(element.content, what)),
    excluded: excluded === null ? [] : listOf(excluded.content, what).map((element) => subtreeBase(element.content, what)),
  };
}

function subtreeBase(content: Uint8Array, what: string): GeneralName {
  const reader = new DerReader(content);
  const base = generalNameOf(reader.any(what), what);
  const minimum = reader.optional(primitive(0), what);
  if (!reader.atEnd || (minimum !== null && countOf(minimum, what) !== 0)) throw new Malformed(`${what}: a minimum or maximum`);
  return base;
}

/** The keyIdentifier of an AuthorityKeyIdentifier, a hint when an issuer is looked for; hexadecimal. */
export function authorityKeyOf(value: Uint8Array): string | null {
  const what = 'authorityKeyIdentifier';
  const reader = new DerReader(whole(value, tag.sequence, what).content);
  const key = reader.optional(primitive(0), what);
  const issuer = reader.optional(constructed(1), what);
  const serial = reader.optional(primitive(2), what);
  reader.end(what);
  if ((issuer === null) !== (serial === null)) throw new Malformed(`${what}: an issuer without a serial number, or the reverse`);
  return key === null ? null : hex(key.content);
}

export function subjectKeyOf(value: Uint8Array): string {
  return hex(whole(value, tag.octetString, 'subjectKeyIdentifier').content);
}

/** How many places an authorityInfoAccess names. Nobody goes there; but what cannot be read makes the certificate one that cannot be. */
export function accessDescriptionsOf(value: Uint8Array): number {
  const what = 'authorityInfoAccess';
  const places = sequenceOf(value, what);
  for (const element of places) {
    const reader = new DerReader(whole(element.whole, tag.sequence, what).content);
    oidOf(reader.next(tag.oid, what), what);
    reader.any(what);
    reader.end(what);
  }
  return places.length;
}

/** Where a CRL stands: the keys of its full names, or the end of a name that the CRL's issuer begins. */
export type DistributionPointName =
  { readonly kind: 'full'; readonly names: readonly GeneralName[] } | { readonly kind: 'relative'; readonly relative: string };

export function distributionPointNameOf(content: Uint8Array, what: string): DistributionPointName {
  const reader = new DerReader(content);
  const full = reader.optional(constructed(0), what);
  const relative = full === null ? reader.next(constructed(1), what) : null;
  reader.end(what);
  if (full !== null) return { kind: 'full', names: generalNamesOf(full.content, what) };
  return { kind: 'relative', relative: relativeName(relative?.content ?? new Uint8Array(), what).key };
}

/** The names by which a distribution point is compared; `beginning`: the name that a relative one continues. */
export function keysOfPoint(point: DistributionPointName, beginning: Name): readonly string[] {
  if (point.kind === 'full') return point.names.map(keyOf);
  return [keyOf({ form: 'directory', name: { ...beginning, key: [...beginning.relative, point.relative].join('/') } })];
}

/** Reasons as a bit mask, bit n for ReasonFlags' n; 1 to 8 count (RFC 5280, 4.2.1.13). */
export const ALL_REASONS = 0b1_1111_1110;

export function reasonsOf(element: Element, what: string): number {
  const bits = bitsOf(element, what);
  let mask = 0;
  for (let bit = 1; bit <= 8; bit++) if (hasBit(bits, bit)) mask |= 1 << bit;
  return mask;
}

export interface DistributionPoint {
  readonly name: DistributionPointName | null;
  readonly reasons: number;
  /** Empty where the certificate's issuer issues the CRL too. */
  readonly crlIssuer: readonly GeneralName[];
}

export function distributionPointsOf(value: Uint8Array): readonly DistributionPoint[] {
  const what = 'cRLDistributionPoints';
  return sequenceOf(value, what).map((element) => {
    if (element.tag !== tag.sequence) throw new Malformed(`${what}: of another type`);
    const reader = new DerReader(element.content);
    const name = reader.optional(constructed(0), what);
    const reasons = reader.optional(primitive(1), what);
    const issuer = reader.optional(constructed(2), what);
    reader.end(what);
    if (name === null && issuer === null) throw new Malformed(`${what}: a point that is nowhere`);
    return {
      name: name === null ? null : distributionPointNameOf(name.content, what),
      reasons: reasons === null ? ALL_REASONS : reasonsOf(reasons, what),
      crlIssuer: issuer === null ? [] : generalNamesOf(issuer.content, what),
    };
  });
}
