import { assign, fromPromise, setup } from 'xstate';
import type { RelayPolicy } from '../../devices/card/contract.ts';
import { type Result, err, ok } from '../../devices/result.ts';
import type { CmsError } from '../ports/cms.ts';
import type { RemoteIssue } from '../ports/remote-issue.ts';
import type { Journal, JournalEntry, JournalError, JournalRow } from '../ports/journal.ts';
import { type CardServices, type CardStatus, type ServiceReceipt, type ServiceRequest, isService } from '../ports/services.ts';
import { type RelayPorts, relayToEnd } from './relay.ts';

/** What a service needs from outside: no printer, no outbox. */
export interface ServicePorts {
  readonly services: CardServices;
  readonly journal: Pick<Journal, 'append' | 'open'>;
  /** What a certificate is loaded by: the card, put into the CMS's hands. */
  readonly loading: RelayPorts & { readonly policy: RelayPolicy };
}

export interface ServiceInput {
  readonly opening: Omit<Extract<JournalRow, { kind: 'OP_OPEN' }>, 'kind'>;
  readonly request: ServiceRequest | RemoteIssue;
}

/** `refused`: the CMS said no, and nothing was done. `not-loaded`: the card did not get its certificate, and what was made of it is void. `unknown`: no answer came; `settleServices` asks for one. `unrecorded`: the journal failed. */
export type ServiceOutput =
  | { readonly end: 'done'; readonly cardStatus: CardStatus | null }
  | { readonly end: 'refused'; readonly type: string }
  | { readonly end: 'not-loaded' }
  | { readonly end: 'unknown' }
  | { readonly end: 'unrecorded' };

/** How long holder and operator wait for the CMS, and the pause between two questions, in milliseconds. */
export const serviceWaits = { wait: 40_000, pause: 3_000 } as const;

interface Facts {
  readonly input: ServiceInput;
  /** The relay is over: the CMS is asked to end it. */
  readonly loaded: boolean;
  readonly output: ServiceOutput;
}

/**
 * One service at the CMS (docs/decisions/0200): what is about to be asked is durable before it is, and so is the answer before anybody hears of it.
 * An answer that does not come is asked for again under the same key, so that nothing is done twice. What the CMS accepts goes on by a relay, in
 * which the card gets its certificate; then the CMS is asked to end it, and says what it is (0222).
 */
export function cardServiceMachine({ services, journal, loading }: ServicePorts) {
  return setup({
    types: { context: {} as Facts, input: {} as ServiceInput, output: {} as ServiceOutput },
    delays: serviceWaits,
    actors: {
      open: fromPromise<Result<unknown, JournalError>, ServiceInput>(({ input: { opening, request } }) => {
        const { operationId } = request;
        const opened = journal.append(operationId, { kind: 'OP_OPEN', ...opening });
        if (!opened.ok) return Promise.resolve(opened);
        return Promise.resolve(journal.append(operationId, { kind: 'SERVICE_INTENT', ...intentOf(request) }));
      }),
      ask: fromPromise<Result<ServiceOutput | Accepted, CmsError>, Pick<Facts, 'input' | 'loaded'>>(
        async ({ input: { input, loaded }, signal }) => {
          const { request } = input;
          const { operationId } = request;
          const answer = await (loaded ? services.voidService(operationId, signal) : services.serve(request, signal));
          // Nobody waits any more: what became of it is asked for, not taken from an answer that came too late.
          if (signal.aborted) return err({ kind: 'aborted' });
          if (!answer.ok) return loaded ? answer : refused(journal, operationId, answer.error);
          if (answer.value.state === 'ACCEPTED') return ok({ end: 'accepted' });
          return ended(journal, operationId, answer.value);
        },
      ),
      /** A relay cannot be left behind: it ends by itself, as soon as the card is pulled at the latest. */
      load: fromPromise<Result<unknown, JournalError>, Pick<ServiceRequest, 'operationId' | 'card'>>(
        async ({ input: { operationId, card }, signal }) => {
          const intended = journal.append(operationId, { kind: 'SIGNATURE_INTENT' });
          if (!intended.ok || card === undefined) return intended;
          const { certificateDigest } = card;
          const { receipt, ...counted } = await relayToEnd(
            loading,
            (step, limit) => services.load(step, limit),
            { operationId, certificateDigest },
            loading.policy,
            signal,
          );
          const certificate = receipt?.certificate ?? (counted.sent === 0 ? 'not-loaded' : 'unknown');
          return journal.append(operationId, { kind: 'SIGNATURE_EVIDENCE', certificate, ...counted });
        },
      ),
    },
  }).createMachine({
    id: 'service',
    initial: 'opening',
    context: ({ input }) => ({ input, loaded: false, output: { end: 'unknown' } }),
    states: {
      opening: {
        invoke: {
          src: 'open',
          input: ({ context }) => context.input,
          onDone: [
            { guard: ({ event }) => event.output.ok, target: 'carrying' },
            { target: 'ended', actions: assign({ output: { end: 'unrecorded' } }) },
          ],
          onError: { target: 'ended', actions: assign({ output: { end: 'unrecorded' } }) },
        },
      },
      carrying: {
        initial: 'asking',
        after: { wait: 'ended' },
        states: {
          asking: {
            invoke: {
              src: 'ask',
              input: ({ context }) => context,
              onDone: [
                { guard: ({ event }) => event.output.ok && event.output.value.end === 'accepted', target: '#service.loading' },
                {
                  guard: ({ event }) => event.output.ok,
                  target: '#service.ended',
                  actions: assign({ output: ({ context, event }) => outputIn(event.output) ?? context.output }),
                },
                'pausing',
              ],
              onError: '#service.ended',
            },
          },
          pausing: { after: { pause: 'asking' } },
        },
      },
      /** The card is in the CMS's hands; then it is asked to end what it accepted. */
      loading: {
        exit: assign({ loaded: true }),
        invoke: {
          src: 'load',
          input: ({ context }) => context.input.request,
          onDone: [
            { guard: ({ event }) => event.output.ok, target: 'carrying' },
            { target: 'ended', actions: assign({ output: { end: 'unrecorded' } }) },
          ],
          onError: 'carrying',
        },
      },
      ended: { type: 'final' },
    },
    output: ({ context }) => context.output,
  });
}

