import { keptApart } from '../envelopes/envelope.ts';
import type { Tally } from '../ports/ledger.ts';
import type { RevocationState } from '../ports/trust.ts';
import { deliveryOf } from '../procedures/card-and-document.ts';
import { caseChoices } from '../procedures/case-choices.ts';
import { signedAtHandOver } from '../procedures/hand-over.ts';
import { offeredWithoutCard } from '../procedures/offer.ts';
import type { Profile } from '../procedures/profile.ts';
import { offeredRemotely } from '../procedures/remote-issue.ts';
import { citizenScreenOf } from './citizen-status.ts';
import type { DeskPorts, DeskSnapshot } from './desk.ts';
import type { DeskRules } from './facts.ts';
import { documentsOf, serviceTaskShown } from './service-status.ts';
import type { SessionSnapshot } from './session.ts';
import type { EnvelopesStatus, OperatorStatus, RevocationStatus } from './status.ts';

/** What the operator sees, from where the machines stand; what it is told of the journal comes from its rows. */
export function operatorStatusOf(
  desk: DeskSnapshot,
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
