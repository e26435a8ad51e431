import { setTimeout as delay } from 'node:timers/promises';
import { withAny } from '../../devices/deadline.ts';
import { mayPrint, type OpenPrinter, type PrintEvidence, type Printer, type PrinterStatus } from '../../devices/printer/contract.ts';
import type { OutputReport, Printing, PrintReport, ReleasePaperPart, Sheet, SheetPrinting, Slip } from '../../flows/ports/printing.ts';
import type { Log } from '../log/log.ts';
import { feedAndCut } from './paper.ts';
import { composeSheet } from './sheet.ts';
import { type WorkerEnd, runWorker } from './worker-process.ts';

export interface PrintingOptions {
  /** The printer's address, as `openPrinter` takes it. */
  readonly device: string;
  readonly openPrinter: OpenPrinter;
  /** The built print worker: `processEntry('kiosk/printing/worker.ts')`. */
  readonly workerEntry: string;
  readonly log: Log;
  /** Milliseconds between two looks at a printer that answers. */
  readonly pollMs?: number;
  /** Milliseconds for one whole print. */
  readonly printLimitMs?: number;
  /** Milliseconds a stopped worker has to clear the printer before it is killed. */
  readonly graceMs?: number;
}

const OPEN_LIMIT_MS = 5_000;
const FIRST_RETRY_MS = 250;
const LAST_RETRY_MS = 5_000;
const OUTPUT_POLL_MS = 200;
/** A sheet that nobody takes from the presenter stands in the way of the next slip. */
const SHEET_IN_OUTPUT_MS = 20_000;
const notKnown: OutputReport = { slip: 'not-known', raw: '' };

/**
 * The printer in the core's hands. One thing at a time has the port: a look at the status, a clearing, or a print, for which the core
 * gives the port to a worker and takes it back. A printer that did not acknowledge a clearing is `locked` until it does.
 */
