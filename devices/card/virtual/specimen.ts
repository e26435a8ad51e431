import type { PersonalData } from '../contract.ts';

/** What is printed on and written into a card; its certificate and codes come from whoever issues it. */
export interface Specimen {
  readonly personalData: PersonalData;
  /** EF.ID_Carta: 16 digits, the first 6 for a citizen's regional card, the last by Luhn (card.md, 1.3). */
  readonly cardId: string;
}

const card = (
  cardDigits: string,
  data: Partial<PersonalData> & Pick<PersonalData, 'surname' | 'name' | 'birthDate' | 'sex' | 'fiscalCode'>,
): Specimen => ({
  cardId: withLuhn(cardDigits),
  personalData: {
    issuer: '0080',
    issueDate: '2023-05-02',
    expiryDate: '2029-05-01',
    height: '',
    citizenship: '',
    birthMunicipality: 'H501',
    birthCountry: '',
    birthAct: '',
    residenceMunicipality: 'A944',
    residenceAddress: '',
    travelNote: '',
    ...data,
  },
});

/** Invented cards of Emilia-Romagna; the names are the ones that specimens bear. */
export const specimens = {
  adult: card('608010000000001', { surname: 'ROSSI', name: 'MARIO', birthDate: '1972-07-09', sex: 'M', fiscalCode: 'RSSMRA72L09H501S' }),
  secondAdult: card('608010000000002', {
    surname: 'BIANCHI',
    name: 'ANNA',
    birthDate: '1980-03-15',
    sex: 'F',
    fiscalCode: 'BNCNNA80C55H501J',
  }),
  minor: card('608010000000003', { surname: 'ROSSI', name: 'LUCA', birthDate: '2014-11-20', sex: 'M', fiscalCode: 'RSSLCU14S20H501J' }),
  expired: card('608010000000004', {
    surname: 'VERDI',
    name: 'LUCIA',
    birthDate: '1965-01-31',
    sex: 'F',
    fiscalCode: 'VRDLCU65A71H501O',
    issueDate: '2018-02-01',
    expiryDate: '2024-01-31',
  }),
} as const satisfies Record<string, Specimen>;

function withLuhn(digits: string): string {
  const sum = [...digits].reverse().reduce((total, digit, index) => {
    const doubled = Number(digit) * (index % 2 === 0 ? 2 : 1);
    return total + (doubled > 9 ? doubled - 9 : doubled);
  }, 0);
  return `${digits}${(10 - (sum % 10)) % 10}`;
}
