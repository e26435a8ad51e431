import { escPosPrinter } from '../../../devices/printer/esc-pos.ts';
import type { Printer } from '../../../devices/printer/contract.ts';
import type { Transport, TransportError } from '../../../devices/printer/transport.ts';
import { type Mechanism, startMechanism } from '../../../devices/printer/virtual/mechanism.ts';
import { paperText } from '../../../devices/printer/virtual/paper.ts';
import { type Result, err, ok } from '../../../devices/result.ts';

/** What befalls the printer, and what a person does so that it can print again. */
export const faults = ['unplug', 'power-cycle', 'paper-out'] as const;
export type Fault = (typeof faults)[number];

/**
 * A printer on a line within this process, which is fast and exact: the fault befalls it between two certain bytes. Driver and mechanism are those that
 * meet over a pseudo-terminal elsewhere.
 */
export class FaultyPrinter {
  readonly papers: string[] = [];
  readonly #mechanism: Mechanism;
  #line: { readonly gone: AbortController; hear: (bytes: Uint8Array) => void } | null = null;
  #received = 0;
  #fault: { readonly fault: Fault; readonly after: number } | null = null;
  #off = false;

  constructor() {
    this.#mechanism = startMechanism({
      msPerLine: 0,
      say: (bytes) => this.#line?.hear(bytes.slice()),
      cut: (slip) => this.papers.push(paperText(slip)),
    });
  }

  /** A new connection; the one before is gone. */
  connect(): Printer {
    this.#line?.gone.abort('another connection');
    const gone = new AbortController();
    const line = { gone, hear: (_: Uint8Array): void => undefined };
    this.#line = line;
    const transport: Transport = {
      gone: gone.signal,
      listen: (listener) => {
        line.hear = (bytes) => setImmediate(() => !gone.signal.aborted && listener(bytes));
      },
      discard: () => Promise.resolve(),
      write: (bytes, signal) => Promise.resolve(this.#write(bytes, line, signal)),
      close: () => {
        gone.abort('closed');
        return Promise.resolve();
      },
    };
    return escPosPrinter(transport, { replyMs: 1_000, clearMs: 1_000, completionMs: 3_000, completionMsPerByte: 0 });
  }

  /** From now on bytes are counted, and after so many of them the fault befalls the printer. */
  befall(fault: Fault, after: number): void {
    this.#received = 0;
    this.#fault = { fault, after };
  }

  /** What a person does, and waits for: the plug is back in, the roll is a new one, the printer has started again. */
  repair(): void {
    this.#fault = null;
    this.#off = false;
    this.#mechanism.incident('paper-ok');
  }

  hanging(): string {
    return paperText(this.#mechanism.hanging());
  }

  stop(): void {
    this.#mechanism.stop();
  }

  #write(bytes: Uint8Array, line: { readonly gone: AbortController }, signal: AbortSignal): Result<void, TransportError> {
    for (const byte of bytes) {
      if (line.gone.signal.aborted) return err({ kind: 'gone', detail: String(line.gone.signal.reason) });
      if (signal.aborted) return err({ kind: 'aborted' });
      if (this.#fault?.after === this.#received) this.#happen(this.#fault.fault, line);
      this.#received += 1;
      // A printer that starts takes seconds, in which it hears nothing.
      if (hasEnded(line.gone.signal) || this.#off) continue;
      this.#mechanism.receive(Uint8Array.of(byte));
    }
    return hasEnded(line.gone.signal) ? err({ kind: 'gone', detail: String(line.gone.signal.reason) }) : ok();
  }

  #happen(fault: Fault, { gone }: { readonly gone: AbortController }): void {
    this.#fault = null;
    if (fault === 'unplug') gone.abort('unplugged');
    else this.#mechanism.incident(fault);
    this.#off = fault === 'power-cycle';
  }
}

/** Asked by a call, since it changes between two lines. */
function hasEnded(signal: AbortSignal): boolean {
  return signal.aborted;
}
