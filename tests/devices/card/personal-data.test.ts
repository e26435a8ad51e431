import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { PersonalData } from '../../../devices/card/contract.ts';
import { decodePersonalData, encodePersonalData, personalDataFields } from '../../../devices/card/personal-data.ts';
import { specimens } from '../../../devices/card/virtual/specimen.ts';

const latin1 = fc
  .array(fc.oneof(fc.integer({ min: 0x20, max: 0x7e }), fc.integer({ min: 0xa0, max: 0xff })), { maxLength: 255 })
  .map((codes) => String.fromCharCode(...codes));
const isoDate = fc.oneof(
  fc.constant(''),
  fc.date({ min: new Date('1900-01-01'), max: new Date('2099-12-31'), noInvalidDate: true }).map((date) => date.toISOString().slice(0, 10)),
);
const fiscalCode = fc.oneof(fc.stringMatching(/^[A-Z0-9]{16}$/), fc.stringMatching(/^[0-9]{11}$/));
const personalData: fc.Arbitrary<PersonalData> = fc.record({
  ...(Object.fromEntries(personalDataFields.map((field) => [field, /date$/i.test(field) ? isoDate : latin1])) as Record<
    keyof PersonalData,
    fc.Arbitrary<string>
  >),
  surname: latin1.filter((text) => text !== ''),
  birthDate: isoDate.filter((text) => text !== ''),
  sex: fc.constantFrom('M', 'F', ''),
  fiscalCode,
});
const padding = fc.integer({ min: 0, max: 300 }).map((length) => new Uint8Array(length));
const join = (...parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));
const file = (body: string): Uint8Array => Buffer.from(body.length.toString(16).padStart(6, '0') + body, 'latin1');

test('what a card can hold is read back, whatever padding follows', () => {
  fc.assert(
    fc.property(personalData, padding, (data, zeros) => {
      expect(decodePersonalData(join(encodePersonalData(data), zeros))).toEqual({ ok: true, value: data });
    }),
  );
});

test('a truncated file is a fault, never other data', () => {
  const whole = encodePersonalData(specimens.adult.personalData);
  for (let length = 0; length < whole.length; length += 1)
    expect(decodePersonalData(whole.subarray(0, length)), `${length} bytes`).toMatchObject({ ok: false });
});

test('any bytes at all give a fault or data that encode to the same file', () => {
  const hostile = fc.oneof(
    fc.uint8Array({ maxLength: 600 }),
    fc.uint8Array({ maxLength: 600 }).map((bytes) => file(Buffer.from(bytes).toString('latin1'))),
    fc.tuple(personalData, fc.nat(200), fc.integer({ min: 0, max: 255 })).map(([data, at, byte]) => {
      const bytes = encodePersonalData(data);
      bytes[at % bytes.length] = byte;
      return bytes;
    }),
  );
  fc.assert(
    fc.property(hostile, (bytes) => {
      const decoded = decodePersonalData(bytes);
      if (!decoded.ok) return;
      const again = Buffer.from(encodePersonalData(decoded.value)).toString('latin1').slice(6);
      const given = Buffer.from(bytes).toString('latin1').slice(6).toUpperCase();
      // Left-out fields at the end come back as `00`; all that was given stands.
      const tail = again.toUpperCase().slice(0, given.length);
      expect(given.startsWith(tail.replace(/(00)*$/, '')), `${given} / ${tail}`).toBe(true);
    }),
    { numRuns: 500 },
  );
});

const upToFiscalCode = '040080' + '00' + '00' + '05ROSSI' + '05MARIO' + '0809071972' + '01M' + '00' + '10RSSMRA72L09H501S';

test('fields that the declared length leaves out are empty', () => {
  expect(decodePersonalData(file(upToFiscalCode))).toMatchObject({
    ok: true,
    value: { issuer: '0080', issueDate: '', surname: 'ROSSI', fiscalCode: 'RSSMRA72L09H501S', citizenship: '', travelNote: '' },
  });
});

test.each([
  ['header', Buffer.from('00G000')],
  ['header', Buffer.from('000010')],
  ['issuer', file('ZZ0080')],
  ['issuer', file('FF0080')],
  ['issueDate', file('00' + '0831022023')],
  ['expiryDate', file('00' + '00' + '0620231231'.slice(0, 8))],
  ['surname', file('00' + '00' + '00' + '05ROSS\n')],
  ['birthDate', file('00'.repeat(5) + '0872071009')],
  ['travelNote', file(upToFiscalCode + '00'.repeat(6) + '0')],
  ['surname', file(upToFiscalCode.replace('05ROSSI', '00'))],
  ['birthDate', file(upToFiscalCode.replace('0809071972', '00'))],
  ['fiscalCode', file(upToFiscalCode.replace('10RSSMRA72L09H501S', '00'))],
  ['fiscalCode', file(upToFiscalCode.replace('10RSSMRA72L09H501S', '0FRSSMRA72L09H501'))],
  ['fiscalCode', file(upToFiscalCode.replace('10RSSMRA72L09H501S', '11RSSMRA72L09H501SS'))],
  ['fiscalCode', file('040080' + '00' + '00' + '05ROSSI' + '05MARIO' + '0809071972' + '01M')],
  ['sex', file(upToFiscalCode.replace('01M', '02MF'))],
  ['name', file(upToFiscalCode.replace('05ROSSI', '06ROSSI'))],
  ['name', file(upToFiscalCode.replace('05ROSSI', '04ROSSI'))],
  ['tail', file(upToFiscalCode + '00'.repeat(8))],
] as const)('a fault names its field: %s', (field, bytes) => {
  expect(decodePersonalData(bytes)).toMatchObject({ ok: false, error: { field } });
});
