import { DerReader, Malformed, bigintOf, booleanOf, constructed, primitive, tag, whole } from './der.ts';
import { ALL_REASONS, type DistributionPointName, distributionPointNameOf, reasonsOf } from './extensions.ts';
import { generalNamesOf } from './general-name.ts';
import type { Name } from './name.ts';

/** Extensions of CRLs and of their entries (RFC 5280, 5.2 and 5.3). */
export const oid = {
  issuerAltName: '2.5.29.18',
  crlNumber: '2.5.29.20',
  reasonCode: '2.5.29.21',
  invalidityDate: '2.5.29.24',
  deltaCrlIndicator: '2.5.29.27',
  issuingDistributionPoint: '2.5.29.28',
  certificateIssuer: '2.5.29.29',
  authorityKeyIdentifier: '2.5.29.35',
  freshestCrl: '2.5.29.46',
} as const;

/** The scope that an issuingDistributionPoint gives a CRL (RFC 5280, 5.2.5). */
export interface Scope {
  readonly name: DistributionPointName | null;
  readonly only: 'user' | 'ca' | 'attribute' | null;
  readonly reasons: number;
  readonly indirect: boolean;
}

/** `lenient`: an explicit FALSE, which DER would leave out, is met in the field and does no harm. */
export function scopeOf(value: Uint8Array, manner: 'strict' | 'lenient'): Scope {
  const what = 'issuingDistributionPoint';
  const reader = new DerReader(whole(value, tag.sequence, what).content);
  if (reader.atEnd && manner === 'strict') throw new Malformed(`${what}: empty`);
  const flag = (n: number): boolean => {
    const element = reader.optional(primitive(n), what);
    const set = element !== null && booleanOf(element, what);
    if (element !== null && !set && manner === 'strict') throw new Malformed(`${what}: says the default, which DER leaves out`);
    return set;
  };
  const name = reader.optional(constructed(0), what);
  const user = flag(1);
  const ca = flag(2);
  const reasons = reader.optional(primitive(3), what);
  const indirect = flag(4);
  const attribute = flag(5);
  reader.end(what);
  if (Number(user) + Number(ca) + Number(attribute) > 1) throw new Malformed(`${what}: only this and only that`);
  return {
    name: name === null ? null : distributionPointNameOf(name.content, what),
    only: user ? 'user' : ca ? 'ca' : attribute ? 'attribute' : null,
    reasons: reasons === null ? ALL_REASONS : reasonsOf(reasons, what),
    indirect,
  };
}

/** A cRLNumber or the number of a delta's base: zero or more, of at most 20 octets and one for the sign (RFC 5280, 5.2.3). */
export function crlNumberOf(value: Uint8Array | null, what: string): bigint | null {
  if (value === null) return null;
  const element = whole(value, tag.integer, what);
  const number = bigintOf(element, what);
  if (number < 0n) throw new Malformed(`${what}: negative`);
  if (element.content.length > 21) throw new Malformed(`${what}: of more than 20 octets`);
  return number;
}

/** Whose certificates this entry and those that follow it are, in an indirect CRL (RFC 5280, 5.3.3). */
export function certificateIssuerOf(value: Uint8Array): Name {
  const what = 'certificateIssuer';
  const names = generalNamesOf(whole(value, tag.sequence, what).content, what);
  const directory = names.find((name) => name.form === 'directory');
  if (directory?.form !== 'directory') throw new Malformed(`${what}: no directory name`);
  return directory.name;
}
