import { z } from 'zod';
import { identityDocument } from '../../flows/people/identity-document.ts';
import type {
  ContactCodeSent,
  DayCount,
  OneUseKey,
  OperationView,
  OutcomeReport,
  PriorCard,
  Receipt,
  RenewalReserve,
  Reservation,
  Reserve,
  SealedPaperPart,
} from '../../flows/ports/cms.ts';
import { regionalCodeOperations } from '../../flows/ports/cms.ts';
import { representative } from '../../flows/people/representation.ts';
import { holderCases } from '../../flows/procedures/vocabulary.ts';
import type { EnvelopeReserve } from '../../flows/ports/envelopes.ts';
import { publicJwk } from '../jws.ts';
import { batchesAnswer, cardAnswer, countedEnvelopes, envelopeCountRequest, envelopeReservation, envelopeStanding } from './envelopes.ts';
import type { ProblemType } from './problems.ts';
import { relayAnswer, relayRequest } from './relays.ts';
import { remoteIssueRequest } from './remote-issue.ts';
import {
  cardOfHolder,
  cardStanding,
  nationalRevokeRequest,
  serviceAccepted,
  serviceReceipt,
  serviceRequest,
  serviceVoidRequest,
} from './services.ts';
import { attempt, channel, contactId, fiscalCode, instant, jws, line, operationId } from './shapes.ts';

/**
 * What kiosk and CMS say to each other: the one description that the client, the reference CMS and `openapi.json` are made from.
 * What is asked is strict (an unknown member is refused); in answers, members that a kiosk does not know are left unread.
 */

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
  operation: z.enum(regionalCodeOperations),
  case: z.enum(holderCases),
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
  representative: representative.exactOptional(),
  document: identityDocument,
  proofOfContact: jws,
  operatorAssertion: jws,
}) satisfies z.ZodType<Reserve>;

/** By the card before, and by no operator: its proof stands in the place of document and assertion. */
export const renewalReserveRequest = reserveRequest
  .omit({ representative: true, document: true, operatorAssertion: true })
  .extend({ operation: z.literal('renewal'), case: z.literal('adult'), proofOfPriorCard: jws }) satisfies z.ZodType<RenewalReserve>;

/** The card before signed `sportello-renewal.<operationId>`, after its PIN. `operationId` is a UUIDv7 of these minutes that the CMS has not met. */
export const priorCardRequest = z.strictObject({
  operationId,
  card: reserveRequest.shape.card.omit({ chip: true }),
  certificate: z.base64().max(6000),
  signature: z.base64().max(1000),
}) satisfies z.ZodType<PriorCard>;

export const priorCardProved = z.object({ proof: jws, expiresAt: instant, at: instant });

export const priorCardProofType = 'sportello-prior-card+jwt';
/** What stands inside the signed proof of a prior card. `holder`: keyed by the CMS. Seconds since 1970 (RFC 7519). */
export const priorCardClaims = z.object({ operationId, cardId: line(40), holder: z.string().min(1), iat: z.int(), exp: z.int() });

/** Of another region's card: its codes come from the national system, and by its function. */
export const nationalActivateRequest = reserveRequest.extend({ operation: z.literal('interop-activation') });
export const nationalDuplicateRequest = reserveRequest.extend({ operation: z.literal('interop-duplicate') });

/** Nothing is sent later, so that no contact is proved. */
export const envelopeReserveRequest = reserveRequest
  .omit({ proofOfContact: true })
  .extend({ delivery: z.literal('envelope') }) satisfies z.ZodType<EnvelopeReserve>;

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
  envelope: envelopeStanding.exactOptional(),
  jws,
}) satisfies z.ZodType<Receipt>;

/** What stands inside the signed receipt. */
export const receiptClaims = receipt.omit({ jws: true });

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

const serviceRefusals = [
  'card-unknown',
  'card-of-another-region',
  'card-state-wrong',
  'assertion-refused',
  'service-voided',
] as const satisfies readonly ProblemType[];

