import { z } from 'zod';
import { nameOf, relativeNameOf } from './name.ts';
import { Elements, type Extension, Malformed, booleanOf, context, contextPrimitive, numberOf, tag } from './tlv.ts';

/** The certificates and reasons that a CRL speaks of (RFC 5280, 5.2.5). Without the extension: all of its issuer's, for all reasons. */
export interface Scope {
  /** Names of the distribution point, any of which may be a certificate's; `null`: not bound to one. */
  readonly points: readonly string[] | null;
  readonly certificates: 'all' | 'user' | 'ca' | 'attribute';
  /** Bits of ReasonFlags, bit 1 keyCompromise to bit 8 aACompromise; `allReasons` where none are named. */
  readonly reasons: number;
  /** Entries may name certificates of other issuers. */
  readonly indirect: boolean;
}

/** Reason bits 1 to 8; bit 0 is unused. */
export const allReasons = 0x1fe;

export const wholeScope: Scope = { points: null, certificates: 'all', reasons: allReasons, indirect: false };

/** `uri:…` or `dn:…`, as a certificate's CRLDistributionPoints name it too. */
export const uriPoint = (uri: string): string => `uri:${uri}`;

/** `issuer` is the CRL issuer's Name: a point may be named relative to it. */
export function scopeOf(value: Buffer, issuer: Buffer): Scope {
  const outer = new Elements(value);
  const parts = outer.within(outer.next(tag.sequence, 'the scope'));
  outer.nothingMore('the scope');
  const flag = (n: number): boolean => {
    const element = parts.optional(contextPrimitive(n));
    return element !== null && booleanOf(parts.content(element));
  };
  const point = parts.optional(context(0));
  const points = point === null ? null : pointNames(parts.within(point), issuer);
  const user = flag(1);
  const ca = flag(2);
  const some = parts.optional(contextPrimitive(3));
  const reasons = some === null ? allReasons : reasonBits(parts.content(some));
  const indirect = flag(4);
  const attribute = flag(5);
  parts.nothingMore('the scope');
  if (Number(user) + Number(ca) + Number(attribute) > 1) throw new Malformed('a scope of no certificates');
  return { points, certificates: user ? 'user' : ca ? 'ca' : attribute ? 'attribute' : 'all', reasons, indirect };
}

function pointNames(name: Elements, issuer: Buffer): readonly string[] {
  const full = name.optional(context(0));
  if (full === null) {
    const relative = relativeNameOf(name.within(name.next(context(1), 'the name of the distribution point')));
    name.nothingMore('the name of the distribution point');
    return [`dn:${JSON.stringify([...(JSON.parse(nameOf(issuer).normal) as string[]), relative.normal])}`];
  }
  name.nothingMore('the name of the distribution point');
  const names = generalNames(name.within(full));
  if (names.length === 0) throw new Malformed('a distribution point without a name');
  return names.sort();
}

/** GeneralNames in a form that can be compared. */
export function generalNames(elements: Elements): string[] {
  const names: string[] = [];
  while (elements.more) {
    const name = elements.any();
    if (name.tag === contextPrimitive(6)) names.push(uriPoint(elements.content(name).toString('latin1')));
    else if (name.tag === context(4)) names.push(`dn:${nameOf(elements.content(name)).normal}`);
    else names.push(`other:${elements.whole(name).toString('hex')}`);
  }
  return names;
}

/** ReasonFlags, a BIT STRING whose bit 0 is its first. */
function reasonBits(content: Buffer): number {
  const [unused, ...octets] = content;
  if (unused === undefined || unused > 7 || octets.length === 0 || octets.length > 2) throw new Malformed('reasons that cannot be read');
  let bits = 0;
  for (let bit = 0; bit < octets.length * 8 - unused; bit += 1) {
    if (((octets[bit >> 3] ?? 0) & (0x80 >> (bit & 7))) !== 0) bits |= 1 << bit;
  }
  return bits & allReasons;
}

/** The key under which CRLs of the same scope replace each other. */
export function scopeKey({ points, certificates, reasons, indirect }: Scope): string {
  return JSON.stringify({ points, certificates, reasons, indirect });
}

const scopeShape = z.strictObject({
  points: z.array(z.string()).nullable(),
  certificates: z.enum(['all', 'user', 'ca', 'attribute']),
  reasons: z.int().min(0).max(allReasons),
  indirect: z.boolean(),
});

export function scopeOfKey(key: string): Scope {
  return scopeShape.parse(JSON.parse(key));
}

const known = { freshest: '2.5.29.46', issuerAltName: '2.5.29.18', authorityKey: '2.5.29.35' } as const;
const crlNumber = '2.5.29.20';
const deltaCrlIndicator = '2.5.29.27';
const issuingDistributionPoint = '2.5.29.28';
const understood: ReadonlySet<string> = new Set([...Object.values(known), crlNumber, deltaCrlIndicator, issuingDistributionPoint]);

/** What a CRL says of itself in its extensions (RFC 5280, 5.2). */
export interface Statement {
  readonly scope: Scope;
  readonly number: bigint | null;
  /** The number of the base that a delta CRL changes, `null` for a full CRL. */
  readonly deltaBase: bigint | null;
  /** keyIdentifier of the authorityKeyIdentifier. */
  readonly authorityKeyId: Buffer | null;
}

/** A critical extension that is not acted upon makes a CRL unusable (RFC 5280, 5.2). */
export function statementOf(extensions: ReadonlyMap<string, Extension>, issuer: Buffer): Statement {
  for (const [oid, { critical }] of extensions) {
    if (critical && !understood.has(oid)) throw new Malformed(`unknown critical extension ${oid}`);
  }
  const integer = (oid: string): bigint | null => {
    const extension = extensions.get(oid);
    if (extension === undefined) return null;
    const value = new Elements(extension.value);
    const number = numberOf(value.content(value.next(tag.integer, 'a CRL number')));
    value.nothingMore('a CRL number');
    return number;
  };
  const point = extensions.get(issuingDistributionPoint);
  return {
    scope: point === undefined ? wholeScope : scopeOf(point.value, issuer),
    number: integer(crlNumber),
    deltaBase: integer(deltaCrlIndicator),
    authorityKeyId: keyIdOf(extensions.get(known.authorityKey)),
  };
}

function keyIdOf(extension: Extension | undefined): Buffer | null {
  if (extension === undefined) return null;
  const outer = new Elements(extension.value);
  const parts = outer.within(outer.next(tag.sequence, 'the issuer’s key identifier'));
  const id = parts.optional(contextPrimitive(0));
  return id === null ? null : parts.content(id);
}
