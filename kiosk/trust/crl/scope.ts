import { z } from 'zod';
import { crlNumberOf, oid, scopeOf } from '../x509/crl-extensions.ts';
import { Malformed } from '../x509/der.ts';
import { ALL_REASONS, type Extensions, authorityKeyOf, keysOfPoint } from '../x509/extensions.ts';
import type { Name } from '../x509/name.ts';

/** The certificates and reasons that a CRL speaks of (RFC 5280, 5.2.5), as the store keeps them. Without the extension: all of its issuer's, for all reasons. */
export interface Scope {
  /** Names of the distribution point, any of which may be a certificate's; `null`: not bound to one. */
  readonly points: readonly string[] | null;
  readonly certificates: 'all' | 'user' | 'ca' | 'attribute';
  /** Bits of ReasonFlags, bit 1 keyCompromise to bit 8 aACompromise; `ALL_REASONS` where none are named. */
  readonly reasons: number;
  /** Entries may name certificates of other issuers. */
  readonly indirect: boolean;
}

export const wholeScope: Scope = { points: null, certificates: 'all', reasons: ALL_REASONS, indirect: false };

/** As a certificate's distribution point that is a URI is compared with a CRL's. */
export const uriPoint = (uri: string): string => keysOfPoint({ kind: 'full', names: [{ form: 'uri', text: uri }] }, nobody)[0] ?? '';
const nobody: Name = { key: '', relative: [], attributes: [] };

function storedScope(value: Uint8Array, issuer: Name): Scope {
  const { name, only, reasons, indirect } = scopeOf(value, 'lenient');
  const points = name === null ? null : [...keysOfPoint(name, issuer)].sort();
  return { points, certificates: only ?? 'all', reasons, indirect };
}

/** The key under which CRLs of the same scope replace each other. */
export function scopeKey({ points, certificates, reasons, indirect }: Scope): string {
  return JSON.stringify({ points, certificates, reasons, indirect });
}

const scopeShape = z.strictObject({
  points: z.array(z.string()).nullable(),
  certificates: z.enum(['all', 'user', 'ca', 'attribute']),
  reasons: z.int().min(0).max(ALL_REASONS),
  indirect: z.boolean(),
});

export function scopeOfKey(key: string): Scope {
  return scopeShape.parse(JSON.parse(key));
}

const understood: ReadonlySet<string> = new Set([
  oid.freshestCrl,
  oid.issuerAltName,
  oid.authorityKeyIdentifier,
  oid.crlNumber,
  oid.deltaCrlIndicator,
  oid.issuingDistributionPoint,
]);

/** What a CRL says of itself in its extensions (RFC 5280, 5.2). */
export interface Statement {
  readonly scope: Scope;
  readonly number: bigint | null;
  /** The number of the base that a delta CRL changes, `null` for a full CRL. */
  readonly deltaBase: bigint | null;
  /** keyIdentifier of the authorityKeyIdentifier, hexadecimal. */
  readonly authorityKey: string | null;
}

/** A critical extension that is not acted upon makes a CRL unusable (RFC 5280, 5.2). `issuer`: a point may be named relative to it. */
export function statementOf(extensions: Extensions, issuer: Name): Statement {
  for (const [id, { critical }] of extensions) {
    if (critical && !understood.has(id)) throw new Malformed(`unknown critical extension ${id}`);
  }
  const value = (id: string): Uint8Array | null => extensions.get(id)?.value ?? null;
  const point = value(oid.issuingDistributionPoint);
  const authorityKey = value(oid.authorityKeyIdentifier);
  return {
    scope: point === null ? wholeScope : storedScope(point, issuer),
    number: crlNumberOf(value(oid.crlNumber), 'cRLNumber'),
    deltaBase: crlNumberOf(value(oid.deltaCrlIndicator), 'deltaCRLIndicator'),
    authorityKey: authorityKey === null ? null : authorityKeyOf(authorityKey),
  };
}
