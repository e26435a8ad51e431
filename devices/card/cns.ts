import { X509Certificate } from 'node:crypto';
import { type Result, err, ok } from '../result.ts';
import { type Transmit, exchange, status } from './apdu.ts';
import { historicalBytes } from './atr.ts';
import type { CardError, PersonalData } from './contract.ts';
import { derSequenceLength } from './der.ts';
import { decodePersonalData, personalDataLength } from './personal-data.ts';

/** What a CNS tells without a PIN. */
export interface CnsContents {
  readonly cardId: string;
  readonly personalData: PersonalData;
  /** EF.Dati_personali as read: header and body, without the padding of the EF. */
  readonly personalDataFile: Uint8Array;
  /** The authentication certificate, DER. */
  readonly certificate: Uint8Array;
}

/** An elementary file: its name in the CNS file system and its path below the MF (card.md, 1.3). */
interface ElementaryFile {
  readonly name: string;
  readonly path: readonly number[];
}

const idCarta: ElementaryFile = { name: 'EF.ID_Carta', path: [0x10, 0x00, 0x10, 0x03] };
const datiPersonali: ElementaryFile = { name: 'EF.Dati_personali', path: [0x11, 0x00, 0x11, 0x02] };
const cCarta: ElementaryFile = { name: 'EF.C_Carta', path: [0x11, 0x00, 0x11, 0x01] };

const idLength = 16;
/** The first bite of EF.Dati_personali: enough for the whole of it on most cards, and bytes are what takes time (card.md, 2.7). */
const usualPersonalData = 128;
/** READ BINARY answers at most this much to a short APDU, and reaches offsets below this limit (ISO 7816-4, 11.3.3). */
const maxRead = 256;
const maxFile = 0x8000;
/** A card that hands out a file in crumbs is not read to its end: its reading would take minutes. */
const maxReads = 64;

/** A CNS says so in its historical bytes, whatever the maker, mask and version around it (card.md, 1.2). */
export function isCns(atr: string): boolean {
  const historical = historicalBytes(atr);
  return historical !== undefined && Buffer.from(historical).includes('CNS');
}

/** Reads identity, personal data and authentication certificate: three SELECT by path, and each file once, to the length that it declares itself. */
export async function readCns(transmit: Transmit<CardError>): Promise<Result<CnsContents, CardError>> {
  const id = await readFile(transmit, idCarta, idLength, () => idLength);
  if (!id.ok) return id;
  const cardId = Buffer.from(id.value).toString('latin1');
  if (!/^\d{16}$/.test(cardId)) return unreadable(idCarta, 'is not 16 digits');

  const file = await readFile(transmit, datiPersonali, usualPersonalData, (start) => {
    const length = personalDataLength(start);
    return length.ok ? length.value : undefined;
  });
  if (!file.ok) return file;
  const personalData = decodePersonalData(file.value);
  if (!personalData.ok) return unreadable(datiPersonali, `${personalData.error.field}: ${personalData.error.detail}`);

  const certificate = await readFile(transmit, cCarta, maxRead, derSequenceLength);
  if (!certificate.ok) return certificate;
  if (!isCertificate(certificate.value)) return unreadable(cCarta, 'is not a certificate');
  return ok({ cardId, personalData: personalData.value, personalDataFile: file.value, certificate: certificate.value });
}

/**
 * Reads a file from its beginning to the length that its first bytes declare, and no byte of padding after it. Cards differ at the end of a
 * file: fewer bytes with `9000`, or with `6282`, or `6Cxx`, or `6B00` past it; a file that ends before its declared length is unreadable.
 */
async function readFile(
  transmit: Transmit<CardError>,
  file: ElementaryFile,
  firstBite: number,
  declaredLength: (start: Uint8Array) => number | undefined,
): Promise<Result<Uint8Array, CardError>> {
  const selected = await select(transmit, file);
  if (!selected.ok) return selected;
  const start = await readBinary(transmit, file, 0, firstBite);
  if (!start.ok) return start;
  const length = declaredLength(start.value);
  if (length === undefined || length > maxFile) return unreadable(file, 'does not begin with its length');
  const parts = [start.value];
  for (let have = start.value.length; have < length;) {
    if (parts.length === maxReads) return unreadable(file, `gives ${have} of ${length} bytes in ${maxReads} answers`);
    const part = await readBinary(transmit, file, have, Math.min(maxRead, length - have));
    if (!part.ok) return part;
    if (part.value.length === 0) return unreadable(file, `ends after ${have} of ${length} bytes`);
    parts.push(part.value);
    have += part.value.length;
  }
  return ok(new Uint8Array(Buffer.concat(parts).subarray(0, length)));
}

async function select(transmit: Transmit<CardError>, file: ElementaryFile): Promise<Result<void, CardError>> {
  const command = { cla: 0x00, ins: 0xa4, p1: 0x08, p2: 0x0c, data: Uint8Array.from(file.path) };
  let answer = await exchange(transmit, command);
  // Some masks cannot leave the FCI out.
  if (answer.ok && answer.value.status === status.wrongParameters) answer = await exchange(transmit, { ...command, p2: 0x00, le: 256 });
  if (!answer.ok) return answer;
  return answer.value.status === status.done ? ok() : unreadable(file, `SELECT answers ${word(answer.value.status)}`);
}

/** No bytes: the file ends here. */
async function readBinary(
  transmit: Transmit<CardError>,
  file: ElementaryFile,
  offset: number,
  le: number,
): Promise<Result<Uint8Array, CardError>> {
  const answer = await exchange(transmit, { cla: 0x00, ins: 0xb0, p1: offset >> 8, p2: offset & 0xff, le });
  if (!answer.ok) return answer;
  const { data, status: sw } = answer.value;
  if (sw === status.done || sw === status.endOfFile) {
    return data.length <= le ? ok(data) : unreadable(file, `READ BINARY answers ${data.length} bytes where ${le} were asked for`);
  }
  if (sw === status.wrongOffset && offset > 0) return ok(new Uint8Array());
  return unreadable(file, `READ BINARY answers ${word(sw)}`);
}

function isCertificate(der: Uint8Array): boolean {
  try {
    return new X509Certificate(der).raw.length === der.length;
  } catch {
    return false;
  }
}

function unreadable(file: ElementaryFile, detail: string): Result<never, CardError> {
  return err({ kind: 'unreadable', what: file.name, detail });
}

function word(sw: number): string {
  return sw.toString(16).toUpperCase().padStart(4, '0');
}
