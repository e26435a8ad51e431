import type { Result } from '../../devices/result.ts';
import type { Secret } from '../../devices/secret.ts';
import type { IdentityDocument } from '../people/identity-document.ts';
import type { Representative } from '../people/representation.ts';
import type { HolderCase } from '../procedures/vocabulary.ts';
import type { CodeOperation } from './cms.ts';
import type { RemoteIssue } from './remote-issue.ts';
import type { ServiceRequest } from './services.ts';

/** An operator who signed on: the key that signs is unlocked for as long as the sign-on lasts. */
export interface SignedOnOperator {
  readonly id: string;
  readonly displayName: string;
}

export type SignOnError =
  | { readonly kind: 'unknown-operator' }
  | { readonly kind: 'wrong-pin'; readonly triesLeft: number }
  | { readonly kind: 'locked'; readonly until: string }
  | { readonly kind: 'aborted' }
  /** Wrong PINs could not be counted, or the key not be opened in time: nobody signs on. */
  | { readonly kind: 'unavailable'; readonly detail: string };

/** What is left of a slip whose print failed, by the operator's word: nothing came out, or the torn piece was destroyed. */
export const failedSlips = ['nothing-out', 'destroyed'] as const;
export type FailedSlip = (typeof failedSlips)[number];

/** What an operator found out about the slip of a held operation. */
export const findings = ['handed-over', 'not-handed-over', 'destroyed'] as const;
export type Finding = (typeof findings)[number];

/** What an operator decides, signed with the operator's own key. */
export type OperatorDecision =
  | {
      readonly decision: 'identified';
      readonly operationId: string;
      readonly operation: CodeOperation;
      readonly certificateDigest: string;
      /** The holder's. */
      readonly fiscalCode: string;
      readonly case: HolderCase;
      /** Who stands here for the holder. */
      readonly representative?: Representative;
      /** Of who stands here. */
      readonly document: IdentityDocument;
    }
  /** A service for a holder's card, and what was shown for it; `certificateDigest` where the card itself was. */
  | ({ readonly decision: 'service'; readonly fiscalCode: string; readonly certificateDigest?: string } & Pick<
      ServiceRequest,
      'operationId' | 'operation' | 'case' | 'representative' | 'document' | 'reason' | 'forms' | 'lossProof'
    >)
  /** Codes for who was recognised by video: whose, by which copies, and where the two parts go. */
  | ({
      readonly decision: 'remote-issue';
      readonly fiscalCode: string;
      readonly copiesLegible: true;
      readonly faceRecognised: true;
    } & Pick<
      RemoteIssue,
      'operationId' | 'operation' | 'identification' | 'cardNumber' | 'case' | 'representative' | 'document' | 'forms' | 'contacts'
    >)
  | { readonly decision: 'hand-over'; readonly operationId: string; readonly attempt: number; readonly handedOver: boolean }
  /** One more print: `attempt` is its number, `slip` what is left of the one before. */
  | { readonly decision: 'reprint'; readonly operationId: string; readonly attempt: number; readonly slip: FailedSlip }
  /** The end of a held operation. */
  | { readonly decision: 'resolve'; readonly operationId: string; readonly attempt: number; readonly finding: Finding };

export interface Operators {
  signOn(operatorId: string, pin: Secret, signal: AbortSignal): Promise<Result<SignedOnOperator, SignOnError>>;
  signOff(): void;
  signedOn(): SignedOnOperator | null;
  /** The operator did something: the idle limit begins anew. */
  active(): void;
  /** Calls back when a sign-on has ended, by whatever ended it; returns the way to stop. */
  onSignedOff(listener: () => void): () => void;
  /** JWS over the decision, device and time; `not-signed-on` where nobody is. */
  sign(decision: OperatorDecision): Promise<Result<string, { readonly kind: 'not-signed-on' }>>;
}