function intentOf(request: ServiceInput['request']): Omit<Extract<JournalRow, { kind: 'SERVICE_INTENT' }>, 'kind'> {
  if ('identification' in request) return { identification: request.identification };
  const { reason, lossProof } = request;
  return { ...(reason === undefined ? {} : { reason }), ...(lossProof === undefined ? {} : { lossProof }) };
}

/** Whether an operation ends with a service's answer, as far as its rows say; codes at a distance do from their intent on. */
export function endsAsService(rows: readonly JournalEntry[]): boolean {
  const [opening, second] = rows;
  return opening?.row.kind === 'OP_OPEN' && (isService(opening.row.operation) || second?.row.kind === 'SERVICE_INTENT');
}

/** Accepted, and to go on by a relay. */
interface Accepted {
  readonly end: 'accepted';
}

function outputIn(result: Result<ServiceOutput | Accepted, CmsError>): ServiceOutput | null {
  return result.ok && result.value.end !== 'accepted' ? result.value : null;
}

/** Writes the CMS's receipt down, and says what it means. */
function ended(journal: Pick<Journal, 'append'>, operationId: string, receipt: ServiceReceipt): Result<ServiceOutput, never> {
  if (!record(journal, operationId, receipt).ok) return ok({ end: 'unrecorded' });
  return ok(receipt.state === 'DONE' ? { end: 'done', cardStatus: receipt.cardStatus ?? null } : { end: 'not-loaded' });
}

/** Writes down that the CMS said no; where no answer came, nothing. */
function refused(journal: Pick<Journal, 'append'>, operationId: string, error: CmsError): Result<ServiceOutput, CmsError> {
  if (error.kind !== 'refused') return err(error);
  const { type } = error;
  const written = journal.append(operationId, { kind: 'SERVICE_REFUSED', type });
  const closed = written.ok ? journal.append(operationId, { kind: 'CLOSED', state: 'NONE' }) : written;
  return ok(closed.ok ? { end: 'refused', type } : { end: 'unrecorded' });
}

function record(
  journal: Pick<Journal, 'append'>,
  operationId: string,
  { state, sequence, jws }: ServiceReceipt,
): Result<JournalEntry, JournalError> {
  const received = journal.append(operationId, { kind: 'SERVICE_RECEIPT', state, cmsSequence: sequence, jws });
  return received.ok ? journal.append(operationId, { kind: 'CLOSED', state }) : received;
}

/**
 * Brings every service that was left open to its end, while none is under way: what the rows do not say the CMS is asked, once and for all. Answers how many
 * still wait, because it could not be reached.
 */
export async function settleServices(
  { services, journal }: Pick<ServicePorts, 'services' | 'journal'>,
  signal: AbortSignal,
): Promise<Result<number, JournalError>> {
  let waiting = 0;
  for (const { operationId, rows } of journal.open()) {
    const last = rows.at(-1)?.row;
    if (!endsAsService(rows) || last === undefined) continue;
    let written: Result<unknown, JournalError> = ok();
    switch (last.kind) {
      case 'SERVICE_INTENT':
      case 'SIGNATURE_INTENT':
      case 'SIGNATURE_EVIDENCE': {
        const answer = signal.aborted ? err({ kind: 'aborted' }) : await services.voidService(operationId, signal);
        if (answer.ok) written = record(journal, operationId, answer.value);
        else waiting += 1;
        break;
      }
      case 'SERVICE_RECEIPT':
        written = journal.append(operationId, { kind: 'CLOSED', state: last.state });
        break;
      default:
        // It was never asked for, or the CMS said no.
        written = journal.append(operationId, { kind: 'CLOSED', state: 'NONE' });
    }
    if (!written.ok) return written;
  }
  return ok(waiting);
}
