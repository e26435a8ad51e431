import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { schemes } from '../../devices/card/secure-messaging/schemes.ts';
import { batch, cardId, desk, envelopeNumber, holder, mostEnvelopes } from '../cms/envelopes.ts';
import { line } from '../cms/shapes.ts';
import { digits } from './codes.ts';
import type { EnvelopeStore } from './envelope-store.ts';

const bytes = z
  .string()
  .regex(/^(?:[0-9A-Fa-f]{2}){16,32}$/, 'not 16 to 32 bytes in hexadecimal')
  .transform((hex) => new Uint8Array(Buffer.from(hex, 'hex')));

/** An issued card as the CMS knows it from its producer: its PUK, and the keys of its own. Specimens: they stand in a file in clear. */
const specimenCard = z.strictObject({
  cardId,
  /** SHA-256 of the authentication certificate (DER), hexadecimal. */
  certificateDigest: z.string().regex(/^[0-9a-f]{64}$/),
  issuer: line(80).default('0000'),
  state: z.enum(['not-activated', 'activated', 'revoked']).default('not-activated'),
  puk: z.string().regex(/^\d{5,8}$/),
  messaging: z
    .strictObject({ scheme: z.enum(Object.keys(schemes) as [keyof typeof schemes]), encryptionKey: bytes, macKey: bytes })
    .nullable(),
  certificatePath: z
    .string()
    .regex(/^(?:[0-9A-F]{4}){1,4}$/)
    .default('11001101'),
  pinReference: z.int().min(0).max(255).default(0x10),
  askingTries: z.enum(['free', 'unknown']).default('unknown'),
});
export type SpecimenCard = z.infer<typeof specimenCard>;

/** Codes are made at random where they are left out, and that is how it should be: they are named in tests alone. */
const batchPlan = z.strictObject({
  batch,
  desk,
  envelopes: z
    .array(
      z.strictObject({
        number: envelopeNumber,
        holder,
        pin: z
          .string()
          .regex(/^\d{5,8}$/)
          .optional(),
        userCode: z
          .string()
          .regex(/^\d{4,12}$/)
          .optional(),
      }),
    )
    .min(1)
    .max(mostEnvelopes),
});
export type BatchPlan = z.infer<typeof batchPlan>;

export const envelopeSpecimens = z.strictObject({ cards: z.array(specimenCard), batches: z.array(batchPlan) });

/** PIN of 5 digits (procedures.md 2.3); the form of the user code is nowhere said. */
const pinLength = 5;
const userCodeLength = 8;

/** Takes the specimens of a file in; what the store has of them already stays. Throws where the file is unusable. */
export function takeIn(file: string, store: EnvelopeStore, at: number): void {
  const { cards, batches } = envelopeSpecimens.parse(JSON.parse(readFileSync(file, 'utf8')));
  for (const card of cards) store.addCard(card);
  for (const plan of batches) store.addBatch(plan, at, () => ({ pin: digits(pinLength), userCode: digits(userCodeLength) }));
}
