import { type Result, err, ok } from '../../devices/result.ts';
import type { CardStatus, ServiceOperation } from '../../flows/ports/services.ts';
import type { ProblemType } from '../cms/problems.ts';

/** From which states a service is done, and the one that it leaves; `same`: it leaves the card alone. */
const rules: Readonly<
  Record<ServiceOperation, { readonly from: readonly CardStatus[]; readonly to: 'active' | 'suspended' | 'revoked' | 'same' }>
> = {
  suspension: { from: ['active'], to: 'suspended' },
  reactivation: { from: ['suspended'], to: 'active' },
  revocation: { from: ['active', 'suspended'], to: 'revoked' },
  'interop-revocation': { from: ['active', 'suspended'], to: 'revoked' },
  'reader-handout': { from: ['active', 'suspended', 'revoked', 'expired'], to: 'same' },
  'signature-certificate': { from: ['active'], to: 'same' },
};

/** What a service makes of a card: a ratchet, active ↔ suspended → revoked, and revoked is for good (procedures.md, 1.3). */
export function cardAfter(operation: ServiceOperation, status: CardStatus): Result<CardStatus, ProblemType> {
  const { from, to } = rules[operation];
  if (!from.includes(status)) return err('card-state-wrong');
  return ok(to === 'same' ? status : to);
}
