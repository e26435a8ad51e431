import { type IdentityDocument, isExpired } from '../people/identity-document.ts';
import { ageOn } from '../people/holder.ts';
import type { Profile } from './profile.ts';
import type { DeskType } from './vocabulary.ts';

/** Why something may not be: the rule's id in the domain reference, and the source that the profile cites for it. */
export interface Refusal {
  readonly rule: string;
  readonly citation: string;
}

const ours = '[P]';

/** Whether this desk may activate this holder's card today. An empty list is a yes. */
export function refusalsOfActivation(
  profile: Profile,
  request: { readonly desk: DeskType; readonly today: string; readonly birthDate: string; readonly cardExpiry: string },
): readonly Refusal[] {
  const refusals: Refusal[] = [];
  const { activation } = profile.operations;
  const here = activation.absent === true ? undefined : activation.places[request.desk];
  if (here?.cases.includes('adult') !== true) refusals.push({ rule: 'ACT-08', citation: activation.citation });
  if (activation.absent !== true && deliveryOf(profile) === null) {
    refusals.push({ rule: 'C1', citation: activation.delivery.citation });
  }
  const { minimumAge, citation } = profile.cases.adult;
  if (ageOn(request.birthDate, request.today) < minimumAge) refusals.push({ rule: 'case-adult', citation });
  if (request.cardExpiry !== '' && request.cardExpiry < request.today) refusals.push({ rule: 'card-unexpired', citation: ours });
  return refusals;
}

/** How an activation gives the codes to the holder; `null`: in no way that a desk of this kind carries out. */
export function deliveryOf({ operations: { activation }, codes }: Profile): 'split' | 'envelope' | null {
  const scheme = activation.absent === true ? 'none' : activation.delivery.scheme;
  if (scheme === 'none' || (scheme === 'envelope' && codes.envelope === undefined)) return null;
  return scheme;
}

/** Whether this identity document identifies here today (DOC-01). An empty list is a yes. */
export function refusalsOfDocument(profile: Profile, document: IdentityDocument, today: string): readonly Refusal[] {
  const { documents, unexpired } = profile.identification;
  const refusals: Refusal[] = [];
  if (!documents.types.includes(document.type)) refusals.push({ rule: 'DOC-01-type', citation: documents.citation });
  if (isExpired(document, today)) refusals.push({ rule: 'DOC-01-unexpired', citation: unexpired.citation });
  return refusals;
}
