import type { ScannerStatus } from '../../devices/barcode/contract.ts';
import type { PrinterStatus } from '../../devices/printer/contract.ts';
import type { Secret } from '../../devices/secret.ts';
import type { EnvelopeProblem } from '../operations/envelope-delivery.ts';
import type { Lengths, UnblockProblem } from '../operations/pin-unblock.ts';
import type { SwapProblem } from './renewal.ts';
import type { ReprintProblem } from '../operations/activation.ts';
import type { HeldOperation } from '../operations/resolution.ts';
import type { UnansweredService } from '../operations/unanswered-service.ts';
import type { Attention } from '../ports/attention.ts';
import type { FailedSlip, Finding } from '../ports/operators.ts';
import type { ContactChannel } from '../ports/cms.ts';
import type { RemoteContacts, RemoteOperation, ServedOperation } from '../ports/remote-issue.ts';
import type { CardStatus, Holder, ServiceOperation, ServiceRequest } from '../ports/services.ts';
import type { ClockFault } from '../ports/trust.ts';
import type { UncertainAnswer, UncertainTable } from '../procedures/uncertain-revocation.ts';
import type { IdentityDocument } from '../people/identity-document.ts';
import type { Representation } from '../people/representation.ts';
import type { Refusal } from '../procedures/card-and-document.ts';
import type { ServiceEntered } from '../procedures/service.ts';
import type { CaseChoice } from '../procedures/case-choices.ts';
import type { SignedAtHandOver } from '../procedures/hand-over.ts';
import type { Referral } from '../procedures/referral.ts';
import type { Operation } from '../procedures/vocabulary.ts';
import type { RemoteEntered } from '../procedures/remote-issue.ts';
import type { BegunRemotely, BegunService } from './facts.ts';
import type { AskedAgain } from './service.ts';

type Reason = NonNullable<ServiceRequest['reason']>;

/**
 * What the outside sees of a session: flat, plain data, one `screen` a state. It never holds any part of a code, and for the
 * citizen's screen never a whole name with a whole fiscal code: others may be looking.
 */
export type CitizenStatus = { readonly sessionId: string | null; readonly warning: TimeWarning | null } & CitizenScreen;

/** The paper of what was done: `none` is wanted here, or what became of it. */
export type Notice = 'none' | 'printing' | 'printed' | 'not-printed';

export type CitizenScreen =
  | { readonly screen: 'starting' }
  | { readonly screen: 'welcome' }
  | { readonly screen: 'reading' }
  /** `ofAge`: the holder may act alone; else somebody stands here for them. `others`: more may be asked for than the activation. */
  | {
      readonly screen: 'recognised';
      readonly greeting: string;
      readonly maskedFiscalCode: string;
      readonly ofAge: boolean;
      readonly others: boolean;
    }
  /** What else may be asked for; `notActivated`: why the card cannot be activated, where that is so. */
  | {
      readonly screen: 'menu';
      readonly greeting: string;
      readonly operations: readonly Operation[];
      readonly notActivated: StopReason | null;
      /** Where else than to a help line that sends the holder. */
      readonly referral: Referral | null;
    }
  | { readonly screen: 'notice' }
  | { readonly screen: 'operator' }
  | { readonly screen: 'contact'; readonly channels: readonly ContactChannel[]; readonly problem: ContactProblem | null }
  | {
      readonly screen: 'contact-code';
      readonly masked: string;
      readonly triesLeft: number;
      /** ISO instant from which a new code may be asked for. */
      readonly resendAfter: string;
      readonly problem: 'wrong-code' | null;
    }
  | { readonly screen: 'issuing'; readonly stage: 'reserving' | 'preparing' | 'printing' | 'recording' }
  /** `encrypted`: this desk lets no command pass that could be read on the way. */
  | { readonly screen: 'envelope'; readonly stage: EnvelopeStage; readonly cardIn: boolean; readonly encrypted: boolean }
  | { readonly screen: 'print-failed' }
  /** The CMS is asked for what gives no codes, or for codes that this desk does not see; and it was done. `cardInUse`: it works with the card, which must stay in. */
  | { readonly screen: 'service'; readonly operation: ServedOperation; readonly cardInUse: boolean }
  | {
      readonly screen: 'service-done';
      readonly operation: ServedOperation;
      readonly cardIn: boolean;
      readonly notice: Notice;
      /** Where the holder goes on, with what no desk does. */
      readonly referral: Referral | null;
    }
  | { readonly screen: 'collect'; readonly cardIn: boolean }
  | {
      readonly screen: 'done';
      /** `received`: the CMS's receipt is there, the second part is on its way; `pending`: it comes when the link is back, at the latest `until`. */
      readonly secondPart: 'received' | 'pending';
      readonly masked: string;
      readonly until: string | null;
    }
  /**
   * The card has the envelope's PIN and the holder the envelope. `pending`: the CMS does not know yet. `secured: false`: the PIN went to the card by
   * commands that could be read on the way.
   */
  | { readonly screen: 'envelope-done'; readonly receipt: 'received' | 'pending'; readonly secured: boolean; readonly notice: Notice }
  /** A new PIN by the PUK: the holder types, then the card works, then it has the PIN. */
  | { readonly screen: 'unblock'; readonly lengths: Lengths; readonly problem: UnblockProblem | null }
  | { readonly screen: 'unblocking' }
  /** Two cards are needed: first the PIN of the one before, then it goes out and the new one in. */
  | {
      readonly screen: 'prior-pin';
      readonly lengths: Pick<Lengths, 'shortestPin' | 'longestPin'>;
      /** `null` inside: the card does not say how many tries are left. */
      readonly wrongPin: { readonly triesLeft: number | null } | null;
    }
  | { readonly screen: 'swap-cards'; readonly cardIn: boolean; readonly problem: SwapProblem | null }
  | { readonly screen: 'unblock-done' }
  | {
      readonly screen: 'stopped';
      readonly reason: StopReason;
      readonly cardIn: boolean;
      readonly codes: CodesState;
      readonly referral: Referral;
    }
  | { readonly screen: 'card-forgotten' }
  | { readonly screen: 'out-of-service'; readonly reason: ServiceProblem };

