/** What a card answers to a command: a status word (`0x9000`), and bytes before it where it has any. */
export interface Answer {
  readonly status: number;
  readonly data?: Uint8Array;
}

/** Status words (ISO 7816-4, 5.6) that a CNS uses. */
export const sw = {
  done: 0x9000,
  endOfFile: 0x6282,
  wrongLength: 0x6700,
  noSecureMessaging: 0x6882,
  noChaining: 0x6884,
  notSatisfied: 0x6982,
  blocked: 0x6983,
  conditionsOfUse: 0x6985,
  noCurrentFile: 0x6986,
  wrongData: 0x6a80,
  notFound: 0x6a82,
  wrongParameters: 0x6a86,
  referenceNotFound: 0x6a88,
  fileExists: 0x6a89,
  wrongOffset: 0x6b00,
  unknownInstruction: 0x6d00,
  unknownClass: 0x6e00,
} as const;

export const triesLeft = (count: number): number => 0x63c0 | count;
