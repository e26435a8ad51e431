import { type KeyObject, constants, createPrivateKey, createPublicKey, privateEncrypt } from 'node:crypto';
import { type Answer, sw } from './answer.ts';
import type { ReceivedCommand } from './command.ts';

/** What MSE sets a key for, by its P2: a control reference template (ISO 7816-4, 10.3.1). */
const templates = { authentication: 0xa4, signature: 0xb6, confidentiality: 0xb8 } as const;
/** The key of authentication, and the one security environment that a CNS restores (card.md, 1.6). */
const authenticationKey = 0x01;
const securityEnvironment = 0x03;
/** PKCS#1 v1.5 padding takes at least this much of the block (RFC 8017, 9.2). */
const leastPadding = 11;

/** A private key of the card and the security environment in which it is used. */
export class SigningKey {
  readonly #key: KeyObject;
  readonly #reference: number;
  readonly #chosenFor = new Set<number>();

  /** `privateKey`: RSA; as text, PKCS#8 PEM. */
  constructor(privateKey: string | KeyObject, reference = authenticationKey) {
    this.#key = typeof privateKey === 'string' ? createPrivateKey(privateKey) : privateKey;
    this.#reference = reference;
  }

  get publicKey(): KeyObject {
    return createPublicKey(this.#key);
  }

  /** Power or a reset. */
  forget(): void {
    this.#chosenFor.clear();
  }

  /** MANAGE SECURITY ENVIRONMENT: `F3` restores (with an empty Lc at the end, which reads as Le), `F1` sets the key of a template. */
  manage({ p1, p2, data }: ReceivedCommand): Answer {
    if (p1 === 0xf3) {
      if (p2 !== securityEnvironment) return { status: sw.referenceNotFound };
      this.#chosenFor.clear();
      return { status: sw.done };
    }
    if (p1 !== 0xf1 || !Object.values<number>(templates).includes(p2)) return { status: sw.wrongParameters };
    const [tag, length, reference] = data;
    if (data.length !== 3 || length !== 1 || (tag !== 0x83 && tag !== 0x84)) return { status: sw.wrongData };
    if (reference !== this.#reference) return { status: sw.referenceNotFound };
    this.#chosenFor.add(p2);
    return { status: sw.done };
  }

  /**
   * PERFORM SECURITY OPERATION with the private key: `80 86` takes `00` and a whole block, `9E 9A` a whole block or what is to be padded
   * (PKCS#1 v1.5). The PIN is the caller's matter.
   */
  perform({ p1, p2, data }: ReceivedCommand): Answer {
    const operation = p1 * 256 + p2;
    if (operation !== 0x8086 && operation !== 0x9e9a) return { status: sw.wrongParameters };
    const template = operation === 0x8086 ? templates.confidentiality : templates.signature;
    if (!this.#chosenFor.has(template)) return { status: sw.conditionsOfUse };
    const size = (this.#key.asymmetricKeyDetails?.modulusLength ?? 0) / 8;
    if (operation === 0x8086) {
      if (data[0] !== 0) return { status: sw.wrongData };
      return data.length === 1 + size ? this.#raw(data.subarray(1)) : { status: sw.wrongLength };
    }
    if (data.length === size) return this.#raw(data);
    if (data.length === 0 || data.length > size - leastPadding) return { status: sw.wrongLength };
    return { status: sw.done, data: new Uint8Array(privateEncrypt({ key: this.#key, padding: constants.RSA_PKCS1_PADDING }, data)) };
  }

  /** A block that is no number below the modulus is refused. */
  #raw(block: Uint8Array): Answer {
    try {
      return { status: sw.done, data: new Uint8Array(privateEncrypt({ key: this.#key, padding: constants.RSA_NO_PADDING }, block)) };
    } catch {
      return { status: sw.wrongData };
    }
  }
}
