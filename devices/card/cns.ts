import { X509Certificate } from 'node:crypto';
import { type Result, ok } from '../result.ts';
import { type Transmit, exchange } from './apdu.ts';
import { historicalBytes, takesExtendedLength } from './atr.ts';
import type { CardError, PersonalData, TriesLeft } from './contract.ts';
import { certificateExtent } from './der.ts';
import { CardFiles, type ElementaryFile, unreadable, word } from './files.ts';
import { decodePersonalData, personalDataLength } from './personal-data.ts';
import { idCarta, recognise } from './recognition.ts';
import type { Series, SeriesTable } from './series.ts';

/** What a CNS tells without a PIN. */
export interface CnsContents {
  readonly series: string;
  readonly cardId: string;
  readonly personalData: PersonalData;
  /** EF.Dati_personali as read: header and body, without the padding of the EF. */
  readonly personalDataFile: Uint8Array;
  /** The authentication certificate, DER. */
  readonly certificate: Uint8Array;
  readonly pin: TriesLeft;
  readonly puk: TriesLeft;
}

const datiPersonali: ElementaryFile = { name: 'EF.Dati_personali', path: '11001102' };
const cCarta = 'EF.C_Carta';

const idLength = 16;
/** The first bite of EF.Dati_personali: enough for the whole of it on most cards, and bytes are what takes time (card.md, 2.7). */
const usualPersonalData = 128;
const certificateBite = 256;

const done = 0x9000;
const blocked = 0x6983;

/**
 * Reads identity, personal data, authentication certificate, and the tries left where asking is free. Recognising the card selects its first
 * file; each further file takes one SELECT, and each is read once, to the length that it declares itself.
 */
export async function readCns(transmit: Transmit<CardError>, atr: string, table: SeriesTable): Promise<Result<CnsContents, CardError>> {
  const recognised = await recognise(transmit, atr, table);
  if (!recognised.ok) return recognised;
  const series = recognised.value;
  const extendedLength = series.extendedLength || takesExtendedLength(historicalBytes(atr) ?? new Uint8Array());
  const files = new CardFiles(transmit, { ...series, extendedLength });

  const id = await files.read(idCarta, idLength, () => ({ from: 0, length: idLength }));
  if (!id.ok) return id;
  const cardId = Buffer.from(id.value ?? []).toString('latin1');
  if (!/^\d{16}$/.test(cardId)) return unreadable(idCarta, 'is not 16 digits');

  const data = await readPersonalData(files);
  if (!data.ok) return data;
  const certificate = await readCertificate(files, series);
  if (!certificate.ok) return certificate;
  const pin = await triesLeft(transmit, series, series.pin);
  if (!pin.ok) return pin;
  const puk = await triesLeft(transmit, series, series.puk);
  if (!puk.ok) return puk;
  return ok({ series: series.id, cardId, ...data.value, certificate: certificate.value, pin: pin.value, puk: puk.value });
}

async function readPersonalData(files: CardFiles): Promise<Result<Pick<CnsContents, 'personalData' | 'personalDataFile'>, CardError>> {
  const selected = await files.select(datiPersonali);
  if (!selected.ok) return selected;
  if (selected.value !== done) return unreadable(datiPersonali, `SELECT answers ${word(selected.value)}`);
  const file = await files.read(datiPersonali, usualPersonalData, (start) => {
    const length = personalDataLength(start);
    return length.ok ? { from: 0, length: length.value } : undefined;
  });
  if (!file.ok) return file;
  const personalData = decodePersonalData(file.value ?? new Uint8Array());
  if (!personalData.ok) return unreadable(datiPersonali, `${personalData.error.field}: ${personalData.error.detail}`);
  return ok({ personalData: personalData.value, personalDataFile: file.value ?? new Uint8Array() });
}

/** Looks where the series keeps it, in that order. A place that is empty or holds something else is passed over; one that fails is not. */
async function readCertificate(files: CardFiles, { certificates }: Series): Promise<Result<Uint8Array, CardError>> {
  const seen: string[] = [];
  for (const path of certificates) {
    const file = { name: cCarta, path };
    const selected = await files.select(file);
    if (!selected.ok) return selected;
    if (selected.value === done) {
      const read = await files.read(file, certificateBite, certificateExtent);
      if (!read.ok) return read;
      if (read.value !== undefined && isCertificate(read.value)) return ok(read.value);
      seen.push(`${path} is not a certificate`);
    } else if (selected.value >> 8 === 0x6a) {
      seen.push(`${path}: ${word(selected.value)}`);
    } else {
      return unreadable(file, `SELECT ${path} answers ${word(selected.value)}`);
    }
  }
  return unreadable({ name: cCarta }, seen.join('; '));
}

/** From the card's own status word: VERIFY without data (ISO 7816-4, 11.6.6). What else a card answers says nothing of its counter. */
async function triesLeft(transmit: Transmit<CardError>, { askingTries }: Series, reference: string): Promise<Result<TriesLeft, CardError>> {
  if (askingTries !== 'free') return ok({ triesLeft: null });
  const answer = await exchange(transmit, { cla: 0x00, ins: 0x20, p1: 0x00, p2: Number.parseInt(reference, 16) });
  if (!answer.ok) return answer;
  const { status } = answer.value;
  if (status === blocked) return ok({ triesLeft: 0 });
  return ok({ triesLeft: status >> 4 === 0x63c ? status & 0x0f : null });
}

function isCertificate(der: Uint8Array): boolean {
  try {
    return new X509Certificate(der).raw.length === der.length;
  } catch {
    return false;
  }
}
