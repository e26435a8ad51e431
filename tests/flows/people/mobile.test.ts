import { expect, test } from 'vitest';
import { maskedMobile, readMobile } from '../../../flows/people/mobile.ts';

test.each<[string, string | null]>([
  ['3331234567', '+393331234567'],
  ['333123456', '+39333123456'],
  ['+39 333 123 4567', '+393331234567'],
  ['0039-333.123.4567', '+393331234567'],
  ['393331234567', null],
  ['33312345678', null],
  ['33312345', null],
  ['0512345678', null],
  ['+44 7700 900123', null],
  ['112', null],
  ['333123456a', null],
  ['٣٣٣١٢٣٤٥٦٧', null],
  ['', null],
])('%j is read as %j', (typed, number) => {
  expect(readMobile(typed)).toBe(number);
});

test('a mobile number is shown by its last two digits', () => {
  expect(maskedMobile('+393331234567')).toBe('+39 ••• ••67');
});
