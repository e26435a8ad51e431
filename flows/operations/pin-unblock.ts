import { assign, fromPromise, setup } from 'xstate';
import type { CodeError, CommandingCardReader } from '../../devices/card/contract.ts';
import { type Result, ok } from '../../devices/result.ts';
import type { Secret } from '../../devices/secret.ts';
import type { Journal, JournalError, JournalRow, PinRow } from '../ports/journal.ts';
import { patience } from './patience.ts';
import type { SessionDelays } from '../session/delays.ts';
import type { StopReason } from '../session/status.ts';

/** What the unblocking of a PIN needs from outside: no CMS and no printer has a part in it. */
export interface UnblockPorts {
  readonly journal: Pick<Journal, 'append'>;
  readonly codes: Pick<CommandingCardReader, 'unblockPin'>;
  readonly newId: () => string;
}

/** What the holder typed. Taken over: wiped, whatever comes. */
export interface NewPin {
  readonly puk: Secret;
  readonly newPin: Secret;
}

export type Opening = Omit<Extract<JournalRow, { kind: 'OP_OPEN' }>, 'kind'>;

/**
 * One try, an operation of its own: what the card may become is durable before it is asked to (reliability.md, 1.3), and what it said is before
 * anybody hears of it. Codes go to the card's process and nowhere else.
 */
export async function tryToUnblock(
  { journal, codes, newId }: UnblockPorts,
  opening: Opening,
  typed: NewPin,
  signal: AbortSignal,
): Promise<Result<Result<void, CodeError>, JournalError>> {
  try {
    const id = newId();
    const opened = journal.append(id, { kind: 'OP_OPEN', ...opening });
    if (!opened.ok) return opened;
    const intent = journal.append(id, { kind: 'PIN_INTENT' });
    if (!intent.ok) return intent;
    const answer = await codes.unblockPin(typed, signal);
    const evidence = journal.append(id, evidenceOf(answer));
    if (!evidence.ok) return evidence;
    const closed = journal.append(id, { kind: 'CLOSED', state: 'NONE' });
    return closed.ok ? ok(answer) : closed;
  } finally {
    wipe(typed);
  }
}

export function wipe({ puk, newPin }: NewPin): void {
  puk.wipe();
  newPin.wipe();
}

function evidenceOf(answer: Result<void, CodeError>): Extract<PinRow, { kind: 'PIN_EVIDENCE' }> {
  if (answer.ok) return { kind: 'PIN_EVIDENCE', pin: 'set', answer: 'set', triesLeft: null };
  const { error } = answer;
  const triesLeft = 'triesLeft' in error ? error.triesLeft : null;
  return { kind: 'PIN_EVIDENCE', pin: leftAsItWas(error) ? 'not-set' : 'unknown', answer: error.kind, triesLeft };
}

/** Whether the card said no, or was never asked. Whatever came between the command and its answer leaves it open. */
function leftAsItWas({ kind }: CodeError): boolean {
  switch (kind) {
    case 'malformed-code':
    case 'wrong-pin':
    case 'wrong-puk':
    case 'pin-blocked':
    case 'puk-blocked':
    case 'not-activated':
    case 'new-pin-refused':
    case 'not-allowed':
    case 'no-card':
    case 'reader-busy':
    case 'not-a-cns':
    case 'unknown-series':
      return true;
    case 'card-removed':
    case 'service-lost':
    case 'unreadable':
    case 'timeout':
    case 'aborted':
      return false;
  }
}

/** Why the holder is asked once more. `triesLeft`: `null` where the card does not say. */
export type UnblockProblem =
  { readonly kind: 'wrong-puk'; readonly triesLeft: number | null } | { readonly kind: 'new-pin-refused' } | { readonly kind: 'not-read' };

/** `no-puk`: the holder has none, so that only new codes help (COD-15, COD-16). */
export type UnblockOutput =
  { readonly pin: 'set' } | { readonly pin: 'no-puk' } | { readonly pin: 'not-set' | 'unknown'; readonly reason: StopReason };

export type UnblockEvent =
  | ({ readonly type: 'citizen.unblock' } & NewPin)
  | { readonly type: 'citizen.no-puk' | 'citizen.stay' }
  | { readonly type: 'stop'; readonly reason: StopReason };

/** Digits, by the profile. */
export interface Lengths {
  readonly puk: number;
  readonly shortestPin: number;
  readonly longestPin: number;
}

/** Whether the card may be asked: a PUK that cannot be one would cost a try. */
function fits({ puk, newPin }: NewPin, lengths: Lengths): boolean {
  return puk.length === lengths.puk && newPin.length >= lengths.shortestPin && newPin.length <= lengths.longestPin;
}

