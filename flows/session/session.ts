import { type SnapshotFrom, and, assign, not, or, sendTo, setup, stateIn } from 'xstate';
import type { Result } from '../../devices/result.ts';
import { activationMachine } from '../operations/activation.ts';
import { deliveryMachine } from '../operations/envelope-delivery.ts';
import { patience } from '../operations/patience.ts';
import { unblockMachine } from '../operations/pin-unblock.ts';
import { isService } from '../ports/services.ts';
import { type Identified, type Refusal, deliveryOf, refusalsOfIdentified } from '../procedures/card-and-document.ts';
import { sessionActors } from './actors.ts';
import { contactMachine } from './contact.ts';
import {
  type Begun,
  type DeskRules,
  identifiedOf,
  readingOf,
  type SessionEvent,
  type SessionFacts,
  type SessionPorts,
  type Unexpected,
} from './facts.ts';
import { activationInputOf, deliveryInputOf, serviceTaskOf, unblockInputOf, priorCardOf } from './inputs.ts';
import { offeredFor, stopReasonOfCard, stopReasonOfService, whyNotActivated } from './judgement.ts';
import { noticeOf } from './notice.ts';
import { renewalMachine } from './renewal.ts';
import { serviceMachine } from './service.ts';
import type { StopReason } from './status.ts';

const waits = patience('#timed-out');

/** A last screen: it reminds of the card that is still in, stays a while once it is out, and ends at a touch. */
const lastScreen = {
  initial: 'shown',
  on: { 'card-gone': { target: '.farewell', actions: 'cardOut' } },
  states: {
    shown: { always: { guard: 'cardIsOut', target: 'farewell' }, after: { cardReminder: 'forgotten' } },
    forgotten: {},
    farewell: { after: { farewell: '#session.ended' }, on: { 'citizen.stay': '#session.ended', 'card-in': '#session.ended' } },
  },
} as const;

type IdentifiedEvent = Extract<SessionEvent, { type: 'operator.identified' }>;

