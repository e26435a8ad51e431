import { ALL_REASONS } from '../x509/extensions.ts';
import { issuerHash } from './buckets.ts';
import { type CrlIssuer, vouchesFor } from './issuer.ts';
import { reason } from './reader.ts';
import { type Scope, scopeKey } from './scope.ts';
import type { Serial } from './serial.ts';
import type { CrlStore, StoredCrl } from './store.ts';

export type CrlStatus = 'good' | 'revoked' | 'suspended' | 'unknown';

/** What the store says of one certificate, and the CRL that it says it from. */
export interface CrlAnswer {
  readonly status: CrlStatus;
  /** CRLReason by its name in RFC 5280, 5.3.1; `null` where none was given or none applies. */
  readonly reason: string | null;
  /** Seconds since 1970 of the revocation or suspension. */
  readonly since: number | null;
  readonly crl: StoredCrl | null;
  /** Its time is over, or not yet come. */
  readonly stale: boolean;
}

/** How long "not listed" holds. Seconds. */
export interface FreshnessPolicy {
  /** Past the end of a CRL. */
  readonly grace: number;
  /** From thisUpdate, whatever nextUpdate says; `null`: nextUpdate alone. */
  readonly maxAge: number | null;
}

export interface SubjectIssuer extends Pick<CrlIssuer, 'name' | 'key' | 'keyDigest'> {
  /** Its key may sign CRLs itself, and not only vouch for one that does; left out: it may. */
  readonly mayIssueCrls?: boolean;
}

/** What is asked about, beside its serial number. */
export interface Subject {
  /** Its issuer's name, with each key that may have signed it. */
  readonly issuers: readonly SubjectIssuer[];
  readonly kind: 'user' | 'ca';
  /** Distribution points that its certificate names, in the form of `Scope.points`. */
  readonly points: readonly string[];
  /** Keys of the names of those whose indirect CRLs its certificate refers to. */
  readonly crlIssuers: readonly string[];
}

/** Seconds that a CRL without nextUpdate lives (commands.md). */
const WITHOUT_NEXT_UPDATE = 3 * 86_400;

const reasonNames: readonly (string | undefined)[] = [
  'unspecified',
  'keyCompromise',
  'cACompromise',
  'affiliationChanged',
  'superseded',
  'cessationOfOperation',
  'certificateHold',
  undefined,
  'removeFromCRL',
  'privilegeWithdrawn',
  'aACompromise',
];

/** When "not listed" ends, before any grace. */
export function endOf({ thisUpdate, nextUpdate }: Pick<StoredCrl, 'thisUpdate' | 'nextUpdate'>, maxAge: number | null): number {
  const end = nextUpdate ?? thisUpdate + (maxAge ?? WITHOUT_NEXT_UPDATE);
  return maxAge === null ? end : Math.min(end, thisUpdate + maxAge);
}

/** A full CRL with the delta over it, as far as there is either. */
interface View {
  readonly scope: Scope;
  readonly full: StoredCrl | null;
  readonly delta: StoredCrl | null;
  /** The delta changes this very base (RFC 5280, 5.2.4). */
  readonly applies: boolean;
  /** Hash of the certificate issuer's name under which an indirect CRL of somebody else lists it. */
  readonly foreign: Buffer | null;
  readonly answersNotListed: boolean;
}

interface Finding {
  readonly status: CrlStatus;
  readonly reason: number;
  readonly since: number | null;
  readonly crl: StoredCrl;
}

