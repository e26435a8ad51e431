import type { IdentityDocument } from '../people/identity-document.ts';
import type { Representation } from '../people/representation.ts';
import type { CardStanding, Holder, ServiceOperation, ServiceRequest } from '../ports/services.ts';
import { type Refusal, sameHolder } from './card-and-document.ts';
import { decide } from './decide.ts';
import type { Profile } from './profile.ts';
import type { DeskType } from './vocabulary.ts';

/** What the operator enters for a service: who stands here, why, and which papers were shown. */
export interface ServiceEntered extends Pick<ServiceRequest, 'reason' | 'forms' | 'lossProof'> {
  readonly document: IdentityDocument;
  readonly representation: Representation | null;
}

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
  const papers = representation?.papers;
  const { refusals, notes } = decide(profile, {
    profile: profile.id,
    desk,
    operation,
    case: representation?.case ?? 'adult',
    identification: 'local-operator',
    date: today,
    applicant: {
      relation: representation?.representative?.relation ?? 'holder',
      degree: papers?.degree,
      nearerRelativesAbsent: papers?.nearerRelativesAbsent,
      ownCardShown: papers?.ownCardShown,
      document: { type: document.type, expires: document.expires },
      // They stand here and ask for it.
      will: true,
    },
    evidence: {
      forms: [...(papers?.forms ?? []), ...forms],
      medicalCertificate: papers?.medicalCertificate,
      holderDocumentCopy: papers?.holderDocumentCopy,
      lossProof,
      householdHasReader,
    },
    reason,
    card: { shown: cardShown, chip: cardShown, activated, holderBirthDate: holder.birthDate, status, ownRegion },
    contact: {},
  });
  return { refusals: [...refusals, ...sameHolder(profile, holder, representation)], notes };
}
