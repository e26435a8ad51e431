import { z } from 'zod';
import type { Scan } from '../../devices/barcode/contract.ts';
import { type Result, err, ok } from '../../devices/result.ts';

/**
 * What the number printed outside an envelope looks like, as a region's profile says it. `check`: `luhn` its last digit (ISO/IEC 7812-1, annex B);
 * `mod-43` its last character (Code 39: ISO/IEC 16388, annex A); `mod-97` the whole number is 1 modulo 97 (ISO 7064, MOD 97-10); `none`: nothing to check.
 */
export const envelopeNumberRule = z.strictObject({
  pattern: z
    .string()
    .min(3)
    .max(100)
    .regex(/^\^.*\$$/, 'must hold for the whole number: ^…$'),
  check: z.enum(['none', 'luhn', 'mod-43', 'mod-97']),
  symbologies: z.array(z.enum(['code-39', 'code-128', 'itf'])).min(1),
});
export type EnvelopeNumberRule = z.infer<typeof envelopeNumberRule>;

export type NotAnEnvelopeNumber = 'other-symbology' | 'other-form' | 'wrong-check';

/** The number that was scanned; a scanner that does not say which symbology it read is believed for its text. */
export function scannedNumber({ symbology, text }: Scan, rule: EnvelopeNumberRule): Result<string, NotAnEnvelopeNumber> {
  if (symbology === 'other' || (symbology !== 'unknown' && !rule.symbologies.includes(symbology))) return err('other-symbology');
  return envelopeNumber(text, rule);
}

/** The number that a text holds, whether scanned or typed. */
export function envelopeNumber(text: string, { pattern, check }: EnvelopeNumberRule): Result<string, NotAnEnvelopeNumber> {
  const number = text.trim();
  if (number.length > 64 || !new RegExp(pattern).test(number)) return err('other-form');
  return checks[check](number) ? ok(number) : err('wrong-check');
}

const code39 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-. $/+%';

const checks: Readonly<Record<EnvelopeNumberRule['check'], (number: string) => boolean>> = {
  none: () => true,
  luhn: (number) => {
    if (!/^\d+$/.test(number)) return false;
    const sum = [...number].reverse().reduce((total, digit, place) => {
      const value = Number(digit) * (place % 2 === 1 ? 2 : 1);
      return total + (value > 9 ? value - 9 : value);
    }, 0);
    return sum % 10 === 0;
  },
  'mod-43': (number) => {
    const values = [...number].map((character) => code39.indexOf(character));
    const last = values.pop();
    return values.length > 0 && !values.includes(-1) && values.reduce((sum, value) => sum + value, 0) % 43 === last;
  },
  'mod-97': (number) => /^\d{3,}$/.test(number) && BigInt(number) % 97n === 1n,
};

/** A number typed by hand, twice, where the scanner fails: the second time anew, unseen. */
export type TypedNumber =
  | { readonly state: 'first' }
  | { readonly state: 'second'; readonly first: string }
  | { readonly state: 'agreed'; readonly number: string };

export type NotTyped = NotAnEnvelopeNumber | 'not-the-same';

/** Takes one entry. Two that differ begin anew: neither is believed. */
export function typeNumber(
  before: TypedNumber,
  text: string,
  rule: EnvelopeNumberRule,
): { readonly now: TypedNumber; readonly problem: NotTyped | null } {
  const read = envelopeNumber(text, rule);
  if (!read.ok) return { now: before, problem: read.error };
  if (before.state !== 'second') return { now: { state: 'second', first: read.value }, problem: null };
  if (before.first !== read.value) return { now: { state: 'first' }, problem: 'not-the-same' };
  return { now: { state: 'agreed', number: read.value }, problem: null };
}
