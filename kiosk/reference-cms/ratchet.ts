import type { EvidenceClass } from '../../devices/printer/contract.ts';
import { type Result, err, ok } from '../../devices/result.ts';
import { type CmsState, type Outcome, stateOfOutcome } from '../../flows/ports/cms.ts';
import type { ProblemType } from '../cms/problems.ts';

/**
 * The rules of an operation at the CMS (reliability.md, 1.3): NONE → RESERVED → CONFIRMED | VOIDED | HELD, HELD → CONFIRMED | VOIDED by an
 * operator's signed decision only, and never back. Pure: the clock is an argument. Instants are milliseconds since 1970.
 */
export interface Operation {
  readonly state: Exclude<CmsState, 'NONE'>;
  /** When silence voids it; `null` unless RESERVED. */
  readonly expiresAt: number | null;
  /** The attempts whose paper part was released. */
  readonly releases: readonly number[];
}

/** `null` is NONE: never heard of. */
export type Standing = Operation | null;

export interface TimesToLive {
  readonly reservedMs: number;
  /** Once the paper part was released: long, so that a day's outage loses nobody's codes. */
  readonly releasedMs: number;
}

export const usualTimesToLive: TimesToLive = { reservedMs: 15 * 60_000, releasedMs: 72 * 3_600_000 };

export const refusalOf = {
  RESERVED: 'operation-reserved',
  CONFIRMED: 'operation-confirmed',
  VOIDED: 'operation-voided',
  HELD: 'operation-held',
} as const satisfies Record<Operation['state'], ProblemType>;

/** What silence has made of it by `now`. */
export function afterSilence(standing: Standing, now: number): Standing {
  const silent = standing?.state === 'RESERVED' && standing.expiresAt !== null && standing.expiresAt <= now;
  return silent ? settled(standing, 'VOIDED') : standing;
}

export function reserve(standing: Standing, now: number, ttl: TimesToLive): Result<Operation, ProblemType> {
  if (standing !== null) return err(refusalOf[standing.state]);
  return ok({ state: 'RESERVED', expiresAt: now + ttl.reservedMs, releases: [] });
}

/**
 * The first attempt is the reservation's; a further one may put the paper part on a second slip, which takes an operator's authorisation.
 * Attempts only go up, so that each release is one slip at most.
 */
export function release(
  standing: Standing,
  { attempt, authorised }: { readonly attempt: number; readonly authorised: boolean },
  now: number,
  ttl: TimesToLive,
): Result<Operation, ProblemType> {
  if (standing === null) return err('operation-unknown');
  if (standing.state !== 'RESERVED') return err(refusalOf[standing.state]);
  const newest = standing.releases.at(-1) ?? 0;
  if (attempt <= newest || (attempt > 1 && !authorised)) return err('paper-part-needs-authorisation');
  return ok({ state: 'RESERVED', expiresAt: now + ttl.releasedMs, releases: [...standing.releases, attempt] });
}

/** A reservation whose envelope was bound: as long as after a release, for the PIN may be on the card. */
export function bind({ releases }: Operation, now: number, ttl: TimesToLive): Operation {
  return { state: 'RESERVED', expiresAt: now + ttl.releasedMs, releases };
}

export interface Report {
  readonly outcome: Outcome;
  readonly attempt: number;
  readonly evidence: EvidenceClass;
  /** The operator's signed word on the hand-over agrees with the outcome. */
  readonly attested: boolean;
  /** The operator's signed resolution of what was held agrees with the outcome. */
  readonly resolved: boolean;
  /** Where codes go by envelope: whether the card is known to have its PIN. */
  readonly pinKnown?: boolean;
}

/** E1 (bytes went out) confirms nothing; E2 and E3 are a device's, E4 is one of them with an operator's signed word (reliability.md, 1.2). */
function proves({ evidence, attested }: Report): boolean {
  return evidence === 'E2' || evidence === 'E3' || (evidence === 'E4' && attested);
}

/** What an outcome makes of an operation. An outcome that says what already stands is agreed with; one that says otherwise is refused. */
export function settle(standing: Standing, report: Report): Result<Operation, ProblemType> {
  const wanted = stateOfOutcome[report.outcome];
  if (standing === null) {
    // A tombstone: the reservation that is still on its way comes too late.
    return wanted === 'CONFIRMED' ? err('operation-unknown') : ok({ state: 'VOIDED', expiresAt: null, releases: [] });
  }
  if (standing.state === wanted) return ok(standing);
  // Void is as safe as held: nothing was sent, nothing will be.
  if (standing.state === 'VOIDED' && wanted === 'HELD') return ok(standing);
  if (standing.state === 'CONFIRMED' || standing.state === 'VOIDED') return err(refusalOf[standing.state]);
  if (standing.state === 'HELD' && !report.resolved) return err('operation-held');
  if (wanted === 'CONFIRMED' && report.pinKnown !== undefined) {
    if (!report.pinKnown) return err('pin-not-set');
    // Nothing but an operator sees an envelope go from hand to hand.
    if (standing.state === 'RESERVED' && !report.attested) return err('evidence-insufficient');
  } else if (wanted === 'CONFIRMED') {
    if (!standing.releases.includes(report.attempt)) return err('paper-part-not-released');
    if (standing.state === 'RESERVED' && !proves(report)) return err('evidence-insufficient');
  }
  return ok(settled(standing, wanted));
}

/** The second part goes with the step to CONFIRMED and with nothing else: once. */
export function sendsSecondPart(before: Standing, after: Operation): boolean {
  return after.state === 'CONFIRMED' && before?.state !== 'CONFIRMED';
}

function settled(operation: Operation, state: 'CONFIRMED' | 'VOIDED' | 'HELD'): Operation {
  return { state, expiresAt: null, releases: operation.releases };
}
