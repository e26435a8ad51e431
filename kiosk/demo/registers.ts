import { X509Certificate, hash } from 'node:crypto';
import type { z } from 'zod';
import type { envelopeSpecimens } from '../reference-cms/envelope-specimens.ts';
import type { serviceSpecimens } from '../reference-cms/service-specimens.ts';
import type { DemoCard } from './cards.ts';
import type { DemoRegion } from './region.ts';

/** What the CMS knows of the demo's cards before anything was done with them. */
export function registerOf(cards: readonly DemoCard[]): z.input<typeof serviceSpecimens> {
  return {
    cards: cards.map(({ person, serial, status }) => {
      const { fiscalCode, surname, name, birthDate, expiryDate } = person.personalData;
      return {
        ...identified(person),
        // Whom the list has from the beginning it has not once more.
        ...(status === 'active' ? { certificateSerial: serial } : {}),
        ...{ fiscalCode, surname, name, birthDate, status },
        expiresOn: expiryDate,
        activated: false,
        household: surname,
      };
    }),
  };
}

/** The pile of sealed envelopes, and the cards whose PIN the CMS can set. */
export function pileOf(cards: readonly DemoCard[], { desk, envelopes }: DemoRegion, operatorId: string): z.input<typeof envelopeSpecimens> {
  const holder = { kind: 'operator', id: operatorId } as const;
  return {
    cards: cards.map(({ person }) => ({
      ...identified(person),
      puk: person.puk,
      messaging: person.secureMessaging ?? null,
      askingTries: 'free',
    })),
    batches: [{ batch: 'lotto-dimostrativo', desk, envelopes: envelopes.map((number) => ({ number, holder })) }],
  };
}

function identified({ cardId, certificate = '' }: DemoCard['person']): { readonly cardId: string; readonly certificateDigest: string } {
  return { cardId, certificateDigest: hash('sha256', new X509Certificate(certificate).raw) };
}
