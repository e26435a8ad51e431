import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  type EnvelopeNumberRule,
  type TypedNumber,
  envelopeNumber,
  envelopeNumberRule,
  scannedNumber,
  typeNumber,
} from '../../../flows/envelopes/envelope-number.ts';

const rule = (given: Partial<EnvelopeNumberRule>): EnvelopeNumberRule => ({
  pattern: '^.+$',
  check: 'none',
  symbologies: ['code-39', 'code-128', 'itf'],
  ...given,
});

test.each([
  ['luhn', '79927398713', true],
  ['luhn', '79927398710', false],
  ['luhn', '7992739871A', false],
  // 1 + 5 + 9 + 10 + 35 is 17 modulo 43, which is H.
  ['mod-43', '159AZH', true],
  ['mod-43', '159AZJ', false],
  ['mod-43', '159azh', false],
  ['mod-43', 'W', false],
  ['mod-97', '79444', true],
  ['mod-97', '79476', false],
  ['none', 'ANYTHING', true],
] as const)('check %s of %s: %s', (check, number, holds) => {
  expect(envelopeNumber(number, rule({ check })).ok).toBe(holds);
});

test('every wrong digit is seen by the check', () => {
  const digits = fc.stringMatching(/^[1-9]\d{5,14}$/);
  const withCheck = (check: 'luhn' | 'mod-97', body: string): string => {
    for (let n = 0; n < 100; n += 1) {
      const number = body + String(n).padStart(check === 'luhn' ? 1 : 2, '0');
      if (envelopeNumber(number, rule({ check })).ok) return number;
    }
    throw new Error('every number has its check digits');
  };
  fc.assert(
    fc.property(fc.constantFrom('luhn', 'mod-97'), digits, fc.nat(), fc.integer({ min: 1, max: 9 }), (check, body, place, change) => {
      const number = withCheck(check, body);
      const at = place % number.length;
      const wrong = number.slice(0, at) + String((Number(number[at]) + change) % 10) + number.slice(at + 1);
      expect(envelopeNumber(wrong, rule({ check }))).toMatchObject({ ok: false });
    }),
    { numRuns: 200 },
  );
});

const sardinian = rule({ pattern: '^SAR\\d{7}$', symbologies: ['code-128'] });

test.each([
  ['code-128', 'SAR0012345', 'SAR0012345'],
  ['unknown', 'SAR0012345', 'SAR0012345'],
  ['code-128', 'LAZ0012345', 'other-form'],
  ['code-128', 'SAR001234', 'other-form'],
  ['code-128', 'SAR0012345SAR0012345', 'other-form'],
  ['code-39', 'SAR0012345', 'other-symbology'],
  ['other', 'SAR0012345', 'other-symbology'],
  ['code-128', 'S'.repeat(10_000), 'other-form'],
] as const)('a scan of %s %s gives %s', (symbology, text, expected) => {
  const read = scannedNumber({ symbology, text }, sardinian);
  expect(read.ok ? read.value : read.error).toBe(expected);
});

test('a number typed by hand is believed when it was typed twice', () => {
  const steps = (...texts: string[]) => {
    let now: TypedNumber = { state: 'first' };
    const problems = texts.map((text) => {
      const typed = typeNumber(now, text, sardinian);
      now = typed.now;
      return typed.problem;
    });
    return { now: now as TypedNumber, problems };
  };
  expect(steps('SAR0012345', 'SAR0012345')).toEqual({ now: { state: 'agreed', number: 'SAR0012345' }, problems: [null, null] });
  expect(steps('SAR0012345', 'SAR0012346')).toEqual({ now: { state: 'first' }, problems: [null, 'not-the-same'] });
  // The second of two that differ is not the first of the next two.
  expect(steps('SAR0012345', 'SAR0012346', 'SAR0012346').now).toEqual({ state: 'second', first: 'SAR0012346' });
  expect(steps('SAR0012345', 'SAR')).toEqual({ now: { state: 'second', first: 'SAR0012345' }, problems: [null, 'other-form'] });
});

test.each([{ pattern: 'SAR' }, { check: 'sum' }, { symbologies: [] }, { other: 1 }])('a rule with %j is refused', (wrong) => {
  expect(envelopeNumberRule.safeParse({ ...sardinian, ...wrong }).success).toBe(false);
});
