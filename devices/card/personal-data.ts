import type { PersonalData } from './contract.ts';
import { type Result, err, ok } from '../result.ts';

/** The fields of EF.Dati_personali in the order in which the card holds them (CNS file system; card.md, 1.4). */
export const personalDataFields = [
  'issuer',
  'issueDate',
  'expiryDate',
  'surname',
  'name',
  'birthDate',
  'sex',
  'height',
  'fiscalCode',
  'citizenship',
  'birthMunicipality',
  'birthCountry',
  'birthAct',
  'residenceMunicipality',
  'residenceAddress',
  'travelNote',
] as const satisfies readonly (keyof PersonalData)[];

export type PersonalDataField = (typeof personalDataFields)[number];

/** Where the file is wrong: its 6-digit header, one of its fields, or what stands after the last field. */
export interface PersonalDataFault {
  readonly field: PersonalDataField | 'header' | 'tail';
  readonly detail: string;
}

const headerLength = 6;
/** Without these nobody can be told apart, nor their age; other fields are empty on many cards (card.md, 1.4). */
const neverEmpty: readonly PersonalDataField[] = ['surname', 'birthDate', 'fiscalCode'];
/** Of a person; of one with a provisional code; omocodes have letters for digits (procedures.md, 2.5). */
const fiscalCodeForm = /^([A-Z0-9]{16}|\d{11})$/;
const dateFields: ReadonlySet<PersonalDataField> = new Set(['issueDate', 'expiryDate', 'birthDate']);

/**
 * The length in bytes of EF.Dati_personali without its padding, header included, as its first six bytes (ASCII, hexadecimal) declare.
 * `file` may hold more or less than that.
 */
export function personalDataLength(file: Uint8Array): Result<number, PersonalDataFault> {
  const declared = hexNumber(file.subarray(0, headerLength), headerLength);
  return declared === undefined ? err({ field: 'header', detail: 'not six hexadecimal digits' }) : ok(headerLength + declared);
}

/**
 * Decodes EF.Dati_personali by its own length fields: six hexadecimal digits, then up to sixteen fields of two hexadecimal digits and a value
 * each. Fields that the declared length leaves out are empty; whatever does not add up, and what no card may lack, is a fault that names its
 * field, never a guess.
 * `file` may carry the padding of the EF after the declared length.
 */
export function decodePersonalData(file: Uint8Array): Result<PersonalData, PersonalDataFault> {
  const length = personalDataLength(file);
  if (!length.ok) return length;
  const end = length.value;
  if (file.length < end) return err({ field: 'header', detail: `declares ${end} bytes in all, the file has ${file.length}` });
  const data = Object.fromEntries(personalDataFields.map((field) => [field, ''])) as Record<PersonalDataField, string>;
  let at = headerLength;
  for (const field of personalDataFields) {
    if (at === end) break;
    const size = hexNumber(file.subarray(at, Math.min(at + 2, end)), 2);
    if (size === undefined) return err({ field, detail: 'its length is not two hexadecimal digits' });
    at += 2;
    if (at + size > end) return err({ field, detail: `takes ${size} bytes, ${end - at} are left` });
    const value = decodeValue(field, file.subarray(at, at + size));
    if (!value.ok) return value;
    data[field] = value.value;
    at += size;
  }
  if (at !== end) return err({ field: 'tail', detail: `${end - at} bytes after the last field` });
  const empty = neverEmpty.find((field) => data[field] === '');
  if (empty !== undefined) return err({ field: empty, detail: 'is empty' });
  return ok(data);
}

/** Encodes what `decodePersonalData` reads: header and body, no padding. Values that a card cannot hold are a `RangeError`. */
export function encodePersonalData(data: PersonalData): Uint8Array {
  const body = personalDataFields.map((field) => {
    const value = dateFields.has(field) ? cardDate(data[field]) : data[field];
    const bytes = Buffer.from(value, 'latin1');
    if (bytes.length > 0xff || bytes.toString('latin1') !== value) throw new RangeError(`${field} does not fit the card`);
    return Buffer.concat([Buffer.from(hex(bytes.length, 2)), bytes]);
  });
  const length = body.reduce((sum, part) => sum + part.length, 0);
  return new Uint8Array(Buffer.concat([Buffer.from(hex(length, headerLength)), ...body]));
}

function decodeValue(field: PersonalDataField, bytes: Uint8Array): Result<string, PersonalDataFault> {
  if (!bytes.every((byte) => (byte >= 0x20 && byte <= 0x7e) || byte >= 0xa0)) return err({ field, detail: 'holds bytes that are no text' });
  const text = Buffer.from(bytes).toString('latin1');
  if (text === '') return ok(text);
  if (field === 'fiscalCode' && !fiscalCodeForm.test(text)) return err({ field, detail: 'is no fiscal code' });
  if (field === 'sex' && text !== 'M' && text !== 'F') return err({ field, detail: 'is neither M nor F' });
  if (!dateFields.has(field)) return ok(text);
  const date = isoDate(text);
  return date === undefined ? err({ field, detail: 'is no date of the form DDMMYYYY' }) : ok(date);
}

function isoDate(text: string): string | undefined {
  const [, day, month, year] = /^(\d\d)(\d\d)(\d{4})$/.exec(text) ?? [];
  const iso = `${year}-${month}-${day}`;
  const date = new Date(`${iso}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(iso) ? iso : undefined;
}

function cardDate(iso: string): string {
  return iso.split('-').reverse().join('');
}

function hexNumber(bytes: Uint8Array, digits: number): number | undefined {
  const text = Buffer.from(bytes).toString('latin1');
  return text.length === digits && /^[0-9A-Fa-f]+$/.test(text) ? Number.parseInt(text, 16) : undefined;
}

function hex(value: number, digits: number): string {
  return value.toString(16).toUpperCase().padStart(digits, '0');
}
