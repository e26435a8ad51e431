import type { CardStanding, Holder, ServiceOperation, ServiceRequest } from '../ports/services.ts';
import { type Identified, type Refusal, requestOf, sameHolder } from './card-and-document.ts';
import { decide } from './decide.ts';
import type { Profile } from './profile.ts';
import type { DeskType } from './vocabulary.ts';

/** What the operator enters for a service: who stands here, why, and which papers were shown. */
export interface ServiceEntered extends Identified, Pick<ServiceRequest, 'reason' | 'forms' | 'lossProof'> {}

/** Of whose card is spoken, where and when. */
export interface ServiceAsked {
  readonly operation: ServiceOperation;
  readonly desk: DeskType;
  readonly today: string;
  readonly holder: Holder;
  /** The card itself is in the reader. */
  readonly cardShown: boolean;
}

/** Whether the profile allows a service, once it is known who stands here and how the card stands at the CMS; and what the operator must know. */
export function decideService(
  profile: Profile,
  { operation, desk, today, holder, cardShown }: ServiceAsked,
  { document, representation, reason, forms, lossProof }: ServiceEntered,
  { status, activated, ownRegion, householdHasReader }: CardStanding,
): { readonly refusals: readonly Refusal[]; readonly notes: readonly string[] } {
  const found = requestOf(profile, { operation, desk, today }, holder, { document, representation });
  const { refusals, notes } = decide(profile, {
    ...found,
    evidence: { ...found.evidence, forms: [...found.evidence.forms, ...forms], lossProof, householdHasReader },
    reason,
    card: { shown: cardShown, chip: cardShown, activated, holderBirthDate: holder.birthDate, status, ownRegion },
  });
  return { refusals: [...refusals, ...sameHolder(profile, holder, representation)], notes };
}
