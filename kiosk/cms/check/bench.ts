import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { type Result, err, ok } from '../../../devices/result.ts';
import { identityDocument } from '../../../flows/people/identity-document.ts';
import { operatorId, publicSigningKey } from '../../operators/assertion.ts';
import { contactCodeRequest, reserveRequest } from '../contract.ts';
import { cardOfHolder } from '../services.ts';
import { cardNumber, remoteContacts } from '../shapes.ts';

/** Whom, which card and which desk the bench takes. */
const subject = z.strictObject({
  desk: reserveRequest.shape.desk,
  profile: reserveRequest.shape.profile,
  card: reserveRequest.shape.card,
  applicant: reserveRequest.shape.applicant,
  document: identityDocument,
});

const base64url = z.string().regex(/^[A-Za-z0-9_-]{40,50}$/);

/**
 * What the other side's test bench lends to the suite (`--bench FILE`): how to learn a one-time code, the key of an operator that it
 * knows, and whom and which card it takes. Specimens only.
 */
const benchFile = z.strictObject({
  /** Where codes are sent to; the bench reads them there. */
  contact: z.strictObject({ channel: contactCodeRequest.shape.channel, value: contactCodeRequest.shape.value }).optional(),
  /**
   * How to learn the code: always the same, or from an address that answers with its six digits (404: not yet). In the address
   * `{contactId}` and `{value}` are filled in.
   */
  oneTimeCode: z
    .union([z.strictObject({ fixed: z.string().regex(/^\d{6}$/) }), z.strictObject({ url: z.url({ protocol: /^https?$/ }) })])
    .optional(),
  operator: z.strictObject({ id: operatorId, privateKey: publicSigningKey.extend({ d: z.string().min(1) }) }).optional(),
  subject: subject.optional(),
  /** A kiosk's device key, which the CMS pins when it first sees it, and a file in which the suite keeps how far the device's journal was countersigned. */
  device: z
    .strictObject({
      privateKey: z.union([
        z.strictObject({ kty: z.literal('EC'), crv: z.literal('P-256'), x: base64url, y: base64url, d: base64url }),
        z.strictObject({ kty: z.literal('OKP'), crv: z.literal('Ed25519'), x: base64url, d: base64url }),
      ]),
      journal: z.string().min(1),
    })
    .optional(),
  /** A desk with sealed envelopes, and whose card may be bound to one: each run spends an envelope of the operator's or of a magazine's. */
  envelope: subject.optional(),
  /** A holder whose registered card is active: each run suspends it and reactivates it. */
  registered: z
    .strictObject({
      desk: reserveRequest.shape.desk,
      profile: reserveRequest.shape.profile,
      holder: cardOfHolder.shape.holder,
      document: identityDocument,
    })
    .optional(),
  /** A holder, and their active card that has no signature certificate: each run asks for one, and leaves it void. */
  signature: z
    .strictObject({
      desk: reserveRequest.shape.desk,
      profile: reserveRequest.shape.profile,
      holder: cardOfHolder.shape.holder,
      card: reserveRequest.shape.card.omit({ chip: true }),
      document: identityDocument,
    })
    .optional(),
  /** Somebody who may be recognised by video: each run gives their card codes. `sent` answers with the number of messages that went out for `{operationId}`. */
  remote: z
    .strictObject({
      desk: reserveRequest.shape.desk,
      profile: reserveRequest.shape.profile,
      holder: cardOfHolder.shape.holder,
      cardNumber,
      document: identityDocument,
      contacts: remoteContacts,
      sent: z.strictObject({ url: z.url({ protocol: /^https?$/ }) }),
    })
    .optional(),
  /** An address that answers with the number of second parts that were sent for `{operationId}`. */
  secondParts: z.strictObject({ url: z.url({ protocol: /^https?$/ }) }).optional(),
});

export type Bench = z.infer<typeof benchFile>;

/** Persons and cards that there are none of: the specimen of the documents. */
export const usualSubject: NonNullable<Bench['subject']> = {
  desk: 'health-authority',
  profile: { id: 'emilia-romagna', version: '1.0' },
  card: { cardId: '6030000000000001', certificateDigest: 'ab'.repeat(32), chip: true },
  applicant: { relation: 'holder', fiscalCode: 'RSSMRA72L09H501S', surname: 'ROSSI', name: 'MARIO', birthDate: '1972-07-09' },
  document: { type: 'identity-card', number: 'CA00000AA', issuingBody: 'COMUNE DI BOLOGNA', expires: '2099-12-31' },
};

export const usualContact: NonNullable<Bench['contact']> = { channel: 'email', value: 'collaudo@example.it' };

export function readBench(file: string): Result<Bench, string> {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    return err(error instanceof SyntaxError ? 'not JSON' : error instanceof Error ? error.message : String(error));
  }
  const read = benchFile.safeParse(json);
  if (read.success) return ok(read.data);
  const issue = read.error.issues[0];
  return err(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not valid'}`);
}