export const mostReleasesCounted = 5_000;

/** What the CMS released to this kiosk on one day (UTC, by its own clock). */
export const dayCount = z.object({
  day: z.iso.date(),
  releases: z.array(z.object({ operationId, attempt, at: instant })).max(mostReleasesCounted),
  at: instant,
}) satisfies z.ZodType<DayCount>;

export const operationViews = z.object({
  operations: z
    .array(
      z.object({
        operationId,
        state: z.enum(['NONE', 'RESERVED', 'CONFIRMED', 'VOIDED', 'HELD']),
        releases: z.int().nonnegative(),
        envelope: envelopeStanding.exactOptional(),
      }),
    )
    .max(mostOperationsAsked),
  at: instant,
}) satisfies z.ZodType<{ readonly operations: readonly OperationView[] }>;

/** A checkpoint of the kiosk's journal, of the operation of its last row, and the device's public key: pinned by the first one. */
export const checkpointRequest = z.strictObject({ operationId, checkpoint: jws, key: publicJwk });

/** `countersignature`: JWS of the CMS, `typ` `sportello-countersignature+jwt`: kiosk, sequence, hash, digest of the checkpoint's JWS, time. */
export const checkpointAnswer = z.object({ countersignature: jws, at: instant });

export const health = z.object({ state: z.literal('ready'), kiosk: z.string(), at: instant });

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

