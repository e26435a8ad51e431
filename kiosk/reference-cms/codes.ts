import { randomInt } from 'node:crypto';

/** How long a code is and how much of it goes on paper: the CMS's to say (procedures.md, C2). */
export interface CodeScheme {
  readonly label: string;
  readonly length: number;
  readonly paperCharacters: number;
}

/** PIN 5 digits and PUK 8 (procedures.md 2.3); 2 of the PIN on paper, and the half of the PUK. */
export const usualScheme: readonly CodeScheme[] = [
  { label: 'PIN', length: 5, paperCharacters: 2 },
  { label: 'PUK', length: 8, paperCharacters: 4 },
];

export interface Code {
  readonly label: string;
  readonly value: string;
  readonly paperCharacters: number;
}

export function makeCodes(scheme: readonly CodeScheme[]): readonly Code[] {
  return scheme.map(({ label, length, paperCharacters }) => ({ label, value: digits(length), paperCharacters }));
}

/** Digits that nobody can foretell, leading zeros included. */
export function digits(length: number): string {
  return Array.from({ length }, () => String(randomInt(10))).join('');
}

/** The paper part as the contract writes it: `<LABEL> <paper characters> <number of characters withheld>\n` a code. */
export function paperPart(codes: readonly Code[]): Buffer {
  return Buffer.from(
    codes.map(({ label, value, paperCharacters: paper }) => `${label} ${value.slice(0, paper)} ${value.length - paper}\n`).join(''),
    'ascii',
  );
}

/** What the paper does not say. */
export function secondPart(code: Code): string {
  return code.value.slice(code.paperCharacters);
}
