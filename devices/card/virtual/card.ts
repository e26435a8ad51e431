import type { Secret } from '../../secret.ts';
import { type Answer, sw } from './answer.ts';
import { CnsApplication } from './application.ts';
import { type ReceivedCommand, decodeCommand } from './command.ts';
import { type CnsFiles, cnsFileSystem } from './file-system.ts';
import { type MemoryStore, NonVolatileMemory, PowerLost } from './non-volatile-memory.ts';
import { type CardProfile, usualProfile } from './profile.ts';
import { ReferenceData, newRecord, recordLength } from './reference-data.ts';
import type { CardSecureMessaging } from './secure-messaging.ts';
import { SignatureArea } from './signature-area.ts';
import { SigningKey } from './signing.ts';

export interface VirtualCardOptions extends CnsFiles, Partial<CardProfile> {
  readonly pin: Secret;
  readonly puk: Secret;
  /** The key of the certificate, RSA, PKCS#8 PEM; a card without it signs nothing. */
  readonly privateKey?: string | undefined;
  /** What opens the key of signature (card.md, 1.6); a card without it has none, and its key signs nothing. */
  readonly signaturePin?: Secret | undefined;
  /** Hexadecimal; a CNS 1.1 of STMicroelectronics stock 2021 by default. */
  readonly atr?: string;
  /** A card that has none refuses class `0C` with `6882`. */
  readonly secureMessaging?: CardSecureMessaging;
  /** Where counters and PIN outlive this object; what is saved there comes before `pin` and `puk`. */
  readonly memory?: MemoryStore;
}

export const specimenAtr = '3BFF1800FF8131FE55006B02091617011101434E531131808D';

/** Bits of the class byte (ISO 7816-4, 5.4.1). */
const chained = 0x10;
const protectedClass = 0x0c;
/** The longest command that a chain may make up: more than any of secure messaging. */
const chainLimit = 4_096;
const getResponse = 0xc0;
const performSecurityOperation = 0x2a;

/**
 * A CNS as its APDUs show it: power, the ways in which commands come in (chained, protected) and answers go out (at once, by GET RESPONSE),
 * and the application behind them. Answers only what such a card answers: `6A82` to any application id and `6D00` to any other instruction,
 * or clients take it for another card. PIN, PUK and counters outlive a reset and an insertion.
 */
export class VirtualCnsCard {
  readonly atr: Uint8Array;
  readonly #memory: NonVolatileMemory;
  readonly #application: CnsApplication;
  readonly #profile: CardProfile;
  readonly #secureMessaging: CardSecureMessaging | undefined;
  #chain: ReceivedCommand | undefined;
  #kept: Uint8Array = new Uint8Array();

  constructor(options: VirtualCardOptions) {
    const { pin, puk, privateKey, signaturePin, atr = specimenAtr, secureMessaging, memory, ...filesAndProfile } = options;
    this.atr = new Uint8Array(Buffer.from(atr, 'hex'));
    this.#profile = { ...usualProfile, ...filesAndProfile };
    this.#memory = new NonVolatileMemory(Uint8Array.of(...newRecord(pin), ...newRecord(puk)), memory);
    this.#application = new CnsApplication({
      master: cnsFileSystem(filesAndProfile),
      pin: new ReferenceData(this.#memory, 0),
      puk: new ReferenceData(this.#memory, recordLength),
      key: privateKey === undefined ? undefined : new SigningKey(privateKey),
      signature: new SignatureArea(signaturePin),
      profile: this.#profile,
    });
    this.#secureMessaging = secureMessaging;
    this.reset();
  }

  /** Power on, off, or a warm reset: what was verified and selected is forgotten, and a write that power cut off is finished or undone. */
  reset(): void {
    this.#application.reset();
    this.#secureMessaging?.reset();
    this.#chain = undefined;
    this.#kept = new Uint8Array();
    this.#orPowerLost(() => this.#memory.recover());
  }

  /** Power goes away instead of the `nth` byte that the card writes from now on (1 is the next). */
  tear(nth: number): void {
    this.#memory.tear(nth);
  }

  /** The answer to a command; no bytes at all where power went away. */
  transmit(bytes: Uint8Array): Uint8Array {
    const answer = this.#orPowerLost(() => this.#received(decodeCommand(bytes)));
    if (answer === undefined) return new Uint8Array();
    const { status, data = new Uint8Array() } = answer;
    return Uint8Array.from([...data, status >> 8, status & 0xff]);
  }

  #received(command: ReceivedCommand | undefined): Answer {
    if (command === undefined || (command.extended && !this.#profile.extendedLength)) return { status: sw.wrongLength };
    if ((command.cla & ~protectedClass) === 0 && command.ins === getResponse) return this.#givenOut(this.#kept, command.le ?? 0);
    this.#kept = new Uint8Array();
    const whole = this.#joined(command);
    if ('status' in whole) return whole;
    const answer = this.#executed(whole);
    const { data = new Uint8Array() } = answer;
    const isFetched = data.length > (whole.le ?? 0) || (this.#profile.answers === '61xx' && whole.data.length > 0);
    return isFetched && data.length > 0 ? this.#givenOut(data, 0) : answer;
  }

  /** Command chaining (ISO 7816-4, 5.3.3): the whole command once its last part is there. A part of another command breaks the chain off. */
  #joined(part: ReceivedCommand): ReceivedCommand | Answer {
    const before = this.#chain;
    this.#chain = undefined;
    const isLast = (part.cla & chained) === 0;
    const cla = part.cla & ~chained;
    const isContinued =
      before !== undefined && before.cla === cla && before.ins === part.ins && before.p1 === part.p1 && before.p2 === part.p2;
    const whole = { ...part, cla, data: isContinued ? Uint8Array.of(...before.data, ...part.data) : part.data };
    if (isLast) return whole;
    if (part.ins !== performSecurityOperation && cla !== protectedClass) return { status: sw.noChaining };
    if (whole.data.length > chainLimit) return { status: sw.wrongLength };
    this.#chain = whole;
    return { status: sw.done };
  }

  #executed(command: ReceivedCommand): Answer {
    if (command.cla !== protectedClass) return this.#application.execute(command, false);
    if (this.#secureMessaging === undefined) return { status: sw.noSecureMessaging };
    const plain = this.#secureMessaging.unwrap(command, this.#application.takeRandoms());
    return plain.ok ? this.#secureMessaging.wrap(this.#application.execute(plain.value, true)) : { status: plain.error };
  }

  /** The first `length` of these bytes; the rest is kept for GET RESPONSE, and `61xx` says how much of it there is. */
  #givenOut(bytes: Uint8Array, length: number): Answer {
    if (bytes.length === 0) return { status: sw.conditionsOfUse };
    this.#kept = bytes.slice(length);
    const left = this.#kept.length;
    return { status: left === 0 ? sw.done : 0x6100 | (left < 256 ? left : 0), data: bytes.slice(0, length) };
  }

  #orPowerLost<T>(work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      if (error instanceof PowerLost) return undefined;
      throw error;
    }
  }
}
