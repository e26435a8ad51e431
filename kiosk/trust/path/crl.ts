import { createHash } from 'node:crypto';
import { type Result, err, ok } from '../../../devices/result.ts';
import { type Scope, certificateIssuerOf, crlNumberOf, oid, scopeOf } from '../x509/crl-extensions.ts';
import { DerReader, type Element, Malformed, constructed, countOf, hex, integerOctets, listOf, tag, whole } from '../x509/der.ts';
import { type Extensions, authorityKeyOf, extensionsOf } from '../x509/extensions.ts';
import { type Name, nameOf } from '../x509/name.ts';
import { type Signed, refuseAnother, signedOf } from '../x509/signed.ts';
import { timeOf } from '../x509/time.ts';

export interface Entry {
  readonly reason: number | null;
  readonly since: Date;
}

/** A small CRL, read whole, whose form is right. A `base` makes it a delta. */
export interface SuppliedCrl extends Signed {
  readonly digest: string;
  readonly issuer: Name;
  readonly thisUpdate: Date;
  readonly nextUpdate: Date | null;
  readonly number: bigint | null;
  readonly base: bigint | null;
  readonly scope: Scope | null;
  /** The scope's bytes: two CRLs have the same scope if these are the same. */
  readonly scopeKey: string;
  readonly authorityKey: string | null;
  readonly entries: ReadonlyMap<string, Entry>;
}

export const CERTIFICATE_HOLD = 6;
export const REMOVE_FROM_CRL = 8;

/** Under what an entry is found: the certificate's issuer, which in an indirect CRL is not the CRL's, and its serial number. */
export function entryKey(issuer: Name, serial: string): string {
  return `${serial} ${issuer.key}`;
}

export function readSuppliedCrl(der: Uint8Array): Result<SuppliedCrl, string> {
  try {
    return ok(parse(der));
  } catch (error) {
    if (error instanceof Malformed) return err(error.message);
    throw error;
  }
}

function parse(der: Uint8Array): SuppliedCrl {
  const { reader, ...signed } = signedOf(der, 'CRL');
  const version = reader.optional(tag.integer, 'version');
  if (version !== null && countOf(version, 'version') !== 1) throw new Malformed('version: not 2, and 1 is not written');
  refuseAnother(reader.next(tag.sequence, 'signature algorithm'), signed.algorithm);
  const issuer = nameOf(reader.next(tag.sequence, 'issuer'), 'issuer');
  if (issuer.relative.length === 0) throw new Malformed('issuer: empty');
  const thisUpdate = timeOf(reader.any('thisUpdate'));
  const hasNext = reader.peek() === tag.utcTime || reader.peek() === tag.generalizedTime;
  const nextUpdate = hasNext ? timeOf(reader.any('nextUpdate')) : null;
  const listed = reader.optional(tag.sequence, 'revokedCertificates');
  const wrapped = reader.optional(constructed(0), 'crlExtensions');
  reader.end('tbsCertList');
  if (version === null && wrapped !== null) throw new Malformed('extensions in version 1');

  const extensions = wrapped === null ? none : extensionsOf(whole(wrapped.content, tag.sequence, 'crlExtensions').content, 'crlExtensions');
  refuseUnknown(extensions, [oid.deltaCrlIndicator, oid.issuingDistributionPoint]);
  const value = (id: string): Uint8Array | null => extensions.get(id)?.value ?? null;
  const scopeBytes = value(oid.issuingDistributionPoint);
  const scope = scopeBytes === null ? null : scopeOf(scopeBytes, 'strict');
  const number = crlNumberOf(value(oid.crlNumber), 'cRLNumber');
  const base = crlNumberOf(value(oid.deltaCrlIndicator), 'deltaCRLIndicator');
  if (base !== null && number === null) throw new Malformed('a delta CRL without a number');
  const authorityKey = value(oid.authorityKeyIdentifier);
  // Both or neither: RFC 5280, 5.2, has every CRL carry both (docs/decisions/0092-which-crls-count.md).
  if (authorityKey !== null && number === null) throw new Malformed('an authorityKeyIdentifier, but no cRLNumber');
  return {
    ...signed,
    digest: createHash('sha256').update(der).digest('hex'),
    issuer,
    thisUpdate,
    nextUpdate,
    number,
    base,
    scope,
    scopeKey: scopeBytes === null ? '' : hex(scopeBytes),
    authorityKey: authorityKey === null ? null : authorityKeyOf(authorityKey),
    entries:
      listed === null
        ? new Map()
        : entriesOf(listed, { issuer, version2: version !== null, indirect: scope?.indirect ?? false, delta: base !== null }),
  };
}

const none: Extensions = new Map();

function refuseUnknown(extensions: Extensions, understood: readonly string[]): void {
  for (const [id, { critical }] of extensions) {
    if (critical && !understood.includes(id)) throw new Malformed(`unknown critical extension ${id}`);
  }
}

interface Context {
  readonly issuer: Name;
  readonly version2: boolean;
  readonly indirect: boolean;
  readonly delta: boolean;
}

function entriesOf(listed: Element, { issuer, version2, indirect, delta }: Context): ReadonlyMap<string, Entry> {
  const entries = new Map<string, Entry>();
  let certificateIssuer = issuer;
  for (const element of listOf(listed.content, 'revokedCertificates')) {
    if (element.tag !== tag.sequence) throw new Malformed('entry: of another type');
    const entry = new DerReader(element.content);
    const serial = hex(integerOctets(entry.next(tag.integer, 'entry'), 'entry'));
    const since = timeOf(entry.any('revocationDate'));
    const wrapped = entry.optional(tag.sequence, 'entry');
    entry.end('entry');
    if (wrapped !== null && !version2) throw new Malformed('an entry with extensions in version 1');
    const extensions = wrapped === null ? none : extensionsOf(wrapped.content, 'entry');
    refuseUnknown(extensions, [oid.reasonCode, oid.invalidityDate, oid.certificateIssuer]);
    const named = extensions.get(oid.certificateIssuer);
    if (named !== undefined) {
      if (!indirect) throw new Malformed('an entry of another issuer in a CRL that is not indirect');
      certificateIssuer = certificateIssuerOf(named.value);
    }
    const code = extensions.get(oid.reasonCode);
    const reason = code === undefined ? null : countOf(whole(code.value, tag.enumerated, 'reasonCode'), 'reasonCode');
    if (reason === REMOVE_FROM_CRL && !delta) throw new Malformed('an entry that says removeFromCRL in a full CRL');
    const key = entryKey(certificateIssuer, serial);
    const before = entries.get(key);
    // Listed twice: what weighs more counts.
    if (before === undefined || before.reason === CERTIFICATE_HOLD || before.reason === REMOVE_FROM_CRL)
      entries.set(key, { reason, since });
  }
  return entries;
}
