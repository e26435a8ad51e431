import type { Result } from '../../devices/result.ts';
import type { EvidenceClass } from '../../devices/printer/contract.ts';
import type { Secret } from '../../devices/secret.ts';
import type { IdentityDocument } from '../people/identity-document.ts';
import type { Representative } from '../people/representation.ts';
import type { HolderCase } from '../procedures/vocabulary.ts';

/** Where an operation stands at the CMS (reliability.md, 1.3): a ratchet, never back. `NONE`: the CMS has never heard of it. */
export type CmsState = 'NONE' | 'RESERVED' | 'CONFIRMED' | 'VOIDED' | 'HELD';

export type Outcome = 'handed-over' | 'not-handed-over' | 'unknown';

/** What each outcome makes of the operation at the CMS. */
export const stateOfOutcome = {
  'handed-over': 'CONFIRMED',
  'not-handed-over': 'VOIDED',
  unknown: 'HELD',
} as const satisfies Record<Outcome, CmsState>;

export type CmsError =
  /** No answer, or none that can be trusted: it is not known whether the CMS did anything. */
  | { readonly kind: 'unreachable'; readonly detail: string }
  /** The CMS answered no; `type` is the stable problem type of the contract (RFC 9457), without its prefix. */
  | { readonly kind: 'refused'; readonly type: string; readonly title: string }
  | { readonly kind: 'aborted' };

export type ContactChannel = 'email' | 'sms';

export interface ContactCodeSent {
  readonly contactId: string;
  /** ISO instants, by the CMS's clock. */
  readonly expiresAt: string;
  readonly resendAfter: string;
  readonly triesLeft: number;
}

/** A short-lived JWS of the CMS: this contact was proved by a one-time code. */
export type ProofOfContact = string;

/** Operations in which the CMS gives codes to a holder whom an operator identified: a card's first ones, or new ones for a card that has some. */
export const regionalCodeOperations = ['activation', 'reissue'] as const;
/** The same for cards of another region, through the national system's functions (procedures.md, 2.1). */
export const nationalCodeOperations = ['interop-activation', 'interop-duplicate'] as const;
export const codeOperations = [...regionalCodeOperations, ...nationalCodeOperations] as const;
export type CodeOperation = (typeof codeOperations)[number];

export interface Reserve {
  readonly operationId: string;
  readonly operation: CodeOperation;
  readonly case: HolderCase;
  readonly desk: string;
  readonly profile: { readonly id: string; readonly version: string };
  readonly card: { readonly cardId: string; readonly certificateDigest: string; readonly chip: boolean };
  readonly applicant: {
    readonly relation: 'holder';
    readonly fiscalCode: string;
    readonly surname: string;
    readonly name: string;
    readonly birthDate: string;
  };
  /** Who stands here for the holder. */
  readonly representative?: Representative;
  /** Of who stands here. */
  readonly document: IdentityDocument;
  readonly proofOfContact: ProofOfContact;
  /** The operator's signed decision (JWS): who was identified, by which document. */
  readonly operatorAssertion: string;
}

/** A short-lived JWS of the CMS: the holder's card before was here, its own key signed, and it was first activated by its holder in person. */
export type ProofOfPriorCard = string;

/** The first codes of a card whose holder is known by the card before, and by no operator (OP-OLD). */
export interface RenewalReserve extends Omit<Reserve, 'operation' | 'case' | 'representative' | 'document' | 'operatorAssertion'> {
  readonly operation: 'renewal';
  readonly case: 'adult';
  readonly proofOfPriorCard: ProofOfPriorCard;
}

/** What the card before signs in an operation, and nowhere else: its name says what for. ASCII. */
export function priorCardChallenge(operationId: string): Uint8Array {
  return new TextEncoder().encode(`sportello-renewal.${operationId}`);
}

export interface PriorCard {
  readonly operationId: string;
  readonly card: { readonly cardId: string; readonly certificateDigest: string };
  /** Of the card's authentication, DER in base64. */
  readonly certificate: string;
  /** Over `priorCardChallenge`, RSA PKCS#1 v1.5 with SHA-256, in base64. */
  readonly signature: string;
}

export interface Reservation {
  readonly operationId: string;
  readonly state: 'RESERVED';
  /** ISO instant by the CMS's clock: silence until then voids. */
  readonly expiresAt: string;
  readonly delivery: {
    readonly scheme: 'split';
    /** What goes on paper, as the CMS says it (procedures.md, C2): never computed here. */
    readonly paper: readonly { readonly code: string; readonly characters: number; readonly of: number }[];
    readonly secondPart: { readonly channel: ContactChannel; readonly masked: string };
  };
}

