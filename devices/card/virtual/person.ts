import { X509Certificate, createPrivateKey } from 'node:crypto';
import { z } from 'zod';
import { type Result, err, ok } from '../../result.ts';
import { Secret } from '../../secret.ts';
import { schemes } from '../secure-messaging/schemes.ts';
import { type PersonalDataField, personalDataFields } from '../personal-data.ts';
import { VirtualCnsCard, type VirtualCardOptions } from './card.ts';
import { type Certified, issueCnsCertificate, selfMadeIssuer } from './certificate.ts';
import type { CardProfile } from './profile.ts';
import { secureMessagingOf } from './secured.ts';
import type { CardSecureMessaging } from './secure-messaging.ts';
import { specimens } from './specimen.ts';

/** A value that one field of EF.Dati_personali can hold: up to 255 characters of Latin-1. */
const value = z
  .string()
  .max(0xff)
  .regex(/^[\x20-\x7e\xa0-\xff]*$/, 'holds characters that a card cannot')
  .default('');
const date = z.union([z.iso.date(), z.literal('')]).default('');
const fields: Record<PersonalDataField, typeof value | typeof date> = {
  ...(Object.fromEntries(personalDataFields.map((field) => [field, value])) as Record<PersonalDataField, typeof value>),
  issueDate: date,
  expiryDate: date,
  birthDate: date,
};
const keyBytes = z.string().regex(/^(?:[0-9A-Fa-f]{2}){16,32}$/, 'not 16 to 32 bytes in hexadecimal');
const code = z.string().regex(/^\d{5,8}$/, 'has not 5 to 8 digits');

/** A card's person as `card virtual --person` takes it (commands.md); certificate and key are PEM, and come together or not at all. */
export const person = z
  .strictObject({
    personalData: z.strictObject(fields),
    cardId: z
      .string()
      .regex(/^\d{16}$/, 'has not 16 digits')
      .default(specimens.adult.cardId),
    pin: code,
    puk: code,
    /** What opens its key of signature, once there is one; left out: nothing does. */
    signaturePin: code.optional(),
    /** Keys of its own, under which alone its PIN may be unblocked; left out: a card without secure messaging. */
    secureMessaging: z
      .strictObject({ scheme: z.enum(Object.keys(schemes) as [keyof typeof schemes]), encryptionKey: keyBytes, macKey: keyBytes })
      .optional(),
    certificate: z.string().optional(),
    privateKey: z.string().optional(),
  })
  .refine(({ certificate, privateKey }) => certificate !== undefined || privateKey === undefined, 'privateKey without its certificate');
export type Person = z.infer<typeof person>;

/** Codes of a specimen, as short and as long as the regions use them. */
export const specimenCodes = { pin: '12345', puk: '12345678' } as const;

export const specimenPerson: Person = { ...specimens.adult, ...specimenCodes };

/** Makes the card of a person; its certificate is issued where absent, by `issuer` or by a CA that nothing trusts. */
export async function makeCard(
  { personalData, cardId, pin, puk, signaturePin, secureMessaging, certificate, privateKey }: Person,
  options: Partial<CardProfile> & Pick<VirtualCardOptions, 'atr' | 'memory' | 'secureMessaging'> & { readonly issuer?: Certified } = {},
): Promise<Result<VirtualCnsCard, string>> {
  const { issuer, ...how } = options;
  const secured = secureMessaging === undefined ? {} : { secureMessaging: messagingOf(secureMessaging), secured: ['unblock'] as const };
  const signing = signaturePin === undefined ? {} : { signaturePin: Secret.fromText(signaturePin) };
  const card = { ...secured, ...signing, ...how, pin: Secret.fromText(pin), puk: Secret.fromText(puk), cardId, personalData };
  if (certificate !== undefined) {
    const der = certificateBytes(certificate, privateKey);
    return der.ok ? ok(new VirtualCnsCard({ ...card, certificate: der.value, privateKey })) : der;
  }
  const notBefore = new Date(personalData.issueDate || '2020-01-01');
  const notAfter = new Date(`${personalData.expiryDate || '2049-12-31'}T23:59:59Z`);
  const authority = issuer ?? (await selfMadeIssuer({ notBefore, notAfter }));
  const issued = await issueCnsCertificate({ personalData, cardId, issuer: authority, serialNumber: cardId, notBefore, notAfter });
  return ok(new VirtualCnsCard({ ...card, ...issued }));
}

function messagingOf({ scheme, encryptionKey, macKey }: NonNullable<Person['secureMessaging']>): CardSecureMessaging {
  const keys = { encryption: new Uint8Array(Buffer.from(encryptionKey, 'hex')), mac: new Uint8Array(Buffer.from(macKey, 'hex')) };
  return secureMessagingOf(schemes[scheme], keys);
}

function certificateBytes(pem: string, privateKey: string | undefined): Result<Uint8Array, string> {
  try {
    const certificate = new X509Certificate(pem);
    if (privateKey !== undefined && !certificate.checkPrivateKey(createPrivateKey(privateKey)))
      return err('certificate: not of this privateKey');
    return ok(new Uint8Array(certificate.raw));
  } catch {
    return err('certificate, privateKey: not PEM');
  }
}
