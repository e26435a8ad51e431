import { assign, fromCallback, fromPromise, setup } from 'xstate';
import type { Scan } from '../../devices/barcode/contract.ts';
import type { CommandingCardReader, RelayPolicy } from '../../devices/card/contract.ts';
import { type Result, ok } from '../../devices/result.ts';
import { type EnvelopeNumberRule, type TypedNumber, scannedNumber, typeNumber } from '../envelopes/envelope-number.ts';
import type { Envelope, Pile } from '../envelopes/envelope.ts';
import { type EnvelopeRefusal, readEnvelope } from '../envelopes/refusal.ts';
import type { EnvelopeEnd } from '../envelopes/rows.ts';
import { type Cms, type CmsError, type OutcomeReport, type Receipt, stateOfOutcome } from '../ports/cms.ts';
import type { EnvelopeCms, EnvelopeReservation, EnvelopeReserve } from '../ports/envelopes.ts';
import type { Journal, JournalError, JournalRow } from '../ports/journal.ts';
import type { Draw, EnvelopeLedger, LedgerError } from '../ports/ledger.ts';
import type { Operators } from '../ports/operators.ts';
import type { Outbox } from '../ports/outbox.ts';
import type { StopReason } from '../session/status.ts';
import { type ChipReport, setPin } from './chip.ts';
import { type EnvelopeScanner, type ScanEvent, scanning } from './envelope-scan.ts';
import { type EnvelopeConclusion, type EnvelopeProof, concludedEnvelope } from './envelope-conclusion.ts';
import { RECEIPT_WAIT_MS, openAndReserve, stopReasonOfRefusal } from './reservation.ts';

/** What the delivery of an envelope needs from outside. */
export interface DeliveryPorts extends EnvelopeParts {
  readonly journal: Journal;
  readonly operators: Operators;
  readonly outbox: Outbox;
}

/** Of this, what no other operation needs. `scanner`: `null` where the desk has none. */
export interface EnvelopeParts {
  readonly cms: Pick<Cms, 'operations'> & Pick<EnvelopeCms, 'reserveEnvelope' | 'relay'>;
  readonly envelopes: EnvelopeLedger;
  readonly scanner: EnvelopeScanner | null;
  readonly chip: Pick<CommandingCardReader, 'relay'>;
  readonly newRelayId: () => string;
}

export interface DeliveryInput {
  readonly opening: Omit<Extract<JournalRow, { kind: 'OP_OPEN' }>, 'kind'>;
  readonly reserve: EnvelopeReserve;
  readonly pile: Pile;
  readonly numbers: EnvelopeNumberRule;
  readonly relayPolicy: RelayPolicy;
}

/** How a delivery ended: whether the card has the envelope's PIN and the holder the envelope (which, and whether nobody could read the PIN), and why not. */
export type DeliveryOutput =
  | { readonly codes: 'confirmed'; readonly number: string; readonly secured: boolean }
  | { readonly codes: 'confirm-pending'; readonly number: string; readonly secured: boolean; readonly until: string }
  | { readonly codes: 'not-issued' | 'void' | 'held'; readonly reason: StopReason };

export type DeliveryEvent =
  | { readonly type: 'stop'; readonly reason: StopReason }
  | { readonly type: 'operator.envelope-typed'; readonly text: string }
  | { readonly type: 'operator.envelope-missing' }
  | { readonly type: 'operator.hand-over'; readonly handedOver: boolean }
  | ScanEvent
  | { readonly type: 'relayed'; readonly report: Result<ChipReport, JournalError> };

/** Why the number that came was not taken, or none can come. */
export type EnvelopeProblem = EnvelopeRefusal | 'not-the-same' | 'scanner-gone';