const nationalRefusals = [
  'desk-not-allowed',
  'card-unknown',
  'card-of-another-region',
  'card-state-wrong',
  'card-activated',
  'card-not-activated',
  'proof-refused',
  'assertion-refused',
  'operation-reserved',
  'operation-confirmed',
  'operation-voided',
  'operation-held',
] as const;

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
      'contact-exhausted',
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
  'prior-card': {
    method: 'POST',
    path: '/prior-cards',
    summary:
      "Checks the signature of the holder's card before; the answer is a short-lived signed proof, for a renewal without an operator",
    request: priorCardRequest,
    status: 200,
    answer: priorCardProved,
    refusals: ['prior-card-refused', 'operation-reserved', 'operation-confirmed', 'operation-voided', 'operation-held'],
  },
  reserve: {
    method: 'POST',
    path: '/operations',
    summary: 'Reserves the codes of a card, or the setting of its PIN to an envelope; silence until `expiresAt` voids the reservation',
    request: z.union([reserveRequest, renewalReserveRequest, envelopeReserveRequest]),
    status: 201,
    answer: z.union([reservation, envelopeReservation]),
    refusals: [
      'delivery-not-offered',
      'card-unknown',
      'card-activated',
      'card-not-activated',
      'card-state-wrong',
      'card-without-secure-messaging',
      'proof-refused',
      'prior-card-refused',
      'assertion-refused',
      'operation-reserved',
      'operation-confirmed',
      'operation-voided',
      'operation-held',
    ],
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
  relay: {
    method: 'POST',
    path: '/operations/{id}/relay',
    summary:
      "One exchange of the chip relay: the card's last answer goes to the CMS, its next command comes back, or the signed end; a relay with a new id ends the one before",
    request: relayRequest,
    status: 200,
    answer: relayAnswer,
    refusals: [
      'operation-unknown',
      'delivery-not-offered',
      'card-unknown',
      'envelope-unknown',
      'envelope-of-another-desk',
      'envelope-of-another-operator',
      'envelope-spent',
      'operation-bound-otherwise',
      'relay-of-another-card',
      'relay-out-of-order',
      'relay-over',
      'service-done',
      'service-voided',
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
      'pin-not-set',
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
  'envelope-batches': {
    method: 'GET',
    path: '/envelopes/batches',
    summary: 'The signed lists of sealed envelopes for a desk',
    request: null,
    status: 200,
    answer: batchesAnswer,
    refusals: ['delivery-not-offered', 'envelope-of-another-desk'],
  },
  'envelope-count': {
    method: 'POST',
    path: '/envelopes/counts',
    summary: "A shift's count of a batch; the signed answer says what does not agree. What the kiosk gave up is withdrawn for good",
    request: envelopeCountRequest,
    status: 200,
    answer: countedEnvelopes,
    refusals: ['delivery-not-offered', 'envelope-of-another-desk', 'batch-unknown', 'seed-contradicted'],
  },
  card: {
    method: 'GET',
    path: '/cards/{id}',
    summary: 'What the CMS knows of a card, by the 16 digits of EF.ID_Carta',
    request: null,
    status: 200,
    answer: cardAnswer,
    refusals: ['delivery-not-offered', 'card-unknown'],
  },
  'card-standing': {
    method: 'POST',
    path: '/cards/standing',
    summary: "What the CMS knows of a holder's card, which need not be here; the holder is in the body, so that no address names anybody",
    request: cardOfHolder,
    status: 200,
    answer: cardStanding,
    refusals: ['card-unknown', 'card-of-another-region'],
  },
  service: {
    method: 'POST',
    path: '/services',
    summary:
      'Suspends, reactivates or revokes a card, or registers a reader; the receipt is signed. A signature certificate is accepted: it is loaded by a relay',
    request: serviceRequest,
    status: 201,
    answer: z.union([serviceReceipt, serviceAccepted]),
    refusals: [
      ...serviceRefusals,
      'household-has-reader',
      'signature-asked-before',
      'delivery-not-offered',
      'card-without-secure-messaging',
    ],
  },
  'remote-issue': {
    method: 'POST',
    path: '/remote-issues',
    summary:
      'Makes the codes of a card whose holder was recognised by video, and sends the first part by e-mail and the second by text message; the receipt is signed and holds no part',
    request: remoteIssueRequest,
    status: 201,
    answer: serviceReceipt,
    refusals: [...serviceRefusals, 'delivery-not-offered', 'channel-unsupported', 'card-activated', 'card-not-activated'],
  },
  'service-void': {
    method: 'POST',
    path: '/services/{id}/void',
    summary:
      'Ends a service or a remote issue, national or not, of which no answer came, or that was accepted: the receipt says that it was done, or that it will never be. Then a late request is refused',
    request: serviceVoidRequest,
    status: 200,
    answer: serviceReceipt,
    refusals: [],
  },
  'national-standing': {
    method: 'POST',
    path: '/national/identify',
    summary: "As `card-standing`, of another region's card: the national system knows of no suspension",
    request: cardOfHolder,
    status: 200,
    answer: cardStanding,
    refusals: ['card-unknown', 'card-of-another-region'],
  },
  'national-activate': {
    method: 'POST',
    path: '/national/activate',
    summary: "Reserves the first codes of another region's card through the national system; from there on as any operation",
    request: nationalActivateRequest,
    status: 201,
    answer: reservation,
    refusals: nationalRefusals,
  },
  'national-duplicate': {
    method: 'POST',
    path: '/national/duplicate',
    summary: "Reserves new codes for another region's card that has had some, through the national system",
    request: nationalDuplicateRequest,
    status: 201,
    answer: reservation,
    refusals: nationalRefusals,
  },
  'national-revoke': {
    method: 'POST',
    path: '/national/revoke',
    summary: "Revokes another region's card through the national system; the receipt is signed",
    request: nationalRevokeRequest,
    status: 201,
    answer: serviceReceipt,
    refusals: serviceRefusals,
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
  priorCard: 'prior-card',
  reserve: 'reserve',
  paperPart: 'paper-part',
  outcome: (outcome: OutcomeReport['outcome']): string => outcome,
  relay: (relay: string): string => `relay-${relay}`,
  service: 'service',
  serviceVoid: 'service-void',
  envelopeCount: (batch: string): string => `envelope-count-${batch}`,
  /** `digest`: of the checkpoint's JWS. */
  checkpoint: (digest: string): string => `checkpoint-${digest.slice(0, 32)}`,
};