/** What became of the codes that a session was about; of a PIN that the holder chooses, whether the card still has the one before. */
export type CodesState =
  'nothing-done' | 'service-unknown' | 'certificate-void' | 'not-issued' | 'void' | 'held' | 'pin-unchanged' | 'pin-unknown';

/** Where the delivery of an envelope is: `taking`, the operator looks for it; `setting`, the card is in the CMS's hands; `handing`, it has the PIN. */
export const envelopeStages = ['reserving', 'taking', 'setting', 'handing', 'recording'] as const;
export type EnvelopeStage = (typeof envelopeStages)[number];

/** The session is about to end for want of an answer; one touch (`stay`) goes on. */
export interface TimeWarning {
  readonly secondsLeft: number;
}

export type ContactProblem = 'not-an-address' | 'not-a-mobile' | 'not-accepted' | 'unreachable';

export const stopReasons = [
  'cancelled',
  'timed-out',
  'card-removed',
  'card-unreadable',
  'card-not-a-cns',
  'card-unknown-series',
  'card-expired',
  'card-revoked',
  'card-suspended',
  'card-not-verifiable',
  'not-an-adult',
  'card-of-another-region',
  'not-allowed-here',
  'operator-refused',
  'document-expired',
  'document-mismatch',
  'contact-not-proved',
  'cms-unreachable',
  'cms-refused',
  'printer-failed',
  'slip-not-collected',
  'no-envelopes',
  'pin-not-set',
  'envelope-not-handed',
  'card-activated',
  'card-not-activated',
  'prior-pin-blocked',
  'prior-card-refused',
  'puk-blocked',
  'pin-not-changeable',
  'pin-unknown',
  'no-puk',
  'service-refused',
  'certificate-not-loaded',
  'service-unknown',
  'records-unwritable',
] as const;
export type StopReason = (typeof stopReasons)[number];

export const serviceProblems = ['card-reader', 'printer', 'printer-locked', 'records', 'recovering'] as const;
export type ServiceProblem = (typeof serviceProblems)[number];

/** What the desk knows about revocation, and what each operation may do where that is not enough. */
export interface RevocationStatus {
  readonly lists: readonly {
    readonly issuer: string;
    readonly thisUpdate: string;
    readonly nextUpdate: string | null;
    readonly stale: boolean;
  }[];
  readonly clockFault: ClockFault['kind'] | null;
  readonly table: UncertainTable;
}