interface Facts {
  readonly opening: Opening;
  readonly lengths: Lengths;
  readonly problem: UnblockProblem | null;
  readonly output: UnblockOutput;
}

/** Whether the holder may try again: the PUK was wrong and is not blocked, or the card wants another PIN. */
function problemOf(answer: Result<void, CodeError>): UnblockProblem | null {
  if (answer.ok) return null;
  switch (answer.error.kind) {
    case 'wrong-puk':
      return answer.error.triesLeft === 0 ? null : { kind: 'wrong-puk', triesLeft: answer.error.triesLeft };
    case 'new-pin-refused':
      return { kind: 'new-pin-refused' };
    case 'malformed-code':
    case 'reader-busy':
      return { kind: 'not-read' };
    default:
      return null;
  }
}

function outputOf(answer: Result<void, CodeError>): UnblockOutput {
  if (answer.ok) return { pin: 'set' };
  if (!leftAsItWas(answer.error)) return { pin: 'unknown', reason: 'pin-unknown' };
  switch (answer.error.kind) {
    // Three wrong PUKs block for good (procedures.md, 2.3).
    case 'wrong-puk':
    case 'puk-blocked':
      return { pin: 'not-set', reason: 'puk-blocked' };
    case 'no-card':
      return { pin: 'not-set', reason: 'card-removed' };
    default:
      return { pin: 'not-set', reason: 'pin-not-changeable' };
  }
}

/** A new PIN by the PUK (COD-03, OP-PUK): asked for and tried until the card takes it, blocks, or the holder gives up. */
export function unblockMachine(
  ports: UnblockPorts,
  delays: Pick<SessionDelays, 'idle' | 'idleWarning'>,
  unexpected: (type: string) => void,
) {
  const waits = patience({ target: '#unblock.ended', actions: { type: 'endAs', params: { pin: 'not-set', reason: 'timed-out' } } });
  return setup({
    types: {
      context: {} as Facts,
      input: {} as Pick<Facts, 'opening' | 'lengths'>,
      events: {} as UnblockEvent,
      output: {} as UnblockOutput,
      tags: {} as 'warned',
    },
    delays: { idle: delays.idle, idleWarning: delays.idleWarning },
    actors: {
      attempt: fromPromise<Result<Result<void, CodeError>, JournalError>, { opening: Opening; typed: NewPin }>(
        ({ input: { opening, typed }, signal }) => tryToUnblock(ports, opening, typed, signal),
      ),
    },
    actions: {
      unexpected: ({ event }) => unexpected(event.type),
      endAs: assign({ output: (_, output: UnblockOutput) => output }),
    },
  }).createMachine({
    id: 'unblock',
    initial: 'asking',
    context: ({ input }) => ({ ...input, problem: null, output: { pin: 'not-set', reason: 'cancelled' } }),
    on: { '*': { actions: 'unexpected' }, 'citizen.stay': {} },
    states: {
      asking: {
        ...waits,
        on: {
          'citizen.unblock': [
            { guard: ({ context, event }) => fits(event, context.lengths), target: 'setting' },
            { target: '.calm', actions: [assign({ problem: { kind: 'not-read' } }), ({ event }) => wipe(event)] },
          ],
          'citizen.no-puk': { target: 'ended', actions: { type: 'endAs', params: { pin: 'no-puk' } } },
          stop: { target: 'ended', actions: { type: 'endAs', params: ({ event }) => ({ pin: 'not-set', reason: event.reason }) } },
        },
      },
      /** The card works: whoever wants to stop waits for what it says. */
      setting: {
        on: { stop: {} },
        invoke: {
          src: 'attempt',
          input: ({ context, event }) => {
            if (event.type !== 'citizen.unblock') throw new Error(`setting on ${event.type}`);
            return { opening: context.opening, typed: { puk: event.puk, newPin: event.newPin } };
          },
          onDone: [
            {
              guard: ({ event }) => event.output.ok && problemOf(event.output.value) !== null,
              target: 'asking',
              actions: assign({ problem: ({ event }) => (event.output.ok ? problemOf(event.output.value) : null) }),
            },
            {
              guard: ({ event }) => event.output.ok,
              target: 'ended',
              actions: assign({ output: ({ event, context }) => (event.output.ok ? outputOf(event.output.value) : context.output) }),
            },
            { target: 'ended', actions: { type: 'endAs', params: { pin: 'unknown', reason: 'records-unwritable' } } },
          ],
          onError: { target: 'ended', actions: { type: 'endAs', params: { pin: 'unknown', reason: 'records-unwritable' } } },
        },
      },
      ended: { type: 'final' },
    },
    output: ({ context }) => context.output,
  });
}
