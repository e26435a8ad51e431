import { expect, test } from 'vitest';
import { decodePersonalData, encodePersonalData } from '../../../devices/card/personal-data.ts';
import { chipless, families, specimens } from '../../../devices/card/virtual/specimen.ts';
import { person, specimenCodes } from '../../../devices/card/virtual/person.ts';

const all = Object.entries({ ...specimens, ...chipless });

/** The check character (Agenzia delle Entrate, DM 23-12-1976): odd places by this table, even ones by their value, modulo 26. */
const oddValues = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];
const valueOf = (character: string): number => Number.parseInt(character, 36) - (/[A-Z]/.test(character) ? 10 : 0);
function checkCharacter(code: string): string {
  const sum = [...code.slice(0, 15)].reduce((total, character, index) => {
    const value = valueOf(character);
    return total + (index % 2 === 0 ? (oddValues[value] ?? NaN) : value);
  }, 0);
  return String.fromCharCode(65 + (sum % 26));
}
const withoutLetters = (code: string): string =>
  [...code]
    .map((character, index) =>
      [6, 7, 9, 10, 12, 13, 14].includes(index) && /[A-Z]/.test(character) ? 'LMNPQRSTUV'.indexOf(character) : character,
    )
    .join('');

test('the check character is that of the sources', () => {
  for (const code of ['RSSMRA72L09H501S', 'RSSMRA75C22H501I', 'ABCDEF12B23P432P', 'ABCDEF12B23P43NE', 'RSSMRATNLLVHRLMY'])
    expect(checkCharacter(code)).toBe(code.at(-1));
});

test.each(all)('%s: the fiscal code is right, and says birth, sex and place as the card does', (_name, { personalData }) => {
  const { fiscalCode, birthDate, sex, birthMunicipality, birthCountry } = personalData;
  expect(fiscalCode).toMatch(/^[A-Z]{6}[0-9LMNPQRSTUV]{2}[ABCDEHLMPRST][0-9LMNPQRSTUV]{2}[A-Z][0-9LMNPQRSTUV]{3}[A-Z]$/);
  expect(checkCharacter(fiscalCode)).toBe(fiscalCode.at(-1));
  const plain = withoutLetters(fiscalCode);
  const [year, month, day] = birthDate.split('-');
  expect(plain.slice(6, 8)).toBe(year?.slice(2));
  expect('ABCDEHLMPRST'.indexOf(plain[8] ?? '') + 1).toBe(Number(month));
  expect(Number(plain.slice(9, 11))).toBe(Number(day) + (sex === 'F' ? 40 : 0));
  expect(plain.slice(11, 15)).toBe(birthMunicipality || birthCountry);
});

test.each(all)('%s: the card holds what is said of it', (_name, specimen) => {
  expect(decodePersonalData(encodePersonalData(specimen.personalData))).toEqual({ ok: true, value: specimen.personalData });
  expect(person.safeParse({ ...specimen, ...specimenCodes }).success).toBe(true);
  expect(specimen.cardId).toMatch(/^6\d{15}$/);
});

test('no two cards have one identity', () => {
  expect(new Set(all.map(([, { cardId }]) => cardId)).size).toBe(all.length);
});

test('each case of the procedures has its people', () => {
  const birthYear = ({ personalData }: { readonly personalData: { readonly birthDate: string } }): number =>
    Number(personalData.birthDate.slice(0, 4));
  const { minor, ward, delegation, renewal } = families;
  expect(birthYear(minor.holder) - birthYear(minor.representative)).toBeGreaterThan(18);
  for (const { holder, representative } of [minor, ward, delegation])
    expect(holder.personalData.fiscalCode).not.toBe(representative.personalData.fiscalCode);
  expect(renewal.card.personalData.fiscalCode).toBe(renewal.priorCard.personalData.fiscalCode);
  expect(renewal.card.personalData.expiryDate > renewal.priorCard.personalData.expiryDate).toBe(true);
  expect(chipless.twin.personalData.fiscalCode).toBe(specimens.adult.personalData.fiscalCode);
  expect(withoutLetters(specimens.omocode.personalData.fiscalCode).slice(0, 15)).toBe(specimens.adult.personalData.fiscalCode.slice(0, 15));
});
