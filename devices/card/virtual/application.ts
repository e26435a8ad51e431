import { randomBytes } from 'node:crypto';
import { type Answer, sw, triesLeft } from './answer.ts';
import type { ReceivedCommand } from './command.ts';
import { type CardFile, type DedicatedFile, fileControlInformation } from './file-system.ts';
import type { CardProfile, PinUse } from './profile.ts';
import { type ReferenceData, isCodeBlock } from './reference-data.ts';
import type { Randoms } from './secure-messaging.ts';
import { type SignatureArea, signatureFolder, signaturePinReference } from './signature-area.ts';
import type { SigningKey } from './signing.ts';

const pinReference = 0x10;
const pukReference = 0x11;
/** In a reference: search from the current DF up, instead of in the MF alone. */
const backtracking = 0x80;
/** Access conditions (card.md, 1.3); any other value is the reference that must be verified. */
const always = 0x00;

export interface CnsParts {
  readonly master: DedicatedFile;
  readonly pin: ReferenceData;
  readonly puk: ReferenceData;
  /** Absent: a card that was made without one. */
  readonly key: SigningKey | undefined;
  readonly signature: SignatureArea;
  readonly profile: CardProfile;
}

/** The CNS application: what plain commands do, whichever way they came in and their answers go out. */
export class CnsApplication {
  readonly #parts: CnsParts;
  readonly #profile: CardProfile;
  #folder: DedicatedFile;
  #file: CardFile | undefined;
  #challenge: Uint8Array | undefined;
  #given: Uint8Array | undefined;
  #entered = false;

  constructor(parts: CnsParts) {
    this.#parts = parts;
    this.#profile = parts.profile;
    this.#folder = parts.master;
  }

  /** What was verified, chosen and selected is forgotten. */
  reset(): void {
    const { master, pin, puk, key, signature } = this.#parts;
    this.#folder = master;
    this.#file = undefined;
    this.#entered = this.#profile.application === undefined;
    this.takeRandoms();
    pin.forget();
    puk.forget();
    key?.forget();
    signature.forget();
  }

  takeRandoms(): Randoms {
    const randoms = { challenge: this.#challenge, given: this.#given };
    this.#challenge = undefined;
    this.#given = undefined;
    return randoms;
  }

  /** `secured`: the command came under secure messaging. */
  execute(command: ReceivedCommand, secured: boolean): Answer {
    if (command.cla === 0x80 && command.ins === 0x86) return this.#giveRandom(command);
    if (command.cla !== 0x00) return { status: sw.unknownClass };
    switch (command.ins) {
      case 0xa4:
        return this.#select(command);
      case 0xb0:
        return this.#readBinary(command);
      case 0xca:
        return this.#getData(command);
      case 0xd6:
        return this.#updateBinary(command, secured);
      case 0xe0:
        return this.#ofSignature(secured) ? this.#parts.signature.createFile(this.#folder, command) : { status: sw.notSatisfied };
      case 0x47:
        return this.#ofSignature(secured) ? this.#parts.signature.keyPair(command) : { status: sw.notSatisfied };
      case 0x20:
        return this.#allows('verify', secured) ? this.#verify(command) : { status: sw.notSatisfied };
      case 0x24:
        return this.#allows('change', secured) ? this.#changePin(command) : { status: sw.notSatisfied };
      case 0x2c:
        return this.#allows('unblock', secured) ? this.#unblockPin(command) : { status: sw.notSatisfied };
      case 0x84:
        return this.#getChallenge(command);
      case 0x22:
        return this.#opened().key?.manage(command) ?? { status: sw.referenceNotFound };
      case 0x2a:
        return this.#performSecurityOperation(command);
      default:
        return { status: sw.unknownInstruction };
    }
  }

  #select({ p1, p2, data, le }: ReceivedCommand): Answer {
    if (p1 === 0x04) return this.#selectApplication(data);
    if (!this.#entered || (p1 === 0x08 && this.#profile.application?.paths === 'from-application')) return { status: sw.notFound };
    if (![0x00, 0x08, 0x09].includes(p1) || data.length % 2 !== 0) return { status: sw.wrongParameters };
    const ids = Array.from({ length: data.length / 2 }, (_, index) => (data[2 * index] ?? 0) * 256 + (data[2 * index + 1] ?? 0));
    const found = p1 === 0x00 ? this.#byIdentifier(ids) : byPath(p1 === 0x08 ? this.#parts.master : this.#folder, ids);
    if (found === undefined) return { status: sw.notFound };
    this.#folder = found.folder;
    this.#file = found.file;
    const wantsControlInformation = (p2 & 0x0c) === 0 && le !== undefined;
    return wantsControlInformation ? { status: sw.done, data: fileControlInformation(found.file).subarray(0, le) } : { status: sw.done };
  }

  #selectApplication(aid: Uint8Array): Answer {
    if (Buffer.from(aid).toString('hex').toUpperCase() !== this.#profile.application?.aid) return { status: sw.notFound };
    const { master } = this.#parts;
    this.#entered = true;
    this.#folder = master;
    this.#file = master;
    return { status: sw.done, data: fileControlInformation(master) };
  }

  #getData({ p1, p2 }: ReceivedCommand): Answer {
    const model = this.#entered ? this.#profile.application?.model : undefined;
    if (model === undefined) return { status: sw.unknownInstruction };
    return p1 * 256 + p2 === model.dataObject ? { status: sw.done, data: Buffer.from(model.says) } : { status: sw.referenceNotFound };
  }

