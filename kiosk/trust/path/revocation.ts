import type { Certificate } from '../x509/certificate.ts';
import { CERTIFICATE_HOLD, type Entry, REMOVE_FROM_CRL, type SuppliedCrl, entryKey } from './crl.ts';
import { ALL_REASONS, type DistributionPoint, keysOfPoint } from '../x509/extensions.ts';
import { keyOf } from '../x509/general-name.ts';
import type { Name } from '../x509/name.ts';
import type { PublicKey } from '../x509/key.ts';
import type { Work } from './work.ts';

export interface RevocationAnswer {
  readonly status: 'good' | 'revoked' | 'suspended' | 'unknown';
  /** In words: why revoked, or why nothing is known; `""` for good. */
  readonly reason: string;
  /** When it was revoked or suspended, ISO 8601. */
  readonly since: string | null;
  /** The CRL that the answer rests on. */
  readonly crl: { readonly number: string | null; readonly thisUpdate: string; readonly nextUpdate: string | null } | null;
}

/** A name with a key that may sign CRLs. */
export interface CrlSigner {
  readonly name: Name;
  readonly key: PublicKey;
}

/**
 * What is known of a certificate at a time. `issuer` is who issued it, with the working key of the path; `signers` finds who else may sign CRLs under a name:
 * those whose own path to the same anchor holds and who are not revoked themselves (RFC 5280, 6.3.3 f).
 */
export interface RevocationSource {
  revocationOf(
    certificate: Certificate,
    issuer: CrlSigner & { readonly mayIssueCrls: boolean },
    at: Date,
    signers: FindSigners,
  ): RevocationAnswer;
}

export type FindSigners = (name: Name) => Iterable<CrlSigner>;

/** Milliseconds that a CRL without nextUpdate lives where nobody says otherwise (commands.md: 3 days). */
const WITHOUT_NEXT_UPDATE_MS = 3 * 86_400_000;

/** CRLs that were handed over with the question (RFC 5280, 6.3), with deltas used wherever there are any. `maxAge` in seconds caps what a CRL says of itself. */
export function suppliedCrls(crls: readonly SuppliedCrl[], maxAge: number | null, work: Work): RevocationSource {
  const newestFirst = [...crls].sort((a, b) => b.thisUpdate.getTime() - a.thisUpdate.getTime());
  const complete = newestFirst.filter(({ base }) => base === null);
  const deltas = newestFirst.filter(({ base }) => base !== null);

  /** Why this CRL says nothing at this time, `null` if it does. */
  function untimely({ thisUpdate, nextUpdate }: SuppliedCrl, at: Date): string | null {
    const age = at.getTime() - thisUpdate.getTime();
    if (age < 0) return 'a CRL is of the future';
    if (nextUpdate !== null && at > nextUpdate) return `a CRL ended at ${nextUpdate.toISOString()}`;
    const most = maxAge === null ? (nextUpdate === null ? WITHOUT_NEXT_UPDATE_MS : Infinity) : maxAge * 1000;
    return age > most ? `a CRL of ${thisUpdate.toISOString()} is too old` : null;
  }

  /** The newest delta of the same issuer, scope and signer that begins at this CRL or before (RFC 5280, 5.2.4 and 6.3.3 c). */
  function deltaOf(crl: SuppliedCrl, signer: CrlSigner, at: Date): SuppliedCrl | null {
    const { number } = crl;
    if (number === null) return null;
    const found = deltas.find(
      (delta) =>
        delta.issuer.key === crl.issuer.key &&
        delta.scopeKey === crl.scopeKey &&
        delta.authorityKey === crl.authorityKey &&
        (delta.base ?? number) <= number &&
        (delta.number ?? number) > number &&
        untimely(delta, at) === null &&
        work.signature(delta, signer.key).ok,
    );
    return found ?? null;
  }

  return {
    revocationOf(certificate, issuer, at, signers) {
      const entry = entryKey(certificate.issuer, certificate.serial);
      let answered = 0;
      let restsOn: SuppliedCrl | null = null;
      let why = 'no CRL speaks of it';
      for (const point of pointsOf(certificate)) {
        for (const crl of complete) {
          if (!speaksOf(crl, point, certificate)) continue;
          const reasons = point.reasons & (crl.scope?.reasons ?? ALL_REASONS);
          if ((reasons & ~answered) === 0) continue;
          const signer = signerOf(crl, issuer, signers, work);
          if (signer === null) {
            why = 'a CRL is not signed by anybody who may';
            continue;
          }
          const delta = deltaOf(crl, signer, at);
          const late = delta === null ? untimely(crl, at) : crl.thisUpdate > at ? 'a CRL is of the future' : null;
          if (late !== null) {
            why = late;
            continue;
          }
          const [listed, by] = found(entry, crl, delta);
          if (listed !== null) return listedAnswer(listed, by);
          answered |= reasons;
          restsOn ??= by;
          if ((answered & ALL_REASONS) === ALL_REASONS) return { status: 'good', reason: '', since: null, crl: identity(restsOn) };
        }
      }
      return { status: 'unknown', reason: answered === 0 ? why : 'the CRLs speak of some reasons only', since: null, crl: null };
    },
  };
}

