import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fiscalCodeKind, omocodesOf, readCardNumber, withoutOmocodia } from '../../../flows/people/fiscal-code.ts';

// The vectors of procedures.md, 2.5.
const regular = ['RSSMRA72L09H501S', 'RSSMRA75C22H501I', 'ABCDEF12B23P432P'];
const omocodes = [
  'RSSMRA72L09H50MK',
  'RSSMRA72L09H5LMV',
  'RSSMRA72L09HRLMQ',
  'RSSMRA72L0VHRLMF',
  'RSSMRA72LLVHRLMQ',
  'RSSMRA7NLLVHRLMB',
  'RSSMRATNLLVHRLMY',
];

test.each(regular)('%s is regular', (code) => expect(fiscalCodeKind(code)).toBe('regular'));

test.each(omocodes)('%s is an omocode of the first, and never rejected', (code) => {
  expect(fiscalCodeKind(code)).toBe('omocode');
  expect(withoutOmocodia(code)).toBe(regular[0]);
  expect(omocodesOf(regular[0]!)).toContain(code);
});

test('an omocode of a birthplace that is in no table', () => {
  expect(fiscalCodeKind('ABCDEF12B23P43NE')).toBe('omocode');
  expect(withoutOmocodia('ABCDEF12B23P43NE')).toBe('ABCDEF12B23P432P');
});

test.each(regular)('%s has 127 omocodes, all different, all of it', (code) => {
  const all = omocodesOf(code);
  expect(new Set(all).size).toBe(127);
  for (const one of all) expect([fiscalCodeKind(one), withoutOmocodia(one)]).toEqual(['omocode', code]);
});

test('one character changed is no code, whichever it is', () => {
  fc.assert(
    fc.property(fc.constantFrom(...regular), fc.nat({ max: 15 }), fc.constantFrom(...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'), (code, at, letter) => {
      const changed = code.slice(0, at) + letter + code.slice(at + 1);
      const kind = fiscalCodeKind(changed);
      // The check sums modulo 26: it sees each single change but those of equal value.
      if (at === 15) expect(kind === null).toBe(letter !== code[15]);
      else if (kind !== null) expect(withoutOmocodia(changed).slice(0, 15)).toMatch(/^[A-Z]{6}\d{2}[A-Z]\d{2}[A-Z]\d{3}$/);
    }),
  );
});

test.each([
  ['12345678903', 'provisional'],
  ['12345678904', null],
  ['1234567890', null],
  ['', null],
  ['rssmra72l09h501s', null],
  [' RSSMRA72L09H501S', null],
  ['RSSMRA72L09H501T', null],
  ['RSSMRA72F09H501S', null],
] as const)('%j is %s', (code, kind) => expect(fiscalCodeKind(code)).toBe(kind));

test('whatever is given, it answers', () => {
  fc.assert(fc.property(fc.string(), (text) => [null, 'regular', 'omocode', 'provisional'].includes(fiscalCodeKind(text))));
});

test('a card number is twenty digits, without a check digit', () => {
  expect(readCardNumber('80380000301234567890')).toEqual({ issuer: '8038000030', serial: '1234567890' });
  expect(readCardNumber('80380000301234567891')).not.toBeNull();
  for (const wrong of ['8038000030123456789', '803800003012345678901', '8038000030 123456789']) expect(readCardNumber(wrong)).toBeNull();
});
