import { ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { vi } from 'vitest';
import { openPrinter } from '../../../devices/printer/esc-pos.ts';
import { type VirtualPrinter, startVirtualPrinter } from '../../../devices/printer/virtual/virtual-printer.ts';
import { ok } from '../../../devices/result.ts';
import type { OpenPrinter, PrinterStatus } from '../../../devices/printer/contract.ts';
import type { Printing, ReleasePaperPart, SheetPrinting, Slip } from '../../../flows/ports/printing.ts';
import { createLog } from '../../../kiosk/log/log.ts';
import { createPrinting } from '../../../kiosk/printing/printing.ts';
import { processEntry } from '../../../kiosk/project.ts';
import { seal } from '../../../kiosk/reference-cms/sealing.ts';

/** Digits that stand nowhere else. */
export const CANARY = { pin: '73', puk: '8264' } as const;

export const slip: Slip = {
  operationId: '0198c2a4-7a31-7c55-9d02-6f1c22ab90e1',
  attempt: 1,
  operation: 'activation',
  siteName: 'AUSL di Bologna – Sportello centrale',
  printedAt: '2026-06-15T10:00:00Z',
  language: 'it',
  secondPart: { channel: 'email', masked: 'm•••i@example.it' },
  helpLine: '800.033.033',
};
export const FOOTER = '22AB90E1';

export const part = (pin: string = CANARY.pin, puk: string = CANARY.puk): Buffer => Buffer.from(`PIN ${pin} 3\nPUK ${puk} 4\n`, 'ascii');

export const releasing =
  (plaintext: () => Buffer = part): ReleasePaperPart =>
  async (key) => {
    const jwe = await seal(plaintext(), key, 'test');
    if (!jwe.ok) throw new Error(jwe.error);
    return ok({ attempt: 1, jwe: jwe.value });
  };

/** Everything that the core hears from its workers, as it came through the channel, and the workers themselves. */
export interface Overheard {
  readonly messages: unknown[];
  readonly workers: ChildProcess[];
  onMessage: (type: unknown, worker: ChildProcess) => void;
  onSpawn: (worker: ChildProcess) => void;
}

export function overhear(): Overheard {
  const heard: Overheard = { messages: [], workers: [], onMessage: () => undefined, onSpawn: () => undefined };
  // eslint-disable-next-line @typescript-eslint/unbound-method -- called with its own `this` below
  const emit = ChildProcess.prototype.emit;
  vi.spyOn(ChildProcess.prototype, 'emit').mockImplementation(function (this: ChildProcess, event: string | symbol, ...rest: unknown[]) {
    const isWorker = this.spawnargs.includes(processEntry('kiosk/printing/worker.ts'));
    const result = Reflect.apply(emit, this, [event, ...rest]) as boolean;
    if (isWorker && event === 'spawn') {
      heard.workers.push(this);
      heard.onSpawn(this);
    }
    if (isWorker && event === 'message') {
      heard.messages.push(rest[0]);
      heard.onMessage((rest[0] as { type?: unknown }).type, this);
    }
    return result;
  });
  return heard;
}

export interface Desk {
  readonly printer: VirtualPrinter;
  readonly printing: Printing & SheetPrinting & { close(): Promise<void> };
  readonly heard: Overheard;
  readonly logLines: () => string;
  /** All that came out of the printer: slips that were cut, and what hangs. */
  readonly paper: () => string;
  close(): Promise<void>;
}

export async function openDesk(
  options: {
    readonly msPerLine?: number;
    readonly printLimitMs?: number;
    readonly openPrinter?: OpenPrinter;
    readonly presenter?: boolean;
  } = {},
): Promise<Desk> {
  const folder = mkdtempSync(join(tmpdir(), 'printing-'));
  const printer = await startVirtualPrinter({
    link: join(folder, 'printer'),
    out: join(folder, 'slips'),
    msPerLine: options.msPerLine ?? 1,
    presenter: options.presenter ?? false,
  });
  const lines: string[] = [];
  const heard = overhear();
  const printing = createPrinting({
    device: printer.address,
    openPrinter: options.openPrinter ?? openPrinter,
    workerEntry: processEntry('kiosk/printing/worker.ts'),
    log: createLog('test', { write: (line) => void lines.push(line) }),
    pollMs: 50,
    ...(options.printLimitMs === undefined ? {} : { printLimitMs: options.printLimitMs }),
  });
  return {
    printer,
    printing,
    heard,
    logLines: () => lines.join(''),
    paper: () => [...printer.slips().map(({ text }) => text), printer.hanging()].join('\n'),
    async close() {
      await printing.close();
      await printer.close();
    },
  };
}

export async function until(what: string, holds: () => boolean): Promise<void> {
  const limit = performance.now() + 15_000;
  while (!holds()) {
    if (performance.now() > limit) throw new Error(`never came: ${what}`);
    await delay(5);
  }
}

export async function untilStatus(printing: Printing, state: PrinterStatus['state']): Promise<void> {
  await until(`printer ${state}`, () => printing.status().state === state);
}

/** A process that has ended and is only waiting to be read by its parent counts as gone. */
export function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