interface Facts {
  readonly input: DeliveryInput;
  readonly reservation: EnvelopeReservation | null;
  /** The lot: the envelope in the operation's hands. */
  readonly draw: Draw | null;
  readonly step: EnvelopeProof['step'];
  readonly typed: TypedNumber;
  readonly problem: EnvelopeProblem | null;
  readonly readBy: 'scanner' | 'hand';
  readonly chip: ChipReport | null;
  readonly handedOver: boolean;
  readonly assertion: string | null;
  readonly stop: StopReason | null;
  readonly concluded: boolean;
  readonly receipt: Receipt | null;
}

/** How long the operator has to bring the envelope that was drawn. */
const SCAN_WAIT_MS = 300_000;
/** How long an envelope whose PIN is on the card may wait to be handed over. */
const HAND_OVER_WAIT_MS = 180_000;

function stopReasonOf(failure: CmsError | LedgerError): StopReason {
  switch (failure.kind) {
    case 'unreachable':
    case 'aborted':
      return 'cms-unreachable';
    case 'refused':
      return stopReasonOfRefusal(failure.type);
    case 'journal-unwritable':
      return 'records-unwritable';
    default:
      return 'no-envelopes';
  }
}

/**
 * The delivery of a blind envelope: reservation, lot, scan, the card's PIN set by the CMS over the relay, hand-over, outcome, receipt
 * (SAR 9.3.2, 6 to 9). Nobody on the way sees PIN or PUK. Wherever it stops, card, envelope and CMS are known, or the envelope is put
 * apart and the operation held.
 */
