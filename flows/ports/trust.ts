import type { CardReading } from '../../devices/card/contract.ts';

/** What the local cache says of a card's authentication certificate. `expired` apart, `invalid`: the path does not hold; `unknown`: no CRL answers for it. */
export interface TrustVerdict {
  readonly status: 'good' | 'revoked' | 'suspended' | 'unknown' | 'expired' | 'invalid';
  readonly reason: string;
  /** From the certificate's name (`CF/cardID.hash`), `""` where it has not that shape. */
  readonly fiscalCode: string;
  /** SHA-256 of the certificate, hexadecimal. */
  readonly certificateDigest: string;
  readonly crl: { readonly thisUpdate: string; readonly nextUpdate: string; readonly ageSeconds: number } | null;
}

export interface Trust {
  checkCard(reading: CardReading, at: Date, signal: AbortSignal): Promise<TrustVerdict>;
}
