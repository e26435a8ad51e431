import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ageOn, greetingOf, maskedEmail, maskedFiscalCode } from '../../../flows/people/holder.ts';

test.each([
  ['2008-11-22', '2026-11-22', 18],
  ['2008-11-23', '2026-11-22', 17],
  ['2008-02-29', '2026-02-28', 17],
  ['2008-02-29', '2026-03-01', 18],
  ['1926-12-31', '2026-11-22', 99],
])('born on %s, on %s the age is %i', (birth, today, age) => {
  expect(ageOn(birth, today)).toBe(age);
});

test.each([
  ['MARIO', 'ROSSI', 'MARIO R.'],
  ['MARIA GRAZIA', 'DE ROSSI', 'MARIA D.'],
  ['', 'ROSSI', ' R.'],
  ['MARIO', '', 'MARIO'],
])('%s %s is greeted as "%s"', (name, surname, greeting) => {
  expect(greetingOf({ name, surname })).toBe(greeting);
});

test('a masked fiscal code shows its last four characters and no more', () => {
  expect(maskedFiscalCode('RSSMRA72L09H501S')).toBe('••••••••••••501S');
});

test('a masked address shows its first letter and its domain', () => {
  expect(maskedEmail('mario.rossi@example.org')).toBe('m•••@example.org');
  fc.assert(
    fc.property(fc.emailAddress(), (address) => {
      const local = address.slice(0, address.lastIndexOf('@'));
      return local.length < 2 || !maskedEmail(address).startsWith(local);
    }),
  );
});
