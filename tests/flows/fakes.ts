import type { CardReading, CardStatus, CodeError, CommandingCardReader } from '../../devices/card/contract.ts';
import type { PrinterStatus, PrintEvidence } from '../../devices/printer/contract.ts';
import { type Result, err, ok } from '../../devices/result.ts';
import type { Cms, CmsError, OperationView, Outcome, OutcomeReport, Receipt, Reservation } from '../../flows/ports/cms.ts';
import type { EnvelopeEnd } from '../../flows/envelopes/rows.ts';
import { stateOfOutcome } from '../../flows/ports/cms.ts';
import type { Concluded, Journal, JournalEntry, JournalError, JournalRow } from '../../flows/ports/journal.ts';
import type { OperatorDecision, Operators } from '../../flows/ports/operators.ts';
import type { OutputReport, Printing, PrintReport, Sheet, SheetPrinting } from '../../flows/ports/printing.ts';
import { usualRelayPolicy } from '../../devices/card/relay.ts';
import type { DeskRules, SessionPorts } from '../../flows/session/facts.ts';
import { settle } from '../../flows/operations/settlement.ts';
import type { Outbox } from '../../flows/ports/outbox.ts';

/** In-memory stand-ins for the ports: pure logic is tested against them, and against nothing else. */
export class FakeJournal implements Journal {
  readonly entries: JournalEntry[] = [];
  readonly waiting: OutcomeReport[] = [];
  /** Rows of this kind cannot be written. */
  broken: JournalRow['kind'] | null = null;

  append(operationId: string, row: JournalRow): Result<JournalEntry, JournalError> {
    if (row.kind === this.broken) return err({ kind: 'journal-unwritable', detail: 'disk full' });
    const entry = { sequence: this.entries.length + 1, operationId, at: '2026-11-22T10:00:00.000Z', row };
    this.entries.push(entry);
    return ok(entry);
  }

  appendOutcome(report: OutcomeReport, envelope?: EnvelopeEnd): Result<JournalEntry, JournalError> {
    const { outcome, evidence, exposed, reason } = report;
    const end = envelope === undefined ? {} : { envelope };
    const appended = this.append(report.operationId, { kind: 'OUTCOME', outcome, class: evidence.class, exposed, reason, ...end });
    if (appended.ok) this.waiting.push(report);
    return appended;
  }

  appendResolution(row: Extract<JournalRow, { kind: 'RESOLUTION' }>, report: OutcomeReport): Result<JournalEntry, JournalError> {
    const appended = this.append(report.operationId, row);
    if (appended.ok) this.waiting.push(report);
    return appended;
  }

  appendReceipt(operationId: string, row: Extract<JournalRow, { kind: 'RECEIPT' }>): Result<JournalEntry, JournalError> {
    const appended = this.append(operationId, row);
    if (appended.ok)
      this.waiting.splice(
        this.waiting.findIndex((report) => report.operationId === operationId),
        1,
      );
    return appended;
  }

  appendOutcomes(outcomes: readonly Concluded[]): Result<readonly JournalEntry[], JournalError> {
    return this.#allOrNone(() => outcomes.map(({ report, envelope }) => this.appendOutcome(report, envelope)));
  }

