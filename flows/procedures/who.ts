import { ageOn } from '../people/holder.ts';
import type { Demand } from './demand.ts';
import type { Profile } from './profile.ts';
import type { ProcedureRequest } from './request.ts';
import { type HolderCase, isIdentifiedByOperator } from './vocabulary.ts';
import { casesIt, documentsIt, words } from './words.ts';

/** The point of procedures.md, 1.10, under which a case is discussed; an adult at the wrong desk is a matter of desks. */
export const rulesOfCases: Readonly<Record<HolderCase, string>> = {
  adult: 'ACT-08',
  minor: 'C4',
  'emancipated-minor': 'C4',
  ward: 'C5',
  delegate: 'C7',
};

/** Whether somebody else stands here than the holder. */
export function isRepresented(holderCase: HolderCase): boolean {
  return holderCase === 'minor' || holderCase === 'ward' || holderCase === 'delegate';
}

/** Who stands here: the right person for the case, of the right age, identified by a valid document, of their own will. */
export function whoDemands(profile: Profile, request: ProcedureRequest): readonly Demand[] {
  return [
    ...applicantDemands(profile, request),
    ...ageDemands(profile, request),
    ...documentDemands(profile, request),
    ...willDemands(profile, request),
  ];
}

function applicantDemands(profile: Profile, { case: holderCase, applicant, identification }: ProcedureRequest): readonly Demand[] {
  const relation = applicant?.relation;
  const rule = profile.cases[holderCase];
  const id = rulesOfCases[holderCase];
  if (rule.absent === true) return [{ rule: id, text: rule.note, citation: rule.citation, met: false }];
  if ('who' in rule) return [delegateDemand(rule.who, applicant)];
  if (!('relations' in rule)) {
    // Where a code or a card identifies, nobody states a relation.
    const met = relation === undefined ? !isIdentifiedByOperator(identification) : relation === 'holder';
    return [{ rule: 'COD-01', text: 'I codici sono personali: deve chiederli il titolare della tessera.', citation: rule.citation, met }];
  }
  const text =
    holderCase === 'minor' ? 'Per un minore deve presentarsi un genitore.' : 'Per una persona sotto tutela deve presentarsi il tutore.';
  return [
    { rule: id, text, citation: rule.citation, met: relation !== undefined && rule.relations.includes(relation) },
    ...(rule.ownCard === undefined
      ? []
      : [
          {
            rule: id,
            text: 'Serve anche la tessera sanitaria del genitore.',
            citation: rule.ownCard.citation,
            met: applicant?.ownCardShown === true,
            item: { name: 'own-card', it: 'la tessera sanitaria di chi accompagna', en: 'the health card of who comes along' },
          },
        ]),
  ];
}

function delegateDemand(
  { order, maximumDegree, citation }: Exclude<Profile['cases']['delegate'], { absent: true }>['who'],
  applicant: ProcedureRequest['applicant'],
): Demand {
  const { relation, degree, nearerRelativesAbsent } = applicant ?? {};
  if (order === 'anyone') {
    return { rule: 'C7', text: 'Deve presentarsi il delegato.', citation, met: relation !== undefined && relation !== 'holder' };
  }
  // Spouse, else children, else other relatives in direct or collateral line; a parent is one of the first degree.
  const kin = relation === 'relative' ? degree : relation === 'parent' || relation === 'child' ? (degree ?? 1) : undefined;
  const near = kin !== undefined && kin >= 1 && kin <= (maximumDegree ?? 1) && nearerRelativesAbsent === true;
  return {
    rule: 'C7',
    text: 'Può presentarsi il coniuge; in sua assenza un figlio; in assenza anche di figli un altro parente, fino al terzo grado, che lo dichiara.',
    citation,
    met: relation === 'spouse' || near,
  };
}

/** Whether a holder born then is of the age of a case; a ward is of any. */
export function isOfAge(minimumAge: number, holderCase: HolderCase, birthDate: string, date: string): boolean {
  const wanted = holderCase === 'adult' || holderCase === 'delegate';
  return holderCase === 'ward' || ageOn(birthDate, date) >= minimumAge === wanted;
}

/** Age comes from certificate or document, never from the fiscal code (procedures.md, 2.5); unknown here, it is looked at while it runs. */
function ageDemands({ cases: { adult } }: Profile, { case: holderCase, card, date }: ProcedureRequest): readonly Demand[] {
  const birthDate = card?.holderBirthDate;
  if (birthDate === undefined) return [];
  const isAdult = ageOn(birthDate, date) >= adult.minimumAge;
  const text = isAdult
    ? `Il titolare è maggiorenne: la procedura per "${casesIt[holderCase]}" non è la sua.`
    : 'Il titolare è minorenne: serve la procedura per i minori.';
  return [{ rule: 'C4', text, citation: adult.citation, met: isOfAge(adult.minimumAge, holderCase, birthDate, date) }];
}

function documentDemands({ identification: rules }: Profile, { identification, applicant, date }: ProcedureRequest): readonly Demand[] {
  const document = applicant?.document;
  const needed = isIdentifiedByOperator(identification);
  const { documents, unexpired, withoutExpiry } = rules;
  const demands: Demand[] = [];
  if (needed) {
    demands.push({
      rule: 'DOC-01',
      text:
        document === undefined
          ? 'Serve un documento di riconoscimento valido di chi si presenta.'
          : `Qui questo documento non è accettato: ${documentsIt[document.type]}.`,
      citation: documents.citation,
      met: document !== undefined && documents.types.includes(document.type),
      item: {
        name: 'identity-document',
        it: `un documento valido di chi si presenta (${documents.types.map((type) => words.it.documents[type]).join(', ')})`,
        en: `a valid document of who comes (${documents.types.map((type) => words.en.documents[type]).join(', ')})`,
      },
    });
  }
  // A document that has expired is refused wherever one is shown, needed or not.
  if (document?.expires != null) {
    demands.push({ rule: 'DOC-01', text: 'Il documento è scaduto.', citation: unexpired.citation, met: date <= document.expires });
  }
  if (needed && document?.expires === null) {
    demands.push({
      rule: 'DOC-02',
      text: 'Questo documento deve avere una scadenza, e non è indicata.',
      citation: withoutExpiry.citation,
      met: withoutExpiry.types.includes(document.type),
    });
  }
  return demands;
}

function willDemands({ will }: Profile, { identification, applicant }: ProcedureRequest): readonly Demand[] {
  // Whoever acts alone, by code or by card, wishes it by doing it.
  const met = applicant?.will ?? !isIdentifiedByOperator(identification);
  const text =
    will.expressed === 'verbally'
      ? 'Chi si presenta deve dire a voce che vuole procedere.'
      : 'Chi si presenta deve firmare che vuole procedere.';
  return [{ rule: 'C24', text, citation: will.citation, met }];
}
