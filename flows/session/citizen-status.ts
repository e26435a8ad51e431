import { greetingOf, maskedFiscalCode } from '../people/holder.ts';
import { isOfAge } from '../procedures/who.ts';
import { codeAwaited } from './contact.ts';
import { type DeskSnapshot, serviceProblem } from './desk.ts';
import type { DeskRules } from './facts.ts';
import { whyNotActivated } from './judgement.ts';
import { lastScreenOf } from './last-screen.ts';
import { referralOf } from './referral.ts';
import { isLoading, servedOf } from './service-status.ts';
import type { SessionSnapshot } from './session.ts';
import type { CitizenScreen, CitizenStatus, EnvelopeStage } from './status.ts';

/** What the citizen sees, from where the machines stand. */
export function citizenStatusOf(desk: DeskSnapshot, session: SessionSnapshot | null, rules: DeskRules, today: string): CitizenStatus {
  const children = session?.children;
  const warned =
    session?.hasTag('warned') === true ||
    children?.unblock?.getSnapshot().hasTag('warned') === true ||
    children?.renewal?.getSnapshot().hasTag('warned') === true ||
    children?.contact?.getSnapshot().hasTag('warned') === true;
  return {
    sessionId: session?.context.sessionId ?? null,
    warning: warned ? { secondsLeft: Math.round(rules.delays.idleWarning / 1000) } : null,
    ...citizenScreenOf(desk, session, rules, today),
  };
}

export function citizenScreenOf(desk: DeskSnapshot, session: SessionSnapshot | null, rules: DeskRules, today: string): CitizenScreen {
  if (desk.matches('serving') && session !== null) return sessionScreenOf(session, rules, today);
  if (desk.matches('cardOut')) return { screen: 'card-forgotten' };
  if (desk.matches('recovering')) return { screen: 'out-of-service', reason: 'recovering' };
  if (desk.matches('unrecovered')) return { screen: 'out-of-service', reason: 'records' };
  if (desk.context.card.state === 'starting') return { screen: 'starting' };
  const reason = serviceProblem(desk.context);
  return reason === null ? { screen: 'welcome' } : { screen: 'out-of-service', reason };
}

function sessionScreenOf(session: SessionSnapshot, rules: DeskRules, today: string): CitizenScreen {
  const { context } = session;
  if (session.matches({ talking: { choosing: 'recognised' } }) && context.reading !== null) {
    const { personalData } = context.reading;
    return {
      screen: 'recognised',
      greeting: greetingOf(personalData),
      maskedFiscalCode: maskedFiscalCode(personalData.fiscalCode),
      ofAge: isOfAge(rules.profile.cases.adult.minimumAge, 'adult', personalData.birthDate, today),
      others: context.offered.length > 1,
    };
  }
  if (session.matches({ talking: { choosing: 'menu' } }) && context.reading !== null && context.verdict !== null) {
    const notActivated = whyNotActivated(rules, today, context.reading, context.verdict);
    const referral = notActivated === null ? null : referralOf(rules.profile, { stop: notActivated });
    return {
      screen: 'menu',
      greeting: greetingOf(context.reading.personalData),
      operations: context.offered,
      notActivated,
      referral: referral?.to === 'help-line' ? null : referral,
    };
  }
  if (session.matches({ talking: 'notice' })) return { screen: 'notice' };
  if (session.matches({ talking: 'operator' })) return { screen: 'operator' };
  if (session.matches({ talking: 'contact' })) return contactScreenOf(session, rules);
  if (session.matches({ issuing: 'printFailed' })) return { screen: 'print-failed' };
  if (session.matches({ issuing: 'collecting' })) return { screen: 'collect', cardIn: context.cardIn };
  if (session.matches('unblocking')) return unblockScreenOf(session, rules);
  if (session.matches('renewing')) return renewalScreenOf(session, rules);
  if (session.matches('delivering')) {
    const encrypted = rules.envelope.relayPolicy.pinsInClear === 'refused';
    return { screen: 'envelope', stage: envelopeStageOf(session), cardIn: context.cardIn, encrypted };
  }
  if (session.matches('serving')) {
    const service = session.children.service?.getSnapshot();
    if (service?.matches('carrying') !== true) return { screen: 'operator' };
    return { screen: 'service', operation: servedOf(context), cardInUse: isLoading(service) };
  }
  if (session.matches('issuing')) return { screen: 'issuing', stage: issuingStageOf(session) };
  if (session.matches('done') || session.matches('stopped')) return lastScreenOf(session, rules);
  return { screen: 'reading' };
}

function contactScreenOf({ children }: SessionSnapshot, { profile }: DeskRules): CitizenScreen {
  const contact = children.contact?.getSnapshot();
  const awaited = contact === undefined || contact.matches('asking') || contact.matches('sending') ? null : codeAwaited(contact.context);
  return contact === undefined || awaited === null
    ? { screen: 'contact', channels: profile.contact.channels, problem: contact?.context.problem ?? null }
    : { screen: 'contact-code', ...awaited, problem: contact.context.wrongCode ? 'wrong-code' : null };
}

function unblockScreenOf(session: SessionSnapshot, { profile }: DeskRules): CitizenScreen {
  const unblock = session.children.unblock?.getSnapshot();
  if (unblock?.matches('asking') !== true) return { screen: 'unblocking' };
  const { puk, shortestPin, longestPin } = profile.codes.typed;
  return { screen: 'unblock', lengths: { puk, shortestPin, longestPin }, problem: unblock.context.problem };
}

function renewalScreenOf({ children, context }: SessionSnapshot, { profile }: DeskRules): CitizenScreen {
  const renewal = children.renewal?.getSnapshot();
  const { shortestPin, longestPin } = profile.codes.typed;
  if (renewal?.matches('asking') === true)
    return { screen: 'prior-pin', lengths: { shortestPin, longestPin }, wrongPin: renewal.context.wrongPin };
  if (renewal?.matches('swapping') === true) return { screen: 'swap-cards', cardIn: context.cardIn, problem: renewal.context.swapProblem };
  return { screen: 'reading' };
}

function issuingStageOf(session: SessionSnapshot): 'reserving' | 'preparing' | 'printing' | 'recording' {
  const activation = session.children.activation?.getSnapshot();
  if (activation === undefined || activation.matches('reserving')) return 'reserving';
  if (activation.matches('preparing')) return 'preparing';
  return activation.matches('printing') ? 'printing' : 'recording';
}

function envelopeStageOf(session: SessionSnapshot): EnvelopeStage {
  const delivery = session.children.delivery?.getSnapshot();
  if (delivery === undefined || delivery.matches('reserving') || delivery.matches('drawing')) return 'reserving';
  if (delivery.matches('scanning') || delivery.matches('puttingApart')) return 'taking';
  if (delivery.matches('binding') || delivery.matches('setting')) return 'setting';
  return delivery.matches('handing') || delivery.matches('attesting') ? 'handing' : 'recording';
}
