import { notesOf } from './notes.ts';
import type { Paper, Profile } from './profile.ts';
import type { Form, HolderCase, relations } from './vocabulary.ts';
import { type Wanted, casesHere } from './card-and-document.ts';

type Relation = Exclude<(typeof relations)[number], 'holder'>;

/** What the operator asks for in a case: who may stand here, and what is shown for it, each with its source. */
export interface CaseChoice {
  readonly case: HolderCase;
  /** Empty: the holder alone. */
  readonly relations: readonly Relation[];
  /** Of each line one paper will do; `orHolderDocument`: or the holder's own document. */
  readonly papers: readonly { readonly anyOf: readonly Form[]; readonly orHolderDocument: boolean; readonly citation: string }[];
  readonly ownCard: Asked | null;
  readonly holderDocumentCopy: Asked | null;
  readonly kinship: Asked | null;
  readonly impediment: (Asked & { readonly months: number; readonly inclusive: boolean }) | null;
  /** What the operator must know, each line beginning with its id. */
  readonly notes: readonly string[];
}
interface Asked {
  readonly citation: string;
}

const others: readonly Relation[] = ['spouse', 'child', 'parent', 'relative', 'other'];
const kin: readonly Relation[] = ['spouse', 'child', 'parent', 'relative'];

/** The cases that may be here for a card, each with what it asks for; the adult's first where it may be. */
export function caseChoices(profile: Profile, wanted: Wanted, birthDate: string): readonly CaseChoice[] {
  return casesHere(profile, wanted, birthDate).map((holderCase) => choiceOf(profile, wanted, holderCase));
}

function choiceOf(profile: Profile, { operation, desk, today }: Wanted, holderCase: HolderCase): CaseChoice {
  const rule = profile.cases[holderCase];
  const delegate = holderCase === 'delegate' && profile.cases.delegate.absent !== true ? profile.cases.delegate : null;
  const byRelatives = delegate?.who.order === 'relatives';
  return {
    case: holderCase,
    relations:
      delegate !== null
        ? byRelatives
          ? kin
          : others
        : 'relations' in rule
          ? rule.relations.filter((relation) => relation !== 'holder')
          : [],
    papers: rule.absent === true ? [] : rule.papers.map(paperChoice),
    ownCard: 'ownCard' in rule && rule.ownCard !== undefined ? { citation: rule.ownCard.citation } : null,
    holderDocumentCopy: delegate?.holderDocumentCopy === undefined ? null : { citation: delegate.holderDocumentCopy.citation },
    kinship: byRelatives ? { citation: delegate.who.citation } : null,
    impediment: delegate?.impediment ?? null,
    notes: notesOf(profile, {
      profile: profile.id,
      desk,
      operation,
      case: holderCase,
      identification: 'local-operator',
      date: today,
      evidence: { forms: [] },
      contact: {},
    }),
  };
}

export function paperChoice({ anyOf, holderDocumentCopyWillDo, citation }: Paper): CaseChoice['papers'][number] {
  return { anyOf, orHolderDocument: holderDocumentCopyWillDo === true, citation };
}
