import type { IdentityDocument } from '../people/identity-document.ts';
import type { Representation } from '../people/representation.ts';
import { paperDemands } from './papers.ts';
import { placeDemands, rulesOfOperations } from './place.ts';
import type { OperationRule, Profile } from './profile.ts';
import type { ProcedureRequest } from './request.ts';
import { type DeskType, type HolderCase, type Operation, holderCases } from './vocabulary.ts';
import { operationsIt } from './words.ts';
import { isOfAge, isRepresented, whoDemands } from './who.ts';

/** Why something may not be: the rule's id in the domain reference, what it says, and the source that the profile cites for it. */
export interface Refusal {
  readonly rule: string;
  readonly text: string;
  readonly citation: string;
}

const ours = '[P]';

/** What a card says of its holder, as far as rules speak of it; dates are civil. */
interface CardFacts {
  readonly birthDate: string;
  readonly expiryDate: string;
  readonly fiscalCode: string;
}

/** Which operation, at which desk, on which civil day. */
export interface Wanted {
  readonly operation: Operation;
  readonly desk: DeskType;
  readonly today: string;
}

/** The cases in which this desk does it today, for the card of a holder of this age. */
export function casesHere(profile: Profile, { operation, desk, today }: Wanted, birthDate: string): readonly HolderCase[] {
  const here = ruleOf(profile, operation)?.places[desk];
  return holderCases.filter(
    (holderCase) =>
      here?.cases.includes(holderCase) === true &&
      profile.cases[holderCase].absent !== true &&
      isOfAge(profile.cases.adult.minimumAge, holderCase, birthDate, today),
  );
}

/** Whether this desk may do it today for the holder of this card, or for somebody in their place. An empty list is a yes. */
export function refusalsOfCard(profile: Profile, wanted: Wanted, card: CardFacts): readonly Refusal[] {
  const { operation, desk, today } = wanted;
  const refusals: Refusal[] = [];
  const rule = profile.operations[operation];
  const here = rule.absent === true ? undefined : rule.places[desk];
  if (here === undefined) {
    const id = operation === 'activation' || operation === 'reissue' ? 'ACT-08' : rulesOfOperations[operation];
    refusals.push({ rule: id, text: `Qui non si fa ${operationsIt[operation]}.`, citation: rule.citation });
  }
  if (rule.absent !== true && rule.delivery.scheme !== 'none' && deliveryOf(profile, operation) === null) {
    refusals.push({ rule: 'C1', text: 'Qui non è detto come si consegnano i codici.', citation: rule.delivery.citation });
  }
  if (here !== undefined && casesHere(profile, wanted, card.birthDate).length === 0) {
    const ofAge = isOfAge(profile.cases.adult.minimumAge, 'adult', card.birthDate, today);
    const { minor } = profile.cases;
    refusals.push(
      ofAge
        ? { rule: 'ACT-08', text: 'Qui non per i maggiorenni.', citation: here.citation }
        : { rule: 'case-adult', text: minor.absent === true ? minor.note : 'Qui non per i minori.', citation: minor.citation },
    );
  }
  if (rule.absent !== true && !rule.card.statuses.includes('expired') && card.expiryDate !== '' && card.expiryDate < today) {
    refusals.push({ rule: 'card-unexpired', text: 'La tessera è scaduta.', citation: ours });
  }
  return refusals;
}

/** How an operation gives the codes to the holder; `null`: in no way that a desk of this kind carries out. */
export function deliveryOf(profile: Profile, operation: Operation): 'split' | 'envelope' | null {
  const scheme = ruleOf(profile, operation)?.delivery.scheme ?? 'none';
  if (scheme === 'none' || (scheme === 'envelope' && profile.codes.envelope === undefined)) return null;
  return scheme;
}

function ruleOf({ operations }: Profile, operation: Operation): OperationRule | null {
  const rule = operations[operation];
  return rule.absent === true ? null : rule;
}

/** What the operator found of who stands here: their document and, where the holder is no adult acting alone, the case and its papers. */
export interface Identified {
  readonly document: IdentityDocument;
  readonly representation: Representation | null;
}

/**
 * Whether it may be done for who stands here (procedures.md, 1.4, DOC-01, C4-C10), from what the operator found. An empty list is a
 * yes. The card's own state was looked at before, and where the second part goes is asked after.
 */
export function refusalsOfIdentified(profile: Profile, wanted: Wanted, card: CardFacts, identified: Identified): readonly Refusal[] {
  const rule = profile.operations[wanted.operation];
  if (rule.absent === true) return [{ rule: rulesOfOperations[wanted.operation], text: rule.note, citation: rule.citation }];
  const request = requestOf(profile, wanted, card, identified);
  const demands = [...placeDemands(profile, rule, request), ...whoDemands(profile, request), ...paperDemands(profile, rule, request)];
  return [
    ...demands.filter(({ met }) => !met).map(({ rule: id, text, citation }) => ({ rule: id, text, citation })),
    ...sameHolder(profile, card, identified.representation),
  ];
}

/** What the engine is asked of who stands here with the card, as the operator found them. */
export function requestOf(
  profile: Profile,
  { operation, desk, today }: Wanted,
  card: Pick<CardFacts, 'birthDate'>,
  { document, representation }: Identified,
): ProcedureRequest {
  const { forms = [], medicalCertificate, holderDocumentCopy, ownCardShown, degree, nearerRelativesAbsent } = representation?.papers ?? {};
  return {
    profile: profile.id,
    desk,
    operation,
    case: representation?.case ?? 'adult',
    identification: 'local-operator',
    date: today,
    applicant: {
      relation: representation?.representative?.relation ?? 'holder',
      degree,
      nearerRelativesAbsent,
      ownCardShown,
      document: { type: document.type, expires: document.expires },
      // They touched "Sì" on the screen, or stand here and ask for it.
      will: true,
    },
    evidence: { forms: [...forms], medicalCertificate, holderDocumentCopy },
    card: { shown: true, chip: true, holderBirthDate: card.birthDate },
    contact: {},
  };
}

/** The check that the manuals forget: the represented person is the card's holder (C10). */
export function sameHolder(
  profile: Profile,
  card: Pick<CardFacts, 'fiscalCode'>,
  representation: Representation | null,
): readonly Refusal[] {
  if (representation === null || !isRepresented(representation.case)) return [];
  if (representation.papers.holderFiscalCode === card.fiscalCode) return [];
  const text = 'Il codice fiscale della persona rappresentata, sul modulo o sul codice a barre, non è quello della tessera.';
  return [{ rule: 'C10', text, citation: profile.points['C10']?.citation ?? `${ours} C10` }];
}
