import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { JournalRow } from '../../../flows/ports/journal.ts';
import { beforeOutcome, opening, operationId, receipt, recordsIn, report, temporaryFolder } from './specimen.ts';

const capital = fc.constantFrom(...'ABCDEFGHIJKLMNOPQRSTUVWXYZ');
const letters = (length: number) => fc.array(capital, { minLength: length, maxLength: length }).map((all) => all.join(''));
const digits = (length: number) =>
  fc.array(fc.constantFrom(...'0123456789'), { minLength: length, maxLength: length }).map((all) => all.join(''));

const fiscalCode = fc
  .tuple(letters(6), digits(2), capital, digits(2), capital, digits(3), capital)
  .map(([name, year, month, day, place, number, check]) => name + year + month + day + place + number + check);
const name = fc.tuple(letters(7), letters(5)).map(([surname, given]) => `${surname} ${given}`);
const email = fc.tuple(letters(6), letters(6)).map(([user, host]) => `${user}.${host}@example.org`.toLowerCase());
const cardNumber = digits(20).map((number) => `8${number.slice(1)}`);
/** What the records must never hold. */
const personal = fc.oneof(fiscalCode, name, email, cardNumber);

const stranger = '01890a5d-ac96-774b-bcce-b302099a8060';

/** Each text field of each row, with the value put into it. */
function rowsHolding(value: string): readonly object[] {
  return [...beforeOutcome, receipt].flatMap((row) =>
    Object.entries(row)
      .filter(([field, given]) => typeof given === 'string' && field !== 'kind')
      .map(([field]) => ({ ...row, [field]: value })),
  );
}

test('no text field of any row, and none of a report, takes a name, fiscal code, address or card number', () => {
  const records = recordsIn(temporaryFolder());
  records.append(operationId, opening);
  fc.assert(
    fc.property(personal, (value) => {
      for (const row of rowsHolding(value)) {
        // Digits alone may be an account's id, or a printer's own bytes.
        if (/^\d+$/.test(value) && ('raw' in row ? row.raw : 'operator' in row && row.operator) === value) continue;
        const append = (): unknown => records.append(stranger, row as Exclude<JournalRow, { kind: 'OUTCOME' | 'RECEIPT' | 'RESOLUTION' }>);
        expect(append, JSON.stringify(row)).toThrow(/Invalid/);
      }
      expect(() => records.append(value, { kind: 'RESERVE_INTENT' })).toThrow(/Invalid/);
      for (const changed of [
        { operationId: value },
        { reason: value },
        { operatorAssertion: value },
        { evidence: { class: 'E1', raw: value } },
        { fiscalCode: value },
      ]) {
        if ('evidence' in changed && /^\d+$/.test(value)) continue;
        expect(() => records.appendOutcome({ ...report(), ...changed } as ReturnType<typeof report>)).toThrow(/Invalid|Unrecognized/);
      }
    }),
    { numRuns: 100 },
  );
  expect(records.show(operationId)?.rows).toHaveLength(1);
});

test('a person and a card whose digests are recorded do not stand in the files, in any encoding', () => {
  fc.assert(
    fc.property(personal, personal, (person, card) => {
      const folder = temporaryFolder();
      const records = recordsIn(folder);
      records.append(operationId, { ...opening, holder: records.digest('holder', person), card: records.digest('card', card) });
      for (const row of beforeOutcome.slice(1)) records.append(operationId, row);
      records.appendOutcome(report());
      const search = (value: string): boolean => {
        const files = readdirSync(folder).map((file) => readFileSync(join(folder, file)));
        const seen = [
          Buffer.from(value),
          Buffer.from(value, 'utf16le'),
          ...(['hex', 'base64url'] as const).map((encoding) => Buffer.from(Buffer.from(value).toString(encoding))),
        ];
        return files.some((bytes) => seen.some((wanted) => bytes.includes(wanted)));
      };
      expect(search(person) || search(card)).toBe(false);
      expect(search(operationId)).toBe(true);
      expect(search(records.digest('holder', person))).toBe(true);
      records.close();
      expect(search(person) || search(card)).toBe(false);
    }),
    { numRuns: 25 },
  );
});

test('a report leaves nothing behind once its receipt is there', () => {
  const folder = temporaryFolder();
  const records = recordsIn(folder);
  const assertion = 'eyJhbGciOiJFUzI1NiJ9.eyJtYXJrZXIiOiJhLW1hcmtlci10by1sb29rLWZvciJ9.AA';
  records.append(operationId, opening);
  records.appendOutcome({ ...report(), operatorAssertion: assertion });
  const main = join(folder, 'records.db');
  records.close();
  expect(readFileSync(main).includes(assertion)).toBe(true);
  const again = recordsIn(folder);
  again.appendReceipt(operationId, receipt);
  again.close();
  expect(readFileSync(main).includes(assertion)).toBe(false);
});

test('nor in the write-ahead log and the free pages, beside a kiosk that runs on', () => {
  const folder = temporaryFolder();
  const records = recordsIn(folder);
  const assertion = 'eyJhbGciOiJFUzI1NiJ9.eyJtYXJrZXIiOiJhbm90aGVyLW1hcmtlciJ9.AA';
  const found = (): boolean => readdirSync(folder).some((name) => readFileSync(join(folder, name)).includes(assertion));
  records.append(operationId, opening);
  records.appendOutcome({ ...report(), operatorAssertion: assertion });
  expect(found()).toBe(true);
  records.appendReceipt(operationId, receipt);
  expect(records.outbox()).toEqual([]);
  expect(found()).toBe(false);
});
