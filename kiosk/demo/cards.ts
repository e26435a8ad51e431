import { X509Certificate, createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { type Certified, issueCnsCertificate, selfMadeIssuer } from '../../devices/card/virtual/certificate.ts';
import { person, specimenCodes } from '../../devices/card/virtual/person.ts';
import { type Specimen, specimens } from '../../devices/card/virtual/specimen.ts';
import type { BenchCard } from './bench/contract.ts';
import type { RevocationReason, RevokedCard } from '../reference-cms/crl-signing.ts';
import type { Pki } from './pki.ts';

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

const sameHolder = ({ personalData }: Specimen, cardId: string, issuer = personalData.issuer): Specimen => ({
  cardId,
  personalData: { ...personalData, issuer },
});

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
    specimen: sameHolder(specimens.adult, '6030100000000017', '0030'),
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

const cardFile = z.strictObject({
  /** SHA-256 of the CA's certificate: with another CA the cards are made anew. */
  issuer: z.string(),
  cards: z.array(z.strictObject({ id: z.string(), person, atr: z.string().optional() })),
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

/** The cards kept in `file`; made, and kept there, where they are absent or another CA issued them. The file holds keys: mode 0600. */
export async function makeCards(file: string, pki: Pki): Promise<void> {
  const issuer = createHash('sha256').update(pki.cnsCa.certificate).digest('hex');
  const there = await readCards(file);
  if (there !== null && there.issuer === issuer) return;
  const cards = await Promise.all(
    kinds.map(async (kind) => ({
      id: kind.id,
      person: await issue(kind, pki.cnsCa),
      ...(kind.atr === undefined ? {} : { atr: kind.atr }),
    })),
  );
  await writeFile(file, JSON.stringify({ issuer, cards } satisfies z.infer<typeof cardFile>), { mode: 0o600 });
}

export async function readCards(file: string): Promise<z.infer<typeof cardFile> | null> {
  try {
    return cardFile.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch {
    return null;
  }
}

async function issue({ specimen, serial, foreign }: Kind, cnsCa: Certified): Promise<z.infer<typeof person>> {
  const { personalData } = specimen;
  const period = { notBefore: new Date(`${personalData.issueDate}T00:00:00Z`), notAfter: new Date(`${personalData.expiryDate}T23:59:59Z`) };
  const issuer = foreign === true ? await selfMadeIssuer(period) : cnsCa;
  const { certificate, privateKey } = await issueCnsCertificate({ ...specimen, issuer, serialNumber: serial, ...period });
  return { ...specimen, ...specimenCodes, certificate: new X509Certificate(certificate).toString(), privateKey };
}