  /** By identifier: the MF, the current DF, its children, its parent, its siblings (ISO 7816-4, 11.2.2). */
  #byIdentifier([id, ...more]: readonly number[]): Found | undefined {
    const { master } = this.#parts;
    if (more.length > 0) return undefined;
    if (id === undefined || id === master.id) return { folder: master, file: master };
    if (id === this.#folder.id) return { folder: this.#folder, file: this.#folder };
    return childOf(this.#folder, id) ?? dedicated(childOf(master, id));
  }

  #readBinary({ p1, p2, data, le }: ReceivedCommand): Answer {
    if (le === undefined || data.length > 0) return { status: sw.wrongLength };
    if ((p1 & 0x80) !== 0) return { status: sw.wrongParameters };
    if (this.#file?.kind !== 'ef') return { status: sw.noCurrentFile };
    if (!this.#meets(this.#file.read)) return { status: sw.notSatisfied };
    const { content } = this.#file;
    const offset = p1 * 256 + p2;
    const left = content.length - offset;
    if (left < 0) return { status: sw.wrongOffset };
    if (left === 0) return { status: this.#profile.endOfFile === 'real' ? sw.wrongOffset : sw.endOfFile };
    if (left < le && this.#profile.tooMuchAsked === '6Cxx') return { status: 0x6c00 | (Math.min(left, 0x100) & 0xff) };
    return { status: sw.done, data: content.subarray(offset, offset + le) };
  }

  /** No file of a CNS can be written once it is issued, but those of signature, by its issuer. */
  #updateBinary(command: ReceivedCommand, secured: boolean): Answer {
    if (this.#file?.kind !== 'ef') return { status: sw.noCurrentFile };
    return this.#ofSignature(secured) ? this.#parts.signature.update(this.#file, command) : { status: sw.notSatisfied };
  }

  /** The issuer's own, by secure messaging, and in DF_DS. */
  #ofSignature(secured: boolean): boolean {
    return secured && this.#folder.id === signatureFolder;
  }

  #verify({ p1, p2, data }: ReceivedCommand): Answer {
    const reference = this.#reference(p2);
    if (p1 !== 0) return { status: sw.wrongParameters };
    if (reference === undefined) return { status: sw.referenceNotFound };
    return { status: data.length === 0 ? this.#askedForTries(reference) : present(reference, data) };
  }

  #askedForTries(reference: ReferenceData): number {
    switch (this.#profile.statusQuery) {
      case 'free':
        return reference.verified ? sw.done : stateOf(reference);
      case 'costs-a-try':
        // No code is all zeros: this presents a wrong one.
        return present(reference, new Uint8Array(8));
      case '6A86':
        return sw.wrongParameters;
      case '6700':
        return sw.wrongLength;
    }
  }

  #changePin({ p1, p2, data }: ReceivedCommand): Answer {
    const reference = this.#reference(p2);
    if (p1 !== 0) return { status: sw.wrongParameters };
    if (reference === undefined) return { status: sw.referenceNotFound };
    if (reference === this.#parts.puk) return { status: sw.notSatisfied };
    if (data.length !== 16) return { status: sw.wrongLength };
    if (!isCodeBlock(data.subarray(8))) return { status: sw.wrongData };
    const status = present(reference, data.subarray(0, 8));
    if (status === sw.done) reference.replace(data.subarray(8));
    return { status };
  }

  /** RESET RETRY COUNTER: with PUK and new PIN (P1=00), with the PUK alone (01), or after the PUK was verified (03). */
  #unblockPin({ p1, p2, data }: ReceivedCommand): Answer {
    const { pin, puk } = this.#parts;
    if (this.#reference(p2) !== pin) return { status: sw.referenceNotFound };
    const expected = { 0: 16, 1: 8, 3: 0 }[p1];
    if (expected === undefined) return { status: sw.wrongParameters };
    if (data.length !== expected) return { status: sw.wrongLength };
    const newPin = data.subarray(8);
    if (p1 === 0x00 && !isCodeBlock(newPin)) return { status: sw.wrongData };
    const allowed = p1 === 0x03 ? (puk.verified ? sw.done : sw.notSatisfied) : present(puk, data.subarray(0, 8));
    puk.forget(); // Good for this command alone.
    if (allowed !== sw.done) return { status: allowed };
    if (p1 === 0x00) pin.replace(newPin);
    else pin.unblock();
    return { status: sw.done };
  }

  #getChallenge({ le }: ReceivedCommand): Answer {
    if (le === undefined) return { status: sw.wrongLength };
    this.#challenge = new Uint8Array(randomBytes(Math.min(le, 256)));
    return { status: sw.done, data: this.#challenge };
  }

  #giveRandom({ p1, p2, data }: ReceivedCommand): Answer {
    if (p1 !== 0 || p2 !== 0) return { status: sw.wrongParameters };
    if (data.length !== 8) return { status: sw.wrongLength };
    this.#given = data;
    return { status: sw.done };
  }

  #performSecurityOperation(command: ReceivedCommand): Answer {
    const { key, pin } = this.#opened();
    if (key === undefined) return { status: sw.referenceNotFound };
    return pin?.verified === true ? key.perform(command) : { status: sw.notSatisfied };
  }