/** Prepares for questions about certificates of one issuer; the answer for each serial is then a bucket or two away. */
export function askAbout(store: CrlStore, subject: Subject, at: Date, policy: FreshnessPolicy): (serial: Serial) => CrlAnswer {
  const now = at.getTime() / 1000;
  const views = viewsOf(store, subject);
  const isStale = (crl: StoredCrl): boolean => now < crl.thisUpdate || now > endOf(crl, policy.maxAge);
  const isFresh = (crl: StoredCrl): boolean => now >= crl.thisUpdate && now <= endOf(crl, policy.maxAge) + policy.grace;

  function look({ full, delta, applies, foreign }: View, serial: Serial): Finding | null {
    const changed = delta === null ? null : store.find(delta, serial, foreign);
    if (delta !== null && changed !== null && changed.reason !== reason.removeFromCrl) return listed(delta, changed);
    const removed = delta !== null && changed !== null && applies && isFresh(delta);
    const entry = full === null || removed ? null : store.find(full, serial, foreign);
    if (full !== null && entry !== null) return listed(full, entry);
    const rests = delta !== null && applies && (isFresh(delta) || full === null) ? delta : full;
    return rests === null ? null : { status: isFresh(rests) ? 'good' : 'unknown', reason: reason.none, since: null, crl: rests };
  }

  return (serial) => {
    let worst: Finding | null = null;
    let best: Finding | null = null;
    let covered = 0;
    for (const view of views) {
      const finding = look(view, serial);
      if (finding === null) continue;
      if (finding.status === 'revoked' || finding.status === 'suspended') {
        if (worst === null || (worst.status === 'suspended' && finding.status === 'revoked')) worst = finding;
      } else if (view.answersNotListed) {
        if (finding.status === 'good') covered |= view.scope.reasons;
        if (best === null || finding.crl.thisUpdate > best.crl.thisUpdate) best = finding;
      }
    }
    const finding = worst ?? best;
    if (finding === null) return { status: 'unknown', reason: null, since: null, crl: null, stale: false };
    const status = worst === null ? (covered === ALL_REASONS ? 'good' : 'unknown') : worst.status;
    return { status, reason: reasonNames[finding.reason] ?? null, since: finding.since, crl: finding.crl, stale: isStale(finding.crl) };
  };
}

function listed(crl: StoredCrl, entry: { readonly reason: number; readonly seconds: number }): Finding {
  return { status: entry.reason === reason.certificateHold ? 'suspended' : 'revoked', reason: entry.reason, since: entry.seconds, crl };
}

function viewsOf(store: CrlStore, subject: Subject): readonly View[] {
  const [first] = subject.issuers;
  if (first === undefined) return [];
  const known = store.issuers();
  const own = known.filter((each) =>
    subject.issuers.some((issuer) => (issuer.mayIssueCrls !== false && sameKey(issuer, each)) || vouchesFor(issuer, each)),
  );
  const foreign = issuerHash(first.name.key);
  const byScope = new Map<string, { full: StoredCrl | null; delta: StoredCrl | null; isOwn: boolean; trusted: boolean }>();
  for (const crl of store.lists()) {
    const isOwn = own.some(({ id }) => id === crl.issuer);
    const name = known.find(({ id }) => id === crl.issuer)?.name.key ?? '';
    if (crl.scope.certificates === 'attribute' || (!isOwn && (!crl.scope.indirect || name === first.name.key))) continue;
    const key = `${crl.issuer} ${scopeKey(crl.scope)}`;
    const pair = byScope.get(key) ?? { full: null, delta: null, isOwn, trusted: isOwn || subject.crlIssuers.includes(name) };
    byScope.set(key, pair);
    if (crl.deltaBase === null) pair.full = crl;
    else pair.delta = crl;
  }
  return [...byScope.values()].flatMap(({ full, delta, isOwn, trusted }) => {
    const scope = (full ?? delta)?.scope;
    if (scope === undefined) return [];
    const applies =
      full?.number != null && delta?.deltaBase != null && delta.deltaBase <= full.number && delta.thisUpdate >= full.thisUpdate;
    return [
      {
        scope,
        full,
        delta,
        applies,
        foreign: isOwn ? null : foreign,
        answersNotListed: full !== null && trusted && covers(scope, subject),
      },
    ];
  });
}

function sameKey(a: SubjectIssuer, b: CrlIssuer): boolean {
  return a.name.key === b.name.key && a.keyDigest === b.keyDigest;
}

/** Does the scope hold this certificate, so that its silence means something? A point that the certificate does not name is another's. */
function covers({ points, certificates }: Scope, { kind, points: named }: Subject): boolean {
  if (certificates !== 'all' && certificates !== kind) return false;
  return points === null || points.some((point) => named.includes(point));
}
