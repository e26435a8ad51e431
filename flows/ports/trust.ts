import type { CardReading } from '../../devices/card/contract.ts';

/** What the local cache says of a card's authentication certificate. `expired` apart, `invalid`: the path does not hold; `unknown`: no CRL answers for it. */
export interface TrustVerdict {
  readonly status: 'good' | 'revoked' | 'suspended' | 'unknown' | 'expired' | 'invalid';
  /** In words; of what is revoked or suspended the CRL's reason (RFC 5280, 5.3.1). */
  readonly reason: string;
  /** When it was revoked or suspended, ISO 8601. */
  readonly since: string | null;
  /** From the certificate's name (`CF/cardID.hash`), `""` where it has not that shape. */
  readonly fiscalCode: string;
  /** SHA-256 of the certificate, hexadecimal. */
  readonly certificateDigest: string;
  /** The CRL that this rests on, or that would have spoken were it not too old. */
  readonly crl: CrlAge | null;
}

export interface CrlAge {
  readonly number: string | null;
  readonly thisUpdate: string;
  readonly nextUpdate: string | null;
  readonly ageSeconds: number;
  /** Since its silence no longer counts: past its nextUpdate, or the age that the site allows it. Below zero while it counts. */
  readonly secondsPastEnd: number;
}

/** What the desk knows about revocation at large, for the operator's eyes. */
export interface RevocationState {
  readonly lists: readonly (CrlAge & { readonly issuer: string })[];
  /** What is wrong with this machine's clock, `null` if nothing is known to be. */
  readonly clockFault: ClockFault | null;
}

/**
 * `jumped`: against the time that this machine counts by itself; `behind-crl`: a CRL in the store is of later; `crl-of-the-future`: one was offered that is.
 */
export interface ClockFault {
  readonly kind: 'jumped' | 'behind-crl' | 'crl-of-the-future';
  readonly seconds: number;
}

export interface Trust {
  checkCard(reading: CardReading, at: Date, signal: AbortSignal): Promise<TrustVerdict>;
}