  /** The key that is used from here, and the PIN that opens it: in DF_DS the one of signature, once there is one. */
  #opened(): { readonly key: SigningKey | undefined; readonly pin: ReferenceData | undefined } {
    const { signature } = this.#parts;
    return this.#folder.id === signatureFolder && signature.key !== undefined ? signature : this.#parts;
  }

  #allows(use: PinUse, secured: boolean): boolean {
    return secured || !this.#profile.secured.includes(use);
  }

  /** An access condition: `00` always, the reference of a PIN once it is verified; any other is never met. */
  #meets(condition: number): boolean {
    const { pin, puk } = this.#parts;
    return condition === always || (condition === pinReference && pin.verified) || (condition === pukReference && puk.verified);
  }

  #reference(p2: number): ReferenceData | undefined {
    if (this.#profile.references === 'backtracking' && (p2 & backtracking) === 0) return undefined;
    const { pin, puk, signature } = this.#parts;
    return { [pinReference]: pin, [pukReference]: puk, [signaturePinReference]: signature.pin }[p2 & ~backtracking];
  }
}

interface Found {
  readonly folder: DedicatedFile;
  readonly file: CardFile;
}

function byPath(from: DedicatedFile, ids: readonly number[]): Found | undefined {
  let found: Found | undefined = { folder: from, file: from };
  for (const id of ids) found = found?.file.kind === 'df' ? childOf(found.file, id) : undefined;
  return found;
}

function childOf(folder: DedicatedFile, id: number): Found | undefined {
  const file = folder.files.find((child) => child.id === id);
  return file && { folder: file.kind === 'df' ? file : folder, file };
}

function dedicated(found: Found | undefined): Found | undefined {
  return found?.file.kind === 'df' ? found : undefined;
}

function present(reference: ReferenceData, block: Uint8Array): number {
  if (block.length !== 8) return sw.wrongLength;
  if (reference.triesLeft === 0) return sw.blocked;
  return reference.verify(block) ? sw.done : triesLeft(reference.triesLeft);
}

function stateOf(reference: ReferenceData): number {
  return reference.triesLeft === 0 ? sw.blocked : triesLeft(reference.triesLeft);
}
