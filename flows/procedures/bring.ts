import { type Decision, decide } from './decide.ts';
import { rulesOfOperations } from './place.ts';
import type { Profile } from './profile.ts';
import type { ProcedureRequest } from './request.ts';
import { type HolderCase, type Operation, type Place, places } from './vocabulary.ts';
import { rulesOfCases } from './who.ts';
import { type WordsLanguage, casesIt, words } from './words.ts';

export interface ToBring {
  readonly title: string;
  /** Whether this region does this operation for this case anywhere. */
  readonly possible: boolean;
  readonly items: readonly { readonly item: string; readonly text: string; readonly citation: string }[];
  /** Where it is not possible: why. */
  readonly refusals: Decision['refusals'];
  readonly notes: readonly string[];
}

/** The places at which this region does an operation for a case. */
export function placesOf({ operations, cases }: Profile, operation: Operation, holderCase: HolderCase): readonly Place[] {
  const rule = operations[operation];
  if (rule.absent === true || cases[holderCase].absent === true) return [];
  return places.filter((desk) => {
    const here = rule.places[desk];
    return here !== undefined && here.cases.includes(holderCase) && here.modes.length > 0;
  });
}

/** The first place that does an operation for a case, and how one is identified there; `null` where none does. */
export function wayOf(
  profile: Profile,
  operation: Operation,
  holderCase: HolderCase,
): { readonly desk: Place; readonly identification: ProcedureRequest['identification'] } | null {
  const rule = profile.operations[operation];
  const [desk] = placesOf(profile, operation, holderCase);
  if (desk === undefined || rule.absent === true) return null;
  const identification = rule.places[desk]?.modes[0];
  return identification === undefined ? null : { desk, identification };
}

/** "Cosa serve?": the list for a case and an operation, the same on screen, paper and command line; why not, and the notes, are the law's: Italian. */
export function toBring(profile: Profile, operation: Operation, holderCase: HolderCase, language: WordsLanguage = 'it'): ToBring {
  const way = wayOf(profile, operation, holderCase);
  const { operations, cases } = words[language];
  const decision = decide(profile, {
    profile: profile.id,
    ...(way ?? { desk: 'health-authority', identification: 'local-operator' }),
    operation,
    case: holderCase,
    date: profile.validFrom ?? '2026-01-01',
    evidence: { forms: [] },
    contact: {},
  });
  return {
    title: `${whatIsNeeded[language]} ${operations[operation]} (${cases[holderCase]})`,
    possible: way !== null,
    items:
      way === null
        ? []
        : decision.required.map(({ item, text, english, citation }) => ({ item, text: language === 'it' ? text : english, citation })),
    refusals: way === null ? whyNot(profile, operation, holderCase) : [],
    notes: decision.notes,
  };
}

const whatIsNeeded = { it: 'Cosa serve per', en: 'What you need for' } as const satisfies Record<WordsLanguage, string>;

function whyNot({ operations, cases }: Profile, operation: Operation, holderCase: HolderCase): Decision['refusals'] {
  const rule = operations[operation];
  if (rule.absent === true) return [{ rule: rulesOfOperations[operation], text: rule.note, citation: rule.citation }];
  const ofCase = cases[holderCase];
  const text = ofCase.absent === true ? ofCase.note : `Non è previsto per: ${casesIt[holderCase]}.`;
  return [{ rule: rulesOfCases[holderCase], text, citation: ofCase.absent === true ? ofCase.citation : rule.citation }];
}
