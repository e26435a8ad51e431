import { generateKeyPairSync } from 'node:crypto';
import type { Secret } from '../../secret.ts';
import { decodeObjects } from '../secure-messaging/data-objects.ts';
import { encodePublicKey } from '../public-key-template.ts';
import { type Answer, sw } from './answer.ts';
import type { ReceivedCommand } from './command.ts';
import { type CardFile, type DedicatedFile, elementary } from './file-system.ts';
import { NonVolatileMemory } from './non-volatile-memory.ts';
import { ReferenceData, newRecord } from './reference-data.ts';
import { SigningKey } from './signing.ts';

/** DF_DS (card.md, 1.3), the PIN of signature (1.6), and the reference of its key. */
export const signatureFolder = 0x1400;
export const signaturePinReference = 0x1a;
const signatureKey = 0x02;
/** CRT of digital signature with a private key's reference (ISO 7816-4, 10.3.2). */
const keyTemplate = Buffer.of(0xb6, 0x03, 0x84, 0x01, signatureKey);
const largestFile = 4_096;
const transparent = 0x01;
const always = 0x00;

/**
 * The card's place for a certificate of signature: files in DF_DS that its issuer alone makes and writes, a key that is made inside and never leaves,
 * and the PIN that opens it. What is made here lives as long as this object.
 */
export class SignatureArea {
  /** Absent: a card that was made without one. */
  readonly pin: ReferenceData | undefined;
  #key: SigningKey | undefined;

  constructor(pin: Secret | undefined) {
    this.pin = pin && new ReferenceData(new NonVolatileMemory(newRecord(pin)), 0);
  }

  /** Absent: none was made yet. */
  get key(): SigningKey | undefined {
    return this.#key;
  }

  forget(): void {
    this.pin?.forget();
    this.#key?.forget();
  }

  /** CREATE FILE (ISO 7816-9): a transparent EF that anybody may read, of the size that its control parameters say. */
  createFile(folder: DedicatedFile, { p1, p2, data }: ReceivedCommand): Answer {
    if (p1 !== 0 || p2 !== 0) return { status: sw.wrongParameters };
    const [parameters] = decodeObjects(data) ?? [];
    const said = parameters?.tag === 0x62 ? decodeObjects(parameters.value) : undefined;
    const number = (tag: number): number => {
      const value = said?.find((object) => object.tag === tag)?.value ?? new Uint8Array();
      return value.reduce((so, byte) => so * 256 + byte, 0);
    };
    const [size, id, descriptor] = [number(0x80), number(0x83), number(0x82)];
    if (size === 0 || size > largestFile || id === 0 || id > 0xffff || descriptor !== transparent) return { status: sw.wrongData };
    if (folder.files.some((file) => file.id === id)) return { status: sw.fileExists };
    folder.files.push(elementary(id, new Uint8Array(), size, always));
    return { status: sw.done };
  }

  /** UPDATE BINARY (ISO 7816-4, 11.3.4) of a file in DF_DS. */
  update({ content }: Extract<CardFile, { kind: 'ef' }>, { p1, p2, data }: ReceivedCommand): Answer {
    if ((p1 & 0x80) !== 0) return { status: sw.wrongParameters };
    const offset = p1 * 256 + p2;
    if (data.length === 0 || offset + data.length > content.length) return { status: sw.wrongOffset };
    content.set(data, offset);
    return { status: sw.done };
  }

  /** GENERATE ASYMMETRIC KEY PAIR (ISO 7816-8): makes a key in the place of the one before (P1=80), or tells the public one that is there (81). */
  keyPair({ p1, p2, data }: ReceivedCommand): Answer {
    if (p2 !== 0 || (p1 !== 0x80 && p1 !== 0x81)) return { status: sw.wrongParameters };
    if (!keyTemplate.equals(data)) return { status: sw.wrongData };
    if (p1 === 0x80) this.#key = new SigningKey(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey, signatureKey);
    return this.#key === undefined ? { status: sw.referenceNotFound } : { status: sw.done, data: encodePublicKey(this.#key.publicKey) };
  }
}
