import { assign, fromPromise, setup } from 'xstate';
import { type Result, err, ok } from '../../devices/result.ts';
import { type ServiceInput, type ServiceOutput, type ServicePorts, cardServiceMachine } from '../operations/card-service.ts';
import type { RelayPorts } from '../operations/relay.ts';
import type { CmsError } from '../ports/cms.ts';
import type { Journal } from '../ports/journal.ts';
import type { OperatorDecision, Operators } from '../ports/operators.ts';
import { isRemote } from '../ports/remote-issue.ts';
import { type CardOfHolder, type CardStanding, type ServiceOperation, type ServiceRequest, nationalServices } from '../ports/services.ts';
import type { Refusal } from '../procedures/card-and-document.ts';
import type { RemoteEntered } from '../procedures/remote-issue.ts';
import { type ServiceEntered, decideService } from '../procedures/service.ts';
import type { DeskRules, Unexpected } from './facts.ts';
import { type RemoteEntry, type RemoteTask, remoteDecided, remoteDecisionOf, remoteInputOf } from './remote-issue.ts';
import type { StopReason } from './status.ts';

export interface ServiceDeskPorts extends Omit<ServicePorts, 'loading'> {
  readonly envelope: RelayPorts;
  readonly journal: Journal;
  readonly operators: Pick<Operators, 'signedOn' | 'sign'>;
  readonly today: () => string;
}

/** What is asked for, and of whose card: the one in the reader, or the one that the holder has lost. */
export interface ServiceTask extends Omit<CardOfHolder, 'cardNumber'> {
  readonly operationId: string;
  readonly operation: ServiceOperation;
}

/** Why the operator is asked once more, beside what the profile refuses. */
export type AskedAgain = 'cms-unreachable' | 'card-unknown' | 'card-of-another-region' | 'not-signed';

/** `stopped`: before anything was asked for. */
export type ServiceEnd = ServiceOutput | { readonly end: 'stopped'; readonly reason: StopReason };

export type ServiceEvent =
  | ({ readonly type: 'operator.remote-issue' } & Omit<RemoteEntered, 'representation'> & Partial<Pick<RemoteEntered, 'representation'>>)
  | ({ readonly type: 'operator.service' } & Omit<ServiceEntered, 'representation'> & Partial<Pick<ServiceEntered, 'representation'>>)
  | { readonly type: 'operator.confirm' | 'operator.back' }
  | { readonly type: 'stop'; readonly reason: StopReason };

interface Facts {
  readonly task: ServiceTask | RemoteTask;
  readonly entered: ServiceEntered | RemoteEntered | null;
  readonly standing: CardStanding | null;
  readonly refusals: readonly Refusal[];
  readonly notes: readonly string[];
  readonly problem: AskedAgain | null;
  readonly signed: { readonly jws: string; readonly operatorId: string } | null;
  readonly output: ServiceEnd;
}

type Signed = NonNullable<Facts['signed']>;
interface ServiceEntry {
  readonly task: ServiceTask;
  readonly entered: ServiceEntered;
}
type Entry = ServiceEntry | RemoteEntry;

/**
 * A service at the desk, or codes for who was recognised by video: the operator says who stands here and why, the CMS how the card stands, the profile whether it may be; then the operator
 * confirms and signs, and it is carried out. Whoever stops before that leaves nothing anywhere.
 */
