import { describe, expect, test } from 'vitest';
import { looksUsual } from '../../../flows/people/document-number.ts';
import type { Representation } from '../../../flows/people/representation.ts';
import { casesHere, deliveryOf, refusalsOfCard, refusalsOfIdentified } from '../../../flows/procedures/card-and-document.ts';
import { caseChoices } from '../../../flows/procedures/case-choices.ts';
import type { DeskType } from '../../../flows/procedures/vocabulary.ts';
import { readProfile } from '../../../kiosk/procedures/profiles.ts';

const read = (id: string) => {
  const profile = readProfile(id);
  if (!profile.ok) throw new Error(id);
  return profile.value;
};
const today = '2026-11-22';
const operation = 'activation';
const grown = { birthDate: '1972-07-09', expiryDate: '2030-01-10', fiscalCode: 'RSSMRA72L09H501S' };
const young = { birthDate: '2014-11-20', expiryDate: '2030-01-10', fiscalCode: 'RSSLCU14S20H501J' };
const document = { type: 'identity-card', number: 'CA00000AA', issuingBody: 'Comune', expires: '2030-01-01' } as const;
const parent = { relation: 'parent', surname: 'ROSSI', name: 'MARIO', fiscalCode: 'RSSMRA72L09H501S' } as const;

type Case = Representation['case'];
type Papers = Partial<Representation['papers']>;
const by = (holderCase: Case, representative: Representation['representative'], papers: Papers = {}): Representation => ({
  case: holderCase,
  representative,
  papers: { forms: [], ...papers },
});
const minor = (papers: Papers = {}): Representation => by('minor', parent, { holderFiscalCode: young.fiscalCode, ...papers });
const delegate = (papers: Papers = {}, relation: 'other' | 'spouse' | 'relative' = 'other'): Representation =>
  by('delegate', { ...parent, relation }, { holderFiscalCode: grown.fiscalCode, ...papers });
const signed = { forms: ['delegation' as const], holderDocumentCopy: true };
const certificate = (months: number, mentionsDiagnosis = false): Papers => ({ medicalCertificate: { months, mentionsDiagnosis } });

describe.each<
  [profile: string, desk: DeskType, rows: [what: string, card: typeof grown, representation: Representation | null, rules: string[]][]]
>([
  [
    'emilia-romagna',
    'health-authority',
    [
      ['an adult in person', grown, null, []],
      ['C4: a minor alone', young, null, ['C4']],
      ['C4: a minor with a parent', young, minor(), []],
      [
        'C4: a minor with a brother',
        young,
        by('minor', { ...parent, relation: 'relative' }, { holderFiscalCode: young.fiscalCode }),
        ['C4'],
      ],
      ['C10: another child’s form', young, minor({ holderFiscalCode: 'RSSMRA75C22H501I' }), ['C10']],
      ['C10: no fiscal code read at all', young, by('minor', parent), ['C10']],
      ['C4: an adult passed off as a minor', grown, minor({ holderFiscalCode: grown.fiscalCode }), ['C4']],
      ['C7: delegates are not spoken of', grown, delegate(signed), ['C7', 'C7']],
      ['C5: nor are wards', grown, by('ward', { ...parent, relation: 'guardian' }, { holderFiscalCode: grown.fiscalCode }), ['C5', 'C5']],
    ],
  ],
  [
    'vda',
    'municipality',
    [
      ['the parent’s own card is missing', young, minor(), ['C4']],
      ['the parent with the own card', young, minor({ ownCardShown: true }), []],
      [
        'C5: wards at the health authority only',
        grown,
        by('ward', { ...parent, relation: 'guardian' }, { forms: ['court-papers'], holderFiscalCode: grown.fiscalCode }),
        ['C5'],
      ],
      ['C6: exactly three months are not beyond', grown, delegate({ ...signed, ...certificate(3) }), ['C6']],
      ['C6: four months', grown, delegate({ ...signed, ...certificate(4) }), []],
      ['C9: no certificate', grown, delegate(signed), ['C9']],
      ['C9: a diagnosis', grown, delegate({ ...signed, ...certificate(4, true) }), ['C9']],
      ['COD-01: no delegation', grown, delegate({ holderDocumentCopy: true, ...certificate(4) }), ['COD-01']],
      ['DOC-01: no copy of the holder’s document', grown, delegate({ forms: ['delegation'], ...certificate(4) }), ['DOC-01']],
    ],
  ],
  [
    'lombardia',
    'space-region',
    [
      [
        'a guardian for a minor, with the form',
        young,
        by('minor', { ...parent, relation: 'guardian' }, { forms: ['representative'], holderFiscalCode: young.fiscalCode }),
        [],
      ],
      ['C7: anybody', grown, delegate(signed), ['C7']],
      ['C7: the spouse', grown, delegate(signed, 'spouse'), []],
      ['C7: a cousin, the fourth degree', grown, delegate({ ...signed, degree: 4, nearerRelativesAbsent: true }, 'relative'), ['C7']],
      ['C7: an uncle, nobody nearer', grown, delegate({ ...signed, degree: 3, nearerRelativesAbsent: true }, 'relative'), []],
      ['C7: an uncle, who does not say so', grown, delegate({ ...signed, degree: 3 }, 'relative'), ['C7']],
    ],
  ],
])('%s, %s', (id, desk, rows) => {
  test.each(rows)('%s', (_, card, representation, rules) => {
    const refusals = refusalsOfIdentified(read(id), { operation, desk, today }, card, { document, representation });
    expect(refusals.map(({ rule }) => rule)).toEqual(rules);
    for (const { text, citation } of refusals) expect(text.length * citation.length).toBeGreaterThan(10);
  });
});