export function deliveryMachine(ports: DeliveryPorts) {
  const { cms, journal, envelopes, scanner, operators, outbox } = ports;
  const find: Find = (number) => envelopes.find(number);

  const reserve = fromPromise<Result<EnvelopeReservation, CmsError | JournalError>, DeliveryInput>(
    ({ input: { opening, reserve: request }, signal }) =>
      openAndReserve(journal, request.operationId, opening, () => cms.reserveEnvelope(request, signal), signal),
  );

  const draw = fromPromise<Result<Draw, LedgerError>, { id: string; pile: Pile }>(({ input }) =>
    Promise.resolve(envelopes.draw(input.id, input.pile)),
  );

  const putApart = fromPromise<Result<void, LedgerError>, { id: string; number: string }>(({ input: { id, number } }) =>
    Promise.resolve(envelopes.put(number, 'quarantined', 'not-found', id)),
  );

  /** The number stands in the journal, and then that the card's PIN may become this envelope's: nothing went to the card before. */
  const bind = fromPromise<Result<unknown, JournalError>, { id: string; number: string; by: 'scanner' | 'hand' }>(
    ({ input: { id, number, by } }) => {
      const scanned = journal.append(id, { kind: 'ENVELOPE_SCANNED', number, by });
      return Promise.resolve(scanned.ok ? journal.append(id, { kind: 'ENVELOPE_BOUND', number }) : scanned);
    },
  );

  /** A relay cannot be left behind: it ends by itself, and what it came to is durable before anybody hears of it. */
  const chip = fromCallback<DeliveryEvent, { input: DeliveryInput; number: string }>(({ input: { input, number }, sendBack }) => {
    const abort = new AbortController();
    const { operationId, card } = input.reserve;
    void setPin(ports, { operationId, envelope: number, certificateDigest: card.certificateDigest }, input.relayPolicy, abort.signal)
      .then((report): Result<ChipReport, JournalError> => {
        const recorded = journal.append(operationId, { kind: 'CHIP_EVIDENCE', ...report });
        return recorded.ok ? ok(report) : recorded;
      })
      .then((report) => sendBack({ type: 'relayed', report }));
    return () => abort.abort();
  });

  const attest = fromPromise<Result<string, unknown>, { id: string; handedOver: boolean }>(async ({ input: { id, handedOver } }) =>
    operators.sign({ decision: 'hand-over', operationId: id, attempt: ATTEMPT, handedOver }),
  );

  const conclude = fromPromise<Result<unknown, JournalError>, { report: OutcomeReport; envelope: EnvelopeEnd | null }>(
    ({ input: { report, envelope } }) => Promise.resolve(journal.appendOutcome(report, envelope ?? undefined)),
  );

  const settle = fromPromise<Result<Receipt, CmsError>, { id: string }>(async ({ input, signal }) => outbox.deliver(input.id, signal));

  return setup({
    types: {
      context: {} as Facts,
      input: {} as DeliveryInput,
      events: {} as DeliveryEvent,
      output: {} as DeliveryOutput,
    },
    delays: { receiptWait: RECEIPT_WAIT_MS, scanWait: SCAN_WAIT_MS, handOverWait: HAND_OVER_WAIT_MS },
    actors: { reserve, draw, putApart, scan: scanning(scanner), bind, chip, attest, conclude, settle },
    actions: {
      stopped: assign({ stop: ({ context }, { reason }: { reason: StopReason }) => context.stop ?? reason }),
    },
  }).createMachine({
    id: 'delivery',
    initial: 'reserving',
    context: ({ input }) => ({
      input,
      reservation: null,
      draw: null,
      step: 'none',
      typed: { state: 'first' },
      problem: null,
      readBy: 'scanner',
      chip: null,
      handedOver: false,
      assertion: null,
      stop: null,
      concluded: false,
      receipt: null,
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
              target: 'drawing',
              actions: assign({ reservation: ({ event }) => (event.output.ok ? event.output.value : null) }),
            },
            { guard: ({ event }) => isUnwritable(event.output), target: 'unrecorded' },
            { target: 'concluding', actions: assign({ stop: ({ event }) => reasonIn(event.output) }) },
          ],
          onError: 'unrecorded',
        },
      },
      drawing: {
        invoke: {
          src: 'draw',
          input: ({ context }) => ({ id: idOf(context), pile: context.input.pile }),
          onDone: [
            {
              guard: ({ event }) => event.output.ok,
              target: 'scanning',
              actions: assign({
                draw: ({ event }) => (event.output.ok ? event.output.value : null),
                step: 'drawn',
                typed: { state: 'first' },
                problem: null,
              }),
            },
            { guard: ({ event }) => isUnwritable(event.output), target: 'unrecorded' },
            { target: 'concluding', actions: assign({ stop: ({ event }) => reasonIn(event.output) }) },
          ],
          onError: 'unrecorded',
        },
      },
      /** The operator takes the envelope that the lot fell on, and has its number read: by the scanner, or typed twice. */
      scanning: {
        after: { scanWait: { target: 'concluding', actions: { type: 'stopped', params: { reason: 'timed-out' } } } },
        invoke: { src: 'scan', onError: { actions: assign({ problem: 'scanner-gone' }) } },
        on: {
          stop: { target: 'concluding', actions: { type: 'stopped', params: ({ event }) => ({ reason: event.reason }) } },
          scanned: [
            {
              guard: ({ context, event }) => scannedIn(context, event.scan, find).ok,
              target: 'binding',
              actions: assign({ readBy: 'scanner', problem: null }),
            },
            {
              actions: assign({
                problem: ({ context, event }) => {
                  const read = scannedIn(context, event.scan, find);
                  return read.ok ? null : read.error;
                },
              }),
            },
          ],
          'scanner-gone': { actions: assign({ problem: 'scanner-gone' }) },
          'scanner-back': { actions: assign({ problem: null }) },
          'operator.envelope-typed': [
            {
              guard: ({ context, event }) => typedIn(context, event.text, find).taken,
              target: 'binding',
              actions: assign({ readBy: 'hand', problem: null }),
            },
            {
              actions: assign(({ context, event }) => {
                const { typed, problem } = typedIn(context, event.text, find);
                return { typed, problem };
              }),
            },
          ],
          'operator.envelope-missing': 'puttingApart',
        },
      },
      /** It is not where the lot fell: it is put apart, and the lot is drawn anew. */
      puttingApart: {
        on: { stop: { actions: { type: 'stopped', params: ({ event }) => ({ reason: event.reason }) } } },
        invoke: {
          src: 'putApart',
          input: ({ context }) => ({ id: idOf(context), number: drawnIn(context).number }),
          onDone: [
            {
              guard: ({ event, context }) => event.output.ok && context.stop === null,
              target: 'drawing',
              actions: assign({ step: 'none' }),
            },
            { guard: ({ event }) => event.output.ok, target: 'concluding', actions: assign({ step: 'none' }) },
            { target: 'unrecorded' },
          ],
          onError: 'unrecorded',
        },
      },
      binding: {
        on: { stop: { actions: { type: 'stopped', params: ({ event }) => ({ reason: event.reason }) } } },
        invoke: {
          src: 'bind',
          input: ({ context }) => ({ id: idOf(context), number: drawnIn(context).number, by: context.readBy }),
          onDone: [
            { guard: ({ event }) => event.output.ok, target: 'setting', actions: assign({ step: 'bound' }) },
            { target: 'unrecorded' },
          ],
          onError: 'unrecorded',
        },
      },
      /** The card is in the CMS's hands. A card that is pulled ends the relay by itself; nothing else does. */
      setting: {
        on: {
          stop: { actions: { type: 'stopped', params: ({ event }) => ({ reason: event.reason }) } },
          relayed: [
            { guard: ({ event }) => !event.report.ok, target: 'unrecorded' },
            {
              guard: ({ event }) => event.report.ok && event.report.value.pin === 'set',
              target: 'handing',
              actions: assign({ chip: ({ event }) => (event.report.ok ? event.report.value : null), stop: null }),
            },
            {
              target: 'concluding',
              actions: assign({
                chip: ({ event }) => (event.report.ok ? event.report.value : null),
                stop: ({ context }) => context.stop ?? 'pin-not-set',
              }),
            },
          ],
        },
        invoke: {
          src: 'chip',
          input: ({ context }) => ({ input: context.input, number: drawnIn(context).number }),
          onError: 'unrecorded',
        },
      },
      /** The card has the envelope's PIN: the operator hands the envelope over, and says so, signed. The card may be out by now. */
      handing: {
        after: { handOverWait: { target: 'concluding', actions: { type: 'stopped', params: { reason: 'envelope-not-handed' } } } },
        on: {
          stop: [
            { guard: ({ event }) => event.reason === 'card-removed' },
            { target: 'concluding', actions: { type: 'stopped', params: ({ event }) => ({ reason: event.reason }) } },
          ],
          'operator.hand-over': { target: 'attesting', actions: assign({ handedOver: ({ event }) => event.handedOver }) },
        },
      },
      attesting: {
        invoke: {
          src: 'attest',
          input: ({ context }) => ({ id: idOf(context), handedOver: context.handedOver }),
          onDone: [
            {
              guard: ({ event }) => event.output.ok,
              target: 'concluding',
              actions: assign({
                assertion: ({ event }) => (event.output.ok ? event.output.value : null),
                stop: ({ context }) => (context.handedOver ? null : 'envelope-not-handed'),
              }),
            },
            { target: 'handing', actions: assign({ handedOver: false }) },
          ],
          onError: { target: 'handing', actions: assign({ handedOver: false }) },
        },
      },
      concluding: {
        invoke: {
          src: 'conclude',
          input: ({ context }) => ({ report: reportOf(context), envelope: endOf(context) }),
          onDone: [
            { guard: ({ event }) => !event.output.ok, target: 'unrecorded' },
            {
              guard: ({ context }) => conclusionOf(context).outcome === 'handed-over',
              target: 'settling',
              actions: assign({ concluded: true }),
            },
            { target: 'closed', actions: assign({ concluded: true }) },
          ],
          onError: 'unrecorded',
        },
      },
      settling: {
        after: { receiptWait: 'closed' },
        invoke: {
          src: 'settle',
          input: ({ context }) => ({ id: idOf(context) }),
          onDone: { target: 'closed', actions: assign({ receipt: ({ event }) => (event.output.ok ? event.output.value : null) }) },
          onError: 'closed',
        },
      },
      closed: { type: 'final' },
      /** The records could not be written: nothing more is done; a start brings it to its end from the rows that stand. */
      unrecorded: { type: 'final', entry: assign({ stop: 'records-unwritable' }) },
    },
    output: ({ context }) => outputOf(context),
  });
}