/** The desk's envelopes at a glance. */
export interface EnvelopesStatus {
  readonly shiftOpen: boolean;
  /** In the pile from which the operator who is signed on draws, and kept apart: used, missing, or of unknown end. */
  readonly left: number;
  readonly apart: number;
  readonly scanner: ScannerStatus['state'];
  readonly lastCount: LastCount | null;
}

/** `agrees`: `null` where the CMS could not be asked. */
export interface LastCount {
  readonly counted: number;
  readonly expected: number;
  readonly agrees: boolean | null;
}

/** `receive`: opens the shift where none is open, and fetches the CMS's lists. */
export type ShiftCommand = { readonly type: 'receive' } | { readonly type: 'count'; readonly counted: number };

/** What the operator's page shows; the whole name and fiscal code only while an operator is signed on and asked to compare. */
export interface OperatorStatus {
  readonly sessionId: string | null;
  readonly signedOn: { readonly id: string; readonly displayName: string } | null;
  readonly citizenScreen: CitizenScreen['screen'];
  /** Where the citizen's screen sends them, for the operator to tell. */
  readonly referral: Referral | null;
  readonly printer: PrinterStatus['state'];
  /** What a person must look at, the oldest first. */
  readonly attention: readonly Attention[];
  readonly revocation: RevocationStatus;
  /** The services that the operator may begin for who has no card here. */
  readonly begins: readonly ServiceOperation[];
  /** Those that give codes to somebody who is not here, recognised by video. */
  readonly beginsRemotely: readonly RemoteOperation[];
  /** `null`: this desk delivers no envelopes. */
  readonly envelopes: EnvelopesStatus | null;
  /** Operations whose end is not known, oldest first. */
  readonly held: readonly HeldOperation[];
  /** Operations whose slip is out, in nobody's hands, and void: until somebody says that it is removed. */
  readonly leftSlips: readonly string[];
  /** Services whose holder left without the CMS's word, oldest first: also those that it answered since, until the next start. */
  readonly unanswered: readonly UnansweredService[];
  readonly waiting:
    | null
    | {
        readonly task: 'identify';
        readonly operation: Operation;
        readonly card: {
          readonly surname: string;
          readonly name: string;
          readonly birthDate: string;
          readonly sex: string;
          readonly fiscalCode: string;
        };
        readonly certificate: { readonly status: string; readonly crlAgeSeconds: number | null; readonly uncertainRule: UncertainAnswer };
        /** `mayLackExpiry`: documents of this type may name no last day. */
        readonly documents: readonly {
          readonly type: IdentityDocument['type'];
          readonly citation: string;
          readonly mayLackExpiry: boolean;
        }[];
        readonly cases: readonly CaseChoice[];
        /** Why what was entered last is not enough. */
        readonly refusals: readonly Refusal[];
      }
    | ServiceWaiting
    | {
        readonly task: 'reprint';
        /** The attempt that failed, out of as many as the site allows. */
        readonly attempt: number;
        readonly attempts: number;
        /** Nothing was sent to the printer: no slip can be out. */
        readonly nothingSent: boolean;
        readonly problem: ReprintProblem | null;
      }
    | {
        readonly task: 'envelope';
        /** The one to take: its place in the pile, from the top, and how its number ends. */
        readonly position: number;
        readonly remaining: number;
        readonly endsWith: string;
        readonly problem: EnvelopeProblem | null;
        /** Which of two entries by hand is asked for. */
        readonly entry: 'first' | 'second';
      }
    | {
        readonly task: 'hand-envelope';
        readonly number: string;
        readonly cardIn: boolean;
        readonly withoutSight: string;
        /** `false`: the PIN went to the card by commands that could be read on the way. */
        readonly secured: boolean;
      }
    | {
        readonly task: 'hand-over';
        readonly attempt: number;
        readonly citizenSaysTaken: boolean;
        /** What is signed by hand now; `null`: nothing. */
        readonly signed: SignedAtHandOver | null;
      };
}

