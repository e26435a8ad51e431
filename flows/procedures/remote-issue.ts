import { type RemoteContacts, type RemoteOperation, isRemote } from '../ports/remote-issue.ts';
import type { CardStanding, Holder } from '../ports/services.ts';
import { type Identified, type Refusal, type Wanted, requestOf, sameHolder } from './card-and-document.ts';
import { type CaseChoice, caseChoices, paperChoice } from './case-choices.ts';
import { decide } from './decide.ts';
import type { Profile } from './profile.ts';
import type { DeskType, Operation } from './vocabulary.ts';
import { isRepresented } from './who.ts';

/** What the operator enters of who was recognised by video: the papers and copies that came by e-mail, where the parts go, and what the operator saw. */
export interface RemoteEntered extends Identified {
  /** As they stand on the form. */
  readonly contacts: RemoteContacts;
  readonly copiesLegible: boolean;
  readonly faceRecognised: boolean;
}

/** The operations that an operator may begin here for somebody who is not here. */
export function offeredRemotely(profile: Profile, desk: DeskType, operations: readonly Operation[]): readonly RemoteOperation[] {
  if (profile.remoteVideo.absent === true) return [];
  return operations.filter(isRemote).filter((operation) => {
    const rule = profile.operations[operation];
    return rule.absent !== true && rule.places[desk]?.modes.includes('remote-video') === true;
  });
}

/** The cases, each with the papers that come by e-mail: a form that recognition by video wants will do for what the case wants one of. */
export function remoteCaseChoices(profile: Profile, wanted: Wanted, birthDate: string): readonly CaseChoice[] {
  const { remoteVideo } = profile;
  if (remoteVideo.absent === true) return [];
  return caseChoices(profile, wanted, birthDate).map((choice) => {
    const papers = remoteVideo.papers[choice.case].map(paperChoice);
    const others = choice.papers.filter(({ anyOf }) => !papers.some((paper) => paper.anyOf.every((form) => anyOf.includes(form))));
    return {
      ...choice,
      papers: [...others, ...papers],
      // Of a holder who asks alone, the copy is the one of the document that is entered.
      holderDocumentCopy: isRepresented(choice.case) ? { citation: remoteVideo.holderDocumentCopy.citation } : null,
    };
  });
}

/** Whether the profile lets codes be released at a distance, once the operator has seen copies and face and the CMS has said how the card stands (C12). */
export function decideRemote(
  profile: Profile,
  { holder, ...wanted }: Wanted & { readonly operation: RemoteOperation; readonly holder: Holder },
  { document, representation, contacts, copiesLegible, faceRecognised }: RemoteEntered,
  { status, activated, ownRegion }: CardStanding,
): { readonly refusals: readonly Refusal[]; readonly notes: readonly string[] } {
  const found = requestOf(profile, wanted, holder, { document, representation });
  const holderCopy = isRepresented(found.case) ? found.evidence.holderDocumentCopy === true : true;
  const { refusals, notes } = decide(profile, {
    ...found,
    identification: 'remote-video',
    evidence: { ...found.evidence, holderDocumentCopy: copiesLegible && holderCopy },
    card: { shown: copiesLegible, chip: true, activated, holderBirthDate: holder.birthDate, status, ownRegion },
    contact: contacts,
  });
  return { refusals: [...unrecognised(profile, faceRecognised), ...refusals, ...sameHolder(profile, holder, representation)], notes };
}

function unrecognised({ remoteVideo }: Profile, faceRecognised: boolean): readonly Refusal[] {
  if (faceRecognised) return [];
  const text = 'I codici si rilasciano soltanto dopo il riconoscimento del volto in videochiamata.';
  return [{ rule: 'C12', text, citation: remoteVideo.citation }];
}
