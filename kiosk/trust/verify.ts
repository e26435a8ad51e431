import { type Pool, pathsTo, poolOf } from './path/building.ts';
import type { AnchorCertificate, Certificate } from './x509/certificate.ts';
import { displayName } from './x509/name.ts';
import { type FindSigners, type RevocationAnswer, type RevocationSource } from './path/revocation.ts';
import { BUDGET_SPENT } from './path/signature.ts';
import type { SignaturePolicy } from './x509/algorithm.ts';
import { type Demands, type Path, type ValidPath, validatePath } from './path/validation.ts';
import { Work } from './path/work.ts';

export interface Question extends Demands, SignaturePolicy {
  readonly target: Certificate;
  readonly anchors: readonly AnchorCertificate[];
  readonly intermediates: readonly Certificate[];
  /** Certificates between the target and the anchor at most. */
  readonly maxDepth: number;
  /** Who knows what was revoked, given the budget that its work is paid from; `null`: revocation is not looked at. */
  readonly revocation: ((work: Work) => RevocationSource) | null;
}

export interface Verdict {
  readonly valid: boolean;
  readonly status: RevocationAnswer['status'] | 'invalid';
  readonly reason: string;
  /** Subjects, from the target up to the anchor's name. */
  readonly path: readonly string[];
  /** Of the certificate on which the status rests; `null` where revocation was not looked at. */
  readonly revocation: (RevocationAnswer & { readonly certificate: string }) | null;
  readonly policies: readonly string[];
}

/** From better to worse: with several paths, the best counts. */
const order: readonly Verdict['status'][] = ['good', 'revoked', 'suspended', 'unknown', 'invalid'];

/**
 * Is this certificate to be trusted? Looks for a path to an anchor, tries the next where one does not hold or has a revoked member, and gives the best that
 * it found. Whatever bytes were sent, it ends, within a budget of work.
 */
export function verifyCertificate(question: Question): Verdict {
  const work = new Work(question);
  const pool = poolOf(question.intermediates);
  const revocation = question.revocation?.(work) ?? null;
  // The first fault of a whole path says more than where another way ended.
  let fault: string | null = null;
  const deadEnds: string[] = [];
  let best: Verdict | null = null;
  const note = (reason: string): void => void deadEnds.push(reason);
  const search = { target: question.target, anchors: question.anchors, pool, at: question.at, maxDepth: question.maxDepth, work, note };
  for (const path of pathsTo(search)) {
    const held = validatePath(path, question, work);
    if (!held.ok) {
      fault ??= held.error;
      continue;
    }
    const verdict =
      revocation === null
        ? holding(path, held.value, null)
        : withRevocation(path, held.value, createRevocationCheck({ question, pool, revocation, work, anchor: path.anchor }));
    if (verdict.status === 'good') return verdict;
    if (best === null || order.indexOf(verdict.status) < order.indexOf(best.status)) best = verdict;
  }
  const reason = work.spent ? BUDGET_SPENT : (fault ?? deadEnds[0] ?? 'no path to a trust anchor');
  return best ?? { valid: false, status: 'invalid', reason, path: [], revocation: null, policies: [] };
}

type RevocationCheck = (path: Path, keys: ValidPath['keys']) => (RevocationAnswer & { readonly certificate: string }) | null;

function withRevocation(path: Path, valid: ValidPath, check: RevocationCheck): Verdict {
  return holding(path, valid, check(path, valid.keys));
}

function holding({ anchor, certificates }: Path, { policies }: ValidPath, revocation: Verdict['revocation']): Verdict {
  const status = revocation?.status ?? 'good';
  const reason = revocation === null || status === 'good' ? '' : `${revocation.certificate}: ${revocation.reason}`;
  return {
    valid: status === 'good',
    status,
    reason,
    path: [...certificates.map(({ subject }) => displayName(subject)).reverse(), displayName(anchor.name)],
    revocation,
    policies: [...policies],
  };
}

interface Surroundings {
  readonly question: Question;
  readonly pool: Pool;
  readonly revocation: RevocationSource;
  readonly work: Work;
  readonly anchor: AnchorCertificate;
}

/**
 * Asks for each certificate of a path, from the anchor down, and answers with the worst. Who signs a CRL must hold a path to the same anchor, and not be
 * revoked by others; only where no other's CRL speaks of a signer, its own may (docs/decisions/0092-which-crls-count.md).
 */
function createRevocationCheck({ question, pool, revocation, work, anchor }: Surroundings): RevocationCheck {
  const pending = new Set<string>();
  const vouching = new Set<string>();
  const known = new Map<string, boolean>();
  // For the signer of a CRL the user's policies and purpose ask nothing.
  const demands: Demands = {
    at: question.at,
    policies: new Set(['2.5.29.32.0']),
    requireExplicitPolicy: false,
    inhibitPolicyMapping: false,
    inhibitAnyPolicy: false,
    eku: null,
  };

  const mayIssueCrls = (certificate: Certificate | null): boolean => certificate?.keyUsage?.cRLSign ?? true;

  const signers: FindSigners = function* (name) {
    if (anchor.name.key === name.key && mayIssueCrls(anchor.certificate)) yield anchor;
    for (const certificate of pool.get(name.key) ?? []) {
      if (!mayIssueCrls(certificate) || certificate.version !== 3) continue;
      if (isTrusted(certificate)) yield { name: certificate.subject, key: certificate.key };
    }
  };

  function isTrusted(signer: Certificate): boolean {
    const { digest } = signer;
    if (vouching.has(digest)) return true;
    if (pending.has(digest) || work.spent) return false;
    const before = known.get(digest);
    if (before !== undefined) return before;
    pending.add(digest);
    const search = { target: signer, anchors: [anchor], pool, at: question.at, maxDepth: question.maxDepth, work, note: () => undefined };
    let trusted = false;
    for (const path of pathsTo(search)) {
      const held = validatePath(path, demands, work);
      if (!held.ok) continue;
      let answer = check(path, held.value.keys);
      if (answer?.status === 'unknown') {
        vouching.add(digest);
        answer = check(path, held.value.keys);
        vouching.delete(digest);
      }
      trusted = answer?.status === 'good';
      if (trusted) break;
    }
    pending.delete(digest);
    // What was found while another signer was in question holds for that question only.
    if (pending.size === 0) known.set(digest, trusted);
    return trusted;
  }

  function check({ certificates }: Path, keys: ValidPath['keys']): ReturnType<RevocationCheck> {
    let worst: ReturnType<RevocationCheck> = null;
    for (const [index, certificate] of certificates.entries()) {
      const above = certificates[index - 1];
      const key = keys[index];
      if (key === undefined) throw new Error('a path holds with a key for each certificate');
      const issuer = above === undefined ? anchor : { name: above.subject, key };
      const answer = revocation.revocationOf(
        certificate,
        { name: issuer.name, key, mayIssueCrls: mayIssueCrls(above ?? anchor.certificate) },
        question.at,
        signers,
      );
      if (worst === null || worst.status === 'good' || severity(answer) > severity(worst))
        worst = { ...answer, certificate: displayName(certificate.subject) };
    }
    return worst;
  }
  return check;
}

function severity({ status }: RevocationAnswer): number {
  return ['good', 'unknown', 'suspended', 'revoked'].indexOf(status);
}