  appendReceipts(receipts: readonly Receipt[]): Result<readonly JournalEntry[], JournalError> {
    return this.#allOrNone(() =>
      receipts.flatMap(({ operationId, state, sequence, jws }) => [
        this.appendReceipt(operationId, { kind: 'RECEIPT', state, cmsSequence: sequence, jws }),
        ...(state === 'HELD' ? [] : [this.append(operationId, { kind: 'CLOSED', state })]),
      ]),
    );
  }

  #allOrNone(work: () => readonly Result<JournalEntry, JournalError>[]): Result<readonly JournalEntry[], JournalError> {
    const [entries, waiting] = [[...this.entries], [...this.waiting]];
    const made: JournalEntry[] = [];
    for (const one of work()) {
      if (one.ok) made.push(one.value);
      else {
        this.entries.splice(0, Infinity, ...entries);
        this.waiting.splice(0, Infinity, ...waiting);
        return one;
      }
    }
    return ok(made);
  }

  rowsOf(operationId: string): JournalEntry[] {
    return this.entries.filter((entry) => entry.operationId === operationId);
  }

  open(): { operationId: string; rows: JournalEntry[] }[] {
    const ids = [...new Set(this.entries.map(({ operationId }) => operationId))];
    return ids
      .map((operationId) => ({ operationId, rows: this.entries.filter((entry) => entry.operationId === operationId) }))
      .filter(({ rows }) => rows.at(-1)?.row.kind !== 'CLOSED');
  }

  outbox(): OutcomeReport[] {
    return [...this.waiting];
  }

  digest(kind: 'holder' | 'card', value: string): string {
    return `${kind}:${value.length}`;
  }

  kinds(): JournalRow['kind'][] {
    return this.entries.map(({ row }) => row.kind);
  }

  outcome(): { outcome: Outcome; exposed: boolean; reason: string; class: string } | undefined {
    const row = this.entries.find((entry) => entry.row.kind === 'OUTCOME')?.row;
    if (row?.kind !== 'OUTCOME') return undefined;
    const { outcome, exposed, reason, class: evidenceClass } = row;
    return { outcome, exposed, reason, class: evidenceClass };
  }
}

export const reservation = (operationId: string): Reservation => ({
  operationId,
  state: 'RESERVED',
  expiresAt: '2026-11-25T10:00:00.000Z',
  delivery: {
    scheme: 'split',
    paper: [{ code: 'PIN', characters: 2, of: 5 }],
    secondPart: { channel: 'email', masked: 'm•••@example.org' },
  },
});

export class FakeCms implements Cms {
  readonly reports: OutcomeReport[] = [];
  /** What each call answers instead of success. */
  fails: Partial<Record<keyof Cms, CmsError>> = {};
  /** Calls that never answer until their signal ends them. */
  hangs: Partial<Record<keyof Cms, boolean>> = {};
  rightCode = '123456';
  lateVoid = false;
  /** What the CMS has of each operation. */
  views: OperationView[] = [];

  async #answer<T>(call: keyof Cms, signal: AbortSignal, value: () => T): Promise<Result<T, CmsError>> {
    if (this.hangs[call] === true) {
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
      return err({ kind: 'aborted' });
    }
    const failure = this.fails[call];
    return await Promise.resolve(failure === undefined ? ok(value()) : err(failure));
  }

  sendContactCode: Cms['sendContactCode'] = (_, signal) =>
    this.#answer('sendContactCode', signal, () => ({
      contactId: 'contact-1',
      expiresAt: '2026-11-22T10:10:00.000Z',
      resendAfter: '2026-11-22T10:00:30.000Z',
      triesLeft: 3,
    }));

  proveContact: Cms['proveContact'] = async ({ code }, signal) => {
    const right = new TextDecoder().decode(code.expose()) === this.rightCode;
    if (!right) return err({ kind: 'refused', type: 'wrong-code', title: 'wrong code' });
    return this.#answer('proveContact', signal, () => 'proof');
  };

  provePriorCard: Cms['provePriorCard'] = (_, signal) => this.#answer('provePriorCard', signal, () => 'proof.of.card');

  reserve: Cms['reserve'] = ({ operationId }, signal) => this.#answer('reserve', signal, () => reservation(operationId));

  releasePaperPart: Cms['releasePaperPart'] = ({ attempt }, signal) =>
    this.#answer('releasePaperPart', signal, () => ({ attempt, jwe: 'sealed' }));

  reportOutcome: Cms['reportOutcome'] = (report, signal) =>
    this.#answer('reportOutcome', signal, (): Receipt => {
      this.reports.push(report);
      const state = this.lateVoid ? 'VOIDED' : stateOfOutcome[report.outcome];
      return {
        operationId: report.operationId,
        state,
        sequence: this.reports.length,
        at: '2026-11-22T10:01:00.000Z',
        jws: 'receipt.of.cms',
      };
    });

  reportOutcomes: Cms['reportOutcomes'] = async (reports, signal) =>
    ok(await Promise.all(reports.map((report) => this.reportOutcome(report, signal))));

  countDay: Cms['countDay'] = (day, signal) => this.#answer('countDay', signal, () => ({ day, releases: [] }));

  operations: Cms['operations'] = (_, signal) => this.#answer('operations', signal, () => this.views);
}

