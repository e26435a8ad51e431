import { type AnchorCertificate, type Certificate, whyNoAuthority, whyNotNow } from '../x509/certificate.ts';
import { displayName } from '../x509/name.ts';
import { lacksParameters } from '../x509/key.ts';
import { BUDGET_SPENT } from './signature.ts';
import type { Path } from './validation.ts';
import type { Work } from './work.ts';

/** The certificates among which issuers are looked for, by name. */
export type Pool = ReadonlyMap<string, readonly Certificate[]>;

export function poolOf(certificates: readonly Certificate[]): Pool {
  const pool = new Map<string, Certificate[]>();
  const seen = new Set<string>();
  for (const certificate of certificates) {
    if (seen.has(certificate.digest)) continue;
    seen.add(certificate.digest);
    const namesakes = pool.get(certificate.subject.key);
    if (namesakes === undefined) pool.set(certificate.subject.key, [certificate]);
    else namesakes.push(certificate);
  }
  return pool;
}

export interface Search {
  readonly target: Certificate;
  readonly anchors: readonly AnchorCertificate[];
  readonly pool: Pool;
  readonly at: Date;
  /** Certificates between target and anchor at most. */
  readonly maxDepth: number;
  readonly work: Work;
  /** Told why a way was not followed further. */
  readonly note: (why: string) => void;
}

/** Certificates in a path, whatever the caller allows. */
const LONGEST = 64;

/**
 * All paths from an anchor to the target, the shortest first, so that those worth having come before a hostile bundle's long ones. A way is followed only
 * over names that chain and signatures that hold, through authorities that are valid now; what else a path must keep is for its validation,
 * and where that fails the next path is tried. Ends early where the budget does.
 */
export function* pathsTo({ target, anchors, pool, at, maxDepth, work, note }: Search): Generator<Path> {
  let ways: (readonly Certificate[])[] = [[target]];
  for (let depth = 0; ways.length > 0; depth++) {
    for (const way of ways) {
      for (const anchor of byHint(anchors, way[0], keyOfAnchor)) {
        if (anchor.name.key !== way[0]?.issuer.key) continue;
        if (work.spent) return;
        const amiss = signedBy(way[0], anchor, work);
        if (amiss === null) yield { anchor, certificates: way };
        else note(amiss);
      }
    }
    const further: (readonly Certificate[])[] = [];
    for (const way of ways) {
      const [below] = way;
      if (below === undefined) continue;
      const candidates = pool.get(below.issuer.key);
      if (candidates === undefined) {
        if (!anchors.some(({ name }) => name.key === below.issuer.key)) note(`${displayName(below.subject)}: its issuer is not known`);
        continue;
      }
      for (const issuer of byHint(candidates, below, ({ subjectKey }) => subjectKey)) {
        if (!work.spend(1)) {
          note(BUDGET_SPENT);
          return;
        }
        if (isLoop(way, issuer)) continue;
        const amiss = whyNoAuthority(issuer) ?? whyNotNow(issuer, at);
        if (amiss !== null) note(`${displayName(issuer.subject)}: ${amiss}`);
        else if (depth >= Math.min(maxDepth, LONGEST)) note('the path is longer than allowed');
        else {
          const unsigned = signedBy(below, issuer, work);
          if (unsigned === null) further.push([issuer, ...way]);
          else note(unsigned);
        }
      }
    }
    ways = further;
  }
}

function signedBy(certificate: Certificate, issuer: Pick<Certificate, 'key'>, work: Work): string | null {
  // The parameters of such a key come from further up: the path's validation knows them.
  if (lacksParameters(issuer.key)) return null;
  const signed = work.signature(certificate, issuer.key);
  return signed.ok ? null : `${displayName(certificate.subject)}: ${signed.error}`;
}

/** The same name with the same key a second time leads nowhere new (RFC 4158, 2.4.2). */
function isLoop(way: readonly Certificate[], issuer: Certificate): boolean {
  return way.some(({ subject, key }) => subject.key === issuer.subject.key && key.digest === issuer.key.digest);
}

function keyOfAnchor({ certificate }: AnchorCertificate): string | null {
  return certificate?.subjectKey ?? null;
}

/** Those whose key identifier is the one that the certificate names come first; it is a hint, so the others come too (RFC 5280, 4.2.1.1). */
function byHint<T>(candidates: readonly T[], below: Certificate | undefined, keyOf: (candidate: T) => string | null): readonly T[] {
  const hint = below?.authorityKey;
  if (hint === undefined || hint === null || candidates.length < 2) return candidates;
  const named = candidates.filter((candidate) => keyOf(candidate) === hint);
  return named.length === 0 ? candidates : [...named, ...candidates.filter((candidate) => keyOf(candidate) !== hint)];
}