/** One person at the kiosk, from the card going in to the card coming out. Everything it knows goes with it. */
export function sessionMachine(ports: SessionPorts, rules: DeskRules, unexpected: Unexpected) {
  const { today } = ports;
  const refusalsOf = (facts: SessionFacts, event: IdentifiedEvent): readonly Refusal[] =>
    refusalsOfIdentified(
      rules.profile,
      { operation: facts.operation, desk: rules.desk, today: today() },
      readingOf(facts).personalData,
      identifiedBy(event),
    );

  const byEnvelope = ({ operation }: SessionFacts): boolean => deliveryOf(rules.profile, operation) === 'envelope';

  return setup({
    types: {
      context: {} as SessionFacts,
      events: {} as SessionEvent,
      tags: {} as 'warned',
      children: {} as {
        activation: 'activation';
        delivery: 'delivery';
        unblock: 'unblock';
        service: 'service';
        renewal: 'renewal';
        contact: 'contact';
      },
      input: {} as { readonly begun: Begun | null },
      output: {} as { readonly unrecorded: boolean },
    },
    delays: { ...rules.delays, collectWarning: () => Math.max(rules.delays.collect - rules.delays.idleWarning, 0) },
    actors: {
      activation: activationMachine(ports),
      delivery: deliveryMachine({ ...ports, ...ports.envelope }),
      unblock: unblockMachine(ports, rules.delays, unexpected),
      service: serviceMachine(ports, rules, unexpected),
      renewal: renewalMachine(ports, rules, unexpected),
      contact: contactMachine(ports, rules, unexpected),
      ...sessionActors(ports),
    },
    actions: {
      stopFor: assign({ stop: (_, { reason }: { reason: StopReason }) => reason }),
      cardOut: assign({ cardIn: false }),
      unexpected: ({ event }) => unexpected(event.type),
      stopDelivery: sendTo('delivery', (_, { reason }: { reason: StopReason }) => ({ type: 'stop', reason })),
      stopUnblock: sendTo('unblock', (_, { reason }: { reason: StopReason }) => ({ type: 'stop', reason })),
      stopService: sendTo('service', (_, { reason }: { reason: StopReason }) => ({ type: 'stop', reason })),
      stopActivation: sendTo('activation', (_, { reason }: { reason: StopReason }) => ({ type: 'stop', reason })),
    },
    guards: {
      cardIsOut: ({ context }) => !context.cardIn,
    },
  }).createMachine({
    id: 'session',
    initial: 'opening',
    // A sign of life is welcome anywhere; only where somebody waits for it does it change anything.
    on: { '*': { actions: 'unexpected' }, 'citizen.stay': {}, 'card-in': {} },
    context: ({ input: { begun } }) => ({
      sessionId: ports.newId(),
      begun,
      cardIn: begun === null,
      reading: null,
      verdict: null,
      offered: [],
      operation: begun?.operation ?? 'activation',
      identified: null,
      refusals: [],
      operatorAssertion: null,
      operatorId: '',
      provedContact: null,
      proofOfPriorCard: null,
      citizenSaysTaken: false,
      stop: null,
      ending: null,
      delivered: null,
      unblocked: null,
      served: null,
      notice: 'none',
    }),
    states: {
      opening: { always: [{ guard: ({ context }) => context.begun !== null, target: 'serving' }, 'talking'] },
      /** Nothing has been asked of anybody yet: whatever ends here leaves nothing anywhere. */
      talking: {
        initial: 'reading',
        on: {
          'card-gone': { target: 'stopped', actions: ['cardOut', { type: 'stopFor', params: { reason: 'card-removed' } }] },
          'citizen.cancel': { target: 'stopped', actions: { type: 'stopFor', params: { reason: 'cancelled' } } },
        },
        states: {
          reading: {
            invoke: {
              src: 'read',
              onDone: [
                {
                  guard: ({ event }) => event.output.ok,
                  target: 'checking',
                  actions: assign({ reading: ({ event }) => (event.output.ok ? event.output.value : null) }),
                },
                {
                  target: '#session.stopped',
                  actions: assign({ stop: ({ event }) => (event.output.ok ? null : stopReasonOfCard(event.output.error)) }),
                },
              ],
              onError: { target: '#session.stopped', actions: { type: 'stopFor', params: { reason: 'card-unreadable' } } },
            },
          },
          checking: {
            invoke: {
              src: 'check',
              input: ({ context }) => ({ reading: readingOf(context) }),
              onDone: [
                {
                  guard: ({ context, event }) => offeredFor(rules, today(), readingOf(context), event.output).length > 0,
                  target: 'choosing',
                  actions: assign(({ context, event }) => ({
                    verdict: event.output,
                    offered: offeredFor(rules, today(), readingOf(context), event.output),
                  })),
                },
                {
                  target: '#session.stopped',
                  actions: assign({ stop: ({ context, event }) => whyNotActivated(rules, today(), readingOf(context), event.output) }),
                },
              ],
              onError: { target: '#session.stopped', actions: { type: 'stopFor', params: { reason: 'card-not-verifiable' } } },
            },
          },
          choosing: {
            initial: 'opening',
            on: {
              'citizen.wish': [
                {
                  guard: ({ context, event }) => context.offered.includes('pin-unblock') && event.operation === 'pin-unblock',
                  target: '#unblocking',
                  actions: assign({ operation: 'pin-unblock' }),
                },
                {
                  guard: ({ context, event }) => context.offered.includes('renewal') && event.operation === 'renewal',
                  target: '#renewing',
                  actions: assign({ operation: 'renewal' }),
                },
                {
                  guard: ({ context, event }) => context.offered.includes(event.operation ?? 'activation'),
                  target: 'notice',
                  actions: assign({ operation: ({ event }) => event.operation ?? 'activation' }),
                },
              ],
            },
            states: {
              opening: { always: [{ guard: ({ context }) => context.offered.includes('activation'), target: 'recognised' }, 'menu'] },
              recognised: { ...waits, on: { 'citizen.menu': { guard: ({ context }) => context.offered.length > 1, target: 'menu' } } },
              menu: waits,
            },
          },
          notice: {
            id: 'notice',
            ...waits,
            on: {
              'citizen.notice-read': [
                { guard: ({ context }) => isService(context.operation), target: '#serving' },
                { guard: ({ context }) => context.proofOfPriorCard !== null, target: '#contact' },
                'operator',
              ],
            },
          },
          operator: {
            initial: 'waiting',
            on: {
              'operator.refuse': {
                target: '#session.stopped',
                actions: { type: 'stopFor', params: ({ event }) => ({ reason: event.reason }) },
              },
            },
            states: {
              waiting: {
                after: { operatorWait: '#timed-out' },
                on: {
                  'operator.identified': [
                    {
                      guard: ({ context, event }) => refusalsOf(context, event).length > 0,
                      actions: assign({ refusals: ({ context, event }) => refusalsOf(context, event) }),
                    },
                    { target: 'signing', actions: assign({ identified: ({ event }) => identifiedBy(event), refusals: [] }) },
                  ],
                },
              },
              signing: {
                invoke: {
                  src: 'sign',
                  input: ({ context }) => ({ facts: context, identified: identifiedOf(context) }),
                  onDone: [
                    {
                      guard: ({ context, event }) => event.output.ok && byEnvelope(context),
                      target: '#delivering',
                      actions: assign(({ event }) => signedBy(event.output)),
                    },
                    { guard: ({ event }) => event.output.ok, target: '#contact', actions: assign(({ event }) => signedBy(event.output)) },
                    { target: 'waiting' },
                  ],
                  onError: 'waiting',
                },
              },
            },
          },
          contact: {
            id: 'contact',
            invoke: {
              id: 'contact',
              src: 'contact',
              input: ({ context }) => ({ operationId: context.sessionId }),
              onSnapshot: {},
              onDone: [
                {
                  guard: ({ event }) => 'proof' in event.output,
                  target: '#session.issuing',
                  actions: assign({ provedContact: ({ event: { output } }) => ('proof' in output ? output : null) }),
                },
                {
                  target: '#session.stopped',
                  actions: assign({ stop: ({ event: { output } }) => ('reason' in output ? output.reason : null) }),
                },
              ],
              onError: { target: '#session.stopped', actions: { type: 'stopFor', params: { reason: 'cms-unreachable' } } },
            },
            on: {
              'citizen.contact': { actions: sendTo('contact', ({ event }) => event) },
              'citizen.contact-mobile': { actions: sendTo('contact', ({ event }) => event) },
              'citizen.contact-code': { actions: sendTo('contact', ({ event }) => event) },
              'citizen.resend-code': { actions: sendTo('contact', ({ event }) => event) },
              'citizen.change-contact': { actions: sendTo('contact', ({ event }) => event) },
              'citizen.stay': { actions: sendTo('contact', ({ event }) => event) },
            },
          },
          timedOut: {
            id: 'timed-out',
            always: { target: '#session.stopped', actions: { type: 'stopFor', params: { reason: 'timed-out' } } },
          },
        },
      },
      /** From here on the operation has the word: a stop goes to it, and it says how it ended. */
      issuing: {
        initial: 'working',
        invoke: {
          id: 'activation',
          src: 'activation',
          input: ({ context }) => activationInputOf(context, ports, rules),
          onSnapshot: [
            {
              guard: and([({ event }) => event.snapshot.matches('collecting'), not(stateIn('#collecting'))]),
              target: '.collecting',
            },
            {
              guard: and([({ event }) => event.snapshot.matches('offering'), not(stateIn('#print-failed'))]),
              target: '.printFailed',
            },
            // The word is signed: until that is done, whoever waits sees nothing change.
            {
              guard: ({ event }) => event.snapshot.matches('attesting') || event.snapshot.matches('authorising'),
            },
            {
              guard: and([
                ({ event }) => !event.snapshot.matches('collecting') && !event.snapshot.matches('offering'),
                or([stateIn('#collecting'), stateIn('#print-failed')]),
              ]),
              target: '.working',
            },
            // Any other step of the activation is its own affair.
            {},
          ],
          onDone: [
            {
              guard: ({ event }) => event.output.codes === 'confirmed' || event.output.codes === 'confirm-pending',
              target: 'done',
              actions: assign({ ending: ({ event }) => event.output }),
            },
            {
              target: 'stopped',
              actions: assign({
                ending: ({ event }) => event.output,
                stop: ({ event }) => ('reason' in event.output ? event.output.reason : null),
              }),
            },
          ],
          onError: { target: 'stopped', actions: { type: 'stopFor', params: { reason: 'records-unwritable' } } },
        },
        states: {
          working: {
            on: {
              'card-gone': {
                actions: ['cardOut', { type: 'stopActivation', params: { reason: 'card-removed' } }],
              },
            },
          },
          /** The print failed and the operator may have it done once more; card and citizen are still here. */
          printFailed: {
            id: 'print-failed',
            after: { reprintWait: { actions: { type: 'stopActivation', params: { reason: 'printer-failed' } } } },
            on: {
              'card-gone': { actions: ['cardOut', { type: 'stopActivation', params: { reason: 'card-removed' } }] },
              'operator.reprint': { actions: sendTo('activation', ({ event }) => ({ type: 'reprint', slip: event.slip })) },
              'operator.no-reprint': { actions: sendTo('activation', { type: 'no-reprint' }) },
            },
          },
          collecting: {
            id: 'collecting',
            initial: 'calm',
            on: {
              'card-gone': { target: '.withoutCard', actions: 'cardOut' },
              'citizen.taken': { actions: [assign({ citizenSaysTaken: true }), sendTo('activation', { type: 'citizen-took' })] },
              'operator.hand-over': {
                actions: sendTo('activation', ({ event }) => ({ type: 'hand-over', handedOver: event.handedOver })),
              },
            },
            states: {
              calm: { after: { collectWarning: 'warned' }, on: { 'citizen.stay': { target: 'calm', reenter: true } } },
              warned: { tags: 'warned', after: { idleWarning: 'abandoned' }, on: { 'citizen.stay': 'calm' } },
              withoutCard: { after: { collectWithoutCard: 'abandoned' } },
              abandoned: { entry: { type: 'stopActivation', params: { reason: 'slip-not-collected' } } },
            },
          },
        },
      },
      /** As `issuing`, with an envelope: nothing is sent later, so that no contact is asked for. */
      delivering: {
        id: 'delivering',
        invoke: {
          id: 'delivery',
          src: 'delivery',
          input: ({ context }) => deliveryInputOf(context, ports, rules),
          onSnapshot: {},
          onDone: [
            {
              guard: ({ event }) => event.output.codes === 'confirmed' || event.output.codes === 'confirm-pending',
              target: 'done',
              actions: assign({ delivered: ({ event }) => event.output }),
            },
            {
              target: 'stopped',
              actions: assign({
                delivered: ({ event }) => event.output,
                stop: ({ event }) => ('reason' in event.output ? event.output.reason : null),
              }),
            },
          ],
          onError: { target: 'stopped', actions: { type: 'stopFor', params: { reason: 'records-unwritable' } } },
        },
        on: {
          'card-gone': { actions: ['cardOut', { type: 'stopDelivery', params: { reason: 'card-removed' } }] },
          'citizen.cancel': { actions: { type: 'stopDelivery', params: { reason: 'cancelled' } } },
          'operator.envelope-typed': { actions: sendTo('delivery', ({ event }) => event) },
          'operator.envelope-missing': { actions: sendTo('delivery', ({ event }) => event) },
          'operator.hand-over': { actions: sendTo('delivery', ({ event }) => event) },
        },
      },
      /** A new PIN by the PUK: the card alone has a part in it, and the holder. */
      unblocking: {
        id: 'unblocking',
        invoke: {
          id: 'unblock',
          src: 'unblock',
          input: ({ context }) => unblockInputOf(context, ports, rules),
          onSnapshot: {},
          onDone: [
            {
              guard: ({ event }) => event.output.pin === 'set',
              target: 'done',
              actions: assign({ unblocked: ({ event }) => event.output }),
            },
            {
              guard: ({ context, event }) => event.output.pin === 'no-puk' && context.offered.includes('reissue'),
              target: '#notice',
              actions: assign({ operation: 'reissue' }),
            },
            {
              target: 'stopped',
              actions: assign({
                unblocked: ({ event }) => event.output,
                stop: ({ event }) => ('reason' in event.output ? event.output.reason : 'no-puk'),
              }),
            },
          ],
          onError: { target: 'stopped', actions: { type: 'stopFor', params: { reason: 'records-unwritable' } } },
        },
        on: {
          'card-gone': { actions: ['cardOut', { type: 'stopUnblock', params: { reason: 'card-removed' } }] },
          'citizen.cancel': { actions: { type: 'stopUnblock', params: { reason: 'cancelled' } } },
          'citizen.unblock': { actions: sendTo('unblock', ({ event }) => event) },
          'citizen.no-puk': { actions: sendTo('unblock', { type: 'citizen.no-puk' }) },
          'citizen.stay': { actions: sendTo('unblock', { type: 'citizen.stay' }) },
        },
      },
      /** Two cards, one after the other: nothing of the first is kept but what proves it. */
      renewing: {
        id: 'renewing',
        invoke: {
          id: 'renewal',
          src: 'renewal',
          input: ({ context }) => priorCardOf(context),
          onSnapshot: [
            {
              guard: ({ context, event }) => context.reading !== null && event.snapshot.context.before === null,
              actions: assign({ reading: null, verdict: null }),
            },
            {},
          ],
          onDone: [
            {
              guard: ({ event }) => 'proof' in event.output,
              target: '#notice',
              actions: assign(({ event: { output } }) =>
                'proof' in output ? { proofOfPriorCard: output.proof, reading: output.reading, verdict: output.verdict } : {},
              ),
            },
            {
              target: 'stopped',
              actions: assign({ stop: ({ event: { output } }) => ('reason' in output ? output.reason : null) }),
            },
          ],
          onError: { target: 'stopped', actions: { type: 'stopFor', params: { reason: 'card-unreadable' } } },
        },
        on: {
          'card-gone': { actions: ['cardOut', sendTo('renewal', { type: 'card-gone' })] },
          'card-in': { actions: [assign({ cardIn: true }), sendTo('renewal', { type: 'card-in' })] },
          'citizen.prior-pin': { actions: sendTo('renewal', ({ event }) => event) },
          'citizen.stay': { actions: sendTo('renewal', { type: 'citizen.stay' }) },
          'citizen.cancel': { actions: sendTo('renewal', { type: 'citizen.cancel' }) },
        },
      },
      /** What gives no codes, and codes of which this desk sees nothing: the operator and the CMS have the word. */
      serving: {
        id: 'serving',
        invoke: {
          id: 'service',
          src: 'service',
          input: ({ context }) => serviceTaskOf(context),
          onSnapshot: {},
          onDone: [
            { guard: ({ event }) => event.output.end === 'done', target: 'done', actions: assign({ served: ({ event }) => event.output }) },
            {
              target: 'stopped',
              actions: assign(({ event }) => ({ served: event.output, stop: stopReasonOfService(event.output) })),
            },
          ],
          onError: { target: 'stopped', actions: { type: 'stopFor', params: { reason: 'records-unwritable' } } },
        },
        on: {
          'card-gone': [{ guard: 'cardIsOut' }, { actions: ['cardOut', { type: 'stopService', params: { reason: 'card-removed' } }] }],
          'citizen.cancel': { actions: { type: 'stopService', params: { reason: 'cancelled' } } },
          'operator.refuse': { actions: { type: 'stopService', params: ({ event }) => ({ reason: event.reason }) } },
          'operator.service': { actions: sendTo('service', ({ event }) => event) },
          'operator.remote-issue': { actions: sendTo('service', ({ event }) => event) },
          'operator.confirm': { actions: sendTo('service', ({ event }) => event) },
          'operator.back': { actions: sendTo('service', ({ event }) => event) },
        },
      },
      done: {
        ...lastScreen,
        entry: assign({ notice: ({ context }) => (noticeOf(context, rules, ports.now()) === null ? 'none' : 'printing') }),
        invoke: {
          src: 'printNotice',
          input: ({ context }) => ({ sheet: noticeOf(context, rules, ports.now()) }),
          onDone: { actions: assign({ notice: ({ event }) => event.output }) },
          onError: { actions: assign({ notice: 'not-printed' }) },
        },
      },
      stopped: lastScreen,
      ended: { type: 'final' },
    },
    output: ({ context }) => ({ unrecorded: context.stop === 'records-unwritable' }),
  });
}

function identifiedBy({ document, representation }: IdentifiedEvent): Identified {
  return { document, representation: representation ?? null };
}

function signedBy(signed: Result<{ readonly jws: string; readonly operatorId: string }, unknown>): Partial<SessionFacts> {
  return signed.ok ? { operatorAssertion: signed.value.jws, operatorId: signed.value.operatorId } : {};
}

export type SessionMachine = ReturnType<typeof sessionMachine>;
export type SessionSnapshot = SnapshotFrom<SessionMachine>;
