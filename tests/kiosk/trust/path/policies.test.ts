import { describe, expect, it } from 'vitest';
import { type Asked, ask } from './asking.ts';
import { authority, ca, certify, extension, integer, keyUsage, oid, policies, root, sequence, tlv } from './making.ts';

/** RFC 5280, 6.1.2 to 6.1.5, without NIST's suite, which is not on every machine: a path Root, Middle, Low, Leaf. */
const top = authority('Root');
const middle = authority('Middle');
const low = authority('Low');
const leaf = authority('Leaf');
const anchors = [root(top)];
const A = '1.2.3.1';
const B = '1.2.3.2';
const ANY = '2.5.29.32.0';

const mapping = (...pairs: readonly (readonly [string, string])[]): Buffer =>
  extension('2.5.29.33', sequence(...pairs.map(([issuers, subjects]) => sequence(oid(issuers), oid(subjects)))), true);
const number = (context: number, count: number): Buffer => tlv(0x80 | context, integer(count).subarray(2));
const policyConstraints = (parts: { readonly explicit?: number; readonly mapping?: number }): Buffer =>
  extension(
    '2.5.29.36',
    sequence(
      ...(parts.explicit === undefined ? [] : [number(0, parts.explicit)]),
      ...(parts.mapping === undefined ? [] : [number(1, parts.mapping)]),
    ),
    true,
  );
const inhibitAny = (count: number): Buffer => extension('2.5.29.54', integer(count), true);

type Extensions = readonly Uint8Array[];
function asked(ofMiddle: Extensions, ofLow: Extensions, ofLeaf: Extensions, user: Partial<Asked> = {}): ReturnType<typeof ask> {
  const isCa = [ca(), keyUsage(0x06)];
  const intermediates = [certify(top, middle, [...isCa, ...ofMiddle]), certify(middle, low, [...isCa, ...ofLow])];
  return ask(certify(low, leaf, ofLeaf), { anchors, intermediates, ...user });
}

const explicit = { requireExplicitPolicy: true };
describe('the policies of a path', () => {
  it.each<[string, Parameters<typeof asked>, readonly string[] | null]>([
    ['are those that all certificates have', [[policies(A, B)], [policies(A)], [policies(A, B)]], [A]],
    ['may be none, where none is required', [[policies(A)], [policies(B)], [policies(A)]], []],
    ['may not be none, where one is required', [[policies(A)], [policies(B)], [policies(A)], explicit], null],
    ['end with a certificate that has none', [[policies(A)], [], [policies(A)], explicit], null],
    ['must be one that the user accepts', [[policies(A)], [policies(A)], [policies(A)], { ...explicit, policies: [B] }], null],
    ['go through anyPolicy of an authority', [[policies(ANY)], [policies(ANY)], [policies(A)], explicit], [A]],
    [
      'of a user’s set stand for anyPolicy of the target',
      [[policies(ANY)], [policies(ANY)], [policies(ANY)], { ...explicit, policies: [A] }],
      [A],
    ],
    [
      'do not go through anyPolicy where the user inhibits it',
      [[policies(ANY)], [policies(A)], [policies(A)], { ...explicit, inhibitAnyPolicy: true }],
      null,
    ],
    [
      'do not go through anyPolicy after an authority inhibits it',
      [[policies(A), inhibitAny(0)], [policies(ANY)], [policies(A)], explicit],
      null,
    ],
    ['go through it as long as the authority lets them', [[policies(A), inhibitAny(1)], [policies(ANY)], [policies(A)], explicit], [A]],
    ['are required where an authority says so', [[policies(A), policyConstraints({ explicit: 0 })], [policies(A)], [policies(B)]], null],
    [
      'are required so many certificates further down',
      [[policies(A), policyConstraints({ explicit: 2 })], [policies(A)], [policies(B)]],
      null,
    ],
    ['and not before', [[policies(A), policyConstraints({ explicit: 3 })], [policies(A)], [policies(B)]], []],
  ])('%s', (_, given, expected) => {
    const answer = asked(...given);
    expect(answer.valid ? [...answer.policies].sort() : null, answer.reason).toEqual(expected);
  });
});

describe('a mapping', () => {
  it.each<[string, Parameters<typeof asked>, readonly string[] | null]>([
    ['makes the subject’s policy the issuer’s', [[policies(A), mapping([A, B])], [policies(B)], [policies(B)], explicit], [A]],
    ['takes the issuer’s own away', [[policies(A), mapping([A, B])], [policies(A)], [policies(A)], explicit], null],
    [
      'goes on from one to the next',
      [[policies(A), mapping([A, B])], [policies(B), mapping([B, '1.2.3.3'])], [policies('1.2.3.3')], explicit],
      [A],
    ],
    ['goes through anyPolicy', [[policies(ANY), mapping([A, B])], [policies(B)], [policies(B)], explicit], [A]],
    [
      'is nothing where the user inhibits it',
      [[policies(A), mapping([A, B])], [policies(B)], [policies(B)], { ...explicit, inhibitPolicyMapping: true }],
      null,
    ],
    [
      'is nothing after an authority inhibits it',
      [[policies(A), policyConstraints({ mapping: 0 })], [policies(A), mapping([A, B])], [policies(B)], explicit],
      null,
    ],
    ['from anyPolicy is refused', [[policies(A), mapping([ANY, B])], [policies(A)], [policies(A)]], null],
    ['to anyPolicy is refused', [[policies(A), mapping([A, ANY])], [policies(A)], [policies(A)]], null],
  ])('%s', (_, given, expected) => {
    const answer = asked(...given);
    expect(answer.valid ? [...answer.policies].sort() : null, answer.reason).toEqual(expected);
  });
});

it('a self-issued authority does not count for the number of certificates, and may have anyPolicy though it is inhibited', () => {
  const isCa = [ca(), keyUsage(0x06)];
  const newKey = authority('Middle');
  const intermediates = [
    certify(top, middle, [...isCa, policies(A), inhibitAny(0), policyConstraints({ explicit: 1 })]),
    certify(middle, newKey, [...isCa, policies(ANY)]),
  ];
  expect(ask(certify(newKey, leaf, [policies(A)]), { anchors, intermediates })).toMatchObject({ valid: true, policies: [A] });
  expect(ask(certify(newKey, leaf, [policies(ANY)]), { anchors, intermediates }).valid).toBe(false);
});