export const evidence = (evidenceClass: PrintEvidence['class'], buffer: PrintEvidence['buffer']): PrintEvidence => ({
  class: evidenceClass,
  raw: evidenceClass === 'E2' ? '372241424344' : '',
  status: { state: evidenceClass === 'E1' ? 'paper-out' : 'ready' },
  buffer,
});

export class FakePrinting implements Printing, SheetPrinting {
  state: PrinterStatus = { state: 'ready' };
  report: PrintReport = { evidence: evidence('E2', 'printed'), failure: null };
  prints = 0;
  cleared = 0;
  clears = true;
  /** The print waits until it is told to stop. */
  hangs = false;
  readonly #listeners = new Set<(status: PrinterStatus) => void>();

  status = (): PrinterStatus => this.state;
  onStatus = (listener: (status: PrinterStatus) => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };
  become(state: PrinterStatus): void {
    this.state = state;
    for (const listener of this.#listeners) listener(state);
  }
  check = (): Promise<PrinterStatus> => Promise.resolve(this.state);
  print: Printing['print'] = async (_slip, release, signal) => {
    this.prints += 1;
    const sealed = await release({ kty: 'OKP', crv: 'X25519', x: 'key' }, signal);
    if (!sealed.ok) return { evidence: evidence('E0', 'needless'), failure: { kind: 'paper-part', error: sealed.error } };
    if (!this.hangs) return this.report;
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    return { evidence: evidence('E1', 'cleared'), failure: { kind: 'aborted' } };
  };
  /** What a presenter says; without one nobody knows. */
  output: OutputReport = { slip: 'not-known', raw: '' };
  taken: OutputReport = { slip: 'not-known', raw: '' };
  retracted = 0;
  retract = (): Promise<OutputReport> => {
    this.retracted += 1;
    return Promise.resolve(this.output);
  };
  readonly sheets: Sheet[] = [];
  sheetEvidence = evidence('E2', 'printed');
  printSheet = (sheet: Sheet): Promise<PrintEvidence> => {
    this.sheets.push(sheet);
    return Promise.resolve(this.sheetEvidence);
  };
  watchOutput = (): Promise<OutputReport> => Promise.resolve(this.taken);
  clear = (): Promise<boolean> => {
    this.cleared += 1;
    return Promise.resolve(this.clears);
  };
}

export class FakeOperators implements Operators {
  operator: { id: string; displayName: string } | null = { id: 'op-1', displayName: 'Operatore 1' };
  readonly signed: string[] = [];
  readonly decisions: OperatorDecision[] = [];
  signOn: Operators['signOn'] = () => Promise.resolve(err({ kind: 'unknown-operator' }));
  signOff = (): void => {
    this.operator = null;
  };
  signedOn: Operators['signedOn'] = () => this.operator;
  active = (): void => undefined;
  onSignedOff = (): (() => void) => () => undefined;
  sign: Operators['sign'] = (decision) => {
    if (this.operator === null) return Promise.resolve(err({ kind: 'not-signed-on' }));
    this.signed.push(decision.decision);
    this.decisions.push(decision);
    return Promise.resolve(ok(`jws:${decision.decision}`));
  };
}

/** Delivers at once, through the same settlement as production. */
export function fakeOutbox(cms: Cms, journal: Journal): Outbox {
  return {
    attention: () => [],
    async deliver(operationId, signal) {
      const report = journal.outbox().find((waiting) => waiting.operationId === operationId);
      if (report === undefined) return err({ kind: 'unreachable', detail: 'nothing waits' });
      const settled = await settle({ cms, journal }, report, signal);
      if (settled.ok || settled.error.kind !== 'journal-unwritable') return settled as Result<Receipt, CmsError>;
      return err({ kind: 'unreachable', detail: settled.error.detail });
    },
  };
}

/** A specimen's reading: nobody's data. */
export const specimenReading: CardReading = {
  reader: 'Virtual PCD 00 00',
  atr: '3BFF1800008131FE45006B05052000012101434E5310318079',
  series: 'idemia-2021',
  cardId: '6080000000000001',
  personalData: {
    issuer: '0080',
    issueDate: '2024-01-10',
    expiryDate: '2030-01-10',
    surname: 'ROSSI',
    name: 'MARIO',
    birthDate: '1972-07-09',
    sex: 'M',
    height: '',
    fiscalCode: 'RSSMRA72L09H501S',
    citizenship: '',
    birthMunicipality: 'H501',
    birthCountry: '',
    birthAct: '',
    residenceMunicipality: 'A944',
    residenceAddress: '',
    travelNote: '',
  },
  personalDataFile: '',
  certificate: '',
  pin: { triesLeft: null },
  puk: { triesLeft: null },
  timing: { totalMs: 1, apdus: 1 },
};

export class FakeCard {
  state: CardStatus = { state: 'empty', reader: 'Virtual PCD 00 00' };
  reading: CardReading = specimenReading;
  readonly #listeners = new Set<(status: CardStatus) => void>();
  status = (): CardStatus => this.state;
  onStatus = (listener: (status: CardStatus) => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };
  become(state: CardStatus): void {
    this.state = state;
    for (const listener of this.#listeners) listener(state);
  }
  insert = (): void => this.become({ state: 'present', reader: 'Virtual PCD 00 00', atr: this.reading.atr });
  remove = (): void => this.become({ state: 'empty', reader: 'Virtual PCD 00 00' });
  read = (): Promise<Result<CardReading, never>> => Promise.resolve(ok(this.reading));
  /** What the card says of a PUK and a new PIN. */
  unblocked: Result<void, CodeError> = ok();
  /** What its key says of a challenge after the PIN. */
  signed: Result<Uint8Array, CodeError> = ok(new Uint8Array(256));
  authenticate: CommandingCardReader['authenticate'] = () => Promise.resolve(this.signed);
  unblockPin = (): Promise<Result<void, CodeError>> => Promise.resolve(this.unblocked);
  close = (): Promise<void> => Promise.resolve();
}

/** The parts of a desk whose profile delivers no envelopes: nobody asks them for anything but where things are. */
export const noEnvelopes: SessionPorts['envelope'] = {
  cms: {
    operations: () => unexpected('operations'),
    reserveEnvelope: () => unexpected('reserveEnvelope'),
    relay: () => unexpected('relay'),
    envelopeBatches: () => unexpected('envelopeBatches'),
    countEnvelopes: () => unexpected('countEnvelopes'),
  },
  envelopes: {
    find: () => undefined,
    all: () => [],
    tally: () => [],
    shift: () => null,
    openShift: () => unexpected('openShift'),
    receive: () => unexpected('receive'),
    assign: () => unexpected('assign'),
    draw: () => unexpected('draw'),
    put: () => unexpected('put'),
    count: () => unexpected('count'),
  },
  scanner: null,
  chip: { relay: () => unexpected('relay') },
  newRelayId: () => unexpected('newRelayId'),
  digest: () => unexpected('digest'),
};

function unexpected(call: string): never {
  throw new Error(`${call} of a desk without envelopes`);
}

export const noEnvelopeRules: DeskRules['envelope'] = { pile: 'operator', relayPolicy: usualRelayPolicy };
