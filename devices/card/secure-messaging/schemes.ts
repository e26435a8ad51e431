import { aes, aesCmac, retailMac, tripleDes } from './ciphers.ts';

/** In what one kind of secure messaging differs from another (ISO 7816-4, 10 leaves all of it open). Keys are made elsewhere. */
export interface Scheme {
  /** The standard, and the section of it. */
  readonly source: string;
  readonly blockLength: 8 | 16;
  /** Bytes that a key may have. */
  readonly encryptionKey: readonly number[];
  readonly macKey: readonly number[];
  /**
   * What makes a command good for once: `challenge`, eight random bytes that the card gave just before it (GET CHALLENGE); `counter`, a number
   * as long as a block that goes up with each command and each answer (send sequence counter).
   */
  readonly freshness: 'challenge' | 'counter';
  /** `plain`: nothing vouches for an answer; PIN commands have none but their status word. */
  readonly answers: 'protected' | 'plain';
  /** Instructions whose answers are protected although the others are plain, under the challenge of their command. */
  readonly vouched?: readonly number[];
  /** Encrypts and decrypts whole blocks. */
  readonly cipher: Cipher;
  /** What the cipher starts with. */
  initialisationVector(key: Uint8Array, fresh: Uint8Array): Uint8Array;
  /** Eight bytes over whole blocks. */
  mac(key: Uint8Array, blocks: Uint8Array): Uint8Array;
}

interface Cipher {
  encrypt(key: Uint8Array, iv: Uint8Array, blocks: Uint8Array): Uint8Array;
  decrypt(key: Uint8Array, iv: Uint8Array, blocks: Uint8Array): Uint8Array;
}

const des = {
  blockLength: 8,
  encryptionKey: [16, 24],
  macKey: [16],
  cipher: tripleDes,
  initialisationVector: () => new Uint8Array(8),
  mac: retailMac,
} as const;

export const schemes = {
  /** The one that the CNS documents. The sender of a command learns by a bare status word what became of it. */
  cns: {
    ...des,
    source: 'CIE and CNS file system 2.0, pages 35 to 39 (card.md, 1.7)',
    freshness: 'challenge',
    answers: 'plain',
    // The public key of a pair that the card has just made [P]: its issuer says in a certificate whose it is (decision 0221).
    vouched: [0x47],
  },
  tripleDes: {
    ...des,
    source: 'ICAO Doc 9303-11, 9.8, triple DES',
    freshness: 'counter',
    answers: 'protected',
  },
  aes: {
    source: 'ICAO Doc 9303-11, 9.8, AES; NIST SP 800-38B',
    blockLength: 16,
    encryptionKey: [16, 24, 32],
    macKey: [16, 24, 32],
    freshness: 'counter',
    answers: 'protected',
    cipher: aes,
    initialisationVector: (key, counter) => aes.encrypt(key, new Uint8Array(16), counter),
    mac: (key, blocks) => aesCmac(key, blocks).slice(0, 8),
  },
} as const satisfies Record<string, Scheme>;