describe('OP-REI: new codes are asked for as the first ones are, by the rules of their own', () => {
  const sardegna = read('sardegna');
  const reissue = { operation: 'reissue', desk: 'pharmacy', today } as const;
  test('the same cases at the same desks, and an envelope again (COD-15)', () => {
    expect(casesHere(sardegna, reissue, grown.birthDate)).toEqual(casesHere(sardegna, { ...reissue, operation }, grown.birthDate));
    expect([deliveryOf(sardegna, 'reissue'), deliveryOf(read('lombardia'), 'reissue')]).toEqual(['envelope', 'split']);
    expect(deliveryOf(sardegna, 'pin-unblock')).toBe(null);
  });
  test('a profile that does them elsewhere only is asked about them, not about the activation', () => {
    const rule = sardegna.operations.reissue;
    if (rule.absent === true) throw new Error('Sardinia gives new codes');
    const narrow = { ...sardegna, operations: { ...sardegna.operations, reissue: { ...rule, places: {} } } };
    expect(refusalsOfCard(narrow, reissue, grown)).toMatchObject([{ rule: 'ACT-08', text: 'Qui non si fa il rilascio di nuovi codici.' }]);
    expect(refusalsOfCard(narrow, { ...reissue, operation }, grown)).toEqual([]);
    expect(refusalsOfIdentified(narrow, reissue, grown, { document, representation: null })[0]?.rule).toBe('ACT-08');
  });
});

describe('documents', () => {
  const profile = read('emilia-romagna');
  const of = (changes: object): string[] =>
    refusalsOfIdentified(profile, { operation, desk: 'health-authority', today }, grown, {
      document: { ...document, ...changes },
      representation: null,
    }).map(({ rule }) => rule);
  test.each([
    ['DOC-01: valid through the last day it names', { expires: today }, []],
    ['DOC-01: expired the day after', { expires: '2026-11-21' }, ['DOC-01']],
    ['DOC-02: a pension book names no last day', { type: 'pension-book', expires: null }, []],
    ['DOC-02: a passport names one', { type: 'passport', expires: null }, ['DOC-02']],
  ])('%s', (_, changes, rules) => expect(of(changes)).toEqual(rules));

  test('DOC-01: a document that the profile does not list', () => {
    const narrow = {
      ...profile,
      identification: { ...profile.identification, documents: { types: ['passport' as const], citation: 'LAZ' } },
    };
    expect(
      refusalsOfIdentified(narrow, { operation, desk: 'health-authority', today }, grown, { document, representation: null }),
    ).toMatchObject([{ rule: 'DOC-01', citation: 'LAZ' }]);
  });

  test.each([
    ['identity-card', 'CA00000AA', true],
    ['identity-card', 'AX 1234567', true],
    ['identity-card', '1234', false],
    ['passport', 'YA1234567', true],
    ['passport', 'YA12345', false],
    ['driving-licence', 'U1A2B3C4DE', true],
    ['driving-licence', 'MA1234567X', true],
    ['firearms-licence', 'whatever', true],
  ] as const)('2.5: a %s numbered %s looks usual: %s, and is taken either way', (type, number, usual) => {
    expect(looksUsual({ type, number })).toBe(usual);
    expect(of({ type, number })).toEqual([]);
  });
});

describe('whose card may be here', () => {
  test.each([
    ['emilia-romagna', 'health-authority', grown, ['adult']],
    ['emilia-romagna', 'health-authority', young, ['minor']],
    ['vda', 'municipality', grown, ['adult', 'delegate']],
    ['vda', 'health-authority', young, ['ward']],
    ['trento', 'regional-office', young, ['emancipated-minor', 'ward']],
    ['lazio', 'pharmacy', grown, []],
  ] as const)('%s, %s', (id, desk, card, cases) => {
    expect(casesHere(read(id), { operation, desk, today }, card.birthDate)).toEqual(cases);
  });

  test('eighteen tomorrow: a minor today', () => {
    const profile = read('emilia-romagna');
    expect(casesHere(profile, { operation, desk: 'health-authority', today }, '2008-11-22')).toEqual(['adult']);
    expect(casesHere(profile, { operation, desk: 'health-authority', today }, '2008-11-23')).toEqual(['minor']);
  });

  test('a card of a minor where minors may not be is refused with the reason', () => {
    const refusals = refusalsOfCard(
      { ...read('emilia-romagna'), cases: { ...read('emilia-romagna').cases, minor: read('trento').cases.minor } },
      { operation, desk: 'health-authority', today },
      young,
    );
    expect(refusals).toMatchObject([{ rule: 'case-adult', text: 'In Trentino i minori non possono attivare la tessera.' }]);
  });

  test('each case says what it asks for, with its source', () => {
    const [adult, ward, delegated] = caseChoices(read('sardegna'), { operation, desk: 'pharmacy', today }, grown.birthDate);
    expect([adult?.case, ward?.case, delegated?.case]).toEqual(['adult', 'ward', 'delegate']);
    expect(ward).toMatchObject({ relations: ['guardian'], papers: [{ anyOf: ['guardianship', 'court-papers'], citation: 'SAR 9.3.5' }] });
    expect(delegated).toMatchObject({
      relations: ['spouse', 'child', 'parent', 'relative', 'other'],
      holderDocumentCopy: { citation: 'SAR 6.4.4' },
      impediment: { months: 3, inclusive: false },
      kinship: null,
    });
    expect(delegated?.notes.some((note) => note.startsWith('C6:'))).toBe(true);
  });
});
