import type { CardReader, CardReading, CommandingCardReader, RelayPolicy } from '../../devices/card/contract.ts';
import type { ActivationInput, ActivationOutput, ActivationPorts } from '../operations/activation.ts';
import type { DeliveryOutput, EnvelopeParts } from '../operations/envelope-delivery.ts';
import type { UnblockOutput } from '../operations/pin-unblock.ts';
import type { ShiftPorts } from '../operations/shift.ts';
import type { Identified, Refusal } from '../procedures/card-and-document.ts';
import type { ProofOfPriorCard } from '../ports/cms.ts';
import type { Printing, SheetPrinting } from '../ports/printing.ts';
import type { RemoteOperation } from '../ports/remote-issue.ts';
import type { CardServices, Holder, ServiceOperation } from '../ports/services.ts';
import type { Trust, TrustVerdict } from '../ports/trust.ts';
import type { Profile } from '../procedures/profile.ts';
import type { UncertainTable } from '../procedures/uncertain-revocation.ts';
import type { DeskType, Operation } from '../procedures/vocabulary.ts';
import type { ProvedContact } from './contact.ts';
import type { SessionDelays } from './delays.ts';
import type { ServiceEnd } from './service.ts';
import type { CitizenCommand, Notice, OperatorCommand, StopReason } from './status.ts';

/** What a session needs from outside: the operation's ports, the card reader, the trust cache. */
export interface SessionPorts extends ActivationPorts {
  readonly card: Pick<CardReader, 'read'>;
  readonly printing: Printing & SheetPrinting;
  /** Where the citizen's codes go, and nowhere else. */
  readonly codes: Pick<CommandingCardReader, 'unblockPin' | 'authenticate'>;
  readonly trust: Trust;
  readonly envelope: EnvelopeParts & ShiftPorts;
  readonly services: CardServices;
  readonly newId: () => string;
}

/** What the machine's owner and the region say: the same for every session. */
export interface DeskRules {
  readonly profile: Profile;
  readonly desk: DeskType;
  /** What a session here carries out, as far as the profile knows it. */
  readonly operations: readonly Operation[];
  readonly siteName: string;
  readonly uncertainRevocation: UncertainTable;
  readonly handOverEvidence: ActivationInput['handOverEvidence'];
  readonly printAttempts: ActivationInput['printAttempts'];
  readonly delays: SessionDelays;
  readonly envelope: EnvelopeRules;
  /** What the CMS may do with a card that gets a signature certificate. */
  readonly signatureRelay: RelayPolicy;
}

/** Whose envelopes are drawn from: those of the operator who identified, or a magazine's; and what the CMS may do with a card that is put into its hands. */
export interface EnvelopeRules {
  readonly pile: 'operator' | `magazine:${string}`;
  readonly relayPolicy: RelayPolicy;
}

/** Told of an event, by its type, that does not fit where the machine is. */
export type Unexpected = (type: string) => void;

export type SessionEvent =
  | { readonly type: 'card-gone' }
  /** A card went in after this session's was out: somebody else's, or nobody knows whose. */
  | { readonly type: 'card-in' }
  | {
      [Type in CitizenCommand['type']]: Omit<Extract<CitizenCommand, { type: Type }>, 'type'> & { readonly type: `citizen.${Type}` };
    }[CitizenCommand['type']]
  | {
      [Type in OperatorCommand['type']]: Omit<Extract<OperatorCommand, { type: Type }>, 'type'> & { readonly type: `operator.${Type}` };
    }[OperatorCommand['type']];

export interface SessionFacts {
  readonly sessionId: string;
  /** What the operator began for who has no card here. */
  readonly begun: Begun | null;
  readonly cardIn: boolean;
  readonly reading: CardReading | null;
  readonly verdict: TrustVerdict | null;
  /** What may be asked for with this card, in the menu's order, and what was. */
  readonly offered: readonly Operation[];
  readonly operation: Operation;
  readonly identified: Identified | null;
  /** Why what the operator entered last is not enough. */
  readonly refusals: readonly Refusal[];
  readonly operatorAssertion: string | null;
  readonly operatorId: string;
  readonly provedContact: ProvedContact | null;
  /** In the place of an operator's word: the card before. */
  readonly proofOfPriorCard: ProofOfPriorCard | null;
  readonly citizenSaysTaken: boolean;
  readonly stop: StopReason | null;
  readonly ending: ActivationOutput | null;
  readonly delivered: DeliveryOutput | null;
  readonly unblocked: UnblockOutput | null;
  readonly served: ServiceEnd | null;
  readonly notice: Notice;
}

/** A service of a card that is lost, or elsewhere: whose, as the operator reads it from the document. */
export interface BegunService {
  readonly operation: ServiceOperation;
  readonly holder: Holder;
}

/** Codes for somebody who is not here: whose, and of which card, as the operator reads it from the copies. */
export interface BegunRemotely {
  readonly operation: RemoteOperation;
  readonly holder: Holder;
  readonly cardNumber: string;
}

export type Begun = BegunService | BegunRemotely;

/** The card that was read; asked for only where one was. */
export function readingOf({ reading }: SessionFacts): CardReading {
  if (reading === null) throw new Error('no card was read');
  return reading;
}

/** What the operator found of who stands here; asked for only where that was entered. */
export function identifiedOf({ identified }: SessionFacts): Identified {
  if (identified === null) throw new Error('nobody was identified');
  return identified;
}
