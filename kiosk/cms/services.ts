import { z } from 'zod';
import { identityDocument } from '../../flows/people/identity-document.ts';
import { representative } from '../../flows/people/representation.ts';
import {
  type CardOfHolder,
  type CardStanding,
  type ServiceAccepted,
  type ServiceReceipt,
  type ServiceRequest,
  serviceOperations,
} from '../../flows/ports/services.ts';
import { cardStatuses, forms, holderCases, lossProofs, reasons } from '../../flows/procedures/vocabulary.ts';
import { cardNumber, fiscalCode, instant, jws, line, operationId } from './shapes.ts';

/** The operations that give no codes, on the CMS link: one question, one signed answer; and what the CMS knows of a card before. */

const holder = z.strictObject({ fiscalCode, surname: line(80), name: line(80), birthDate: z.iso.date() });
const card = z.strictObject({ cardId: line(40), certificateDigest: z.string().regex(/^[0-9a-f]{64}$/) });

export const cardOfHolder = z.strictObject({
  holder,
  card: card.exactOptional(),
  cardNumber: cardNumber.exactOptional(),
}) satisfies z.ZodType<CardOfHolder>;

export const cardStanding = z.object({
  status: z.enum(cardStatuses),
  activated: z.boolean(),
  ownRegion: z.boolean(),
  householdHasReader: z.boolean(),
  at: instant,
}) satisfies z.ZodType<CardStanding>;

const anyService = z.strictObject({
  operationId,
  operation: z.enum(serviceOperations),
  case: z.enum(holderCases),
  desk: z.string().regex(/^[a-z0-9-]{1,40}$/),
  profile: z.strictObject({ id: z.string().regex(/^[a-z-]{1,40}$/), version: line(40) }),
  holder,
  card: card.exactOptional(),
  representative: representative.exactOptional(),
  document: identityDocument,
  reason: z.enum(reasons).exactOptional(),
  forms: z.array(z.enum(forms)).max(forms.length),
  lossProof: z.enum(lossProofs).exactOptional(),
  operatorAssertion: jws,
}) satisfies z.ZodType<ServiceRequest>;

export const serviceRequest = anyService.extend({ operation: z.enum(serviceOperations).exclude(['interop-revocation']) });
export const nationalRevokeRequest = anyService.extend({ operation: z.literal('interop-revocation') });

/** Nothing more is asked: the address names the operation. */
export const serviceVoidRequest = z.strictObject({});

export const serviceReceipt = z.object({
  operationId,
  state: z.enum(['DONE', 'VOIDED']),
  cardStatus: z.enum(cardStatuses).exactOptional(),
  sequence: z.int().min(1),
  at: instant,
  jws,
}) satisfies z.ZodType<ServiceReceipt>;

/** It is done with the card, by a relay (`relays.ts`); silence voids it. */
export const serviceAccepted = z.object({
  operationId,
  state: z.literal('ACCEPTED'),
  expiresAt: instant,
  at: instant,
}) satisfies z.ZodType<ServiceAccepted>;

export const serviceReceiptType = 'sportello-service-receipt+jwt';
/** What stands inside the signed receipt: it names nobody, so that it may stay in the journal. */
export const serviceReceiptClaims = serviceReceipt.omit({ jws: true });