export function serviceMachine(ports: ServiceDeskPorts, rules: DeskRules, unexpected: Unexpected) {
  const { services, operators, today } = ports;
  const decided = (entry: Entry, standing: CardStanding): ReturnType<typeof decideService> => {
    if (isRemoteEntry(entry)) return remoteDecided(entry, standing, rules, today());
    const { task, entered } = entry;
    const { operation, holder, card } = task;
    return decideService(
      rules.profile,
      { operation, desk: rules.desk, today: today(), holder, cardShown: card !== undefined },
      entered,
      standing,
    );
  };

  return setup({
    types: {
      context: {} as Facts,
      input: {} as Facts['task'],
      events: {} as ServiceEvent,
      output: {} as ServiceEnd,
      children: {} as { carried: 'service' },
    },
    delays: { operatorWait: rules.delays.operatorWait },
    actors: {
      service: cardServiceMachine({ ...ports, loading: { ...ports.envelope, policy: rules.signatureRelay } }),
      ask: fromPromise<Result<CardStanding, CmsError>, Facts['task']>(({ input: { operationId: _, operation, ...card }, signal }) =>
        services.standing(
          card,
          nationalServices.some((one) => one === operation),
          signal,
        ),
      ),
      sign: fromPromise<Result<Signed, unknown>, Entry>(async ({ input }) => {
        const operatorId = operators.signedOn()?.id;
        if (operatorId === undefined) return err('not-signed-on');
        const signed = await operators.sign(isRemoteEntry(input) ? remoteDecisionOf(input) : decisionOf(input));
        return signed.ok ? ok({ jws: signed.value, operatorId }) : signed;
      }),
    },
    actions: {
      unexpected: ({ event }) => unexpected(event.type),
      stopFor: assign({ output: (_, { reason }: { reason: StopReason }) => ({ end: 'stopped' as const, reason }) }),
    },
  }).createMachine({
    id: 'serviceDesk',
    initial: 'preparing',
    on: { '*': { actions: 'unexpected' } },
    context: ({ input }) => ({
      task: input,
      entered: null,
      standing: null,
      refusals: [],
      notes: [],
      problem: null,
      signed: null,
      output: { end: 'stopped', reason: 'cancelled' },
    }),
    states: {
      preparing: {
        initial: 'entering',
        after: { operatorWait: { target: 'ended', actions: { type: 'stopFor', params: { reason: 'timed-out' } } } },
        on: { stop: { target: 'ended', actions: { type: 'stopFor', params: ({ event }) => ({ reason: event.reason }) } } },
        states: {
          entering: {
            on: {
              'operator.remote-issue': {
                guard: ({ context }) => isRemote(context.task.operation),
                target: 'asking',
                actions: assign({
                  entered: ({ event: { type: _, ...entered } }) => ({ ...entered, representation: entered.representation ?? null }),
                }),
              },
              'operator.service': {
                guard: ({ context }) => !isRemote(context.task.operation),
                target: 'asking',
                actions: assign({
                  entered: ({ event: { type: _, ...entered } }) => ({ ...entered, representation: entered.representation ?? null }),
                }),
              },
            },
          },
          asking: {
            invoke: {
              src: 'ask',
              input: ({ context }) => context.task,
              onDone: [
                {
                  guard: ({ context, event }) => event.output.ok && decided(entryOf(context), event.output.value).refusals.length === 0,
                  target: 'confirming',
                  actions: assign(({ context, event }) =>
                    event.output.ok
                      ? { standing: event.output.value, ...decided(entryOf(context), event.output.value), problem: null }
                      : {},
                  ),
                },
                {
                  guard: ({ event }) => event.output.ok,
                  target: 'entering',
                  actions: assign(({ context, event }) =>
                    event.output.ok ? { ...decided(entryOf(context), event.output.value), problem: null } : {},
                  ),
                },
                { target: 'entering', actions: assign(({ event }) => ({ refusals: [], problem: problemOf(event.output) })) },
              ],
              onError: { target: 'entering', actions: assign({ refusals: [], problem: 'cms-unreachable' }) },
            },
          },
          confirming: { on: { 'operator.confirm': 'signing', 'operator.back': 'entering' } },
          signing: {
            invoke: {
              src: 'sign',
              input: ({ context }) => entryOf(context),
              onDone: [
                {
                  guard: ({ event }) => event.output.ok,
                  target: '#serviceDesk.carrying',
                  actions: assign({ signed: ({ event }) => (event.output.ok ? event.output.value : null) }),
                },
                { target: 'entering', actions: assign({ problem: 'not-signed' }) },
              ],
              onError: { target: 'entering', actions: assign({ problem: 'not-signed' }) },
            },
          },
        },
      },
      /** The CMS may do it from here on: nobody can take it back, and it ends by itself. */
      carrying: {
        on: { stop: {} },
        invoke: {
          id: 'carried',
          src: 'service',
          onSnapshot: {},
          input: ({ context }) => inputOf(context, ports, rules),
          onDone: { target: 'ended', actions: assign({ output: ({ event }) => event.output }) },
          onError: { target: 'ended', actions: assign({ output: { end: 'unrecorded' } }) },
        },
      },
      ended: { type: 'final' },
    },
    output: ({ context }) => context.output,
  });
}

/** Both are of one kind: what does not fit a task is not taken. */
function entryOf({ task, entered }: Facts): Entry {
  if (entered === null) throw new Error('a service of which nothing was entered');
  return { task, entered } as Entry;
}

function isRemoteEntry(entry: Entry): entry is RemoteEntry {
  return isRemote(entry.task.operation);
}

function problemOf(answer: Result<unknown, CmsError>): AskedAgain {
  if (answer.ok || answer.error.kind !== 'refused') return 'cms-unreachable';
  return answer.error.type === 'card-of-another-region' ? answer.error.type : 'card-unknown';
}

/** What of it the operator signs: everything that the CMS is asked by. */
function decisionOf({ task: { operationId, operation, holder, card }, entered }: ServiceEntry): OperatorDecision {
  return {
    decision: 'service',
    operationId,
    operation,
    fiscalCode: holder.fiscalCode,
    ...(card === undefined ? {} : { certificateDigest: card.certificateDigest }),
    ...askedBy(entered),
  };
}

function askedBy({
  document,
  representation,
  reason,
  forms,
  lossProof,
}: ServiceEntered): Pick<ServiceRequest, 'case' | 'document' | 'representative' | 'reason' | 'forms' | 'lossProof'> {
  const representative = representation?.representative ?? null;
  return {
    case: representation?.case ?? 'adult',
    document,
    forms: [...(representation?.papers.forms ?? []), ...forms],
    ...(representative === null ? {} : { representative }),
    ...(reason === undefined ? {} : { reason }),
    ...(lossProof === undefined ? {} : { lossProof }),
  };
}

function inputOf(facts: Facts, { journal }: ServiceDeskPorts, rules: DeskRules): ServiceInput {
  const entry = entryOf(facts);
  if (facts.signed === null) throw new Error('a service that nobody signed');
  const { jws, operatorId } = facts.signed;
  if (isRemoteEntry(entry)) return remoteInputOf(entry, facts.signed, journal, rules);
  const { task, entered } = entry;
  const { profile, desk } = rules;
  const { operationId, operation, holder, card } = task;
  const asked = askedBy(entered);
  const { representative } = asked;
  return {
    opening: {
      operation,
      case: asked.case,
      profile: profile.id,
      profileVersion: profile.version,
      holder: journal.digest('holder', holder.fiscalCode),
      ...(representative === undefined ? {} : { representative: journal.digest('holder', representative.fiscalCode) }),
      ...(card === undefined ? {} : { card: journal.digest('card', card.certificateDigest) }),
      operator: operatorId,
    },
    request: {
      operationId,
      operation,
      desk,
      profile: { id: profile.id, version: profile.version },
      holder,
      ...(card === undefined ? {} : { card }),
      ...asked,
      operatorAssertion: jws,
    },
  };
}