/** One-use public key of a print worker (JWK, X25519). */
export interface OneUseKey {
  readonly kty: 'OKP';
  readonly crv: 'X25519';
  readonly x: string;
}

/** The paper part, sealed to a one-use key: a compact JWE. Nobody but the print worker can open it. */
export interface SealedPaperPart {
  readonly attempt: number;
  readonly jwe: string;
}

export interface OutcomeReport {
  readonly operationId: string;
  readonly attempt: number;
  readonly outcome: Outcome;
  readonly evidence: { readonly class: EvidenceClass; readonly raw: string };
  /** A slip with the paper part left the printer, or may have, and nobody is known to hold it rightly. */
  readonly exposed: boolean;
  readonly reason: string;
  /** The operator's signed word on the hand-over (JWS), where one was given. */
  readonly operatorAssertion?: string;
}

/**
 * Where an operation stands once its outcome was told, signed by the CMS (JWS) with its own sequence number. An outcome that came too
 * late is refused, and its receipt tells what stands instead.
 */
export interface Receipt {
  readonly operationId: string;
  readonly state: Exclude<CmsState, 'NONE' | 'RESERVED'>;
  readonly sequence: number;
  readonly at: string;
  /** Where a blind envelope was bound to the operation. */
  readonly envelope?: EnvelopeStanding;
  readonly jws: string;
}

/**
 * How far it is known that a card's PIN is the envelope's. `none`: nothing was answered; `status-word`: the card's bare status word says so, and
 * whoever holds the reader can make one up; `verified`: a secured VERIFY of the new PIN and the counters before and after say so too, as bare;
 * `proved`: the card says so under keys that only it and the CMS have.
 */
export const cardEvidence = ['none', 'status-word', 'verified', 'proved'] as const;
export type CardEvidence = (typeof cardEvidence)[number];

/**
 * An envelope bound to an operation, and the card's PIN as far as the CMS knows. `set` takes `verified` or `proved`; `unknown`: a command left, and no
 * answer came back or nothing but a bare one.
 */
export interface EnvelopeStanding {
  readonly number: string;
  readonly pin: 'not-set' | 'set' | 'unknown';
  readonly evidence: CardEvidence;
}

export interface OperationView {
  readonly operationId: string;
  readonly state: CmsState;
  readonly releases: number;
  readonly envelope?: EnvelopeStanding;
}

/** What the CMS released to this kiosk on one day (`YYYY-MM-DD`, UTC, by the CMS's clock). */
export interface DayCount {
  readonly day: string;
  readonly releases: readonly { readonly operationId: string; readonly attempt: number; readonly at: string }[];
}

/** The CMS as the flows need it. Each call has a limit of its own and ends early on `signal`. */
export interface Cms {
  sendContactCode(
    request: {
      readonly operationId: string;
      readonly send: number;
      readonly channel: ContactChannel;
      readonly value: string;
      readonly language: string;
    },
    signal: AbortSignal,
  ): Promise<Result<ContactCodeSent, CmsError>>;
  proveContact(
    request: { readonly operationId: string; readonly contactId: string; readonly code: Secret; readonly attempt: number },
    signal: AbortSignal,
  ): Promise<Result<ProofOfContact, CmsError>>;
  provePriorCard(request: PriorCard, signal: AbortSignal): Promise<Result<ProofOfPriorCard, CmsError>>;
  reserve(request: Reserve | RenewalReserve, signal: AbortSignal): Promise<Result<Reservation, CmsError>>;
  releasePaperPart(
    request: {
      readonly operationId: string;
      readonly attempt: number;
      readonly key: OneUseKey;
      /** The operator's signed decision (JWS) that every attempt after the first needs. */
      readonly authorisation?: string;
    },
    signal: AbortSignal,
  ): Promise<Result<SealedPaperPart, CmsError>>;
  reportOutcome(report: OutcomeReport, signal: AbortSignal): Promise<Result<Receipt, CmsError>>;
  /** Many at once, after an outage; answers in the order of `reports`. */
  reportOutcomes(reports: readonly OutcomeReport[], signal: AbortSignal): Promise<Result<readonly Result<Receipt, CmsError>[], CmsError>>;
  countDay(day: string, signal: AbortSignal): Promise<Result<DayCount, CmsError>>;
  operations(ids: readonly string[], signal: AbortSignal): Promise<Result<readonly OperationView[], CmsError>>;
}
