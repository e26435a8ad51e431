import { z } from 'zod';
import type { RelayReceipt } from '../../flows/ports/envelopes.ts';
import { relayEnds } from '../../flows/ports/relays.ts';
import type { LoadingReceipt } from '../../flows/ports/services.ts';
import { envelopeNumber, envelopeStanding } from './envelopes.ts';
import { contactId, instant, jws, operationId } from './shapes.ts';

/** The relay on the CMS link: the CMS sets a card's PIN by it, or loads a certificate. */

/** Made anew for each relay (UUIDv4, lower case). */
const relayId = contactId;
/** A whole APDU, upper-case hexadecimal; a kiosk's relay takes commands of 261 bytes. */
const apdu = z.string().regex(/^(?:[0-9A-F]{2}){2,520}$/);
export const mostExchanges = 64;

const opening = z.strictObject({
  relay: relayId,
  sequence: z.literal(0),
  card: z.strictObject({ certificateDigest: z.string().regex(/^[0-9a-f]{64}$/) }),
});

/** Idempotency-Key: `<operation>:relay-<relay>:<sequence>`. The first exchange opens the relay, and binds the envelope whose PIN the card gets. */
export const relayRequest = z.union([
  opening.extend({ envelope: envelopeNumber.exactOptional() }),
  z.strictObject({ relay: relayId, sequence: z.int().min(1).max(mostExchanges), answer: apdu }),
]);

export const relayType = 'sportello-relay+jwt';
const ending = z.object({ operationId, relay: relayId, ended: z.enum(relayEnds), secured: z.boolean(), at: instant });
export const relayClaims = ending.extend({
  envelope: envelopeStanding,
  tries: z.object({ before: z.int().min(0).max(15).nullable(), after: z.int().min(0).max(15).nullable() }),
}) satisfies z.ZodType<Omit<RelayReceipt, 'jws'>>;
export const loadingClaims = ending.extend({
  certificate: z.enum(['loaded', 'not-loaded', 'unknown']),
}) satisfies z.ZodType<Omit<LoadingReceipt, 'jws'>>;

/** The next command for the card, or the end: JWS of the CMS over `relayClaims` or `loadingClaims`. `sequence` is the request's. */
export const relayAnswer = z.union([
  z.object({ sequence: z.int().nonnegative(), command: apdu, at: instant }),
  z.object({ sequence: z.int().nonnegative(), end: jws, at: instant }),
]);
