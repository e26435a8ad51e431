import type { Result } from '../result.ts';
import type { Secret } from '../secret.ts';

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

/** Why a code was not taken. `malformed-code` was not sent: a code has 5 to 8 digits. `triesLeft`: `null` where the card does not say. */
export type CodeError =
  | CardError
  | { readonly kind: 'malformed-code' }
  | { readonly kind: 'wrong-pin' | 'wrong-puk'; readonly triesLeft: number | null }
  /** A blocked PUK is for good: the card is dead. */
  | { readonly kind: 'pin-blocked' | 'puk-blocked' }
  | { readonly kind: 'not-activated' }
  /** The old code was right; the card wants another new one. */
  | { readonly kind: 'new-pin-refused' }
  /** Not in the clear, or not with this code. */
  | { readonly kind: 'not-allowed' };

/** What the site lets the other side of a relay do (architecture.md, site policy). All limits hold together. */
export interface RelayPolicy {
  /** Class and instruction of the commands that may pass, four upper-case hexadecimal digits each: `0C2C`. */
  readonly allowed: readonly string[];
  /** PIN commands that this machine could read: `refused` even where `allowed` names them. */
  readonly pinsInClear: 'refused' | 'allowed';
  /** Of those that are allowed, the ones that may pass only while the card is seen to be in this folder (hexadecimal path). */
  readonly confined?: { readonly folder: string; readonly commands: readonly string[] };
  readonly maxCommandBytes: number;
  readonly maxCommands: number;
  /** Limits in milliseconds: of the card for one command, of the other side for its next one, of it all. */
  readonly commandLimitMs: number;
  readonly exchangeLimitMs: number;
  readonly totalLimitMs: number;
}

/**
 * The other side of a relay: gets the card's last answer (none at first) and gives the next command, or says that it is at its end, or that it
 * cannot be reached any more. The answer is wiped when it has returned, and the command when the card has it: neither is to be kept.
 */
export type RelayExchange = (answer: Uint8Array | undefined, signal: AbortSignal) => Promise<Uint8Array | 'end' | 'lost'>;

/** Commands that went to the card, and those that it answered: what it did with one between the two is not known. */
export interface RelayCount {
  readonly sent: number;
  readonly answered: number;
}

export type RelayEnd =
  | { readonly kind: 'end' }
  | { readonly kind: 'refused'; readonly reason: 'malformed' | 'too-long' | 'too-many' | 'pin-in-clear' | 'not-allowed' }
  | { readonly kind: 'other-side-lost' }
  | { readonly kind: 'other-side-silent'; readonly afterMs: number }
  | { readonly kind: 'took-too-long'; readonly afterMs: number };
export type RelayError = (CardError | Exclude<RelayEnd, { kind: 'end' }>) & RelayCount;

/** A card reader that also commands the card that is in. Codes are taken over: they are wiped, whatever comes. Each command ends with a reset. */
export interface CommandingCardReader extends CardReader {
  verifyPin(codes: { readonly pin: Secret }, signal: AbortSignal): Promise<Result<void, CodeError>>;
  changePin(codes: { readonly pin: Secret; readonly newPin: Secret }, signal: AbortSignal): Promise<Result<void, CodeError>>;
  /** Sets the PIN anew by the PUK, blocked or not. */
  unblockPin(codes: { readonly puk: Secret; readonly newPin: Secret }, signal: AbortSignal): Promise<Result<void, CodeError>>;
  /** The card's signature over the challenge (RSA PKCS#1 v1.5, SHA-256), with the key of `certificate` (DER, base64): proof that the chip is there. */
  authenticate(
    request: { readonly pin: Secret; readonly certificate: string; readonly challenge: Uint8Array },
    signal: AbortSignal,
  ): Promise<Result<Uint8Array, CodeError>>;
  /** Puts the card into the hands of the other side, within the policy, and exclusively. */
  relay(exchange: RelayExchange, policy: RelayPolicy, signal: AbortSignal): Promise<Result<RelayCount, RelayError>>;
}
