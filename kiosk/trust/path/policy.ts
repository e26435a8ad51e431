import { oid } from '../x509/extensions.ts';
import type { PolicyMapping } from '../x509/extensions.ts';

/**
 * The valid policies of a path, as the graph of RFC 9618, which answers as the tree of RFC 5280, 6.1, does, without growing exponentially where an issuer
 * maps everything to everything. Each depth has at most one node for a policy. Nothing is pruned: a node that leads nowhere is one that no later
 * node names as a parent, and only what stands at the last depth is asked for.
 */
export interface PolicyGraph {
  /** The nodes of the last depth, by policy; empty is RFC 5280's "valid_policy_tree is NULL". */
  readonly leaves: ReadonlyMap<string, PolicyNode>;
  /** The nodes of the depth above. */
  readonly above: ReadonlyMap<string, PolicyNode>;
}

interface PolicyNode {
  readonly policy: string;
  /** What the next certificate's policy must be called. */
  readonly expected: ReadonlySet<string>;
  readonly parents: readonly PolicyNode[];
}

const any = oid.anyPolicy;
const nothing: ReadonlyMap<string, PolicyNode> = new Map();

export function initialPolicies(): PolicyGraph {
  return { leaves: new Map([[any, { policy: any, expected: new Set([any]), parents: [] }]]), above: nothing };
}

/** One certificate further (RFC 5280, 6.1.3 d and e). */
export function withPolicies({ leaves: above }: PolicyGraph, policies: ReadonlySet<string> | null, anyPolicyCounts: boolean): PolicyGraph {
  if (policies === null || above.size === 0) return { leaves: nothing, above };
  const expecting = new Map<string, PolicyNode[]>();
  for (const node of above.values()) {
    for (const policy of node.expected) expecting.set(policy, [...(expecting.get(policy) ?? []), node]);
  }
  const leaves = new Map<string, PolicyNode>();
  const wildcard = above.get(any);
  for (const policy of policies) {
    if (policy === any) continue;
    const parents = expecting.get(policy) ?? (wildcard === undefined ? [] : [wildcard]);
    if (parents.length > 0) leaves.set(policy, { policy, expected: new Set([policy]), parents });
  }
  if (policies.has(any) && anyPolicyCounts) {
    for (const [policy, parents] of expecting) {
      if (!leaves.has(policy)) leaves.set(policy, { policy, expected: new Set([policy]), parents });
    }
  }
  return { leaves, above };
}

/** What an authority maps (RFC 5280, 6.1.4 b): renamed where mapping is allowed, dropped where it is not. */
export function withMappings({ leaves, above }: PolicyGraph, mappings: readonly PolicyMapping[], allowed: boolean): PolicyGraph {
  const renamed = new Map<string, Set<string>>();
  for (const { issuer, subject } of mappings) renamed.set(issuer, (renamed.get(issuer) ?? new Set()).add(subject));
  const mapped = new Map(leaves);
  const wildcard = leaves.has(any) ? above.get(any) : undefined;
  for (const [policy, expected] of renamed) {
    const node = leaves.get(policy);
    if (!allowed) mapped.delete(policy);
    else if (node !== undefined) mapped.set(policy, { ...node, expected });
    else if (wildcard !== undefined) mapped.set(policy, { policy, expected, parents: [wildcard] });
  }
  return { leaves: mapped, above };
}

/**
 * The policies, in the terms of the first authority, under which the path holds and which the user accepts (RFC 5280, 6.1.5 g); with anyPolicy
 * where every certificate said so and the user accepts any.
 */
export function acceptedPolicies({ leaves }: PolicyGraph, userPolicies: ReadonlySet<string>): ReadonlySet<string> {
  const known = new Map<PolicyNode, ReadonlySet<string>>();
  // The terms in which the first authority said it: the policy of the first node on the way that is not anyPolicy.
  const origins = (node: PolicyNode): ReadonlySet<string> => {
    const before = known.get(node);
    if (before !== undefined) return before;
    const found = new Set<string>();
    for (const parent of node.parents) {
      if (parent.policy === any) found.add(node.policy);
      else for (const origin of origins(parent)) found.add(origin);
    }
    known.set(node, found);
    return found;
  };
  const authority = new Set<string>();
  for (const node of leaves.values()) for (const origin of origins(node)) authority.add(origin);
  if (userPolicies.has(any)) return authority;
  return authority.has(any) ? userPolicies : new Set([...authority].filter((policy) => userPolicies.has(policy)));
}
