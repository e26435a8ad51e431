import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  type Operation,
  type Report,
  type Standing,
  afterSilence,
  release,
  reserve,
  settle,
} from '../../../kiosk/reference-cms/ratchet.ts';

const ttl = { reservedMs: 900, releasedMs: 9_000 };
const reserved: Operation = { state: 'RESERVED', expiresAt: 900, releases: [] };
const released: Operation = { state: 'RESERVED', expiresAt: 9_000, releases: [1] };
const confirmed: Operation = { state: 'CONFIRMED', expiresAt: null, releases: [1] };
const voided: Operation = { state: 'VOIDED', expiresAt: null, releases: [] };
const held: Operation = { state: 'HELD', expiresAt: null, releases: [1] };

const report = (outcome: Report['outcome'], changes: Partial<Report> = {}): Report => ({
  outcome,
  attempt: 1,
  evidence: 'E2',
  attested: false,
  resolved: false,
  ...changes,
});
const handed = report('handed-over');
const attested = report('handed-over', { evidence: 'E4', attested: true });
const resolved = report('handed-over', { evidence: 'E1', resolved: true });
const not = report('not-handed-over', { evidence: 'E0' });
const unknown = report('unknown', { evidence: 'E1' });

test.each<[string, Standing, Report, string]>([
  ['NONE', null, handed, 'operation-unknown'],
  ['NONE', null, not, 'VOIDED'],
  ['NONE', null, unknown, 'VOIDED'],
  ['RESERVED', reserved, handed, 'paper-part-not-released'],
  ['RESERVED', reserved, not, 'VOIDED'],
  ['RESERVED', reserved, unknown, 'HELD'],
  ['released', released, handed, 'CONFIRMED'],
  ['released', released, attested, 'CONFIRMED'],
  ['released', released, report('handed-over', { attempt: 2 }), 'paper-part-not-released'],
  ['released', released, report('handed-over', { evidence: 'E0' }), 'evidence-insufficient'],
  ['released', released, report('handed-over', { evidence: 'E1', attested: true }), 'evidence-insufficient'],
  ['released', released, report('handed-over', { evidence: 'E4' }), 'evidence-insufficient'],
  ['released', released, not, 'VOIDED'],
  ['released', released, unknown, 'HELD'],
  ['by envelope', reserved, { ...attested, pinKnown: true }, 'CONFIRMED'],
  ['by envelope', reserved, { ...attested, pinKnown: false }, 'pin-not-set'],
  ['by envelope, without a word of the operator', reserved, { ...handed, pinKnown: true }, 'evidence-insufficient'],
  ['by envelope', reserved, { ...not, pinKnown: true }, 'VOIDED'],
  ['by envelope, held', { ...held, releases: [] }, { ...resolved, pinKnown: true }, 'CONFIRMED'],
  ['by envelope, held', { ...held, releases: [] }, { ...resolved, pinKnown: false }, 'pin-not-set'],
  ['HELD', held, handed, 'operation-held'],
  ['HELD', held, attested, 'operation-held'],
  ['HELD', held, resolved, 'CONFIRMED'],
  ['HELD', held, not, 'operation-held'],
  ['HELD', held, report('not-handed-over', { resolved: true }), 'VOIDED'],
  ['HELD', held, unknown, 'HELD'],
  ['HELD, nothing released', { ...held, releases: [] }, resolved, 'paper-part-not-released'],
  ['RESERVED, and resolved as if it were held', released, resolved, 'evidence-insufficient'],
  ['CONFIRMED', confirmed, attested, 'CONFIRMED'],
  ['CONFIRMED', confirmed, not, 'operation-confirmed'],
  ['CONFIRMED', confirmed, unknown, 'operation-confirmed'],
  ['VOIDED', voided, attested, 'operation-voided'],
  ['VOIDED', voided, not, 'VOIDED'],
  ['VOIDED', voided, unknown, 'VOIDED'],
])('%s: %# becomes what the table says', (_name, standing, said, expected) => {
  const settled = settle(standing, said);
  expect(settled.ok ? settled.value.state : settled.error).toBe(expected);
});

test('silence voids at the very instant, and nothing but a reservation', () => {
  expect(afterSilence(reserved, 899)).toBe(reserved);
  expect(afterSilence(reserved, 900)?.state).toBe('VOIDED');
  for (const standing of [null, confirmed, voided, held]) expect(afterSilence(standing, Number.MAX_SAFE_INTEGER)).toBe(standing);
});

const unauthorised = { ok: false, error: 'paper-part-needs-authorisation' };
const first = { attempt: 1, authorised: false };

