import type { Enumerated } from 'asn1js';
import { CertificateRevocationList, IssuingDistributionPoint, type RevokedCertificate } from 'pkijs';
import { type Result, err, ok } from '../../devices/result.ts';
import type { Anchor } from './anchors.ts';
import type { CardCertificate } from './card-certificate.ts';
import { extensionsOf, parseDer, serialHex, uris } from './der.ts';
import { isExactly, isSignedBy } from './signature.ts';

/** A CRL that an anchor signed and that speaks of whole certificates of its own (RFC 5280, 5): neither delta nor indirect nor partial by reason. */
export interface Crl {
  readonly issuer: Anchor;
  readonly issuerName: string;
  readonly thisUpdate: Date;
  readonly nextUpdate: Date;
  readonly listed: ReadonlyMap<string, 'revoked' | 'suspended'>;
  /** `null`: all certificates of the issuer; else only those that name one of these distribution points. */
  readonly onlyFrom: readonly string[] | null;
}

const oid = {
  commonName: '2.5.4.3',
  reasonCode: '2.5.29.21',
  invalidityDate: '2.5.29.24',
  deltaCrlIndicator: '2.5.29.27',
  issuingDistributionPoint: '2.5.29.28',
} as const;

const CERTIFICATE_HOLD = 6;
const REMOVE_FROM_CRL = 8;
/** Days that a CRL without nextUpdate lives (commands.md). */
const WITHOUT_NEXT_UPDATE_MS = 3 * 86_400_000;

export function readCrl(der: Uint8Array, anchors: readonly Anchor[]): Result<Crl, string> {
  const parsed = parseDer(der);
  if (!parsed.ok) return parsed;
  let list: CertificateRevocationList;
  try {
    list = new CertificateRevocationList({ schema: parsed.value });
  } catch {
    return err('not a CRL');
  }
  if (!isExactly(list, der)) return err('not DER');
  const named = anchors.filter(({ name }) => name.isEqual(list.issuer));
  if (named.length === 0) return err('its issuer is no trust anchor');
  const issuer = named.find(({ key }) => isSignedBy(list, key));
  if (issuer === undefined) return err('its signature is not its issuer’s');
  const onlyFrom = scope(list);
  if (!onlyFrom.ok) return onlyFrom;
  const listed = entries(list.revokedCertificates ?? []);
  if (!listed.ok) return listed;
  const thisUpdate = list.thisUpdate.value;
  return ok({
    issuer,
    issuerName: nameOf(list),
    thisUpdate,
    nextUpdate: list.nextUpdate?.value ?? new Date(thisUpdate.getTime() + WITHOUT_NEXT_UPDATE_MS),
    listed: listed.value,
    onlyFrom: onlyFrom.value,
  });
}

/** What the CRL covers (RFC 5280, 5.2.4 and 5.2.5). A scope that is not wholly understood makes it unusable, never wider. */
function scope(list: CertificateRevocationList): Result<readonly string[] | null, string> {
  const extensions = extensionsOf(list.crlExtensions?.extensions);
  if (extensions === null) return err('an extension stands twice or cannot be read');
  if (extensions.has(oid.deltaCrlIndicator)) return err('a delta CRL');
  for (const extension of extensions.values()) {
    if (extension.critical && extension.oid !== oid.issuingDistributionPoint) return err(`unknown critical extension ${extension.oid}`);
  }
  const point = extensions.get(oid.issuingDistributionPoint)?.value;
  if (point === undefined) return ok(null);
  if (!(point instanceof IssuingDistributionPoint)) return err('its scope cannot be read');
  if (point.indirectCRL) return err('an indirect CRL');
  if (point.onlySomeReasons !== undefined && point.onlySomeReasons !== 0) return err('a CRL for some reasons only');
  if (point.onlyContainsCACerts || point.onlyContainsAttributeCerts) return err('a CRL for other certificates');
  return ok(point.distributionPoint === undefined ? null : uris(point.distributionPoint));
}

function entries(revoked: readonly RevokedCertificate[]): Result<ReadonlyMap<string, 'revoked' | 'suspended'>, string> {
  const listed = new Map<string, 'revoked' | 'suspended'>();
  for (const { userCertificate, crlEntryExtensions } of revoked) {
    const extensions = extensionsOf(crlEntryExtensions?.extensions);
    if (extensions === null) return err('an entry’s extension stands twice or cannot be read');
    for (const extension of extensions.values()) {
      const known = extension.oid === oid.reasonCode || extension.oid === oid.invalidityDate;
      if (extension.critical && !known) return err(`an entry has the unknown critical extension ${extension.oid}`);
    }
    const reason = (extensions.get(oid.reasonCode)?.value as Enumerated | undefined)?.valueBlock.valueDec;
    if (reason === REMOVE_FROM_CRL) return err('an entry says removeFromCRL in a full CRL');
    const serial = serialHex(userCertificate);
    if (listed.get(serial) !== 'revoked') listed.set(serial, reason === CERTIFICATE_HOLD ? 'suspended' : 'revoked');
  }
  return ok(listed);
}

function nameOf(list: CertificateRevocationList): string {
  const value: unknown = list.issuer.typesAndValues.find(({ type }) => type === oid.commonName)?.value.valueBlock.value;
  return typeof value === 'string' ? value : '';
}

export function covers(crl: Crl, card: CardCertificate, issuer: Anchor): boolean {
  if (crl.issuer !== issuer) return false;
  return crl.onlyFrom === null || crl.onlyFrom.some((point) => card.distributionPoints.includes(point));
}

/** Does "not listed" still hold at this time? `grace` in seconds past nextUpdate. A CRL of the future answers nothing yet. */
export function isFresh({ thisUpdate, nextUpdate }: Crl, at: Date, grace: number): boolean {
  return thisUpdate <= at && at.getTime() <= nextUpdate.getTime() + grace * 1000;
}
