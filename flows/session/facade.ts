import { type ActorOptions, createActor, type InspectionEvent, type SnapshotFrom } from 'xstate';
import { caseChoices } from '../procedures/case-choices.ts';
import { signedAtHandOver } from '../procedures/hand-over.ts';
import { isOfAge } from '../procedures/who.ts';
import { heldOperation, type HeldOperation, resolve } from '../operations/resolution.ts';
import { type UnansweredService, unansweredService } from '../operations/unanswered-service.ts';
import { countShift, receiveEnvelopes } from '../operations/shift.ts';
import { keptApart } from '../envelopes/envelope.ts';
import type { Tally } from '../ports/ledger.ts';
import type { RevocationState } from '../ports/trust.ts';
import { greetingOf, maskedFiscalCode } from '../people/holder.ts';
import { offeredRemotely } from '../procedures/remote-issue.ts';
import { offeredWithoutCard } from '../procedures/offer.ts';
import { deliveryOf } from '../procedures/card-and-document.ts';
import type { Profile } from '../procedures/profile.ts';
import { deskMachine, type DeskPorts, serviceProblem } from './desk.ts';
import { codeAwaited } from './contact.ts';
import type { DeskRules } from './facts.ts';
import { whyNotActivated } from './judgement.ts';
import { lastScreenOf } from './last-screen.ts';
import { referralOf } from './referral.ts';
import { documentsOf, isLoading, servedOf, serviceTaskShown } from './service-status.ts';
import type { SessionSnapshot } from './session.ts';
import type {
  CitizenCommand,
  CitizenScreen,
  CitizenStatus,
  EnvelopeStage,
  EnvelopesStatus,
  LastCount,
  OperatorCommand,
  OperatorStatus,
  RevocationStatus,
  SessionFacade,
} from './status.ts';

type Desk = ReturnType<typeof deskMachine>;
type DeskActorOptions = Pick<ActorOptions<Desk>, 'clock'>;

/** What the desk tells of itself, for the log: types and states only. */
export interface DeskObserver {
  readonly screen: (session: string | null, screen: CitizenScreen['screen']) => void;
  readonly event: (session: string | null, type: string) => void;
  readonly unexpected: (session: string | null, type: string) => void;
  readonly stopped: (session: string, reason: string) => void;
  readonly unresolved: (operationId: string, reason: string) => void;
}

export interface RunningDesk extends SessionFacade {
  /** Something that is shown changed outside the machines. */
  refresh(): void;
  /** The journal has a further row of this operation. */
  journalGrew(operationId: string): void;
  stop(): void;
}

/** How long a shift's beginning or end may wait for the CMS. */
const SHIFT_LIMIT_MS = 15_000;

const operatorCommands: readonly string[] = [
  'identified',
  'refuse',
  'reprint',
  'no-reprint',
  'hand-over',
  'envelope-typed',
  'envelope-missing',
  'begin',
  'begin-remote',
  'service',
  'remote-issue',
  'confirm',
  'back',
] satisfies readonly OperatorCommand['type'][];

