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

const renewing = {
  surname: 'BIANCHI',
  name: 'SARA',
  birthDate: '1991-08-23',
  sex: 'F',
  birthMunicipality: 'A944',
  fiscalCode: 'BNCSRA91M63A944B',
} as const;

/** Cards of Emilia-Romagna, one for each case of the procedures; the names are the ones that specimens bear. */
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
  parent: card('608010000000010', { surname: 'ROSSI', name: 'PAOLA', birthDate: '1979-04-12', sex: 'F', fiscalCode: 'RSSPLA79D52H501Q' }),
  ward: card('608010000000011', {
    surname: 'VERDI',
    name: 'ELENA',
    birthDate: '1938-05-17',
    sex: 'F',
    birthMunicipality: 'A944',
    fiscalCode: 'VRDLNE38E57A944T',
  }),
  guardian: card('608010000000012', {
    surname: 'VERDI',
    name: 'MARCO',
    birthDate: '1968-09-05',
    sex: 'M',
    birthMunicipality: 'A944',
    fiscalCode: 'VRDMRC68P05A944Z',
  }),
  delegator: card('608010000000013', {
    surname: 'ROSSI',
    name: 'MARIA',
    birthDate: '1950-02-28',
    sex: 'F',
    fiscalCode: 'RSSMRA50B68H501M',
  }),
  delegate: card('608010000000014', {
    surname: 'NERI',
    name: 'PAOLO',
    birthDate: '1970-10-02',
    sex: 'M',
    birthMunicipality: 'A944',
    fiscalCode: 'NREPLA70R02A944Z',
  }),
  oldCard: card('608010000000015', { ...renewing, issueDate: '2022-01-10', expiryDate: '2028-01-09' }),
  newCard: card('608010000000016', { ...renewing, issueDate: '2025-11-03', expiryDate: '2031-11-02' }),
  /** Another person has the fiscal code that this one would have: its last digit is a letter (procedures.md, 2.5). */
  omocode: card('608010000000017', { surname: 'ROSSI', name: 'MARIO', birthDate: '1972-07-09', sex: 'M', fiscalCode: 'RSSMRA72L09H50MK' }),
  longNames: card('608010000000018', {
    surname: 'BIANCHIROSSIVERDI DELLA SCALA MONTEFORTE',
    name: 'MARIA MADDALENA ANNUNZIATA IMMACOLATA CONCETTA',
    birthDate: '1993-04-30',
    sex: 'F',
    birthMunicipality: 'A944',
    fiscalCode: 'BNCMMD93D70A944U',
  }),
  twoSurnames: card('608010000000019', {
    surname: 'BIANCHI VERDI',
    name: 'GIULIA',
    birthDate: '1988-12-01',
    sex: 'F',
    birthMunicipality: 'A944',
    fiscalCode: 'BNCGLI88T41A944L',
  }),
  foreignBorn: card('608010000000020', {
    surname: 'ROSSI',
    name: 'LEILA',
    birthDate: '1985-06-14',
    sex: 'F',
    birthMunicipality: '',
    birthCountry: 'Z330',
    fiscalCode: 'RSSLLE85H54Z330S',
  }),
} as const satisfies Record<string, Specimen>;

/** Who comes to the desk with, or for, whom (procedures.md, 1.4). */
export const families = {
  minor: { holder: specimens.minor, representative: specimens.parent },
  ward: { holder: specimens.ward, representative: specimens.guardian },
  delegation: { holder: specimens.delegator, representative: specimens.delegate },
  renewal: { priorCard: specimens.oldCard, card: specimens.newCard },
} as const;

/** Cards that bear their data in print alone, as some sent since June 2022 do: nothing in them answers a reader. */
export const chipless = {
  twin: card('608010000000021', { ...specimens.adult.personalData, issueDate: '2024-05-02', expiryDate: '2030-05-01' }),
} as const satisfies Record<string, Specimen>;

function withLuhn(digits: string): string {
  const sum = [...digits].reverse().reduce((total, digit, index) => {
    const doubled = Number(digit) * (index % 2 === 0 ? 2 : 1);
    return total + (doubled > 9 ? doubled - 9 : doubled);
  }, 0);
  return `${digits}${(10 - (sum % 10)) % 10}`;
}