/** A service at the operator's hand: what is to be entered, or what is to be confirmed. */
export interface ServiceWaiting {
  readonly task: 'service';
  /** `entering`: what stands below; `confirming`: the CMS and the profile allow it; `loading`: the CMS works with the card; `busy`: somebody else has the word. */
  readonly step: 'entering' | 'confirming' | 'loading' | 'busy';
  readonly operation: ServedOperation;
  readonly holder: Holder;
  readonly cardShown: boolean;
  /** Who is served was recognised by video: the card on the copy, where the parts go once that was entered, and who asks for copies and face. */
  readonly remote: { readonly cardNumber: string; readonly contacts: RemoteContacts | null; readonly citation: string } | null;
  readonly documents: IdentifyWaiting['documents'];
  readonly cases: readonly CaseChoice[];
  readonly reasons: {
    readonly allowed: readonly Reason[];
    readonly proofOfLossFor: readonly Reason[];
    readonly citation: string;
  } | null;
  readonly papers: CaseChoice['papers'];
  readonly refusals: readonly Refusal[];
  readonly problem: AskedAgain | null;
  /** How the card stands at the CMS, once it was asked. */
  readonly cardStatus: CardStatus | null;
  readonly reason: Reason | null;
  /** What the operator must know, each line beginning with its id. */
  readonly notes: readonly string[];
}
export type IdentifyWaiting = Extract<OperatorStatus['waiting'], { readonly task: 'identify' }>;

/** What the citizen's page may ask for. Validated at the screen's edge; `code` becomes a `Secret` there. */
export type CitizenCommand =
  /** Without an operation: the activation. */
  | { readonly type: 'wish'; readonly operation?: Operation }
  | { readonly type: 'menu' }
  | { readonly type: 'cancel' }
  | { readonly type: 'notice-read' }
  | { readonly type: 'contact'; readonly email: string; readonly language: string }
  | { readonly type: 'contact-mobile'; readonly mobile: string; readonly language: string }
  | { readonly type: 'contact-code'; readonly code: Secret }
  | { readonly type: 'resend-code' }
  | { readonly type: 'change-contact' }
  | { readonly type: 'taken' }
  /** Taken over as `contact-code` is: both become `Secret`s at the edge. */
  | { readonly type: 'unblock'; readonly puk: Secret; readonly newPin: Secret }
  | { readonly type: 'no-puk' }
  | { readonly type: 'prior-pin'; readonly pin: Secret }
  | { readonly type: 'stay' };

/** What the operator's page may ask for, once signed on. */
export type OperatorCommand =
  | { readonly type: 'identified'; readonly document: IdentityDocument; readonly representation?: Representation }
  /** A service for who has no card here: the holder as the document says. */
  | ({ readonly type: 'begin' } & BegunService)
  /** Codes for somebody who is not here, as the copies have them. */
  | ({ readonly type: 'begin-remote' } & BegunRemotely)
  | ({ readonly type: 'service'; readonly representation?: Representation } & Omit<ServiceEntered, 'representation'>)
  | ({ readonly type: 'remote-issue'; readonly representation?: Representation } & Omit<RemoteEntered, 'representation'>)
  | { readonly type: 'confirm' }
  | { readonly type: 'back' }
  | { readonly type: 'refuse'; readonly reason: 'operator-refused' | 'document-mismatch' | 'document-expired' }
  | { readonly type: 'reprint'; readonly slip: FailedSlip }
  | { readonly type: 'no-reprint' }
  | { readonly type: 'hand-over'; readonly handedOver: boolean }
  /** The envelope's number, typed: taken when two entries agree. */
  | { readonly type: 'envelope-typed'; readonly text: string }
  /** It is not where the lot fell. */
  | { readonly type: 'envelope-missing' };

/** The session, and what is held, as the screen sees them. */
export interface SessionFacade {
  citizen(): CitizenStatus;
  operator(): OperatorStatus;
  /** Calls back after each change of either status; returns the way to stop. */
  onStatus(listener: () => void): () => void;
  /** `false`: the command does not fit where the session is; nothing happened. */
  send(command: CitizenCommand | OperatorCommand): boolean;
  /** The decision of the operator who is signed on about an operation that is held; `false`: nothing was decided. */
  resolve(operationId: string, finding: Finding): Promise<boolean>;
  /** Somebody took a slip away that was left in the output; `false`: none of this operation was. */
  slipRemoved(operationId: string): boolean;
  /** The shift of the operator who is signed on; `null`: done, or in a word why not. */
  shift(command: ShiftCommand): Promise<string | null>;
}