/** Starts the desk and gives the outside its flat status and its commands; nobody else sees the machines. */
export function startDesk(ports: DeskPorts, rules: DeskRules, observer: DeskObserver, options: DeskActorOptions = {}): RunningDesk {
  const listeners = new Set<() => void>();
  let fitted = true;
  const machine = deskMachine(ports, rules, (type) => {
    fitted = false;
    observer.unexpected(sessionId(), type);
  });
  const desk = createActor(machine, { ...options, inspect: observe });
  const session = (): SessionSnapshot | null => desk.getSnapshot().children.session?.getSnapshot() ?? null;
  const sessionId = (): string | null => session()?.context.sessionId ?? null;

  function observe(inspected: InspectionEvent): void {
    if (inspected.type === '@xstate.event' && inspected.actorRef === desk && !inspected.event.type.startsWith('xstate.'))
      observer.event(sessionId(), inspected.event.type);
    if (inspected.type === '@xstate.snapshot') queueMicrotask(publish);
  }

  let lastCount: LastCount | null = null;
  let shown = '';
  let screen: CitizenScreen['screen'] | null = null;
  /** Tells the listeners once a change of either status is complete. */
  function publish(): void {
    const citizen = facade.citizen();
    const now = JSON.stringify([citizen, facade.operator()]);
    if (now === shown) return;
    shown = now;
    if (citizen.screen !== screen) {
      screen = citizen.screen;
      observer.screen(citizen.sessionId, screen);
      if (citizen.screen === 'stopped' && citizen.sessionId !== null) observer.stopped(citizen.sessionId, citizen.reason);
    }
    for (const listener of listeners) listener();
  }

  const held = new Map<string, HeldOperation>();
  const leftSlips = new Set<string>();
  const unanswered = new Map<string, UnansweredService>();
  function journalGrew(operationId: string): void {
    const rows = ports.journal.rowsOf(operationId);
    const now = heldOperation(operationId, rows);
    if (now === null) held.delete(operationId);
    else held.set(operationId, now);
    const service = unansweredService(operationId, rows);
    // Answered while its holder is here, or refused: they were told.
    if (service === null || (service.state !== 'waiting' && sessionId() === operationId)) unanswered.delete(operationId);
    else if (service.state === 'waiting' || unanswered.has(operationId)) unanswered.set(operationId, service);
    const last = rows.at(-1)?.row;
    if (last?.kind === 'OUTCOME' && last.outcome === 'not-handed-over' && last.exposed) leftSlips.add(operationId);
    queueMicrotask(publish);
  }

  const facade: RunningDesk = {
    citizen: () => citizenStatusOf(desk.getSnapshot(), session(), rules, ports.today()),
    operator() {
      const status = operatorStatusOf(desk.getSnapshot(), session(), ports, rules);
      return {
        ...status,
        envelopes: status.envelopes === null ? null : { ...status.envelopes, lastCount },
        held: [...held.values()],
        leftSlips: [...leftSlips],
        unanswered: [...unanswered.values()].filter(({ operationId }) => operationId !== status.sessionId),
      };
    },
    onStatus(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    send(command: CitizenCommand | OperatorCommand) {
      const from = operatorCommands.includes(command.type) ? 'operator' : 'citizen';
      fitted = true;
      desk.send({ ...command, type: `${from}.${command.type}` } as Parameters<typeof desk.send>[0]);
      return fitted;
    },
    async resolve(operationId, finding) {
      const resolved = await resolve(ports, operationId, finding);
      if (!resolved.ok) observer.unresolved(operationId, resolved.error.kind);
      return resolved.ok;
    },
    slipRemoved(operationId) {
      queueMicrotask(publish);
      return leftSlips.delete(operationId);
    },
    async shift(command) {
      const operator = ports.operators.signedOn();
      if (operator === null) return 'not-signed-on';
      const limit = AbortSignal.timeout(SHIFT_LIMIT_MS);
      if (command.type === 'receive') {
        const received = await receiveEnvelopes(ports.envelope, operator.id, rules.desk, limit);
        queueMicrotask(publish);
        return received.ok ? null : received.error.kind;
      }
      const ended = await countShift(ports.envelope, operator.id, command.counted, rules.desk, limit);
      if (!ended.ok) return ended.error.kind;
      const { count, differences } = ended.value;
      lastCount = { counted: count.counted, expected: count.expected, agrees: differences === null ? null : differences.length === 0 };
      queueMicrotask(publish);
      return null;
    },
    refresh: () => queueMicrotask(publish),
    journalGrew,
    stop: () => desk.stop(),
  };
  desk.start();
  for (const { operationId } of ports.journal.open()) journalGrew(operationId);
  return facade;
}

function citizenStatusOf(desk: SnapshotFrom<Desk>, session: SessionSnapshot | null, rules: DeskRules, today: string): CitizenStatus {
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

function citizenScreenOf(desk: SnapshotFrom<Desk>, session: SessionSnapshot | null, rules: DeskRules, today: string): CitizenScreen {
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

function operatorStatusOf(
  desk: SnapshotFrom<Desk>,
  session: SessionSnapshot | null,
  ports: DeskPorts,
  rules: DeskRules,
): Omit<OperatorStatus, 'held' | 'leftSlips' | 'unanswered' | 'envelopes'> & { readonly envelopes: ReturnType<typeof envelopesOf> } {
  const citizen = citizenScreenOf(desk, session, rules, ports.today());
  return {
    sessionId: session?.context.sessionId ?? null,
    signedOn: ports.operators.signedOn(),
    citizenScreen: citizen.screen,
    referral: 'referral' in citizen ? citizen.referral : null,
    printer: desk.context.printer.state,
    attention: ports.attention(),
    envelopes: envelopesOf(ports, rules),
    begins: desk.matches('waiting') ? offeredWithoutCard(rules.profile, rules.desk, rules.operations) : [],
    beginsRemotely: desk.matches('waiting') ? offeredRemotely(rules.profile, rules.desk, rules.operations) : [],
    revocation: revocationStatusOf(ports.revocation(), rules),
    waiting: session === null ? null : waitingOf(session, rules, ports.today()),
  };
}

function envelopesOf(
  { envelope: { envelopes, scanner }, operators }: DeskPorts,
  { profile, envelope }: DeskRules,
): Omit<EnvelopesStatus, 'lastCount'> | null {
  if (deliveryOf(profile, 'activation') !== 'envelope') return null;
  const pile = envelope.pile === 'operator' ? `operator:${operators.signedOn()?.id ?? ''}` : envelope.pile;
  const tally = envelopes.tally();
  const many = (wanted: (of: Tally) => boolean): number => tally.filter(wanted).reduce((sum, { count }) => sum + count, 0);
  return {
    shiftOpen: envelopes.shift() !== null,
    left: many((of) => of.state === 'assigned' && of.pile === pile),
    apart: many(({ state }) => keptApart.includes(state)),
    scanner: scanner?.status().state ?? 'disconnected',
  };
}

function revocationStatusOf({ lists, clockFault }: RevocationState, { uncertainRevocation }: DeskRules): RevocationStatus {
  return {
    lists: lists.map(({ issuer, thisUpdate, nextUpdate, secondsPastEnd }) => ({
      issuer,
      thisUpdate,
      nextUpdate,
      stale: secondsPastEnd > 0,
    })),
    clockFault: clockFault?.kind ?? null,
    table: uncertainRevocation,
  };
}

function waitingOf(session: SessionSnapshot, rules: DeskRules, today: string): OperatorStatus['waiting'] {
  const { profile, desk, uncertainRevocation } = rules;
  const { operation, reading, verdict, refusals, citizenSaysTaken } = session.context;
  if (session.matches({ talking: 'operator' }) && reading !== null && verdict !== null) {
    const { surname, name, birthDate, sex, fiscalCode } = reading.personalData;
    return {
      task: 'identify',
      operation,
      card: { surname, name, birthDate, sex, fiscalCode },
      certificate: {
        status: verdict.status,
        crlAgeSeconds: verdict.crl?.ageSeconds ?? null,
        uncertainRule: uncertainRevocation[operation],
      },
      documents: documentsOf(profile),
      cases: caseChoices(profile, { operation, desk, today }, birthDate),
      refusals,
    };
  }
  const service = session.children.service?.getSnapshot();
  if (session.matches('serving') && service !== undefined) return serviceTaskShown(service, rules, today);
  if (session.matches('delivering')) return envelopeTaskOf(session, profile);
  if (session.matches({ issuing: 'printFailed' })) return reprintOf(session);
  if (!session.matches({ issuing: 'collecting' })) return null;
  const holderCase = session.context.identified?.representation?.case ?? 'adult';
  return {
    task: 'hand-over',
    attempt: session.children.activation?.getSnapshot().context.attempt ?? 1,
    citizenSaysTaken,
    signed: signedAtHandOver(profile, session.context.operation, holderCase),
  };
}

function envelopeTaskOf(session: SessionSnapshot, { codes }: Profile): OperatorStatus['waiting'] {
  const delivery = session.children.delivery?.getSnapshot();
  if (delivery?.context.draw == null) return null;
  const { draw, problem, typed } = delivery.context;
  if (delivery.matches('handing'))
    return {
      task: 'hand-envelope',
      number: draw.number,
      cardIn: session.context.cardIn,
      withoutSight: codes.envelope?.withoutSight ?? '',
      secured: delivery.context.chip?.secured ?? false,
    };
  if (!delivery.matches('scanning')) return null;
  const { number, position, remaining } = draw;
  return {
    task: 'envelope',
    position,
    remaining,
    endsWith: number.slice(-4),
    problem,
    entry: typed.state === 'second' ? 'second' : 'first',
  };
}

function reprintOf(session: SessionSnapshot): OperatorStatus['waiting'] {
  const facts = session.children.activation?.getSnapshot().context;
  if (facts === undefined) return null;
  const { attempt, evidence, reprintProblem, input } = facts;
  const nothingSent = evidence === null || evidence.class === 'E0';
  return { task: 'reprint', attempt, attempts: input.printAttempts, nothingSent, problem: reprintProblem };
}
