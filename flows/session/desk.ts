import { assign, fromCallback, fromPromise, sendTo, setup, type SnapshotFrom } from 'xstate';
import type { CardReader, CardStatus } from '../../devices/card/contract.ts';
import { mayPrint, type PrinterStatus } from '../../devices/printer/contract.ts';
import type { Result } from '../../devices/result.ts';
import { settleServices } from '../operations/card-service.ts';
import { recover } from '../operations/recovery.ts';
import type { Attention } from '../ports/attention.ts';
import type { RevocationState } from '../ports/trust.ts';
import type { JournalError } from '../ports/journal.ts';
import type { Begun, DeskRules, SessionEvent, SessionPorts, Unexpected } from './facts.ts';
import { sessionMachine } from './session.ts';
import type { ServiceProblem } from './status.ts';

export interface DeskPorts extends SessionPorts {
  readonly card: CardReader;
  readonly attention: () => readonly Attention[];
  readonly revocation: () => RevocationState;
}

export type DeskEvent =
  { readonly type: 'card'; readonly status: CardStatus } | { readonly type: 'printer'; readonly status: PrinterStatus } | SessionEvent;

export interface DeskFacts {
  readonly card: CardStatus;
  readonly printer: PrinterStatus;
  /** What the operator began for who has no card here. */
  readonly begun: Begun | null;
}

/** Between attempts to recover while the records cannot be written. */
const RETRY_MS = 5_000;
/** Between questions to the CMS what became of a service. */
const SETTLE_AGAIN_MS = 30_000;

function cardIsIn({ card }: DeskFacts): boolean {
  return card.state === 'present' || card.state === 'mute';
}

/** Why no session may begin; `null` where one may. */
export function serviceProblem({ card, printer }: DeskFacts): ServiceProblem | null {
  if (card.state === 'starting' || card.state === 'service-lost' || card.state === 'disconnected') return 'card-reader';
  if (printer.state === 'locked') return 'printer-locked';
  return mayPrint(printer) ? null : 'printer';
}

/**
 * The kiosk itself: recovers, waits for a card, serves one person at a time. It is started fresh and finds out where it is; what it
 * knows of operations it reads from the journal.
 */
export function deskMachine(ports: DeskPorts, rules: DeskRules, unexpected: Unexpected) {
  return setup({
    types: { context: {} as DeskFacts, events: {} as DeskEvent, children: {} as { session: 'session' } },
    delays: { retry: RETRY_MS, settleAgain: SETTLE_AGAIN_MS },
    actors: {
      session: sessionMachine(ports, rules, unexpected),
      recover: fromPromise<Result<number, JournalError>>(({ signal }) =>
        recover({ ...ports, handOverEvidence: rules.handOverEvidence }, signal),
      ),
      settle: fromPromise<Result<number, JournalError>>(({ signal }) => settleServices(ports, signal)),
      cardEvents: fromCallback<DeskEvent>(({ sendBack }) => {
        sendBack({ type: 'card', status: ports.card.status() });
        return ports.card.onStatus((status) => sendBack({ type: 'card', status }));
      }),
      printerEvents: fromCallback<DeskEvent>(({ sendBack }) => {
        sendBack({ type: 'printer', status: ports.printing.status() });
        return ports.printing.onStatus((status) => sendBack({ type: 'printer', status }));
      }),
    },
    actions: {
      cardGone: sendTo('session', { type: 'card-gone' }),
      cardIn: sendTo('session', { type: 'card-in' }),
      unexpected: ({ event }) => unexpected(event.type),
    },
    guards: {
      inService: ({ context }) => serviceProblem(context) === null,
      cardIn: ({ context }) => cardIsIn(context),
    },
  }).createMachine({
    id: 'desk',
    initial: 'recovering',
    context: { card: { state: 'starting' }, printer: { state: 'disconnected', detail: 'starting' }, begun: null },
    invoke: [
      { src: 'cardEvents', systemId: 'cardEvents' },
      { src: 'printerEvents', systemId: 'printerEvents' },
    ],
    on: {
      card: { actions: assign({ card: ({ event }) => event.status }) },
      printer: { actions: assign({ printer: ({ event }) => event.status }) },
      '*': { actions: 'unexpected' },
    },
    states: {
      recovering: {
        invoke: {
          src: 'recover',
          onDone: [{ guard: ({ event }) => event.output.ok, target: 'waiting' }, { target: 'unrecovered' }],
          onError: 'unrecovered',
        },
      },
      unrecovered: { after: { retry: 'recovering' } },
      waiting: {
        // Nobody is served: what the CMS did not answer is asked for, and asked for again.
        invoke: {
          src: 'settle',
          onDone: [{ guard: ({ event }) => !event.output.ok, target: 'unrecovered' }, {}],
          onError: 'unrecovered',
        },
        after: { settleAgain: { target: 'waiting', reenter: true } },
        on: {
          'operator.begin': {
            target: 'serving',
            actions: assign({ begun: ({ event: { operation, holder } }) => ({ operation, holder }) }),
          },
          'operator.begin-remote': {
            target: 'serving',
            actions: assign({ begun: ({ event: { operation, holder, cardNumber } }) => ({ operation, holder, cardNumber }) }),
          },
        },
        always: { guard: ({ context }) => cardIsIn(context) && serviceProblem(context) === null, target: 'serving' },
      },
      serving: {
        exit: assign({ begun: null }),
        // A session ends with its card out: what is in by then is the next person's.
        invoke: {
          id: 'session',
          src: 'session',
          input: ({ context: { begun } }) => ({ begun }),
          // What could not be written down is brought to its end as after a start.
          onDone: [{ guard: ({ event }) => event.output.unrecorded, target: 'recovering' }, { target: 'waiting' }],
          onError: 'cardOut',
        },
        on: {
          card: [
            {
              guard: ({ context, event }) => !cardIsIn({ ...context, card: event.status }),
              actions: [assign({ card: ({ event }) => event.status }), 'cardGone'],
            },
            {
              guard: ({ context }) => !cardIsIn(context),
              actions: [assign({ card: ({ event }) => event.status }), 'cardIn'],
            },
            { actions: assign({ card: ({ event }) => event.status }) },
          ],
          'citizen.*': { actions: sendTo('session', ({ event }) => event) },
          'operator.*': { actions: sendTo('session', ({ event }) => event) },
        },
      },
      /** After a fault of ours the next person begins with a card that goes in. */
      cardOut: { always: { guard: ({ context }) => !cardIsIn(context), target: 'waiting' } },
    },
  });
}

export type DeskSnapshot = SnapshotFrom<ReturnType<typeof deskMachine>>;