export function createPrinting(options: PrintingOptions): Printing & SheetPrinting & { close(): Promise<void> } {
  const { device, openPrinter, workerEntry, log, pollMs = 2_000, printLimitMs = 60_000, graceMs = 8_000 } = options;
  const closing = new AbortController();
  const listeners = new Set<(status: PrinterStatus) => void>();
  let connection: Printer | null = null;
  let seen: PrinterStatus = { state: 'disconnected', detail: 'not opened yet' };
  /** Until a clearing is acknowledged nobody knows what the printer still holds: not at the start either. */
  let locked = true;
  /** A piece of slip may hang from the printer: it must not come out with the next person's. */
  let torn = false;
  /** The last slip was seen in the presenter's output. */
  let inOutput = false;
  /** The last sheet left the output, or was taken back. */
  let sheetGone = Promise.resolve();
  let retryMs = FIRST_RETRY_MS;
  let next: NodeJS.Timeout | undefined;

  let turn: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const mine = turn.then(work);
    turn = mine.catch(() => undefined);
    return mine;
  };

  function status(): PrinterStatus {
    return locked && seen.state !== 'disconnected' ? { state: 'locked' } : seen;
  }

  function change(apply: () => void): void {
    const before = status();
    apply();
    const now = status();
    if (JSON.stringify(before) === JSON.stringify(now)) return;
    if (before.state !== now.state) log.event('printer-status', { state: now.state });
    for (const listener of listeners) listener(now);
  }

  async function connect(): Promise<Printer | null> {
    if (connection !== null) return connection;
    const opened = await withAny([closing.signal, AbortSignal.timeout(OPEN_LIMIT_MS)], (signal) => openPrinter(device, signal));
    if (opened.ok) {
      connection = opened.value;
    } else {
      const detail = opened.error.kind === 'disconnected' ? opened.error.detail : 'did not open in time';
      change(() => (seen = { state: 'disconnected', detail }));
    }
    return connection;
  }

  async function disconnect(): Promise<void> {
    const gone = connection;
    connection = null;
    await gone?.close();
  }

  /** One look at the printer; on the way a locked one is asked again to clear its buffers. */
  async function look(): Promise<PrinterStatus> {
    const printer = await connect();
    if (printer === null) return status();
    if (locked && (await printer.clear())) change(() => (locked = false));
    let now = await printer.status(closing.signal);
    if (torn && !locked && mayPrint(now)) now = await cutOff(printer);
    if (now.state === 'disconnected') await disconnect();
    change(() => (seen = now));
    return status();
  }

  /** Cuts off what hangs from the printer; it is gone only if the printer says that it cut. */
  async function cutOff(printer: Printer): Promise<PrinterStatus> {
    const { class: evidenceClass, buffer, status: after } = await printer.print(Uint8Array.from(feedAndCut), closing.signal);
    torn = evidenceClass !== 'E2';
    const kept = await printer.presenter?.retract(closing.signal);
    if (kept !== undefined) return await printer.status(closing.signal);
    if (buffer === 'locked') change(() => (locked = true));
    return after;
  }

  /** For what cannot be known: empties the printer, and has what may hang from it cut off before anything else is printed. */
  async function clearBuffers(): Promise<boolean> {
    const printer = await connect();
    const cleared = printer !== null && (await printer.clear());
    torn = true;
    change(() => (locked = !cleared));
    return cleared;
  }

  /** The port is taken for each look alone: whoever must clear the printer in between can. */
  async function watchOutput(signal: AbortSignal): Promise<OutputReport> {
    while (!signal.aborted) {
      const seen = await inTurn(async () => (await connect())?.presenter?.read(signal) ?? null);
      if (seen === null) return notKnown;
      if (seen.inOutput === false) return { slip: inOutput ? 'taken' : 'nothing-there', raw: seen.raw };
      if (seen.inOutput === true) inOutput = true;
      if (seen.inOutput === null && (await inTurn(look)).state === 'disconnected') return notKnown;
      await pause(OUTPUT_POLL_MS, signal);
    }
    return notKnown;
  }

  async function retract(): Promise<OutputReport> {
    const presenter = (await connect())?.presenter ?? null;
    if (presenter === null) return notKnown;
    const before = await presenter.read(closing.signal);
    if (before.inOutput !== true) return { slip: before.inOutput === null ? 'not-known' : 'nothing-there', raw: before.raw };
    const { inOutput: left, raw } = await presenter.retract(closing.signal);
    inOutput = false;
    await look();
    return left === false ? { slip: 'retracted', raw } : { slip: 'not-known', raw };
  }

  function watch(): void {
    if (closing.signal.aborted) return;
    retryMs = connection === null ? Math.min(retryMs * 2, LAST_RETRY_MS) : FIRST_RETRY_MS;
    next = setTimeout(() => void inTurn(look).finally(watch), connection === null ? retryMs : pollMs);
  }
  void inTurn(look).finally(watch);

  async function print(slip: Slip, release: ReleasePaperPart, signal: AbortSignal): Promise<PrintReport> {
    if (locked || torn) await look();
    if (locked || torn) return { evidence: nothingSent(status()), failure: { kind: 'printer', status: status() } };
    if (signal.aborted) return { evidence: nothingSent(seen), failure: { kind: 'aborted' } };
    await disconnect();
    const end = await runWorker({ entry: workerEntry, device, slip, release, signal, limitMs: printLimitMs, graceMs });
    const report = await reportOf(end, signal);
    if (report.evidence.class === 'E1' && end.kind !== 'lost') torn = true;
    inOutput = report.evidence.status.state === 'slip-in-output';
    if (report.evidence.buffer === 'locked') change(() => (locked = true));
    await look();
    return report;
  }

  async function printSheet(sheet: Sheet, signal: AbortSignal): Promise<PrintEvidence> {
    if (locked || torn) await look();
    const printer = await connect();
    if (locked || torn || printer === null || signal.aborted) return nothingSent(status());
    const evidence = await printer.print(composeSheet(sheet), signal);
    if (evidence.class === 'E1') torn = true;
    inOutput = evidence.status.state === 'slip-in-output';
    if (evidence.buffer === 'locked') change(() => (locked = true));
    await look();
    return evidence;
  }

  async function sheetTaken(): Promise<void> {
    if (!inOutput) return;
    const report = await withAny([closing.signal, AbortSignal.timeout(SHEET_IN_OUTPUT_MS)], watchOutput);
    if (report.slip === 'not-known') await inTurn(retract);
  }

  async function reportOf(end: WorkerEnd, signal: AbortSignal): Promise<PrintReport> {
    switch (end.kind) {
      case 'printed':
        return { evidence: end.evidence, failure: null };
      case 'printer':
        return { evidence: end.evidence, failure: { kind: 'printer', status: end.evidence.status } };
      case 'paper-part':
        return { evidence: end.evidence, failure: signal.aborted ? { kind: 'aborted' } : { kind: 'paper-part', error: end.error } };
      case 'stopped':
        return {
          evidence: end.evidence,
          failure: signal.aborted ? { kind: 'aborted' } : { kind: 'worker-lost', detail: 'stopped, its time was up' },
        };
      case 'lost': {
        const evidence = end.sending ? await afterLoss() : nothingSent(seen);
        return { evidence, failure: signal.aborted ? { kind: 'aborted' } : { kind: 'worker-lost', detail: end.detail } };
      }
    }
  }

  /** The worker went between its announcement and its report: it may have printed, so the core clears what is left of it. */
  async function afterLoss(): Promise<PrintEvidence> {
    const cleared = await clearBuffers();
    await look();
    return { class: 'E1', raw: '', status: seen, buffer: cleared ? 'cleared' : 'locked' };
  }

  return {
    status,
    onStatus(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    check: (signal) => orAborted(inTurn(look), signal, status),
    clear: (signal) => orAborted(inTurn(clearBuffers), signal, () => false),
    watchOutput: (signal) => withAny([signal, closing.signal], watchOutput),
    retract: (signal) => orAborted(inTurn(retract), signal, () => notKnown),
    print: (slip, release, signal) =>
      inTurn(async () => {
        log.event('print-begun', { operation: slip.operationId, attempt: slip.attempt });
        const report = await withAny([signal, closing.signal], (either) => print(slip, release, either));
        const { evidence, failure } = report;
        log.event('print-ended', {
          operation: slip.operationId,
          attempt: slip.attempt,
          class: evidence.class,
          buffer: evidence.buffer,
          failure: failure?.kind ?? 'none',
          detail: failure?.kind === 'worker-lost' ? failure.detail : evidence.status.state,
        });
        return report;
      }),
    async printSheet(sheet, signal) {
      await sheetGone;
      const evidence = await inTurn(() => withAny([signal, closing.signal], (either) => printSheet(sheet, either)));
      log.event('sheet-printed', { class: evidence.class, buffer: evidence.buffer, state: evidence.status.state });
      sheetGone = sheetTaken();
      return evidence;
    },
    async close() {
      closing.abort();
      clearTimeout(next);
      await sheetGone;
      await turn;
      await disconnect();
      listeners.clear();
    },
  };
}

function nothingSent(status: PrinterStatus): PrintEvidence {
  return { class: 'E0', raw: '', status, buffer: 'needless' };
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => undefined);
}

async function orAborted<T>(work: Promise<T>, signal: AbortSignal, instead: () => T): Promise<T> {
  return await withAny(
    [signal],
    (given) =>
      new Promise((resolve, reject) => {
        if (given.aborted) resolve(instead());
        given.addEventListener('abort', () => resolve(instead()), { once: true });
        work.then(resolve, reject);
      }),
  );
}