test('a reservation is made once; the paper part is released once without authorisation, and gives it a long life', () => {
  expect(reserve(null, 0, ttl)).toEqual({ ok: true, value: reserved });
  expect(release(reserved, first, 0, ttl)).toEqual({ ok: true, value: released });
  for (const attempt of [1, 2]) expect(release(released, { attempt, authorised: false }, 0, ttl)).toEqual(unauthorised);
  for (const [standing, refusal] of [
    [reserved, 'operation-reserved'],
    [confirmed, 'operation-confirmed'],
    [voided, 'operation-voided'],
    [held, 'operation-held'],
  ] as const) {
    expect(reserve(standing, 0, ttl)).toEqual({ ok: false, error: refusal });
    if (standing !== reserved) expect(release(standing, first, 0, ttl)).toEqual({ ok: false, error: refusal });
  }
  expect(release(null, first, 0, ttl)).toEqual({ ok: false, error: 'operation-unknown' });
});

test('a further release takes an authorisation, is counted, and never goes back to an earlier attempt', () => {
  const again = release(released, { attempt: 2, authorised: true }, 0, ttl);
  expect(again).toEqual({ ok: true, value: { ...released, releases: [1, 2] } });
  if (!again.ok) return;
  for (const attempt of [1, 2]) expect(release(again.value, { attempt, authorised: true }, 0, ttl)).toEqual(unauthorised);
  expect(release(reserved, { attempt: 2, authorised: false }, 0, ttl)).toEqual(unauthorised);
  expect(release(reserved, { attempt: 2, authorised: true }, 0, ttl)).toMatchObject({ ok: true, value: { releases: [2] } });
});

const rank = { NONE: 0, RESERVED: 1, HELD: 2, CONFIRMED: 3, VOIDED: 3 } as const;
const stateOf = (standing: Standing): keyof typeof rank => standing?.state ?? 'NONE';

type Step =
  | { readonly kind: 'reserve' }
  | { readonly kind: 'release'; readonly attempt: number; readonly authorised: boolean }
  | { readonly kind: 'settle'; readonly report: Report };
const steps = fc.array(
  fc.record({
    wait: fc.nat(5_000),
    step: fc.oneof(
      fc.constant<Step>({ kind: 'reserve' }),
      fc.record({ kind: fc.constant('release' as const), attempt: fc.integer({ min: 1, max: 3 }), authorised: fc.boolean() }),
      fc.record({
        kind: fc.constant('settle' as const),
        report: fc.record({
          outcome: fc.constantFrom('handed-over' as const, 'not-handed-over' as const, 'unknown' as const),
          attempt: fc.integer({ min: 0, max: 3 }),
          evidence: fc.constantFrom('E0' as const, 'E1' as const, 'E2' as const, 'E3' as const, 'E4' as const),
          attested: fc.boolean(),
          resolved: fc.boolean(),
        }),
      }),
    ),
  }),
  { maxLength: 25 },
);

test('whatever is said, in any order: never back, the end is the end, and CONFIRMED has a release and a good reason', () => {
  fc.assert(
    fc.property(steps, (said) => {
      let standing: Standing = null;
      let now = 0;
      for (const { wait, step } of said) {
        now += wait;
        const before: Standing = afterSilence(standing, now);
        expect(rank[stateOf(before)]).toBeGreaterThanOrEqual(rank[stateOf(standing)]);
        const result =
          step.kind === 'reserve'
            ? reserve(before, now, ttl)
            : step.kind === 'release'
              ? release(before, step, now, ttl)
              : settle(before, step.report);
        const after: Standing = result.ok ? result.value : before;
        expect(rank[stateOf(after)]).toBeGreaterThanOrEqual(rank[stateOf(before)]);
        if (rank[stateOf(before)] === 3) expect(after).toEqual(before);
        if (stateOf(before) === 'HELD' && stateOf(after) !== 'HELD') expect(step.kind === 'settle' && step.report.resolved).toBe(true);
        if (stateOf(after) === 'CONFIRMED' && stateOf(before) !== 'CONFIRMED') {
          if (step.kind !== 'settle') throw new Error('confirmed by no outcome');
          expect(after?.releases).toContain(step.report.attempt);
          expect(step.report.outcome).toBe('handed-over');
        }
        expect(after?.releases ?? []).toEqual([...new Set(after?.releases ?? [])].sort());
        expect(after?.expiresAt !== null && after !== null).toBe(stateOf(after) === 'RESERVED');
        standing = after;
      }
    }),
    { numRuns: 2_000 },
  );
});
