import { assign, fromCallback, fromPromise, not, setup } from 'xstate';
import type { EvidenceClass } from '../../devices/printer/contract.ts';
import { mayPrint } from '../../devices/printer/contract.ts';
import { type Result, err, ok } from '../../devices/result.ts';
import {
  type Cms,
  type CmsError,
  type OutcomeReport,
  type Receipt,
  type Reservation,
  type RenewalReserve,
  type Reserve,
  stateOfOutcome,
} from '../ports/cms.ts';
import type { Journal, JournalError, JournalRow } from '../ports/journal.ts';
import type { FailedSlip, Operators } from '../ports/operators.ts';
import type { Outbox } from '../ports/outbox.ts';
import type { Printing, PrintReport, Slip } from '../ports/printing.ts';
import type { StopReason } from '../session/status.ts';
import { type Conclusion, concluded, retracted, unconfirmed } from './evidence.ts';
import { mayReprint } from './reprint.ts';
import { RECEIPT_WAIT_MS, openAndReserve, stopReasonOfRefusal } from './reservation.ts';

/** What an activation needs from outside. */
export interface ActivationPorts {
  readonly cms: Cms;
  readonly journal: Journal;
  readonly printing: Printing;
  readonly operators: Operators;
  readonly outbox: Outbox;
  /** ISO instant of now, UTC. */
  readonly now: () => string;
  /** The civil day here, `YYYY-MM-DD`: what documents, cards and ages are measured by. */
  readonly today: () => string;
}

export interface ActivationInput {
  readonly opening: Omit<Extract<JournalRow, { kind: 'OP_OPEN' }>, 'kind'>;
  readonly reserve: Reserve | RenewalReserve;
  readonly slip: Omit<Slip, 'attempt' | 'printedAt' | 'secondPart'>;
  readonly handOverEvidence: EvidenceClass;
  /** How many prints the site allows one operation, the first among them. */
  readonly printAttempts: number;
}

/** How an activation ended: what became of the codes, and why, where they were not handed over. */
export type ActivationOutput =
  | { readonly codes: 'confirmed'; readonly masked: string }
  | { readonly codes: 'confirm-pending'; readonly masked: string; readonly until: string }
  | { readonly codes: 'not-issued' | 'void' | 'held'; readonly reason: StopReason };

export type ActivationEvent =
  | { readonly type: 'stop'; readonly reason: StopReason }
  | { readonly type: 'hand-over'; readonly handedOver: boolean }
  | { readonly type: 'citizen-took' }
  | { readonly type: 'reprint'; readonly slip: FailedSlip }
  | { readonly type: 'no-reprint' }
  | { readonly type: 'printed'; readonly report: Result<PrintReport, JournalError> };

interface Facts {
  readonly input: ActivationInput;
  readonly attempt: number;
  readonly reservation: Reservation | null;
  /** Of this attempt: what the printer proved, and what it said. */
  readonly evidence: { readonly class: EvidenceClass; readonly raw: string } | null;
  /** The slip of this attempt is back in the printer. */
  readonly returned: boolean;
  /** The operator's signed decision that this attempt, a reprint, rests on. */
  readonly authorisation: string | null;
  readonly reprintProblem: ReprintProblem | null;
  readonly stop: StopReason | null;
  readonly receipt: Receipt | null;
  /** Set once it stands in the journal. */
  readonly conclusion: Conclusion | null;
}

/** Why a reprint did not begin although the operator asked for it. */
export type ReprintProblem = 'printer-not-ready' | 'not-signed';

const FIRST_ATTEMPT = 1;

type Failure = CmsError | JournalError | { readonly kind: 'printer-not-ready' };

function stopReasonOf(failure: Failure): StopReason {
  switch (failure.kind) {
    case 'unreachable':
    case 'aborted':
      return 'cms-unreachable';
    case 'refused':
      return stopReasonOfRefusal(failure.type);
    case 'journal-unwritable':
      return 'records-unwritable';
    case 'printer-not-ready':
      return 'printer-failed';
  }
}

