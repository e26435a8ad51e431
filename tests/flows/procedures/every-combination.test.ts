import { readdirSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { documentTypes } from '../../../flows/people/identity-document.ts';
import { toBring } from '../../../flows/procedures/bring.ts';
import { decide } from '../../../flows/procedures/decide.ts';
import { procedureRequest, type ProcedureRequest } from '../../../flows/procedures/request.ts';
import * as words from '../../../flows/procedures/vocabulary.ts';
import { forbidden, inMatrix, matrix } from './oracle.ts';
import { profileOf } from './requests.ts';

const profiles = new Map(
  readdirSync('flows/procedures/profiles').map((name) => [name.replace('.json', ''), profileOf(name.replace('.json', ''))]),
);
const decided = (request: ProcedureRequest) => decide(profiles.get(request.profile)!, request);

const applicants = { adult: 'holder', 'emancipated-minor': 'holder', minor: 'parent', ward: 'guardian', delegate: 'spouse' } as const;

/** A request that has everything that any profile asks, for a case and an operation. */
function withEverything(
  profile: string,
  desk: words.Place,
  operation: words.Operation,
  holderCase: words.HolderCase,
  identification: words.IdentificationMode,
): ProcedureRequest {
  const relation = applicants[holderCase];
  return procedureRequest.parse({
    profile,
    desk,
    operation,
    case: holderCase,
    identification,
    date: operation === 'validity-extension' ? '2023-06-01' : '2026-11-26',
    applicant: {
      relation,
      document: { type: 'passport', expires: '2031-01-01' },
      ownCardShown: true,
      will: true,
      nearerRelativesAbsent: true,
    },
    evidence: {
      forms: words.forms,
      medicalCertificate: { months: 12, mentionsDiagnosis: false },
      lossProof: 'police-report',
      holderDocumentCopy: true,
      householdHasReader: false,
    },
    ...(/suspension|revocation/.test(operation)
      ? { reason: operation === 'suspension' || profile !== 'trento' ? 'theft' : 'malfunction' }
      : {}),
    card: {
      shown: true,
      chip: true,
      status: operation === 'reactivation' ? 'suspended' : 'active',
      ownRegion: !operation.startsWith('interop'),
      holderMatchesDocument: true,
      priorCard: { status: 'active', sameIssuer: true, activatedInPerson: true, pinVerified: true },
    },
    contact: { email: 'holder@example.org', mobile: '3330000000' },
  });
}

const optional = <T>(of: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(of, { nil: undefined, freq: 3 });
const day = fc.constantFrom('2022-03-02', '2022-03-03', '2023-12-31', '2024-01-01', '2024-02-29', '2026-02-28', '2026-11-26', '2030-01-01');
const status = fc.constantFrom(...words.cardStatuses);
const dropUndefined = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

const anyRequest: fc.Arbitrary<ProcedureRequest> = fc
  .record({
    profile: fc.constantFrom(...profiles.keys()),
    desk: fc.constantFrom(...words.places),
    operation: fc.constantFrom(...words.operations),
    case: fc.constantFrom(...words.holderCases),
    identification: fc.constantFrom(...words.identificationModes),
    date: day,
    applicant: optional(
      fc.record({
        relation: fc.constantFrom(...words.relations),
        degree: optional(fc.nat({ max: 6 })),
        nearerRelativesAbsent: optional(fc.boolean()),
        document: optional(fc.record({ type: fc.constantFrom(...documentTypes), expires: fc.option(day, { nil: null }) })),
        ownCardShown: optional(fc.boolean()),
        will: optional(fc.boolean()),
      }),
    ),
    evidence: fc.record({
      forms: fc.subarray([...words.forms]),
      medicalCertificate: optional(fc.record({ months: fc.constantFrom(0, 2, 3, 3.5, 12), mentionsDiagnosis: fc.boolean() })),
      lossProof: optional(fc.constantFrom('police-report', 'self-certification')),
      holderDocumentCopy: optional(fc.boolean()),
      householdHasReader: optional(fc.boolean()),
    }),
    reason: optional(fc.constantFrom(...words.reasons)),
    card: optional(
      fc.record({
        shown: fc.boolean(),
        chip: fc.boolean(),
        activated: optional(fc.boolean()),
        holderBirthDate: optional(fc.constantFrom('1950-01-01', '2008-02-29', '2008-11-26', '2015-05-05')),
        status: optional(status),
        ownRegion: optional(fc.boolean()),
        holderMatchesDocument: optional(fc.boolean()),
        priorCard: optional(fc.record({ status, sameIssuer: fc.boolean(), activatedInPerson: fc.boolean(), pinVerified: fc.boolean() })),
      }),
    ),
    contact: fc.record({
      email: optional(fc.constantFrom('', 'a@example.org')),
      mobile: optional(fc.constantFrom('1', '3330000000')),
      pec: optional(fc.boolean()),
    }),
  })
  .map((request) => procedureRequest.parse(dropUndefined(request)));

/** One that has everything, with one part taken from anywhere: close to the border between yes and no. */
const nearlyEverything: fc.Arbitrary<ProcedureRequest> = fc
  .tuple(anyRequest, fc.subarray(['applicant', 'evidence', 'card', 'contact', 'date', 'reason'] as const, { maxLength: 1 }))
  .map(([other, parts]) => {
    const full = withEverything(other.profile, other.desk, other.operation, other.case, other.identification);
    return { ...full, ...Object.fromEntries(parts.map((part) => [part, other[part]])) };
  });

const requests = fc.oneof(anyRequest, nearlyEverything);
const runs = { numRuns: 2_000 };

describe('whatever is asked', () => {
  test('it is answered, the same each time, and every refusal has its rule, its text and its source', () => {
    fc.assert(
      fc.property(requests, (request) => {
        const first = decided(request);
        expect(decided(structuredClone(request))).toEqual(first);
        expect(first.allowed).toBe(first.refusals.length === 0);
        for (const { rule, text, citation } of first.refusals) {
          expect(rule).toMatch(/^(ACT-\d\d|COD-\d\d|DOC-\d\d|OP-[A-Z-]+|C\d{1,2})$/);
          expect(text).toMatch(/^.{10,}$/);
          expect(citation.length).toBeGreaterThan(2);
        }
        for (const { citation } of [...first.required, ...first.steps]) expect(citation.length).toBeGreaterThan(2);
        if (first.allowed) for (const { item, present } of first.required) expect({ item, present }).toEqual({ item, present: true });
      }),
      runs,
    );
  });

  test('what is missing is refused as well', () => {
    fc.assert(
      fc.property(requests, (request) => {
        const { refusals, required } = decided(request);
        const cited = refusals.map(({ citation }) => citation);
        for (const { present, citation } of required) if (!present) expect(cited).toContain(citation);
      }),
      runs,
    );
  });

  test('more papers, a longer impediment or a later expiry never take back a yes', () => {
    fc.assert(
      fc.property(requests, fc.subarray([...words.forms]), fc.nat({ max: 24 }), (request, more, months) => {
        if (!decided(request).allowed) return;
        const { applicant, evidence } = request;
        const { medicalCertificate } = evidence;
        const richer: ProcedureRequest = {
          ...request,
          ...(applicant?.document?.expires == null
            ? {}
            : { applicant: { ...applicant, document: { ...applicant.document, expires: '2099-12-31' } } }),
          evidence: {
            ...evidence,
            forms: [...evidence.forms, ...more],
            ...(medicalCertificate === undefined
              ? {}
              : { medicalCertificate: { ...medicalCertificate, months: medicalCertificate.months + months } }),
          },
        };
        expect(decided(richer).refusals).toEqual([]);
      }),
      runs,
    );
  });
});

describe('the oracle of 1.9', () => {
  test('what is forbidden is refused, always, and each forbidden combination was met', () => {
    const met = new Map(Object.keys(forbidden).map((name) => [name, 0]));
    fc.assert(
      fc.property(requests, (request) => {
        for (const [name, holds] of Object.entries(forbidden)) {
          if (!holds(request)) continue;
          met.set(name, (met.get(name) ?? 0) + 1);
          expect({ name, allowed: decided(request).allowed }).toEqual({ name, allowed: false });
        }
      }),
      { numRuns: 6_000 },
    );
    for (const [name, times] of met) expect({ name, met: times > 0 }).toEqual({ name, met: true });
  });

  test('with everything at hand, exactly what the matrix has is allowed, everywhere', () => {
    const allowed = { oracle: 0, engine: 0 };
    for (const profile of Object.keys(matrix)) {
      for (const desk of words.places) {
        for (const operation of words.operations) {
          for (const holderCase of words.holderCases) {
            const asked = words.identificationModes.map((mode) => withEverything(profile, desk, operation, holderCase, mode));
            const engine = asked.some((request) => decided(request).allowed);
            const oracle = inMatrix(asked[0]!);
            if (oracle) allowed.oracle += 1;
            if (engine) allowed.engine += 1;
            if (operation === 'pin-unblock' || operation === 'renewal') expect(!engine || oracle).toBe(true);
            else
              expect({ profile, desk, operation, holderCase, allowed: engine }).toEqual({
                profile,
                desk,
                operation,
                holderCase,
                allowed: oracle,
              });
          }
        }
      }
    }
    expect(allowed.engine).toBeGreaterThan(100);
    expect(allowed.oracle).toBeGreaterThanOrEqual(allowed.engine);
  });
});

test('what to bring is answered for every case and operation, and says why where there is nothing', () => {
  for (const profile of profiles.values()) {
    for (const operation of words.operations) {
      for (const holderCase of words.holderCases) {
        const { possible, items, refusals } = toBring(profile, operation, holderCase);
        expect({ possible, why: refusals.length > 0 }).toEqual({ possible, why: !possible });
        if (!possible) expect(items).toEqual([]);
      }
    }
  }
});