/** One envelope, one relay's worth of codes: there is no second attempt within an operation. */
const ATTEMPT = 1;

function idOf({ input }: Facts): string {
  return input.reserve.operationId;
}

function drawnIn({ draw }: Facts): Draw {
  if (draw === null) throw new Error('no envelope was drawn');
  return draw;
}

function isUnwritable(result: Result<unknown, CmsError | LedgerError>): boolean {
  return !result.ok && result.error.kind === 'journal-unwritable';
}

function reasonIn(result: Result<unknown, CmsError | LedgerError>): StopReason | null {
  return result.ok ? null : stopReasonOf(result.error);
}

type Find = (number: string) => Envelope | undefined;

function scannedIn({ input }: Facts, scan: Scan, find: Find): Result<Envelope, EnvelopeRefusal> {
  return readEnvelope(scannedNumber(scan, input.numbers), find, { operationId: input.reserve.operationId, pile: input.pile });
}

/** One entry by hand: taken when two agree and it is the envelope that was drawn. */
function typedIn(
  { input, typed: before }: Facts,
  text: string,
  find: Find,
): { readonly taken: boolean; readonly typed: TypedNumber; readonly problem: EnvelopeProblem | null } {
  const { now, problem } = typeNumber(before, text, input.numbers);
  if (now.state !== 'agreed') return { taken: false, typed: now, problem };
  const read = readEnvelope(ok(now.number), find, { operationId: input.reserve.operationId, pile: input.pile });
  return read.ok ? { taken: true, typed: now, problem: null } : { taken: false, typed: { state: 'first' }, problem: read.error };
}