/**
 * The activation of a card with split codes: intent, reservation, print, evidence, hand-over, outcome, receipt. Wherever it
 * stops, the journal and the CMS end in the same place (reliability.md, 1.3); it never prints twice, and never guesses.
 */
export function activationMachine(ports: ActivationPorts) {
  const { cms, journal, printing, operators, outbox } = ports;

  const reserve = fromPromise<Result<Reservation, CmsError | JournalError>, ActivationInput>(
    ({ input: { opening, reserve: request }, signal }) =>
      openAndReserve(journal, request.operationId, opening, () => cms.reserve(request, signal), signal),
  );

  const prepare = fromPromise<Result<void, Failure>, { id: string; attempt: number }>(async ({ input, signal }) => {
    const status = await printing.check(signal);
    if (signal.aborted) return err({ kind: 'aborted' });
    if (!mayPrint(status)) return err({ kind: 'printer-not-ready' });
    const ready = journal.append(input.id, { kind: 'PRINTER_READY' });
    if (!ready.ok) return ready;
    const intent = journal.append(input.id, { kind: 'PRINT_INTENT', attempt: input.attempt });
    return intent.ok ? ok() : intent;
  });

  /** One more print, if the printer can: the operator's signed decision is durable before the next attempt begins. */
  const authorise = fromPromise<
    Result<string, JournalError | { readonly kind: ReprintProblem }>,
    { id: string; attempt: number; slip: FailedSlip }
  >(async ({ input: { id, attempt, slip }, signal }) => {
    if (!mayPrint(await printing.check(signal))) return err({ kind: 'printer-not-ready' });
    const operator = operators.signedOn();
    if (operator === null) return err({ kind: 'not-signed' });
    const signed = await operators.sign({ decision: 'reprint', operationId: id, attempt, slip });
    if (!signed.ok || signal.aborted) return err({ kind: 'not-signed' });
    const recorded = journal.append(id, { kind: 'REPRINT_AUTHORISED', attempt, slip, operator: operator.id, assertion: signed.value });
    return recorded.ok ? signed : recorded;
  });

  /** A print cannot be left behind: told to stop, it clears the printer and still reports what is known. */
  const print = fromCallback<{ type: 'stop' }, { slip: Slip; authorisation: string | null }>(({ input, sendBack, receive }) => {
    const abort = new AbortController();
    receive(() => abort.abort());
    const { slip, authorisation } = input;
    const { operationId, attempt } = slip;
    const request = { operationId, attempt, ...(authorisation === null ? {} : { authorisation }) };
    void printing
      .print(slip, (key, signal) => cms.releasePaperPart({ ...request, key }, signal), abort.signal)
      .then((report): Result<PrintReport, JournalError> => {
        const { class: evidenceClass, raw, buffer } = report.evidence;
        const recorded = journal.append(operationId, { kind: 'EVIDENCE', attempt, class: evidenceClass, raw, buffer });
        return recorded.ok ? ok(report) : recorded;
      })
      .then((report) => sendBack({ type: 'printed', report } satisfies ActivationEvent));
    return () => abort.abort();
  });

  /** The presenter's sensors, where there are any: `true` once they saw the slip go, and that is durable. */
  const watch = fromPromise<Result<boolean, JournalError>, { id: string; attempt: number }>(async ({ input: { id, attempt }, signal }) => {
    const { slip, raw } = await printing.watchOutput(signal);
    if (slip !== 'taken' || signal.aborted) return ok(false);
    const seen = journal.append(id, { kind: 'EVIDENCE', attempt, class: 'E3', raw, buffer: 'printed', output: 'taken' });
    return seen.ok ? ok(true) : seen;
  });

  /** `true` once the slip is back in the printer, and that is durable. */
  const retract = fromPromise<Result<boolean, JournalError>, { id: string; attempt: number }>(
    async ({ input: { id, attempt }, signal }) => {
      const { slip, raw } = await printing.retract(signal);
      if (slip !== 'retracted') return ok(false);
      const seen = journal.append(id, { kind: 'EVIDENCE', attempt, class: 'E3', raw, buffer: 'printed', output: 'retracted' });
      return seen.ok ? ok(true) : seen;
    },
  );

  const attest = fromPromise<Result<string, unknown>, { id: string; attempt: number; handedOver: boolean }>(
    async ({ input: { id, attempt, handedOver } }) => operators.sign({ decision: 'hand-over', operationId: id, attempt, handedOver }),
  );

  const conclude = fromPromise<Result<unknown, JournalError>, OutcomeReport>(({ input }) => Promise.resolve(journal.appendOutcome(input)));

  const settle = fromPromise<Result<Receipt, CmsError>, { id: string }>(async ({ input, signal }) => {
    return outbox.deliver(input.id, signal);
  });

  return setup({
    types: {
      context: {} as Context,
      input: {} as ActivationInput,
      events: {} as ActivationEvent,
      output: {} as ActivationOutput,
    },
    delays: { receiptWait: RECEIPT_WAIT_MS },
    actors: { reserve, prepare, authorise, print, watch, retract, attest, conclude, settle },
    actions: {
      stopped: assign({ stop: (_, params: { reason: StopReason }) => params.reason }),
    },
    guards: {
      isHandedOver: ({ context }) => conclusionOf(context).outcome === 'handed-over',
      mayBeOut: ({ context }) => conclusionOf(context).exposed,
    },
  }).createMachine({
    id: 'activation',
    initial: 'reserving',
    context: ({ input }) => ({
      input,
      attempt: FIRST_ATTEMPT,
      reservation: null,
      evidence: null,
      stop: null,
      receipt: null,
      conclusion: null,
      returned: false,
      authorisation: null,
      reprintProblem: null,
      assertion: null,
      handedOver: false,
      citizenTook: false,
    }),
    states: {
      reserving: {
        on: { stop: { target: 'concluding', actions: { type: 'stopped', params: ({ event }) => ({ reason: event.reason }) } } },
        invoke: {
          src: 'reserve',
          input: ({ context }) => context.input,
          onDone: [
            {
              guard: ({ event }) => event.output.ok,
              target: 'preparing',
              actions: assign({ reservation: ({ event }) => (event.output.ok ? event.output.value : null) }),
            },
            {
              guard: ({ event }) => !event.output.ok && event.output.error.kind === 'journal-unwritable',
              target: 'unrecorded',
            },
            {
              target: 'concluding',
              actions: assign({ stop: ({ event }) => (event.output.ok ? null : stopReasonOf(event.output.error)) }),
            },
          ],
          onError: 'unrecorded',
        },
      },
      preparing: {
        on: { stop: { target: 'concluding', actions: { type: 'stopped', params: ({ event }) => ({ reason: event.reason }) } } },
        invoke: {
          src: 'prepare',
          input: ({ context }) => ({ id: context.input.reserve.operationId, attempt: context.attempt }),
          onDone: [
            { guard: ({ event }) => event.output.ok, target: 'printing' },
            {
              target: 'concluding',
              actions: assign({ stop: ({ event }) => (event.output.ok ? null : stopReasonOf(event.output.error)) }),
            },
          ],
          onError: 'unrecorded',
        },
      },
      printing: {
        invoke: {
          id: 'print',
          src: 'print',
          input: ({ context }) => {
            if (context.reservation === null) throw new Error('printing without a reservation');
            return {
              authorisation: context.authorisation,
              slip: {
                ...context.input.slip,
                attempt: context.attempt,
                printedAt: ports.now(),
                secondPart: context.reservation.delivery.secondPart,
              },
            };
          },
          onError: 'unrecorded',
        },
        on: {
          stop: {
            actions: [
              { type: 'stopped', params: ({ event }) => ({ reason: event.reason }) },
              ({ self }) => self.getSnapshot().children['print']?.send({ type: 'stop' }),
            ],
          },
          printed: [
            {
              guard: ({ event, context }) => event.report.ok && event.report.value.evidence.class === 'E2' && context.stop === null,
              target: 'collecting',
              actions: assign({ evidence: ({ event }) => (event.report.ok ? event.report.value.evidence : null) }),
            },
            {
              guard: ({ event, context }) =>
                event.report.ok && context.stop === null && mayReprint(event.report.value, context.attempt, context.input.printAttempts),
              target: 'offering',
              actions: assign({ evidence: ({ event }) => (event.report.ok ? event.report.value.evidence : null), reprintProblem: null }),
            },
            {
              guard: ({ event }) => event.report.ok,
              target: 'ending',
              actions: assign({
                evidence: ({ event }) => (event.report.ok ? event.report.value.evidence : null),
                stop: ({ event, context }) => context.stop ?? (event.report.ok ? stopReasonOfPrint(event.report.value) : 'printer-failed'),
              }),
            },
            { target: 'unrecorded' },
          ],
        },
      },
      /** The print failed and nobody has a slip: an operator who is here may have it printed once more, and nobody else. */
      offering: {
        on: {
          reprint: 'authorising',
          'no-reprint': { target: 'ending', actions: { type: 'stopped', params: { reason: 'printer-failed' } } },
          stop: { target: 'ending', actions: { type: 'stopped', params: ({ event }) => ({ reason: event.reason }) } },
        },
      },
      authorising: {
        on: { stop: { target: 'ending', actions: { type: 'stopped', params: ({ event }) => ({ reason: event.reason }) } } },
        invoke: {
          src: 'authorise',
          input: ({ context, event }) => {
            if (event.type !== 'reprint') throw new Error(`authorising on ${event.type}`);
            return { id: context.input.reserve.operationId, attempt: context.attempt + 1, slip: event.slip };
          },
          onDone: [
            {
              guard: ({ event }) => event.output.ok,
              target: 'preparing',
              // The operator's word has settled the slip before: from here on the new attempt is the one that counts.
              actions: assign({
                attempt: ({ context }) => context.attempt + 1,
                authorisation: ({ event }) => (event.output.ok ? event.output.value : null),
                evidence: null,
              }),
            },
            { guard: ({ event }) => !event.output.ok && event.output.error.kind === 'journal-unwritable', target: 'unrecorded' },
            {
              target: 'offering',
              actions: assign({
                reprintProblem: ({ event }) =>
                  !event.output.ok && event.output.error.kind === 'printer-not-ready' ? 'printer-not-ready' : 'not-signed',
              }),
            },
          ],
          onError: 'unrecorded',
        },
      },
      /** A slip is out. It is handed over by as much as the site's policy wants: an operator's signed word, the sensors, or the citizen's touch. */
      collecting: {
        always: { guard: 'isHandedOver', target: 'concluding' },
        invoke: {
          src: 'watch',
          input: ({ context }) => ({ id: context.input.reserve.operationId, attempt: context.attempt }),
          onDone: [
            {
              guard: ({ event }) => event.output.ok && event.output.value,
              actions: assign({ evidence: ({ context }) => ({ class: 'E3', raw: context.evidence?.raw ?? '' }) }),
            },
            { guard: ({ event }) => !event.output.ok, target: 'unrecorded' },
            {},
          ],
          onError: 'unrecorded',
        },
        on: {
          stop: { target: 'ending', actions: { type: 'stopped', params: ({ event }) => ({ reason: event.reason }) } },
          'hand-over': { target: 'attesting', actions: assign({ handedOver: ({ event }) => event.handedOver }) },
          'citizen-took': { actions: assign({ citizenTook: true }) },
        },
      },
      attesting: {
        invoke: {
          src: 'attest',
          input: ({ context }) => ({ id: context.input.reserve.operationId, attempt: context.attempt, handedOver: context.handedOver }),
          onDone: [
            {
              guard: ({ event }) => event.output.ok,
              target: 'ending',
              actions: assign({
                assertion: ({ event }) => (event.output.ok ? event.output.value : null),
                stop: ({ context }) => (context.handedOver ? null : 'slip-not-collected'),
              }),
            },
            { target: 'collecting' },
          ],
          onError: 'collecting',
        },
      },
      /** A slip that is out, or may be, and in no known hand is taken back, where the printer can. */
      ending: {
        always: { guard: not('mayBeOut'), target: 'concluding' },
        invoke: {
          src: 'retract',
          input: ({ context }) => ({ id: context.input.reserve.operationId, attempt: context.attempt }),
          onDone: [
            {
              guard: ({ event }) => event.output.ok,
              target: 'concluding',
              actions: assign({ returned: ({ event }) => event.output.ok && event.output.value }),
            },
            { target: 'unrecorded' },
          ],
          onError: 'unrecorded',
        },
      },
      concluding: {
        invoke: {
          src: 'conclude',
          input: ({ context }) => reportOf(context),
          onDone: [
            {
              guard: ({ event, context }) => event.output.ok && conclusionOf(context).outcome === 'handed-over',
              target: 'settling',
              actions: assign({ conclusion: ({ context }) => conclusionOf(context) }),
            },
            {
              guard: ({ event }) => event.output.ok,
              target: 'closed',
              actions: assign({ conclusion: ({ context }) => conclusionOf(context) }),
            },
            { target: 'unrecorded' },
          ],
          onError: 'unrecorded',
        },
      },
      /** Only who was handed a slip waits for the receipt: it says whether the second part is on its way. */
      settling: {
        after: { receiptWait: 'closed' },
        invoke: {
          src: 'settle',
          input: ({ context }) => ({ id: context.input.reserve.operationId }),
          onDone: { target: 'closed', actions: assign({ receipt: ({ event }) => (event.output.ok ? event.output.value : null) }) },
          onError: 'closed',
        },
      },
      closed: { type: 'final' },
      /** The records could not be written: nothing more is done; the CMS's own time limit voids what was reserved. */
      unrecorded: { type: 'final', entry: assign({ stop: 'records-unwritable' }) },
    },
    output: ({ context }) => outputOf(context),
  });
}

