/**
 * Fiscal codes (codice fiscale): the check character (D.M. 23/12/1976; procedures.md, 2.5), omocodia both ways, and the provisional numbers
 * of eleven digits. Identity is an exact string; the form without omocodia is a hint for a person, no more. Whether such a person, date
 * or birthplace exists is not looked at, and the century of birth is not in it: age comes from certificate or document.
 */
export type FiscalCodeKind = 'regular' | 'omocode' | 'provisional';

const pattern = /^[A-Z]{6}[0-9LMNPQRSTUV]{2}[ABCDEHLMPRST][0-9LMNPQRSTUV]{2}[A-Z][0-9LMNPQRSTUV]{3}[A-Z]$/;
/** Where the seven digits stand. */
const digitsAt = [6, 7, 9, 10, 12, 13, 14] as const;
const lettersForDigits = 'LMNPQRSTUV';
const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ';
/** Values in the odd places (the first is odd), for 0-9 and A-Z. */
const oddValues = [
  1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23,
];

/** The kind of a well-formed code, or `null`. Nothing is trimmed or put in capitals: what differs in a character is another string. */
export function fiscalCodeKind(code: string): FiscalCodeKind | null {
  if (/^\d{11}$/.test(code)) return checksAsNumber(code) ? 'provisional' : null;
  if (!pattern.test(code) || checkCharacter(code.slice(0, 15)) !== code[15]) return null;
  return withoutOmocodia(code) === code ? 'regular' : 'omocode';
}

/** The sixteenth character of a code, from its first fifteen. */
function checkCharacter(fifteen: string): string {
  const sum = [...fifteen].reduce((total, character, place) => {
    const value = alphabet.indexOf(character);
    return total + (place % 2 === 0 ? (oddValues[value] ?? 0) : value < 10 ? value : value - 10);
  }, 0);
  return String.fromCharCode(65 + (sum % 26));
}

/** The last digit of an eleven-digit number, as in VAT numbers: Luhn over the first ten. */
function checksAsNumber(number: string): boolean {
  const sum = [...number].reduce((total, digit, place) => {
    const value = Number(digit) * (place % 2 === 1 ? 2 : 1);
    return total + (value > 9 ? value - 9 : value);
  }, 0);
  return sum % 10 === 0;
}

/** The code with digits in place of the letters of omocodia. A hint that two codes may be one person's family of codes, never an identity. */
export function withoutOmocodia(code: string): string {
  if (!pattern.test(code)) return code;
  const characters = [...code.slice(0, 15)];
  for (const at of digitsAt) {
    const digit = lettersForDigits.indexOf(characters[at] ?? '');
    if (digit >= 0) characters[at] = String(digit);
  }
  const fifteen = characters.join('');
  return fifteen + checkCharacter(fifteen);
}

/** All 127 codes that stand for a regular one where others had it before: letters for any of its seven digits. */
export function omocodesOf(code: string): readonly string[] {
  if (fiscalCodeKind(code) !== 'regular') return [];
  return Array.from({ length: 2 ** digitsAt.length - 1 }, (_, index) => {
    const characters = [...code.slice(0, 15)];
    // From the right, as they are given out: the first bit is the last digit.
    for (const [bit, at] of digitsAt.toReversed().entries()) {
      if (((index + 1) >> bit) & 1) characters[at] = lettersForDigits[Number(characters[at])] ?? '';
    }
    const fifteen = characters.join('');
    return fifteen + checkCharacter(fifteen);
  });
}

/** The number on the back of the card: ten digits of the issuer and ten of the series. No source knows a check digit, so none is looked at. */
export function readCardNumber(number: string): { readonly issuer: string; readonly serial: string } | null {
  return /^\d{20}$/.test(number) ? { issuer: number.slice(0, 10), serial: number.slice(10) } : null;
}