function conclusionOf({ step, chip, handedOver, assertion }: Facts): EnvelopeConclusion {
  return concludedEnvelope({ step, pin: chip?.pin ?? null, handedOver: handedOver && assertion !== null });
}

function endOf(context: Facts): EnvelopeEnd | null {
  const { to } = conclusionOf(context);
  return to === null ? null : { number: drawnIn(context).number, to };
}

function reportOf(context: Facts): OutcomeReport {
  const { outcome, class: evidenceClass } = conclusionOf(context);
  return {
    operationId: idOf(context),
    attempt: ATTEMPT,
    outcome,
    evidence: { class: evidenceClass, raw: '' },
    exposed: false,
    reason: context.stop ?? 'handed-over',
    ...(context.assertion === null ? {} : { operatorAssertion: context.assertion }),
  };
}

function outputOf(context: Facts): DeliveryOutput {
  const { concluded, reservation, receipt, stop } = context;
  const reason = stop ?? 'cms-refused';
  const { outcome } = conclusionOf(context);
  if (!concluded) return { codes: reservation === null ? 'not-issued' : 'held', reason };
  if (outcome === 'handed-over' && reservation !== null) {
    const envelope = { number: drawnIn(context).number, secured: context.chip?.secured ?? false };
    if (receipt === null) return { codes: 'confirm-pending', ...envelope, until: reservation.expiresAt };
    return receipt.state === stateOfOutcome['handed-over'] ? { codes: 'confirmed', ...envelope } : { codes: 'void', reason };
  }
  if (outcome === 'unknown') return { codes: 'held', reason };
  return { codes: reservation === null ? 'not-issued' : 'void', reason };
}
