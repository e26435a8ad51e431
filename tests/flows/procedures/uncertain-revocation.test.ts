import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mayGoOn, uncertainRevocation } from '../../../flows/procedures/uncertain-revocation.ts';
import { operations } from '../../../flows/procedures/vocabulary.ts';

describe('what may go on while nobody knows whether a card was revoked', () => {
  it('is, where the site says nothing, what takes away from a card or leaves it alone', () => {
    const table = uncertainRevocation.parse({});
    const on = operations.filter((operation) => mayGoOn(table, operation, null));
    expect(on).toEqual(['suspension', 'revocation', 'interop-revocation', 'reader-handout']);
    // Nor does the age of a CRL change it.
    expect(operations.filter((operation) => mayGoOn(table, operation, 1))).toEqual(on);
  });

  it('is what the site says of that operation, and of no other', () => {
    const table = uncertainRevocation.parse({ activation: 'allow', suspension: 'refuse' });
    expect([mayGoOn(table, 'activation', null), mayGoOn(table, 'suspension', null), mayGoOn(table, 'reissue', null)]).toEqual([
      true,
      false,
      false,
    ]);
  });

  it.each(operations)('has a row for %s, of which the site may say each of the three answers', (operation) => {
    const may = (answer: object | string, secondsPastEnd: number | null): boolean =>
      mayGoOn(uncertainRevocation.parse({ [operation]: answer }), operation, secondsPastEnd);
    expect([may('refuse', null), may('refuse', 1)]).toEqual([false, false]);
    expect([may('allow', null), may('allow', 1e9)]).toEqual([true, true]);
    expect([may({ allowForSeconds: 60 }, null), may({ allowForSeconds: 60 }, 60), may({ allowForSeconds: 60 }, 61)]).toEqual([
      false,
      true,
      false,
    ]);
  });

  it.each([
    ['within the time that is allowed', 3_600, true],
    ['at its very end', 43_200, true],
    ['past it', 43_201, false],
    ['with a CRL that is not past its end: something else is amiss', -1, false],
    ['without a CRL', null, false],
  ])('%s', (_, secondsPastEnd, expected) => {
    expect(mayGoOn(uncertainRevocation.parse({ activation: { allowForSeconds: 43_200 } }), 'activation', secondsPastEnd)).toBe(expected);
  });

  it('never grows as the CRL grows older', () => {
    const answers = fc.oneof(fc.constant('refuse'), fc.constant('allow'), fc.record({ allowForSeconds: fc.integer({ min: 1, max: 1e7 }) }));
    fc.assert(
      fc.property(answers, fc.nat(1e7), fc.nat(1e7), (answer, younger, older) => {
        const table = uncertainRevocation.parse({ activation: answer });
        if (mayGoOn(table, 'activation', younger + older)) expect(mayGoOn(table, 'activation', younger)).toBe(true);
      }),
    );
  });

  it.each([
    { activation: 'perhaps' },
    { unknown: 'allow' },
    { activation: { allowForSeconds: 0 } },
    { activation: { allowForSeconds: '1' } },
    [],
  ])('cannot be written as %j', (given) => expect(uncertainRevocation.safeParse(given).success).toBe(false));
});
