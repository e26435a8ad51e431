import type { Result } from '../result.ts';

/** What a reader's slot tells of itself. `disconnected`: no reader; `service-lost`: the PC/SC service cannot be reached. */
export type CardStatus =
  | { readonly state: 'starting' }
  | { readonly state: 'service-lost'; readonly detail: string }
  | { readonly state: 'disconnected' }
  | { readonly state: 'empty'; readonly reader: string }
  | { readonly state: 'mute'; readonly reader: string }
  | { readonly state: 'present'; readonly reader: string; readonly atr: string };

/** The sixteen fields of EF.Dati_personali, in the card's order (card.md, 1.4). Dates are ISO 8601; what the card leaves empty is `""`. */
export interface PersonalData {
  readonly issuer: string;
  readonly issueDate: string;
  readonly expiryDate: string;
  readonly surname: string;
  readonly name: string;
  readonly birthDate: string;
  readonly sex: string;
  readonly height: string;
  readonly fiscalCode: string;
  readonly citizenship: string;
  readonly birthMunicipality: string;
  readonly birthCountry: string;
  readonly birthAct: string;
  readonly residenceMunicipality: string;
  readonly residenceAddress: string;
  readonly travelNote: string;
}

/** Tries before a code is blocked; `null` where the card was not asked, because asking may cost one, or did not say. */
export interface TriesLeft {
  readonly triesLeft: number | null;
}

/** One full reading of a CNS. `personalDataFile` is EF.Dati_personali as read (base64), for the hash that the certificate's name carries. */
export interface CardReading {
  readonly reader: string;
  readonly atr: string;
  /** Id of its series in the table (`series.json`). */
  readonly series: string;
  readonly cardId: string;
  readonly personalData: PersonalData;
  readonly personalDataFile: string;
  /** The authentication certificate, DER in base64. */
  readonly certificate: string;
  readonly pin: TriesLeft;
  readonly puk: TriesLeft;
  readonly timing: { readonly totalMs: number; readonly apdus: number };
}

export type CardError =
  | { readonly kind: 'no-card' }
  | { readonly kind: 'card-removed' }
  | { readonly kind: 'service-lost'; readonly detail: string }
  | { readonly kind: 'reader-busy'; readonly reader: string }
  /** `mute`: it does not answer to power: no chip, turned round, or broken; its ATR is `''`. */
  | { readonly kind: 'not-a-cns'; readonly atr: string; readonly card: 'cie' | 'other' | 'mute' }
  /** A CNS by what it says of itself, of a series that the table does not know or that cannot be read. `seen`: what it answered. */
  | { readonly kind: 'unknown-series'; readonly atr: string; readonly seen: string }
  | { readonly kind: 'unreadable'; readonly what: string; readonly detail: string }
  | { readonly kind: 'timeout'; readonly afterMs: number }
  | { readonly kind: 'aborted' };

/** A card reader as the rest of the house sees it. */
export interface CardReader {
  status(): CardStatus;
  /** Calls back on each change of status, never twice with the same; returns the way to stop. */
  onStatus(listener: (status: CardStatus) => void): () => void;
  /** Reads the card that is in: ATR, identity, personal data, authentication certificate. Needs no PIN. */
  read(signal: AbortSignal): Promise<Result<CardReading, CardError>>;
  close(): Promise<void>;
}
