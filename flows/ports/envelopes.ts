import type { Result } from '../../devices/result.ts';
import type { EnvelopeState } from '../envelopes/envelope.ts';
import type { CmsError, EnvelopeStanding, Reserve } from './cms.ts';
import type { RelayAnswer, RelayEnding, RelayStep } from './relays.ts';

/** Who holds an envelope until it is drawn: one operator, or a magazine from which any operator of the desk may draw. */
export interface EnvelopeHolder {
  readonly kind: 'operator' | 'magazine';
  readonly id: string;
}

/** A list of sealed envelopes for one desk, as the CMS signed it (JWS, `typ` `sportello-envelope-batch+jwt`). It holds no code. */
export interface EnvelopeBatch {
  readonly batch: string;
  readonly desk: string;
  readonly issuedAt: string;
  readonly envelopes: readonly { readonly number: string; readonly holder: EnvelopeHolder }[];
  readonly jws: string;
}

/** Where the CMS says that it is: `free` until a relay binds it, `handed` with the confirmed operation, `withdrawn` when it may serve nobody any more. */
export type EnvelopeStateAtCms = 'free' | 'bound' | 'handed' | 'withdrawn';

/** A shift's count of one batch. `shift`: UUIDv7 made by the kiosk; `attempt`: of the count, from 1. */
export interface EnvelopeCount {
  readonly shift: string;
  readonly attempt: number;
  readonly desk: string;
  readonly batch: string;
  /** What the draws of the shift were made from, 32 bytes in hexadecimal: revealed by the count. */
  readonly seed: string;
  readonly envelopes: readonly { readonly number: string; readonly state: EnvelopeState }[];
}

/** What does not agree: `null` where one side does not know the envelope. */
export interface EnvelopeDifference {
  readonly number: string;
  readonly kiosk: EnvelopeState | null;
  readonly cms: EnvelopeStateAtCms | null;
}

/** The CMS's signed answer to a count (JWS, `typ` `sportello-envelope-count+jwt`). */
export interface CountedEnvelopes {
  readonly agrees: boolean;
  readonly differences: readonly EnvelopeDifference[];
  readonly jws: string;
}

/** A reservation whose codes lie in an envelope: no contact is proved, for nothing is sent after it. */
export type EnvelopeReserve = Omit<Reserve, 'proofOfContact'> & { readonly delivery: 'envelope' };

export interface EnvelopeReservation {
  readonly operationId: string;
  readonly state: 'RESERVED';
  /** ISO instant by the CMS's clock: silence until then voids. */
  readonly expiresAt: string;
  readonly delivery: {
    readonly scheme: 'envelope';
    /** What lies inside, by name (`PIN`, `CODICE UTENTE`); what is missing there is fetched by the holder later. */
    readonly contents: readonly string[];
  };
}

/** How the relay that sets a card's PIN ended. */
export interface RelayReceipt extends RelayEnding {
  readonly envelope: EnvelopeStanding;
  /** Tries left of the card's PIN before it was set and right after; `null` where the card does not say without a risk. */
  readonly tries: { readonly before: number | null; readonly after: number | null };
}

/** What the CMS knows of a card, by the 16 digits of EF.ID_Carta. */
export interface CardAtCms {
  readonly cardId: string;
  readonly issuer: string;
  readonly state: 'not-activated' | 'activated' | 'revoked' | 'unknown';
  /** Whether its PIN can be set by secure messaging; `false`: by commands that the kiosk could read, or not at all. */
  readonly secureMessaging: boolean;
}

/** The CMS as the envelope procedure needs it, beside `Cms`. Each call has a limit of its own and ends early on `signal`. */
export interface EnvelopeCms {
  envelopeBatches(desk: string, signal: AbortSignal): Promise<Result<readonly EnvelopeBatch[], CmsError>>;
  countEnvelopes(count: EnvelopeCount, signal: AbortSignal): Promise<Result<CountedEnvelopes, CmsError>>;
  reserveEnvelope(request: EnvelopeReserve, signal: AbortSignal): Promise<Result<EnvelopeReservation, CmsError>>;
  /** The answer is not kept: who gets a command wipes it. */
  relay(step: RelayStep, signal: AbortSignal): Promise<Result<RelayAnswer<RelayReceipt>, CmsError>>;
  card(cardId: string, signal: AbortSignal): Promise<Result<CardAtCms, CmsError>>;
}
