import type { CardReading } from '../../devices/card/contract.ts';
import type { ActivationInput } from '../operations/activation.ts';
import type { DeliveryInput } from '../operations/envelope-delivery.ts';
import type { Lengths, Opening } from '../operations/pin-unblock.ts';
import { type CodeOperation, type RenewalReserve, type Reserve, codeOperations } from '../ports/cms.ts';
import { isService } from '../ports/services.ts';
import { type DeskRules, type SessionFacts, type SessionPorts, identifiedOf, readingOf } from './facts.ts';
import type { ServiceTask } from './service.ts';

/** What an activation with split codes is given, from what was found out and proved until then. */
export function activationInputOf(facts: SessionFacts, ports: SessionPorts, rules: DeskRules): ActivationInput {
  const { proofOfContact, language } = facts;
  if (proofOfContact === null) throw new Error('issuing before the contact was proved');
  const { opening, reserve } = facts.operation === 'renewal' ? renewed(facts, ports, rules) : identified(facts, ports, rules);
  const { handOverEvidence, printAttempts, siteName, profile } = rules;
  return {
    handOverEvidence,
    printAttempts,
    opening,
    reserve: { ...reserve, proofOfContact },
    slip: {
      operationId: reserve.operationId,
      operation: reserve.operation,
      siteName,
      language,
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
  { verdict, ...facts }: SessionFacts,
  { journal }: SessionPorts,
  { profile }: DeskRules,
): { readonly opening: Opening; readonly lengths: Lengths } {
  if (verdict === null) throw new Error('a PIN of a card that was not checked');
  const opening: Opening = {
    operation: 'pin-unblock',
    case: 'adult',
    profile: profile.id,
    profileVersion: profile.version,
    holder: journal.digest('holder', readingOf({ verdict, ...facts }).personalData.fiscalCode),
    card: journal.digest('card', verdict.certificateDigest),
  };
  return { opening, lengths: profile.codes.typed };
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

/** Of whose card a service is, and of which: the one in the reader, or the one that the holder has lost. */
export function serviceTaskOf(facts: SessionFacts): ServiceTask {
  const { sessionId: operationId, begun, operation, verdict } = facts;
  if (begun !== null) return { operationId, ...begun };
  if (!isService(operation) || verdict === null) throw new Error(`no service: ${operation}`);
  const { personalData, cardId } = readingOf(facts);
  const { fiscalCode, surname, name, birthDate } = personalData;
  return {
    operationId,
    operation,
    holder: { fiscalCode, surname, name, birthDate },
    card: { cardId, certificateDigest: verdict.certificateDigest },
  };
}

function identified(
  facts: SessionFacts,
  ports: SessionPorts,
  { profile, desk }: DeskRules,
): { readonly opening: ActivationInput['opening']; readonly reserve: Omit<Reserve, 'proofOfContact'> } {
  const { sessionId: operationId, verdict, operatorAssertion, operatorId } = facts;
  const operation = codeOperationOf(facts);
  const { personalData, cardId } = readingOf(facts);
  if (verdict === null || operatorAssertion === null) throw new Error('issuing before the holder was identified');
  const { fiscalCode, surname, name, birthDate } = personalData;
  const { document, representation } = identifiedOf(facts);
  const holderCase = representation?.case ?? 'adult';
  const representative = representation?.representative ?? null;
  return {
    opening: {
      operation,
      case: holderCase,
      profile: profile.id,
      profileVersion: profile.version,
      holder: ports.journal.digest('holder', fiscalCode),
      ...(representative === null ? {} : { representative: ports.journal.digest('holder', representative.fiscalCode) }),
      card: ports.journal.digest('card', verdict.certificateDigest),
      operator: operatorId,
    },
    reserve: {
      operationId,
      operation,
      case: holderCase,
      desk,
      profile: { id: profile.id, version: profile.version },
      card: { cardId, certificateDigest: verdict.certificateDigest, chip: true },
      applicant: { relation: 'holder', fiscalCode, surname, name, birthDate },
      ...(representative === null ? {} : { representative }),
      document,
      operatorAssertion,
    },
  };
}

/** The holder by the card before, and no operator. */
function renewed(
  facts: SessionFacts,
  { journal }: SessionPorts,
  { profile, desk }: DeskRules,
): { readonly opening: ActivationInput['opening']; readonly reserve: Omit<RenewalReserve, 'proofOfContact'> } {
  const { sessionId: operationId, verdict, proofOfPriorCard } = facts;
  const { personalData, cardId } = readingOf(facts);
  if (verdict === null || proofOfPriorCard === null) throw new Error('issuing before the card before was proved');
  const { fiscalCode, surname, name, birthDate } = personalData;
  const operation = 'renewal';
  return {
    opening: {
      operation,
      case: 'adult',
      profile: profile.id,
      profileVersion: profile.version,
      holder: journal.digest('holder', fiscalCode),
      card: journal.digest('card', verdict.certificateDigest),
    },
    reserve: {
      operationId,
      operation,
      case: 'adult',
      desk,
      profile: { id: profile.id, version: profile.version },
      card: { cardId, certificateDigest: verdict.certificateDigest, chip: true },
      applicant: { relation: 'holder', fiscalCode, surname, name, birthDate },
      proofOfPriorCard,
    },
  };
}

function codeOperationOf({ operation }: SessionFacts): CodeOperation {
  const found = codeOperations.find((one) => one === operation);
  if (found === undefined) throw new Error(`no codes are given by ${operation}`);
  return found;
}
