import type { Result } from '../../../devices/result.ts';
import type { SignaturePolicy } from '../x509/algorithm.ts';
import type { PublicKey } from '../x509/key.ts';
import type { Signed } from '../x509/signed.ts';
import { checkSignature } from './signature.ts';

/** Certificates, CRLs: what is signed, and known by its digest. */
export interface KnownSigned extends Signed {
  readonly digest: string;
}

/**
 * What one verification may cost, and what it knows already. Who sends a bundle of certificates decides how many paths lead through it: without an end set
 * to it, a few dozen cross-certificates would keep a search busy for years. In about ten microseconds, so that all of it is done within 200 ms.
 */
export class Work {
  private left = 5_000;
  private comparisons = 250_000;
  private readonly signatures: SignaturePolicy;
  private readonly checked = new Map<string, Result<void, string>>();

  constructor(signatures: SignaturePolicy) {
    this.signatures = signatures;
  }

  get spent(): boolean {
    return this.left <= 0;
  }

  readonly spend = (cost: number): boolean => {
    this.left -= cost;
    return this.left > 0;
  };

  /** Of a name with a constraint: cheap each, but as many as the one number times the other. */
  readonly compare = (): boolean => --this.comparisons > 0;

  /** Each signature is checked once with each key, however many paths lead over it. */
  signature(signed: KnownSigned, key: PublicKey): Result<void, string> {
    const id = `${signed.digest} ${key.digest}`;
    const before = this.checked.get(id);
    if (before !== undefined) return before;
    const now = checkSignature(signed, key, this.signatures, this.spend);
    this.checked.set(id, now);
    return now;
  }
}
