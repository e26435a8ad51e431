import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { batchAnswer } from '../../../../kiosk/trust/verify-command.ts';
import { Sources } from '../../../../kiosk/trust/verify-request.ts';

// NIST PKITS 1.0.1: certificates, CRLs and cases.json, in the folder that PKITS names. Without it the suite leaves this file out (vitest.config.ts).
const folder = process.env.PKITS ?? '';

const strings = z.array(z.string());
const suite = z.object({
  cases: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      trustAnchor: z.string(),
      chain: strings,
      target: z.string(),
      crls: strings,
      time: z.string(),
      initialPolicySet: strings,
      explicitPolicy: z.boolean(),
      inhibitPolicyMapping: z.boolean(),
      inhibitAnyPolicy: z.boolean(),
      expectValid: z.boolean(),
      expectUserPolicies: strings,
    }),
  ),
});

/** Sub-tests of each section. */
const sections: Readonly<Record<string, number>> = {
  '4.1': 6,
  '4.2': 8,
  '4.3': 11,
  '4.4': 21,
  '4.5': 8,
  '4.6': 17,
  '4.7': 5,
  '4.8': 35,
  '4.9': 8,
  '4.10': 23,
  '4.11': 11,
  '4.12': 11,
  '4.13': 38,
  '4.14': 35,
  '4.15': 10,
  '4.16': 2,
};

describe('NIST PKITS, with revocation', () => {
  const { cases } = suite.parse(JSON.parse(readFileSync(`${folder}/cases.json`, 'utf8')));
  const sources = new Sources();
  const certs = (names: readonly string[]): string[] => names.map((name) => `${folder}/certs/${name}`);
  const answerTo = (test: (typeof cases)[number], allowSha1: boolean): { valid: boolean; reason: string; policies?: readonly string[] } =>
    batchAnswer(
      JSON.stringify({
        id: test.id,
        certificate: certs([test.target])[0],
        anchors: certs([test.trustAnchor]),
        intermediates: certs(test.chain),
        crls: test.crls.map((name) => `${folder}/crls/${name}`),
        at: test.time,
        policies: test.initialPolicySet,
        requireExplicitPolicy: test.explicitPolicy,
        inhibitPolicyMapping: test.inhibitPolicyMapping,
        inhibitAnyPolicy: test.inhibitAnyPolicy,
        allowSha1,
      }),
      sources,
    );
  const inSection = (section: string): typeof cases => cases.filter(({ id }) => id.startsWith(`${section}.`));

  it.each(Object.entries(sections))('section %s: all of its %i sub-tests', (section, count) => {
    const tests = inSection(section);
    expect(tests).toHaveLength(count);
    const wrong = tests.filter((test) => {
      const { valid, policies = [] } = answerTo(test, true);
      if (valid !== test.expectValid) return true;
      return valid && [...policies].sort().join() !== [...test.expectUserPolicies].sort().join();
    });
    expect(wrong.map(({ id, name }) => `${id} ${name}`)).toEqual([]);
  });

  it('refuses the valid ones of DSA, and nothing else, where SHA-1 is not believed', () => {
    const refused = cases.filter((test) => test.expectValid && !answerTo(test, false).valid);
    expect(refused.map(({ id }) => id)).toEqual(['4.1.4', '4.1.5']);
  });
});
