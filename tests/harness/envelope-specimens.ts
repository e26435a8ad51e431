import { X509Certificate, createHash } from 'node:crypto';

/** What the specimen card leaves the factory with, and its own keys for secure messaging. */
export const factoryCodes = { pin: '12345', puk: '58204917' } as const;
export const cardKeys = { scheme: 'cns', encryptionKey: '11'.repeat(8) + '5a'.repeat(8), macKey: '22'.repeat(8) + 'c3'.repeat(8) } as const;
/** What opens the key of signature that the card may get. */
export const signaturePin = '86420975';
/** Those of a card that the CMS has no envelope for. */
export const otherCardKeys = {
  ...cardKeys,
  encryptionKey: '33'.repeat(8) + '6b'.repeat(8),
  macKey: '44'.repeat(8) + 'd4'.repeat(8),
} as const;

/** A number with its check digit. */
export function luhn(body: string): string {
  const sum = [...body].reverse().reduce((total, digit, place) => {
    const value = Number(digit) * (place % 2 === 0 ? 2 : 1);
    return total + (value > 9 ? value - 9 : value);
  }, 0);
  return body + String((10 - (sum % 10)) % 10);
}

/** The envelopes of the operator and of another one, each with the PIN that lies in it. */
const plan = Array.from({ length: 200 }, (_, place) => (place < 9 ? place : place + 1)).map((n) => ({
  number: luhn(String(20_000_000_000 + n)),
  pin: String(61_394_820 + n),
  userCode: String(4_027_531_840 + n),
}));
export const ofAnother = { number: luhn('20000000009'), pin: '27406195', userCode: '619382047' };

function inside(number: string): (typeof plan)[number] {
  const envelope = plan.find((each) => each.number === number);
  if (envelope === undefined) throw new Error(`no envelope ${number}`);
  return envelope;
}

export const pinIn = (number: string): string => inside(number).pin;
export const userCodeIn = (number: string): string => inside(number).userCode;

export interface EnvelopePerson {
  readonly cardId: string;
  readonly certificate: string;
}

/** What the CMS knows of the specimen card, and its list for the desk: `many` are that operator's, one another's. */
export function envelopeSpecimens(
  { cardId, certificate }: EnvelopePerson,
  { operatorId, many, plainCards }: { readonly operatorId: string; readonly many: number; readonly plainCards: boolean },
): object {
  const certificateDigest = createHash('sha256').update(new X509Certificate(certificate).raw).digest('hex');
  const { scheme, encryptionKey, macKey } = cardKeys;
  const holder = { kind: 'operator', id: operatorId };
  return {
    cards: [
      {
        cardId,
        certificateDigest,
        puk: factoryCodes.puk,
        askingTries: 'free',
        messaging: plainCards ? null : { scheme, encryptionKey, macKey },
      },
    ],
    batches: [
      {
        batch: 'lotto-1',
        desk: 'health-authority',
        envelopes: [
          ...plan.slice(0, many).map((envelope) => ({ ...envelope, holder })),
          { ...ofAnother, holder: { kind: 'operator', id: 'altro' } },
        ],
      },
    ],
  };
}
