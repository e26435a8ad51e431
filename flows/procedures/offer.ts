import { type ServiceOperation, isService } from '../ports/services.ts';
import type { OperationRule, Profile } from './profile.ts';
import { type UncertainTable, mayGoOn } from './uncertain-revocation.ts';
import type { DeskType, Operation } from './vocabulary.ts';

/** The operations that a session carries out to their end, in the menu's order. What a profile knows beyond them is not offered. */
export const carriedOut: readonly Operation[] = [
  'activation',
  'reissue',
  'renewal',
  'suspension',
  'reactivation',
  'revocation',
  'reader-handout',
  'signature-certificate',
  'interop-activation',
  'interop-duplicate',
  'interop-revocation',
  'pin-unblock',
];

/** What can be known of a card before anybody is identified and the CMS was asked. */
export interface CardAtHand {
  /** By its certificate; `unknown`: no CRL speaks for it. */
  readonly status: 'active' | 'suspended' | 'revoked' | 'expired' | 'unknown';
  /** For `unknown`: since when that CRL is too old, `null` where there is none. */
  readonly secondsPastEnd: number | null;
  /** The issuer that the card names. */
  readonly issuer: string;
}

/**
 * Whether the menu offers an operation for a card that is in: the profile does it at this desk, for cards of this region and in this state.
 * It is a first look: what is allowed is decided once it is known who stands here and what the CMS says.
 */
export function isOffered(
  profile: Profile,
  desk: DeskType,
  operation: Operation,
  { status, secondsPastEnd, issuer }: CardAtHand,
  uncertain: UncertainTable,
): boolean {
  const rule = profile.operations[operation];
  if (rule.absent === true || rule.places[desk] === undefined) return false;
  if (!isOfItsRegion(profile, rule, issuer)) return false;
  const { statuses } = rule.card;
  return status === 'unknown' ? mayGoOn(uncertain, operation, secondsPastEnd) : statuses.includes(status);
}

/** Whether an operation is for cards of this issuer's: by what the card names, and never by its logo (C23). */
export function isOfItsRegion({ ownCards }: Profile, { card: { region } }: OperationRule, issuer: string): boolean {
  return region === 'any' || ownCards.issuers.includes(issuer) === (region === 'own');
}

/** The services that may be asked for without the card: a lost one cannot be put in. */
export function offeredWithoutCard(profile: Profile, desk: DeskType, operations: readonly Operation[]): readonly ServiceOperation[] {
  return operations.filter(isService).filter((operation) => {
    const rule = profile.operations[operation];
    return rule.absent !== true && !rule.card.shown && rule.places[desk]?.modes.includes('local-operator') === true;
  });
}