function found(entry: string, crl: SuppliedCrl, delta: SuppliedCrl | null): readonly [Entry | null, SuppliedCrl] {
  const changed = delta?.entries.get(entry);
  if (delta !== null && changed !== undefined) return [changed.reason === REMOVE_FROM_CRL ? null : changed, delta];
  return [crl.entries.get(entry) ?? null, crl];
}

const reasonNames = [
  'unspecified',
  'keyCompromise',
  'cACompromise',
  'affiliationChanged',
  'superseded',
  'cessationOfOperation',
  'certificateHold',
  '',
  'removeFromCRL',
  'privilegeWithdrawn',
  'aACompromise',
];

function listedAnswer({ reason, since }: Entry, crl: SuppliedCrl): RevocationAnswer {
  return {
    status: reason === CERTIFICATE_HOLD ? 'suspended' : 'revoked',
    reason: reasonNames[reason ?? 0] ?? `reason ${reason ?? 0}`,
    since: since.toISOString(),
    crl: identity(crl),
  };
}

function identity({ number, thisUpdate, nextUpdate }: SuppliedCrl): RevocationAnswer['crl'] {
  return { number: number?.toString() ?? null, thisUpdate: thisUpdate.toISOString(), nextUpdate: nextUpdate?.toISOString() ?? null };
}

/** Where the certificate says its CRLs are; and unless it sends its readers to another issuer, whatever its own issuer has (RFC 5280, 6.3.3). */
function pointsOf({ distributionPoints, issuer }: Certificate): readonly DistributionPoint[] {
  if (distributionPoints.some(({ crlIssuer }) => crlIssuer.length > 0)) return distributionPoints;
  return [
    ...distributionPoints,
    { name: { kind: 'full', names: [{ form: 'directory', name: issuer }] }, reasons: ALL_REASONS, crlIssuer: [] },
  ];
}

/** Is the certificate within what this CRL says it speaks of (RFC 5280, 6.3.3 b)? */
function speaksOf({ issuer, scope }: SuppliedCrl, point: DistributionPoint, certificate: Certificate): boolean {
  if (point.crlIssuer.length === 0) {
    if (issuer.key !== certificate.issuer.key) return false;
  } else {
    const named = point.crlIssuer.some((name) => name.form === 'directory' && name.name.key === issuer.key);
    if (!named || scope?.indirect !== true) return false;
  }
  if (scope === null) return true;
  if (scope.only !== null) {
    // 5.2.5: where it speaks of some kinds only, it does not speak of versions 1 and 2.
    if (scope.only === 'attribute' || certificate.version !== 3) return false;
    if ((certificate.basicConstraints?.ca ?? false) !== (scope.only === 'ca')) return false;
  }
  if (scope.name === null) return true;
  const own = keysOfPoint(scope.name, issuer);
  const asked =
    point.name === null ? point.crlIssuer.map(keyOf) : keysOfPoint(point.name, point.crlIssuer.length === 0 ? certificate.issuer : issuer);
  return own.some((name) => asked.includes(name));
}

function signerOf(crl: SuppliedCrl, issuer: CrlSigner & { mayIssueCrls: boolean }, signers: FindSigners, work: Work): CrlSigner | null {
  if (issuer.mayIssueCrls && issuer.name.key === crl.issuer.key && work.signature(crl, issuer.key).ok) return issuer;
  for (const signer of signers(crl.issuer)) if (work.signature(crl, signer.key).ok) return signer;
  return null;
}
