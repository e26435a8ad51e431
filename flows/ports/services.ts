import type { Result } from '../../devices/result.ts';
import type { IdentityDocument } from '../people/identity-document.ts';
import type { Representative } from '../people/representation.ts';
import type { Form, HolderCase, Operation, cardStatuses, lossProofs, reasons } from '../procedures/vocabulary.ts';
import type { CmsError } from './cms.ts';
import type { RelayAnswer, RelayEnding, RelayStep } from './relays.ts';
import type { RemoteIssue } from './remote-issue.ts';

/** The operations that give no codes: one signed question to the CMS, one signed answer; a signature certificate is loaded by a relay in between. */
export const serviceOperations = [
  'suspension',
  'reactivation',
  'revocation',
  'reader-handout',
  'signature-certificate',
  'interop-revocation',
] as const satisfies readonly Operation[];
export type ServiceOperation = (typeof serviceOperations)[number];

export function isService(operation: Operation): operation is ServiceOperation {
  return serviceOperations.some((one) => one === operation);
}

/** Those of the national system, for cards of other regions. */
export const nationalServices: readonly ServiceOperation[] = ['interop-revocation'];

export type CardStatus = (typeof cardStatuses)[number];

export interface Holder {
  readonly fiscalCode: string;
  readonly surname: string;
  readonly name: string;
  readonly birthDate: string;
}

/** Of which card is spoken: the one that is shown, or the holder's, where it is lost. */
export interface CardOfHolder {
  readonly holder: Holder;
  /** The card that is in the reader. */
  readonly card?: { readonly cardId: string; readonly certificateDigest: string };
  /** Of a card that is seen on a copy: the 20 digits on its back. */
  readonly cardNumber?: string;
}

/** What the CMS knows of a holder's card, as far as rules ask for it. */
export interface CardStanding {
  readonly status: CardStatus;
  readonly activated: boolean;
  readonly ownRegion: boolean;
  /** Somebody of the holder's household got a reader before. */
  readonly householdHasReader: boolean;
}

export interface ServiceRequest extends CardOfHolder {
  readonly operationId: string;
  readonly operation: ServiceOperation;
  readonly case: HolderCase;
  readonly desk: string;
  readonly profile: { readonly id: string; readonly version: string };
  /** Who stands here for the holder; the document is then theirs. */
  readonly representative?: Representative;
  readonly document: IdentityDocument;
  readonly reason?: (typeof reasons)[number];
  /** What the operator says was shown, printed and signed. */
  readonly forms: readonly Form[];
  readonly lossProof?: (typeof lossProofs)[number];
  /** The operator's signed decision (JWS): all of the above. */
  readonly operatorAssertion: string;
}

/**
 * The CMS's word on a service, signed (JWS), with its own sequence number. `VOIDED`: it was not done when the kiosk asked, and never will be.
 * `cardStatus`: the card's afterwards; absent of what was not done.
 */
export interface ServiceReceipt {
  readonly operationId: string;
  readonly state: 'DONE' | 'VOIDED';
  readonly cardStatus?: CardStatus;
  readonly sequence: number;
  readonly at: string;
  readonly jws: string;
}

/** The CMS will do it, with the card in the reader: it goes on by a relay. Silence until `expiresAt`, by the CMS's clock, voids it. */
export interface ServiceAccepted {
  readonly operationId: string;
  readonly state: 'ACCEPTED';
  readonly expiresAt: string;
}

/** How the relay that loads a certificate ended; `loaded`: it was read back from the card. */
export interface LoadingReceipt extends RelayEnding {
  readonly certificate: 'loaded' | 'not-loaded' | 'unknown';
}

/** The CMS as services need it. Each call has a limit of its own and ends early on `signal`. */
export interface CardServices {
  /** The card as the CMS of this region knows it; `national`: as the national system does. */
  standing(of: CardOfHolder, national: boolean, signal: AbortSignal): Promise<Result<CardStanding, CmsError>>;
  /** Done once, however often it is asked for. */
  serve(request: ServiceRequest | RemoteIssue, signal: AbortSignal): Promise<Result<ServiceReceipt | ServiceAccepted, CmsError>>;
  /** As `EnvelopeCms.relay`, for a service that was accepted. */
  load(step: RelayStep, signal: AbortSignal): Promise<Result<RelayAnswer<LoadingReceipt>, CmsError>>;
  /** Ends a service of which no answer came, or that was accepted: it was done, or it will never be. */
  voidService(operationId: string, signal: AbortSignal): Promise<Result<ServiceReceipt, CmsError>>;
}
