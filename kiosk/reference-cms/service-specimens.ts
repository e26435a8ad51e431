import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { cardNumber, fiscalCode, line } from '../cms/shapes.ts';
import type { ServiceStore } from './service-store.ts';

/** A card and its holder as a register has them. Specimens: persons that there are none of. */
const registeredCard = z.strictObject({
  cardId: line(40),
  cardNumber: cardNumber.optional(),
  register: z.enum(['regional', 'national']).default('regional'),
  /** SHA-256 of the authentication certificate (DER), hexadecimal. */
  certificateDigest: z.string().regex(/^[0-9a-f]{64}$/),
  certificateSerial: z
    .string()
    .regex(/^[0-9a-fA-F]+$/)
    .optional(),
  fiscalCode,
  surname: line(80),
  name: line(80),
  birthDate: z.iso.date(),
  expiresOn: z.iso.date(),
  status: z.enum(['active', 'suspended', 'revoked']).default('active'),
  activated: z.boolean().default(true),
  /** Who has the same one lives together; left out: nobody knows with whom. */
  household: line(80).optional(),
});
export type RegisteredCard = z.infer<typeof registeredCard>;

export const serviceSpecimens = z.strictObject({ cards: z.array(registeredCard) });

/** Takes the specimens of a file in; what the register has of them already stays. Throws where the file is unusable. */
export function registerCards(file: string, store: ServiceStore, digest: (household: string) => Buffer, at: number): void {
  for (const card of serviceSpecimens.parse(JSON.parse(readFileSync(file, 'utf8'))).cards) {
    store.register(card, card.household === undefined ? null : digest(card.household), at);
  }
}
