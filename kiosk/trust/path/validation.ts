import { type Result, err, ok } from '../../../devices/result.ts';
import { type AnchorCertificate, type Certificate, isSelfIssued, whyNoAuthority, whyNotNow } from '../x509/certificate.ts';
import { constrainedNames, whyNotWithin } from './constraints.ts';
import { type NameConstraints, oid } from '../x509/extensions.ts';
import { displayName } from '../x509/name.ts';
import { type PolicyGraph, acceptedPolicies, initialPolicies, withMappings, withPolicies } from './policy.ts';
import { type PublicKey, inheriting } from '../x509/key.ts';
import type { Work } from './work.ts';

/** From the certificate that the anchor issued to the one in question (RFC 5280, 6.1): the anchor is not among them. */
export interface Path {
  readonly anchor: AnchorCertificate;
  readonly certificates: readonly Certificate[];
}

/** The inputs of RFC 5280, 6.1.1, beside the path, and the purpose. */
export interface Demands {
  readonly at: Date;
  /** The user's policies; `2.5.29.32.0` among them is any. */
  readonly policies: ReadonlySet<string>;
  readonly requireExplicitPolicy: boolean;
  readonly inhibitPolicyMapping: boolean;
  readonly inhibitAnyPolicy: boolean;
  /** Binds the authorities of the path too, where they have an extended key usage. */
  readonly eku: string | null;
}

/** A path that holds: each certificate's issuer's key, and the policies it holds under. */
export interface ValidPath {
  readonly keys: readonly PublicKey[];
  readonly policies: ReadonlySet<string>;
}

/** RFC 5280, 6.1, but for revocation. */
export function validatePath({ anchor, certificates }: Path, demands: Demands, work: Work): Result<ValidPath, string> {
  const length = certificates.length;
  // 6.1.2: what is counted down says after how many certificates more it binds.
  let explicitPolicy = demands.requireExplicitPolicy ? 0 : length + 1;
  let inhibitAnyPolicy = demands.inhibitAnyPolicy ? 0 : length + 1;
  let policyMapping = demands.inhibitPolicyMapping ? 0 : length + 1;
  let pathLength = length;
  let graph: PolicyGraph = initialPolicies();
  const constraints: NameConstraints[] = [];
  const keys: PublicKey[] = [];
  let issuer = anchor.name;
  let key = anchor.key;

  for (const [index, certificate] of certificates.entries()) {
    const isLast = index === length - 1;
    const selfIssued = isSelfIssued(certificate);
    const refuse = (why: string): Result<never, string> => err(`${displayName(certificate.subject)}: ${why}`);

    // 6.1.3: the certificate itself.
    const signed = work.signature(certificate, key);
    if (!signed.ok) return refuse(signed.error);
    const untimely = whyNotNow(certificate, demands.at);
    if (untimely !== null) return refuse(untimely);
    if (certificate.issuer.key !== issuer.key) return refuse('its issuer has another name');
    if (!selfIssued || isLast) {
      const names = constrainedNames(certificate.subject, certificate.subjectAltName);
      for (const each of constraints) {
        const outside = whyNotWithin(each, names, work.compare);
        if (outside !== null) return refuse(outside);
      }
    }
    graph = withPolicies(graph, certificate.policies, inhibitAnyPolicy > 0 || (!isLast && selfIssued));
    if (explicitPolicy === 0 && graph.leaves.size === 0) return refuse('no policy is valid up to here, and one is required');
    if (certificate.notUnderstood !== null) return refuse(`unknown critical extension ${certificate.notUnderstood}`);
    const purpose = whyNotFor(certificate, demands.eku);
    if (purpose !== null) return refuse(purpose);
    keys.push(key);

    if (isLast) break;

    // 6.1.4: the certificate as the next one's issuer.
    const { policyMappings, policyConstraints } = certificate;
    if (policyMappings.some(({ issuer: from, subject: to }) => from === oid.anyPolicy || to === oid.anyPolicy)) {
      return refuse('maps any policy');
    }
    graph = withMappings(graph, policyMappings, policyMapping > 0);
    issuer = certificate.subject;
    key = inheriting(certificate.key, key);
    if (certificate.nameConstraints !== null) constraints.push(certificate.nameConstraints);
    if (!selfIssued) {
      explicitPolicy = down(explicitPolicy);
      policyMapping = down(policyMapping);
      inhibitAnyPolicy = down(inhibitAnyPolicy);
    }
    explicitPolicy = Math.min(explicitPolicy, policyConstraints?.requireExplicitPolicy ?? explicitPolicy);
    policyMapping = Math.min(policyMapping, policyConstraints?.inhibitPolicyMapping ?? policyMapping);
    inhibitAnyPolicy = Math.min(inhibitAnyPolicy, certificate.inhibitAnyPolicy ?? inhibitAnyPolicy);
    const noAuthority = whyNoAuthority(certificate);
    if (noAuthority !== null) return refuse(noAuthority);
    if (!selfIssued) {
      if (pathLength === 0) return refuse('more authorities follow one another than one of them allows');
      pathLength--;
    }
    pathLength = Math.min(pathLength, certificate.basicConstraints?.pathLength ?? pathLength);
  }

  // 6.1.5: the last certificate's own demand counts too.
  const last = certificates.at(-1);
  explicitPolicy = down(explicitPolicy);
  if (last?.policyConstraints?.requireExplicitPolicy === 0) explicitPolicy = 0;
  const policies = acceptedPolicies(graph, demands.policies);
  if (explicitPolicy === 0 && policies.size === 0) return err('no accepted policy is valid for the whole path, and one is required');
  return ok({ keys, policies });
}

function down(count: number): number {
  return count === 0 ? 0 : count - 1;
}

function whyNotFor({ extKeyUsage }: Certificate, eku: string | null): string | null {
  if (eku === null || extKeyUsage === null || extKeyUsage.includes(eku) || extKeyUsage.includes(oid.anyExtendedKeyUsage)) return null;
  return `is not for the purpose ${eku}`;
}
