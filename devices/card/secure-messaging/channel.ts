import { timingSafeEqual } from 'node:crypto';
import { type Result, err, ok } from '../../result.ts';
import type { Command, Response } from '../apdu.ts';
import { pad, unpad } from './ciphers.ts';
import { type DataObject, decodeObjects, encodeObjects, tag } from './data-objects.ts';
import type { Scheme } from './schemes.ts';

/** Of the scheme's lengths; whoever makes them wipes them. */
export interface Keys {
  readonly encryption: Uint8Array;
  readonly mac: Uint8Array;
}

/**
 * `missing`: objects that the scheme wants are not there (a card answers `6987`); `wrong`: what is there is not what the other side made for
 * this command (`6988`); `bare`: an answer with a status word and no protection; `not-fresh`: no challenge, or a counter whose row was broken.
 */
export type Fault =
  | { readonly kind: 'missing' }
  | { readonly kind: 'wrong' }
  | { readonly kind: 'bare'; readonly status: number }
  | { readonly kind: 'not-fresh' };

/** CLA bits 4 and 3: secure messaging, and the header is in the MAC; bits 2 and 1: the logical channel (ISO 7816-4, 5.4.1). */
const secured = 0x0c;
const logicalChannel = 0x03;
const macLength = 8;
/** Padding indicator: ISO 9797-1 method 2 (ISO 7816-4, table 38). */
const paddedByMethod2 = 0x01;

/** Both ends of secure messaging (ISO 7816-4, 10): keys, and what makes each frame good for once. */
abstract class Channel {
  protected readonly scheme: Scheme;
  readonly #keys: Keys;
  #fresh: Uint8Array | undefined;
  #commanded: Uint8Array | undefined;

  /** `counter`: where the two sides agreed to start, as long as a block; for schemes with a counter. */
  constructor(scheme: Scheme, keys: Keys, counter?: Uint8Array) {
    const counted = scheme.freshness === 'counter';
    if (!scheme.encryptionKey.includes(keys.encryption.length) || !scheme.macKey.includes(keys.mac.length))
      throw new RangeError('key length');
    if (counted !== (counter !== undefined) || (counter !== undefined && counter.length !== scheme.blockLength))
      throw new RangeError('counter');
    this.scheme = scheme;
    this.#keys = keys;
    this.#fresh = counter?.slice();
  }

  /** What GET CHALLENGE has answered: good for the next command and no other. */
  challenged(challenge: Uint8Array): void {
    if (this.scheme.freshness === 'challenge') this.#fresh = challenge.length === 8 ? challenge.slice() : undefined;
  }

  /** What the next frame is bound to; `undefined`: there is none. */
  protected next(): Uint8Array | undefined {
    const fresh = this.#fresh;
    if (this.scheme.freshness === 'challenge') {
      this.#fresh = undefined;
      this.#commanded = fresh;
      return fresh;
    }
    if (fresh !== undefined) this.#fresh = successor(fresh);
    return this.#fresh;
  }

  /** What an answer is bound to: the challenge of its command, once, or the next of the row. */
  protected nextAnswer(): Uint8Array | undefined {
    if (this.scheme.freshness !== 'challenge') return this.next();
    const commanded = this.#commanded;
    this.#commanded = undefined;
    return commanded;
  }

  /** One frame that is not the next of the row ends it: nothing more is taken or made. */
  protected fault(fault: Fault): Result<never, Fault> {
    this.#fresh = undefined;
    return err(fault);
  }

  protected seal(header: Uint8Array, objects: readonly DataObject[], fresh: Uint8Array): Uint8Array {
    const protectedObjects = encodeObjects(objects);
    const mac = this.#mac(header, protectedObjects, fresh);
    return new Uint8Array(Buffer.concat([protectedObjects, encodeObjects([{ tag: tag.mac, value: mac }])]));
  }

