import { X509Certificate, createHash, randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { type Certified, issueCnsCertificate, selfMadeIssuer } from '../../devices/card/virtual/certificate.ts';
import { person, specimenCodes } from '../../devices/card/virtual/person.ts';
import { type Specimen, specimens } from '../../devices/card/virtual/specimen.ts';
import type { BenchCard } from './bench/contract.ts';
import type { RevocationReason, RevokedCard } from '../reference-cms/crl-signing.ts';
import type { Pki } from './pki.ts';
import type { DemoRegion } from './region.ts';

/** A card on the bench: who it says it is, and what the desk should make of it. */
interface Kind {
  readonly id: string;
  readonly specimen: Specimen;
  /** Hexadecimal. */
  readonly serial: string;
  readonly mark: string;
  readonly expect: string;
  readonly listed?: RevocationReason;
  /** Another region's CA, which the demo's kiosk does not trust. */
  readonly foreign?: true;
  /** Not the ATR of a CNS. */
  readonly atr?: string;
}

const sameHolder = ({ personalData }: Specimen, cardId: string): Specimen => ({ cardId, personalData });

const kinds: readonly Kind[] = [
  { id: 'mario', specimen: specimens.adult, serial: '5a01', mark: '', expect: 'Con questa va tutto bene, fino ai codici.' },
  { id: 'anna', specimen: specimens.secondAdult, serial: '5a02', mark: '', expect: 'Con questa va tutto bene, fino ai codici.' },
  {
    id: 'minore',
    specimen: specimens.minor,
    serial: '5a03',
    mark: 'di un minore',
    expect: 'Per chi non ha 18 anni serve un genitore: l’operatore scrive chi è e confronta il codice fiscale del minore.',
  },
  {
    id: 'scaduta',
    specimen: specimens.expired,
    serial: '5a04',
    mark: 'scaduta',
    expect: 'Il certificato è scaduto: lo sportello lo dice e non emette codici.',
  },
  {
    id: 'revocata',
    specimen: sameHolder(specimens.adult, '6080100000000057'),
    serial: '5a05',
    mark: 'revocata',
    expect: 'Il certificato è nella lista delle revoche: la tessera non vale più.',
    listed: 'keyCompromise',
  },
  {
    id: 'sospesa',
    specimen: sameHolder(specimens.secondAdult, '6080100000000065'),
    serial: '5a06',
    mark: 'sospesa',
    expect: 'Il certificato è sospeso: prima va riattivato.',
    listed: 'certificateHold',
  },
  {
    id: 'altra-regione',
    specimen: sameHolder(specimens.adult, '6030100000000017'),
    serial: '5a07',
    mark: 'di altra regione',
    expect: 'Questo sportello non conosce chi l’ha emessa: non può verificarla.',
    foreign: true,
  },
  {
    id: 'non-cns',
    specimen: sameHolder(specimens.secondAdult, '6080100000000073'),
    serial: '5a08',
    mark: 'senza CNS',
    expect: 'Una carta di un altro tipo: lo sportello lo dice e aspetta quella giusta.',
    atr: '3B6500002063CB6600',
  },
];

const demoCard = z.strictObject({
  id: z.string(),
  person,
  atr: z.string().optional(),
  serial: z.string(),
  status: z.enum(['active', 'suspended', 'revoked']),
});
export type DemoCard = z.infer<typeof demoCard>;

const cardFile = z.strictObject({
  /** SHA-256 of the CA's certificate, and the region: with others the cards are made anew. */
  issuer: z.string(),
  region: z.string(),
  cards: z.array(demoCard),
});

/** What the bench shows of the cards. */
export const benchCards: readonly BenchCard[] = kinds.map(({ id, mark, expect, specimen: { personalData } }) => ({
  id,
  holder: `${personalData.name} ${personalData.surname}`,
  fiscalCode: personalData.fiscalCode,
  birthDate: personalData.birthDate,
  mark,
  expect,
}));

/** Cards that the CA's CRL lists. */
export function revokedCards(at: Date): readonly RevokedCard[] {
  return kinds.flatMap(({ serial, listed }) =>
    listed === undefined ? [] : [{ serial, reason: listed, date: new Date(at.getTime() - 30 * 86_400_000) }],
  );
}

/** The cards kept in `file`; made, and kept there, where they are absent, another CA issued them, or for another region. The file holds keys: mode 0600. */
export async function makeCards(file: string, pki: Pki, region: DemoRegion): Promise<readonly DemoCard[]> {
  const issuer = createHash('sha256').update(pki.cnsCa.certificate).digest('hex');
  const there = await readCards(file);
  if (there?.issuer === issuer && there.region === region.profile) return there.cards;
  const cards = await Promise.all(
    kinds.map(async (kind): Promise<DemoCard> => ({
      id: kind.id,
      person: await issue(kind, pki.cnsCa, region),
      ...(kind.atr === undefined ? {} : { atr: kind.atr }),
      serial: kind.serial,
      status: kind.listed === undefined ? 'active' : kind.listed === 'certificateHold' ? 'suspended' : 'revoked',
    })),
  );
  await writeFile(file, JSON.stringify({ issuer, region: region.profile, cards } satisfies z.input<typeof cardFile>), { mode: 0o600 });
  return cards;
}

export async function readCards(file: string): Promise<z.infer<typeof cardFile> | null> {
  try {
    return cardFile.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch {
    return null;
  }
}

async function issue({ specimen, serial, foreign }: Kind, cnsCa: Certified, region: DemoRegion): Promise<z.infer<typeof person>> {
  const { cardId } = specimen;
  const personalData = { ...specimen.personalData, issuer: foreign === true ? region.otherIssuer : region.issuer };
  const period = { notBefore: new Date(`${personalData.issueDate}T00:00:00Z`), notAfter: new Date(`${personalData.expiryDate}T23:59:59Z`) };
  const issuer = foreign === true ? await selfMadeIssuer(period) : cnsCa;
  const { certificate, privateKey } = await issueCnsCertificate({ cardId, personalData, issuer, serialNumber: serial, ...period });
  const made = { cardId, personalData, ...specimenCodes, certificate: new X509Certificate(certificate).toString(), privateKey };
  return region.envelopes.length === 0 ? made : { ...made, secureMessaging: freshKeys() };
}

/** Of a card whose PIN the CMS sets: its own two, which it shares with its producer alone. */
function freshKeys(): NonNullable<z.infer<typeof person>['secureMessaging']> {
  const key = (): string => randomBytes(16).toString('hex');
  return { scheme: 'cns', encryptionKey: key(), macKey: key() };
}
