import { z } from 'zod';
import { envelopeStates } from '../../flows/envelopes/envelope.ts';
import { type EnvelopeStanding, cardEvidence } from '../../flows/ports/cms.ts';
import type { CardAtCms, EnvelopeBatch, EnvelopeReservation } from '../../flows/ports/envelopes.ts';
import { operatorId } from '../operators/assertion.ts';
import { attempt, instant, line, longJws, operationId } from './shapes.ts';

/** The blind envelope on the CMS link: lists, counts, and what is known of the card's PIN. Nothing here holds a code. */

export const desk = z.string().regex(/^[a-z0-9-]{1,40}$/);
export const batch = z.string().regex(/^[a-z0-9-]{1,40}$/);
/** As printed outside the envelope; its form and check are the profile's. */
export const envelopeNumber = z.string().regex(/^[0-9A-Z. $/+%-]{1,64}$/);
export const cardId = z.string().regex(/^\d{16}$/);

export const mostEnvelopes = 500;
export const mostBatches = 4;

export const holder = z.object({ kind: z.enum(['operator', 'magazine']), id: operatorId });
export const batchType = 'sportello-envelope-batch+jwt';
export const batchClaims = z.object({
  batch,
  desk,
  issuedAt: instant,
  envelopes: z
    .array(z.object({ number: envelopeNumber, holder }))
    .min(1)
    .max(mostEnvelopes),
}) satisfies z.ZodType<Omit<EnvelopeBatch, 'jws'>>;
/** Each a JWS of the CMS over `batchClaims`. */
export const batchesAnswer = z.object({ batches: z.array(longJws).max(mostBatches), at: instant });

const atKiosk = z.enum(envelopeStates);
const atCms = z.enum(['free', 'bound', 'handed', 'withdrawn']);
export const envelopeCountRequest = z.strictObject({
  shift: operationId,
  attempt,
  desk,
  batch,
  seed: z.string().regex(/^[0-9a-f]{64}$/),
  envelopes: z.array(z.strictObject({ number: envelopeNumber, state: atKiosk })).max(mostEnvelopes),
});
export const countType = 'sportello-envelope-count+jwt';
/** `seedDigest`: SHA-256 of the seed's bytes, hexadecimal: what the kiosk had promised before it drew. */
export const countClaims = z.object({
  shift: operationId,
  desk,
  batch,
  seedDigest: z.string().regex(/^[0-9a-f]{64}$/),
  agrees: z.boolean(),
  differences: z.array(z.object({ number: envelopeNumber, kiosk: atKiosk.nullable(), cms: atCms.nullable() })).max(2 * mostEnvelopes),
  at: instant,
});
/** `counted`: JWS of the CMS over `countClaims`. */
export const countedEnvelopes = z.object({ counted: longJws, at: instant });

export const envelopeReservation = z.object({
  operationId,
  state: z.literal('RESERVED'),
  expiresAt: instant,
  delivery: z.object({ scheme: z.literal('envelope'), contents: z.array(line(40)).min(1).max(6) }),
  at: instant,
}) satisfies z.ZodType<EnvelopeReservation>;

export const envelopeStanding = z.object({
  number: envelopeNumber,
  pin: z.enum(['not-set', 'set', 'unknown']),
  evidence: z.enum(cardEvidence),
}) satisfies z.ZodType<EnvelopeStanding>;

export const cardAnswer = z.object({
  cardId,
  issuer: line(80),
  state: z.enum(['not-activated', 'activated', 'revoked', 'unknown']),
  secureMessaging: z.boolean(),
  at: instant,
}) satisfies z.ZodType<CardAtCms>;
