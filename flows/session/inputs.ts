import type { CardReading } from '../../devices/card/contract.ts';
import type { ActivationInput } from '../operations/activation.ts';
import type { DeliveryInput } from '../operations/envelope-delivery.ts';
import type { Lengths, Opening as UnblockOpening } from '../operations/pin-unblock.ts';
import { type CodeOperation, type RenewalReserve, type Reserve, codeOperations } from '../ports/cms.ts';
import { isService } from '../ports/services.ts';
import type { HolderCase } from '../procedures/vocabulary.ts';
import { type DeskRules, type SessionFacts, type SessionPorts, identifiedOf, readingOf } from './facts.ts';
import type { RemoteTask } from './remote-issue.ts';
import type { ServiceTask } from './service.ts';

/** What an activation with split codes is given, from what was found out and proved until then. */
export function activationInputOf(facts: SessionFacts, ports: SessionPorts, rules: DeskRules): ActivationInput {
  const { provedContact } = facts;
  if (provedContact === null) throw new Error('issuing before the contact was proved');
  const { opening, reserve } = facts.operation === 'renewal' ? renewed(facts, ports, rules) : identified(facts, ports, rules);
  const { handOverEvidence, printAttempts, siteName, profile } = rules;
  return {
    handOverEvidence,
    printAttempts,
    opening,
    reserve: { ...reserve, proofOfContact: provedContact.proof },
    slip: {
      operationId: reserve.operationId,
      operation: reserve.operation,
      siteName,
      language: provedContact.language,
      helpLine: profile.referrals.helpLine.phone,
    },
  };
}

/** What an activation with a blind envelope is given. */
export function deliveryInputOf(facts: SessionFacts, ports: SessionPorts, rules: DeskRules): DeliveryInput {
  const { envelope } = rules.profile.codes;
  if (envelope === undefined) throw new Error('a delivery that the profile does not know');
  const { opening, reserve } = identified(facts, ports, rules);
  return {
    opening,
    reserve: { ...reserve, delivery: 'envelope' },
    pile: rules.envelope.pile === 'operator' ? `operator:${facts.operatorId}` : rules.envelope.pile,
    numbers: envelope.number,
    relayPolicy: rules.envelope.relayPolicy,
  };
}

/** What an unblocking of the PIN is given: nobody is identified for it, and the PUK says enough. */
export function unblockInputOf(
  facts: SessionFacts,
  ports: SessionPorts,
  rules: DeskRules,
): { readonly opening: UnblockOpening; readonly lengths: Lengths } {
  const opening: UnblockOpening = { ...openingOf(cardOf(facts), ports, rules), operation: 'pin-unblock', case: 'adult' };
  return { opening, lengths: rules.profile.codes.typed };
}

/** The card that is in, as the one before. */
export function priorCardOf(facts: SessionFacts): {
  readonly operationId: string;
  readonly before: { readonly reading: CardReading; readonly certificateDigest: string };
} {
  const { sessionId: operationId, verdict } = facts;
  if (verdict === null) throw new Error('a card that was not checked');
  return { operationId, before: { reading: readingOf(facts), certificateDigest: verdict.certificateDigest } };
}

/** Of whose card a service is, and of which: the one in the reader, the one that the holder has lost, or the one on a copy. */
export function serviceTaskOf(facts: SessionFacts): ServiceTask | RemoteTask {
  const { sessionId: operationId, begun, operation } = facts;
  if (begun !== null) return { operationId, ...begun };
  if (!isService(operation)) throw new Error(`no service: ${operation}`);
  return { ...cardOf(facts), operation };
}

type Opening = ActivationInput['opening'];

type Card = Pick<ServiceTask, 'operationId' | 'holder'> & { readonly card: NonNullable<ServiceTask['card']> };

/** The card that was read and checked, and its holder. */
function cardOf(facts: SessionFacts): Card {
  const { sessionId: operationId, verdict } = facts;
  const { personalData, cardId } = readingOf(facts);
  if (verdict === null) throw new Error('a card that was not checked');
  const { fiscalCode, surname, name, birthDate } = personalData;
  return { operationId, holder: { fiscalCode, surname, name, birthDate }, card: { cardId, certificateDigest: verdict.certificateDigest } };
}

/** What every operation with a card opens with, as the journal has it. */
function openingOf({ holder, card }: Card, { journal }: SessionPorts, { profile }: DeskRules) {
  return {
    profile: profile.id,
    profileVersion: profile.version,
    holder: journal.digest('holder', holder.fiscalCode),
    card: journal.digest('card', card.certificateDigest),
  };
}

/** What the CMS is asked to reserve by, whoever vouches for the holder. */
function reserveOf<const O extends CodeOperation | 'renewal', C extends HolderCase>(
  { operationId, holder, card }: Card,
  { profile, desk }: DeskRules,
  operation: O,
  holderCase: C,
) {
  return {
    operationId,
    operation,
    case: holderCase,
    desk,
    profile: { id: profile.id, version: profile.version },
    card: { ...card, chip: true },
    applicant: { relation: 'holder' as const, ...holder },
  };
}

function identified(
  facts: SessionFacts,
  ports: SessionPorts,
  rules: DeskRules,
): { readonly opening: Opening; readonly reserve: Omit<Reserve, 'proofOfContact'> } {
  const { operatorAssertion, operatorId } = facts;
  if (operatorAssertion === null) throw new Error('issuing before the holder was identified');
  const operation = codeOperationOf(facts);
  const card = cardOf(facts);
  const { document, representation } = identifiedOf(facts);
  const holderCase = representation?.case ?? 'adult';
  const representative = representation?.representative ?? null;
  return {
    opening: {
      ...openingOf(card, ports, rules),
      operation,
      case: holderCase,
      ...(representative === null ? {} : { representative: ports.journal.digest('holder', representative.fiscalCode) }),
      operator: operatorId,
    },
    reserve: {
      ...reserveOf(card, rules, operation, holderCase),
      ...(representative === null ? {} : { representative }),
      document,
      operatorAssertion,
    },
  };
}

/** The holder by the card before, and no operator. */
function renewed(
  facts: SessionFacts,
  ports: SessionPorts,
  rules: DeskRules,
): { readonly opening: Opening; readonly reserve: Omit<RenewalReserve, 'proofOfContact'> } {
  const { proofOfPriorCard } = facts;
  if (proofOfPriorCard === null) throw new Error('issuing before the card before was proved');
  const card = cardOf(facts);
  return {
    opening: { ...openingOf(card, ports, rules), operation: 'renewal', case: 'adult' },
    reserve: { ...reserveOf(card, rules, 'renewal', 'adult'), proofOfPriorCard },
  };
}

export function codeOperationOf({ operation }: SessionFacts): CodeOperation {
  const found = codeOperations.find((one) => one === operation);
  if (found === undefined) throw new Error(`no codes are given by ${operation}`);
  return found;
}
