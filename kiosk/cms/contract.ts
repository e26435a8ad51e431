import { z } from 'zod';
import { identityDocument } from '../../flows/people/identity-document.ts';
import type {
  ContactCodeSent,
  DayCount,
  OneUseKey,
  OperationView,
  OutcomeReport,
  Receipt,
  Reservation,
  Reserve,
  SealedPaperPart,
} from '../../flows/ports/cms.ts';
import { publicJwk } from '../jws.ts';

/**
 * What kiosk and CMS say to each other: the one description that the client, the reference CMS and `openapi.json` are made from.
 * What is asked is strict (an unknown member is refused); in answers, members that a kiosk does not know are left unread.
 */

/** UUIDv7 (RFC 9562, 5.7), made by the kiosk, lower case. */
export const operationId = z.string().regex(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
export const contactId = z.string().regex(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
/** UTC, by the CMS's own clock. */
const instant = z.iso.datetime();
const attempt = z.int().min(1).max(9999);
/** Text without control characters: it may end up on a page, in a mail, in a list. */
const line = (max: number): z.ZodString => z.string().regex(new RegExp(String.raw`^[^\u0000-\u001f\u007f]{1,${max}}$`, 'u'));
const jws = z.string().regex(/^[A-Za-z0-9_-]{2,2000}\.[A-Za-z0-9_-]{2,6000}\.[A-Za-z0-9_-]{2,1000}$/);
/** Omocodes included: digits may be replaced by `LMNPQRSTUV` (D.M. 23/12/1976; procedures.md 2.3). */
const fiscalCode = z.string().regex(/^[A-Z]{6}[0-9LMNPQRSTUV]{2}[ABCDEHLMPRST][0-9LMNPQRSTUV]{2}[A-Z][0-9LMNPQRSTUV]{3}[A-Z]$/);
const channel = z.enum(['email', 'sms']);

export const contactCodeRequest = z.strictObject({
  operationId,
  send: z.int().min(1).max(99),
  channel,
  value: line(254),
  language: z.string().regex(/^[a-z]{2}$/),
});

export const contactCodeSent = z.object({
  contactId,
  expiresAt: instant,
  resendAfter: instant,
  triesLeft: z.int().nonnegative(),
  at: instant,
}) satisfies z.ZodType<ContactCodeSent>;

/** The one-time code as it was typed: 6 ASCII digits and nothing else. Bytes, so that both ends can wipe them. */
export const oneTimeCodeLength = 6;

export const contactProved = z.object({ proof: jws, expiresAt: instant, at: instant });

/** What stands inside the signed proof of contact. */
export const proofClaims = z.object({
  operationId,
  contactId,
  channel,
  /** Keyed by the CMS: tells two contacts apart, and tells nobody else which. */
  contactDigest: z.string().min(1),
  /** Seconds since 1970 (RFC 7519). */
  iat: z.int(),
  exp: z.int(),
});

export const reserveRequest = z.strictObject({
  operationId,
  operation: z.literal('activation'),
  case: z.literal('adult'),
  desk: z.string().regex(/^[a-z0-9-]{1,40}$/),
  profile: z.strictObject({ id: z.string().regex(/^[a-z-]{1,40}$/), version: line(40) }),
  card: z.strictObject({ cardId: line(40), certificateDigest: z.string().regex(/^[0-9a-f]{64}$/), chip: z.boolean() }),
  applicant: z.strictObject({
    relation: z.literal('holder'),
    fiscalCode,
    surname: line(80),
    name: line(80),
    birthDate: z.iso.date(),
  }),
  document: identityDocument,
  proofOfContact: jws,
  operatorAssertion: jws,
}) satisfies z.ZodType<Reserve>;

export const reservation = z.object({
  operationId,
  state: z.literal('RESERVED'),
  expiresAt: instant,
  delivery: z.object({
    scheme: z.literal('split'),
    paper: z
      .array(z.object({ code: z.string().regex(/^[A-Z0-9]{1,8}$/), characters: z.int().min(1).max(15), of: z.int().min(2).max(16) }))
      .min(1)
      .max(6),
    secondPart: z.object({ channel, masked: line(254) }),
  }),
  at: instant,
}) satisfies z.ZodType<Reservation>;

/** A one-use public key of a print worker (RFC 8037). */
const oneUseKey = z.strictObject({
  kty: z.literal('OKP'),
  crv: z.literal('X25519'),
  x: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
}) satisfies z.ZodType<OneUseKey>;

/** `authorisation`: the operator's signed decision `reprint` for this attempt; every attempt but the first needs one. */
export const paperPartRequest = z.strictObject({ attempt, key: oneUseKey, authorisation: jws.exactOptional() });

/**
 * `jwe`: compact JWE, ECDH-ES with A256GCM, `kid` is `<operation>:<attempt>`. Inside, ASCII bytes, one line a code:
 * `<LABEL> <paper characters> <number of characters withheld>\n`, as in `PIN 12 3\nPUK 3456 4\n`.
 */
export const sealedPaperPart = z.object({
  attempt,
  jwe: z.string().regex(/^[A-Za-z0-9_-]{1,1000}\.\.[A-Za-z0-9_-]{1,100}\.[A-Za-z0-9_-]{1,1000}\.[A-Za-z0-9_-]{1,100}$/),
  at: instant,
}) satisfies z.ZodType<SealedPaperPart>;

/** `attempt` 0: it ended before any print was attempted. */
/* A held operation ends with a second outcome, whose `operatorAssertion` is the signed decision `resolve`. */
export const outcomeRequest = z.strictObject({
  attempt: z.int().min(0).max(9999),
  outcome: z.enum(['handed-over', 'not-handed-over', 'unknown']),
  evidence: z.strictObject({ class: z.enum(['E0', 'E1', 'E2', 'E3', 'E4']), raw: z.string().regex(/^[0-9A-Fa-f]{0,2000}$/) }),
  exposed: z.boolean(),
  reason: line(200),
  operatorAssertion: jws.exactOptional(),
}) satisfies z.ZodType<Omit<OutcomeReport, 'operationId'>>;

const settledState = z.enum(['CONFIRMED', 'VOIDED', 'HELD']);

export const receipt = z.object({
  operationId,
  state: settledState,
  sequence: z.int().min(1),
  at: instant,
  jws,
}) satisfies z.ZodType<Receipt>;

/** What stands inside the signed receipt. */
export const receiptClaims = z.object({ operationId, state: settledState, sequence: z.int().min(1), at: instant });

export const mostOperationsAsked = 100;

/** Many outcomes at once, after an outage: each one stands under the Idempotency-Key that it would have alone. */
export const mostOutcomes = 50;

export const outcomesRequest = z.strictObject({
  outcomes: z.array(outcomeRequest.extend({ operationId })).min(1).max(mostOutcomes),
});

/** One answer an outcome, in the order of the request: its receipt, or its refusal. */
export const outcomeAnswers = z.object({
  answers: z
    .array(
      z.union([
        z.object({ operationId, receipt }),
        z.object({ operationId, refused: z.string().regex(/^[a-z-]{1,60}$/), receipt: receipt.optional() }),
      ]),
    )
    .max(mostOutcomes),
  at: instant,
});

export const mostReleasesCounted = 5_000;

/** What the CMS released to this kiosk on one day (UTC, by its own clock). */
export const dayCount = z.object({
  day: z.iso.date(),
  releases: z.array(z.object({ operationId, attempt, at: instant })).max(mostReleasesCounted),
  at: instant,
}) satisfies z.ZodType<DayCount>;

export const operationViews = z.object({
  operations: z
    .array(z.object({ operationId, state: z.enum(['NONE', 'RESERVED', 'CONFIRMED', 'VOIDED', 'HELD']), releases: z.int().nonnegative() }))
    .max(mostOperationsAsked),
  at: instant,
}) satisfies z.ZodType<{ readonly operations: readonly OperationView[] }>;

/** A checkpoint of the kiosk's journal, of the operation of its last row, and the device's public key: pinned by the first one. */
export const checkpointRequest = z.strictObject({ operationId, checkpoint: jws, key: publicJwk });

/** `countersignature`: JWS of the CMS, `typ` `sportello-countersignature+jwt`: kiosk, sequence, hash, digest of the checkpoint's JWS, time. */
export const checkpointAnswer = z.object({ countersignature: jws, at: instant });

export const health = z.object({ state: z.literal('ready'), kiosk: z.string(), at: instant });

/** Each refusal by its stable type (RFC 9457), which on the wire follows `problemPrefix`. */
export const problems = {
  'request-unusable': { status: 400, title: 'The request is not as the contract describes it' },
  'idempotency-key-unusable': { status: 400, title: 'Idempotency-Key is missing, or is not <operation>:<step>:<attempt> of this request' },
  'not-found': { status: 404, title: 'There is nothing at this address' },
  'too-large': { status: 413, title: 'The request is larger than the contract allows' },
  'media-type-unsupported': { status: 415, title: 'The content type is not the one of this call' },
  'idempotency-mismatch': { status: 409, title: 'This Idempotency-Key came before with another request' },
  'operation-of-another-kiosk': { status: 403, title: 'Another kiosk began this operation' },
  'contact-unusable': { status: 422, title: 'The contact is not an address of its channel' },
  'channel-unsupported': { status: 422, title: 'This CMS does not send by this channel' },
  'contact-unknown': { status: 404, title: 'No code was sent to this contact for this operation' },
  'sends-exhausted': { status: 409, title: 'No more one-time codes are sent for this operation' },
  'resend-too-soon': { status: 429, title: 'The last one-time code was sent a moment ago' },
  'wrong-code': { status: 422, title: 'The one-time code is wrong' },
  'code-expired': { status: 409, title: 'The one-time code has expired or was replaced by a newer one' },
  'tries-exhausted': { status: 409, title: 'The one-time code was tried too often' },
  'proof-refused': { status: 422, title: 'The proof of contact does not hold for this operation' },
  'assertion-refused': { status: 422, title: "The operator's signed assertion does not hold for this request" },
  'operation-unknown': { status: 404, title: 'The operation was never reserved' },
  'operation-reserved': { status: 409, title: 'The operation is reserved already' },
  'operation-confirmed': { status: 409, title: 'The operation is confirmed, for good' },
  'operation-voided': { status: 409, title: 'The operation is void, for good' },
  'operation-held': { status: 409, title: "The operation is held until an operator's signed decision" },
  'paper-part-needs-authorisation': { status: 403, title: "A further release of the paper part needs an operator's authorisation" },
  'paper-part-not-released': { status: 409, title: 'The paper part of this attempt was never released' },
  'evidence-insufficient': { status: 422, title: 'The evidence does not prove a hand-over' },
  'checkpoint-refused': { status: 422, title: "The checkpoint is not signed with this kiosk's key" },
  'checkpoint-rolled-back': { status: 409, title: 'A later checkpoint of this kiosk is known' },
  'checkpoint-forked': { status: 409, title: 'The checkpoint does not follow the one of this kiosk that is known' },
  'internal-error': { status: 500, title: 'The CMS could not answer; ask again with the same Idempotency-Key' },
} as const satisfies Record<string, { status: number; title: string }>;

export type ProblemType = keyof typeof problems;
export const problemPrefix = 'urn:sportello:cms:';
export const problemMediaType = 'application/problem+json';

/** Problem details (RFC 9457). `detail` names the member at fault, never its value. */
export const problem = z.object({
  type: z.string().regex(/^urn:sportello:cms:[a-z-]{1,60}$/),
  title: z.string().min(1).max(200),
  status: z.int().min(400).max(599),
  detail: z.string().max(500).optional(),
  /** With a refused outcome, where the operation is over: the receipt of what stands. */
  receipt: receipt.optional(),
  at: instant,
});

/** The calls, by the name of their step. `refusals`: those that are the call's own, beside the ones that any call may meet. */
export const calls = {
  'contact-code': {
    method: 'POST',
    path: '/contacts',
    summary: 'Sends a one-time code to a contact',
    request: contactCodeRequest,
    status: 201,
    answer: contactCodeSent,
    refusals: [
      'contact-unusable',
      'channel-unsupported',
      'resend-too-soon',
      'sends-exhausted',
      'operation-reserved',
      'operation-confirmed',
      'operation-voided',
      'operation-held',
    ],
  },
  'contact-proof': {
    method: 'POST',
    path: '/contacts/{id}/proof',
    summary: 'Checks the one-time code; the answer is a short-lived signed proof of contact',
    request: 'one-time-code',
    status: 200,
    answer: contactProved,
    refusals: ['contact-unknown', 'wrong-code', 'code-expired', 'tries-exhausted'],
  },
  reserve: {
    method: 'POST',
    path: '/operations',
    summary: 'Reserves the codes of a card; silence until `expiresAt` voids the reservation',
    request: reserveRequest,
    status: 201,
    answer: reservation,
    refusals: ['proof-refused', 'assertion-refused', 'operation-reserved', 'operation-confirmed', 'operation-voided', 'operation-held'],
  },
  'paper-part': {
    method: 'POST',
    path: '/operations/{id}/paper-part',
    summary: 'Releases the paper part, sealed to the one-use key of a print worker; each release is counted',
    request: paperPartRequest,
    status: 200,
    answer: sealedPaperPart,
    refusals: [
      'operation-unknown',
      'paper-part-needs-authorisation',
      'assertion-refused',
      'operation-confirmed',
      'operation-voided',
      'operation-held',
    ],
  },
  outcome: {
    method: 'POST',
    path: '/operations/{id}/outcome',
    summary:
      'Says how the hand-over ended: confirm, void or hold; the answer, and the refusal of what comes too late, has a signed receipt',
    request: outcomeRequest,
    status: 200,
    answer: receipt,
    refusals: [
      'operation-unknown',
      'paper-part-not-released',
      'evidence-insufficient',
      'assertion-refused',
      'operation-confirmed',
      'operation-voided',
      'operation-held',
    ],
  },
  outcomes: {
    method: 'POST',
    path: '/outcomes',
    summary:
      'Many outcomes at once, after an outage; each has the effect and the answer that it would have alone, and carries no Idempotency-Key but the one of its operation, outcome and attempt',
    request: outcomesRequest,
    status: 200,
    answer: outcomeAnswers,
    refusals: [],
  },
  counts: {
    method: 'GET',
    path: '/counts',
    summary: 'The releases of paper parts to this kiosk on one day (UTC), for the daily three-way count',
    request: null,
    status: 200,
    answer: dayCount,
    refusals: [],
  },
  operations: {
    method: 'GET',
    path: '/operations',
    summary: "The CMS's view of the kiosk's operations, for recovery; one it never heard of is NONE",
    request: null,
    status: 200,
    answer: operationViews,
    refusals: [],
  },
  checkpoint: {
    method: 'POST',
    path: '/checkpoints',
    summary: "Countersigns a checkpoint of the kiosk's journal that follows the one before; a rollback or a fork is refused, and an alarm",
    request: checkpointRequest,
    status: 200,
    answer: checkpointAnswer,
    refusals: ['checkpoint-refused', 'checkpoint-rolled-back', 'checkpoint-forked'],
  },
  health: {
    method: 'GET',
    path: '/health',
    summary: 'Whether the CMS takes calls, and its clock',
    request: null,
    status: 200,
    answer: health,
    refusals: [],
  },
} as const satisfies Record<string, CallDescription>;

interface CallDescription {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly summary: string;
  readonly request: z.ZodType | 'one-time-code' | null;
  readonly status: 200 | 201;
  readonly answer: z.ZodType;
  readonly refusals: readonly ProblemType[];
}

export type CallName = keyof typeof calls;
export const callNames = Object.keys(calls) as readonly CallName[];

/** Larger requests are refused unread. Bytes. */
export const largestRequest = 32 * 1024;
export const largestOutcomes = mostOutcomes * 16 * 1024;
export const idempotencyHeader = 'Idempotency-Key';

const keyShape = /^([0-9a-f-]{36}):([a-z0-9-]{1,60}):(0|[1-9][0-9]{0,3})$/;

export interface IdempotencyKey {
  readonly operationId: string;
  readonly step: string;
  readonly attempt: number;
}

export const idempotencyKey = {
  write: (key: IdempotencyKey): string => `${key.operationId}:${key.step}:${key.attempt}`,
  /** `null`: not a key of this contract. */
  read(text: string): IdempotencyKey | null {
    const [, id, step, number] = keyShape.exec(text) ?? [];
    if (id === undefined || step === undefined || number === undefined || !operationId.safeParse(id).success) return null;
    return { operationId: id, step, attempt: Number(number) };
  },
};

/**
 * The step in each write's key. A proof names its contact, because tries are counted for each code sent. An outcome is a step of its own,
 * because a held operation may get a second one; whether it may is for the ratchet, not for the key.
 */
export const stepOf = {
  contactCode: 'contact-code',
  contactProof: (contact: string): string => `proof-${contact}`,
  reserve: 'reserve',
  paperPart: 'paper-part',
  outcome: (outcome: OutcomeReport['outcome']): string => outcome,
  /** `digest`: of the checkpoint's JWS. */
  checkpoint: (digest: string): string => `checkpoint-${digest.slice(0, 32)}`,
};