function stopReasonOfPrint({ failure }: PrintReport): StopReason {
  switch (failure?.kind) {
    case 'paper-part':
      return stopReasonOf(failure.error);
    case 'aborted':
    case 'printer':
    case 'worker-lost':
    case undefined:
      return 'printer-failed';
  }
}

type Context = Facts & { readonly assertion: string | null; readonly handedOver: boolean; readonly citizenTook: boolean };

function conclusionOf({ evidence, returned, handedOver, citizenTook, assertion, stop, input }: Context): Conclusion {
  if (returned) return retracted;
  const operator = handedOver && assertion !== null;
  // Whatever ended the wait without the operator's word, be it a "no", takes the other proofs back.
  const printer = evidence?.class ?? 'E0';
  if (!operator && stop !== null) return unconfirmed(printer);
  return concluded({ printer, citizen: citizenTook, operator }, input.handOverEvidence);
}

function reportOf(context: Context): OutcomeReport {
  const { outcome, class: evidenceClass, exposed } = conclusionOf(context);
  return {
    operationId: context.input.reserve.operationId,
    attempt: context.attempt,
    outcome,
    evidence: { class: evidenceClass, raw: context.evidence?.raw ?? '' },
    exposed,
    reason: context.stop ?? 'handed-over',
    ...(context.assertion === null ? {} : { operatorAssertion: context.assertion }),
  };
}

function outputOf({ conclusion, reservation, receipt, stop }: Context): ActivationOutput {
  const reason = stop ?? 'cms-refused';
  if (conclusion === null) return { codes: reservation === null ? 'not-issued' : 'held', reason };
  if (conclusion.outcome === 'handed-over' && reservation !== null) {
    const { masked } = reservation.delivery.secondPart;
    if (receipt === null) return { codes: 'confirm-pending', masked, until: reservation.expiresAt };
    // A confirm after the CMS's own time limit is refused: the slip is dead (cms.md).
    return receipt.state === stateOfOutcome['handed-over'] ? { codes: 'confirmed', masked } : { codes: 'void', reason };
  }
  if (conclusion.outcome === 'unknown') return { codes: 'held', reason };
  return { codes: reservation === null ? 'not-issued' : 'void', reason };
}
