import type { CardError, CardReading } from '../../devices/card/contract.ts';
import type { TrustVerdict } from '../ports/trust.ts';
import { casesHere, refusalsOfCard } from '../procedures/card-and-document.ts';
import { type CardAtHand, isOfItsRegion, isOffered } from '../procedures/offer.ts';
import { mayGoOn } from '../procedures/uncertain-revocation.ts';
import type { Operation } from '../procedures/vocabulary.ts';
import type { DeskRules } from './facts.ts';
import type { ServiceEnd } from './service.ts';
import type { StopReason } from './status.ts';

/** Why a card that could not be read ends the session. */
export function stopReasonOfCard(error: CardError): StopReason {
  switch (error.kind) {
    case 'no-card':
    case 'card-removed':
      return 'card-removed';
    case 'not-a-cns':
      // A card that is turned round, or whose chip is gone, is told how to put it in.
      return error.card === 'mute' ? 'card-unreadable' : 'card-not-a-cns';
    case 'unknown-series':
      return 'card-unknown-series';
    case 'service-lost':
    case 'reader-busy':
    case 'unreadable':
    case 'timeout':
    case 'aborted':
      return 'card-unreadable';
  }
}

/** What may be asked for with this card; nothing where the path of its certificate does not hold. */
export function offeredFor(rules: DeskRules, today: string, reading: CardReading, verdict: TrustVerdict): readonly Operation[] {
  const card = cardAtHand(reading, verdict);
  if (card === null) return [];
  return rules.operations.filter((operation) =>
    operation === 'activation'
      ? whyNotActivated(rules, today, reading, verdict) === null
      : isOffered(rules.profile, rules.desk, operation, card, rules.uncertainRevocation) && isForHolder(rules, operation, today, reading),
  );
}

/** Whether it may be for this holder; where the PUK alone is asked for, nobody stands here in their place. */
function isForHolder({ profile, desk }: DeskRules, operation: Operation, today: string, { personalData }: CardReading): boolean {
  const wanted = { operation, desk, today };
  if (operation === 'pin-unblock' && !casesHere(profile, wanted, personalData.birthDate).includes('adult')) return false;
  return refusalsOfCard(profile, wanted, personalData).length === 0;
}

function cardAtHand({ personalData }: CardReading, { status, crl }: TrustVerdict): CardAtHand | null {
  if (status === 'invalid') return null;
  return { status: status === 'good' ? 'active' : status, secondsPastEnd: crl?.secondsPastEnd ?? null, issuer: personalData.issuer };
}

/** Why the card cannot be activated, from what the trust cache says of its certificate and the profile of its holder. */
export function whyNotActivated(rules: DeskRules, today: string, reading: CardReading, verdict: TrustVerdict): StopReason | null {
  switch (verdict.status) {
    case 'revoked':
      return 'card-revoked';
    case 'suspended':
      return 'card-suspended';
    case 'expired':
      return 'card-expired';
    case 'invalid':
      return 'card-not-verifiable';
    case 'unknown':
      if (!mayGoOn(rules.uncertainRevocation, 'activation', verdict.crl?.secondsPastEnd ?? null)) return 'card-not-verifiable';
      break;
    case 'good':
      break;
  }
  const { activation } = rules.profile.operations;
  if (activation.absent !== true && !isOfItsRegion(rules.profile, activation, reading.personalData.issuer)) return 'card-of-another-region';
  const [refusal] = refusalsOfCard(rules.profile, { operation: 'activation', desk: rules.desk, today }, reading.personalData);
  if (refusal === undefined) return null;
  if (refusal.rule === 'case-adult') return 'not-an-adult';
  return refusal.rule === 'card-unexpired' ? 'card-expired' : 'not-allowed-here';
}

/** Why a service ended without being done, or without anybody knowing. */
export function stopReasonOfService(end: ServiceEnd): StopReason {
  switch (end.end) {
    case 'stopped':
      return end.reason;
    case 'refused':
      return 'service-refused';
    case 'not-loaded':
      return 'certificate-not-loaded';
    case 'done':
    case 'unknown':
      return 'service-unknown';
    case 'unrecorded':
      return 'records-unwritable';
  }
}