  /** The objects before the MAC, in one of the rows of tags that are allowed, if the MAC is theirs. */
  protected open(
    header: Uint8Array,
    bytes: Uint8Array,
    fresh: Uint8Array,
    rows: readonly (readonly number[])[],
  ): Result<readonly DataObject[], Fault> {
    const objects = decodeObjects(bytes);
    if (objects === undefined) return this.fault({ kind: 'wrong' });
    const mac = objects.at(-1);
    if (mac?.tag !== tag.mac) return this.fault({ kind: 'missing' });
    const sealed = objects.slice(0, -1);
    const inOrder = rows.some((row) => row.length === sealed.length && row.every((tag, at) => tag === sealed[at]?.tag));
    if (!inOrder || mac.value.length !== macLength) return this.fault({ kind: 'wrong' });
    const expected = this.#mac(header, bytes.subarray(0, bytes.length - macLength - 2), fresh);
    return timingSafeEqual(expected, mac.value) ? ok(sealed) : this.fault({ kind: 'wrong' });
  }

  protected encrypt(data: Uint8Array, fresh: Uint8Array): Uint8Array {
    const { cipher, blockLength } = this.scheme;
    const blocks = pad(data, blockLength);
    const cryptogram = cipher.encrypt(this.#keys.encryption, this.#initialisationVector(fresh), blocks);
    blocks.fill(0);
    return cryptogram;
  }

  protected decrypt(cryptogram: Uint8Array, fresh: Uint8Array): Uint8Array | undefined {
    const { cipher, blockLength } = this.scheme;
    if (cryptogram.length === 0 || cryptogram.length % blockLength !== 0) return undefined;
    return unpad(cipher.decrypt(this.#keys.encryption, this.#initialisationVector(fresh), cryptogram), blockLength);
  }

  #initialisationVector(fresh: Uint8Array): Uint8Array {
    return this.scheme.initialisationVector(this.#keys.encryption, fresh);
  }

  /** Over what makes the frame fresh, its header and its objects, the last two padded each, where there are any (ISO 7816-4, 10.2.3.1). */
  #mac(header: Uint8Array, objects: Uint8Array, fresh: Uint8Array): Uint8Array {
    const blocks = [header, objects].map((part) => (part.length === 0 ? part : pad(part, this.scheme.blockLength)));
    return this.scheme.mac(this.#keys.mac, Buffer.concat([fresh, ...blocks]));
  }
}

/** Whether the answer to an instruction is protected. */
function answersSealed({ answers, vouched = [] }: Scheme, ins: number): boolean {
  return answers === 'protected' || vouched.includes(ins);
}

/** The end that commands: a CMS. */
export class TerminalChannel extends Channel {
  #instruction = 0;

  /** Protects a command of the first interindustry class, on any of its logical channels. A missing challenge is a bug. */
  wrap({ cla, ins, p1, p2, data = new Uint8Array(), le }: Command): Command {
    if ((cla & ~logicalChannel) !== 0) throw new RangeError('a command of another class is not protected');
    const fresh = this.next();
    if (fresh === undefined) throw new Error('a protected command needs a challenge, or a counter that was never broken');
    this.#instruction = ins;
    const header = { cla: cla | secured, ins, p1, p2 };
    const objects: DataObject[] = [];
    if (data.length > 0) objects.push(cryptogramObject(ins, this.encrypt(data, fresh)));
    if (le !== undefined) objects.push({ tag: tag.le, value: encodeLe(le) });
    const body = this.seal(headerBytes(header), objects, fresh);
    if (this.scheme.answers === 'protected') return { ...header, data: body, le: body.length > 255 || (le ?? 0) > 256 ? 65_536 : 256 };
    return { ...header, data: body, ...(le === undefined ? {} : { le }) };
  }

  /** The answer to the command wrapped last. Where the scheme leaves answers plain, nothing vouches for them. */
  unwrap(response: Response): Result<Response, Fault> {
    if (!answersSealed(this.scheme, this.#instruction)) return ok(response);
    const fresh = this.nextAnswer();
    if (fresh === undefined) return this.fault({ kind: 'not-fresh' });
    if (response.data.length === 0) return this.fault({ kind: 'bare', status: response.status });
    const opened = this.open(new Uint8Array(), response.data, fresh, [
      [tag.cryptogram, tag.status],
      [tag.bareCryptogram, tag.status],
      [tag.status],
    ]);
    if (!opened.ok) return opened;
    const status = opened.value.at(-1)?.value;
    const [cryptogram] = opened.value.slice(0, -1);
    if (status?.length !== 2 || (status[0] ?? 0) * 256 + (status[1] ?? 0) !== response.status) return this.fault({ kind: 'wrong' });
    const data = cryptogram === undefined ? new Uint8Array() : this.decrypt(cryptogramOf(cryptogram), fresh);
    return data === undefined ? this.fault({ kind: 'wrong' }) : ok({ data, status: response.status });
  }
}

/** The end that obeys: a card. */
export class CardChannel extends Channel {
  #instruction = 0;

  /** The plain command inside one of class `0C`. */
  unwrap({ cla, ins, p1, p2, data = new Uint8Array() }: Command): Result<Command, Fault> {
    const fresh = this.next();
    if (fresh === undefined) return this.fault({ kind: 'not-fresh' });
    if ((cla & ~logicalChannel) !== secured) return this.fault({ kind: 'missing' });
    const sealedData = (ins & 1) === 0 ? tag.cryptogram : tag.bareCryptogram;
    const opened = this.open(headerBytes({ cla, ins, p1, p2 }), data, fresh, [[sealedData, tag.le], [sealedData], [tag.le], []]);
    if (!opened.ok) return opened;
    const [cryptogram] = opened.value.filter((object) => object.tag === sealedData);
    const [length] = opened.value.filter((object) => object.tag === tag.le);
    const plain = cryptogram === undefined ? new Uint8Array() : this.decrypt(cryptogramOf(cryptogram), fresh);
    const le = length === undefined ? undefined : decodeLe(length.value);
    if (plain === undefined || (length !== undefined && le === undefined)) return this.fault({ kind: 'wrong' });
    this.#instruction = ins;
    return ok({ cla: cla & logicalChannel, ins, p1, p2, data: plain, ...(le === undefined ? {} : { le }) });
  }

  /** The answer to the command unwrapped last; plain where that has been refused, or the scheme leaves it so. */
  wrap(response: Response): Response {
    const fresh = answersSealed(this.scheme, this.#instruction) ? this.nextAnswer() : undefined;
    if (fresh === undefined) return response;
    const { data, status } = response;
    const objects: DataObject[] = data.length === 0 ? [] : [cryptogramObject(this.#instruction, this.encrypt(data, fresh))];
    objects.push({ tag: tag.status, value: Uint8Array.of(status >> 8, status & 0xff) });
    return { data: this.seal(new Uint8Array(), objects, fresh), status };
  }
}

function cryptogramObject(ins: number, cryptogram: Uint8Array): DataObject {
  if ((ins & 1) === 1) return { tag: tag.bareCryptogram, value: cryptogram };
  return { tag: tag.cryptogram, value: Uint8Array.from([paddedByMethod2, ...cryptogram]) };
}

/** Nothing at all, which decrypts to nothing, where the padding indicator is not the one we know. */
function cryptogramOf({ tag: kind, value }: DataObject): Uint8Array {
  if (kind === tag.bareCryptogram) return value;
  return value[0] === paddedByMethod2 ? value.subarray(1) : new Uint8Array();
}

function headerBytes({ cla, ins, p1, p2 }: Command): Uint8Array {
  return Uint8Array.of(cla, ins, p1, p2);
}

function encodeLe(le: number): Uint8Array {
  return le <= 256 ? Uint8Array.of(le & 0xff) : Uint8Array.of((le >> 8) & 0xff, le & 0xff);
}

function decodeLe(value: Uint8Array): number | undefined {
  const [high = 0, low = 0] = value;
  if (value.length === 1) return high || 256;
  return value.length === 2 ? high * 256 + low || 65_536 : undefined;
}

function successor(counter: Uint8Array): Uint8Array {
  const next = counter.slice();
  for (let at = next.length - 1; at >= 0; at -= 1) {
    next[at] = ((next[at] ?? 0) + 1) & 0xff;
    if (next[at] !== 0) break;
  }
  return next;
}
