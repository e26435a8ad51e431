import { setTimeout as delay } from 'node:timers/promises';
import { withAny } from '../deadline.ts';
import { type Result, err, ok, unreachable } from '../result.ts';
import { type ScannerAddress, parseScannerAddress } from './address.ts';
import type { BarcodeScanner, IgnoredScan, Scan, ScanError, ScannerStatus } from './contract.ts';
import { Gate, QUIET_MS } from './gate.ts';
import { openHid } from './hid.ts';
import type { Heard, LineError, ScannerLine } from './line.ts';
import { openSerial } from './serial.ts';

/** How often a scanner that is not there is looked for, milliseconds. */
const LOOK_AGAIN_MS = 500;

function openLine(address: ScannerAddress, signal: AbortSignal): Promise<Result<ScannerLine, LineError>> {
  switch (address.line) {
    case 'serial':
      return openSerial(address.path, address.baudRate, signal);
    case 'hid':
      return openHid(address, signal);
    default:
      return unreachable(address);
  }
}

/** A scanner by its address (`address.ts`), plugged in or not: it is looked for until it is there, and again when it went. */
export function openScanner(address: string): Result<BarcodeScanner, string> {
  const parsed = parseScannerAddress(address);
  return parsed.ok ? ok(new SupervisedScanner(parsed.value)) : parsed;
}

interface Waiting {
  readonly since: number;
  readonly settle: (result: Result<Scan, ScanError>) => void;
}

class SupervisedScanner implements BarcodeScanner {
  readonly #address: ScannerAddress;
  readonly #gate = new Gate();
  readonly #statusListeners = new Set<(status: ScannerStatus) => void>();
  readonly #ignoredListeners = new Set<(why: IgnoredScan) => void>();
  readonly #closing = new AbortController();
  readonly #supervising: Promise<void>;
  #status: ScannerStatus = { state: 'disconnected', detail: 'not looked for yet' };
  #waiting: Waiting | null = null;
  #quiet: NodeJS.Timeout | undefined;

  constructor(address: ScannerAddress) {
    this.#address = address;
    this.#supervising = this.#supervise();
  }

  status(): ScannerStatus {
    return this.#status;
  }

  onStatus(listener: (status: ScannerStatus) => void): () => void {
    this.#statusListeners.add(listener);
    return () => this.#statusListeners.delete(listener);
  }

  onIgnored(listener: (why: IgnoredScan) => void): () => void {
    this.#ignoredListeners.add(listener);
    return () => this.#ignoredListeners.delete(listener);
  }

  async next(signal: AbortSignal): Promise<Result<Scan, ScanError>> {
    if (this.#waiting !== null) throw new Error('one waits for a scan at a time');
    if (this.#status.state === 'disconnected') return err({ kind: 'disconnected', detail: this.#status.detail });
    return await withAny(
      [signal, this.#closing.signal],
      (ended) =>
        new Promise((resolve) => {
          const settle = (result: Result<Scan, ScanError>): void => {
            this.#waiting = null;
            resolve(result);
          };
          this.#waiting = { since: performance.now(), settle };
          ended.addEventListener('abort', () => settle(err({ kind: 'aborted' })), { once: true });
          if (ended.aborted) settle(err({ kind: 'aborted' }));
        }),
    );
  }

  async close(): Promise<void> {
    this.#closing.abort();
    clearTimeout(this.#quiet);
    await this.#supervising;
  }

  async #supervise(): Promise<void> {
    const { signal } = this.#closing;
    while (!hasEnded(signal)) {
      const line = await openLine(this.#address, signal);
      if (line.ok) {
        line.value.listen((heard) => this.#hear(heard));
        this.#tell({ state: 'ready' });
        await withAny([line.value.gone, signal], (ended) => new Promise<void>((resolve) => whenAborted(ended, resolve)));
        await line.value.close();
        this.#tell({ state: 'disconnected', detail: String(line.value.gone.reason) });
      } else if (line.error.kind === 'gone') this.#tell({ state: 'disconnected', detail: line.error.detail });
      await delay(LOOK_AGAIN_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  #hear(heard: Heard): void {
    const passed = this.#gate.pass(heard, this.#waiting?.since ?? null);
    if (passed.kind === 'taken') return this.#waiting?.settle(ok(passed.scan));
    for (const listener of this.#ignoredListeners) listener(passed.why);
    if (passed.why !== 'flood') return;
    this.#tell({ state: 'flooding' });
    clearTimeout(this.#quiet);
    this.#quiet = setTimeout(() => {
      if (this.#status.state === 'flooding') this.#tell({ state: 'ready' });
    }, QUIET_MS);
  }

  #tell(status: ScannerStatus): void {
    if (JSON.stringify(status) === JSON.stringify(this.#status)) return;
    this.#status = status;
    if (status.state === 'disconnected') this.#waiting?.settle(err({ kind: 'disconnected', detail: status.detail }));
    for (const listener of this.#statusListeners) listener(status);
  }
}

/** Read by a call, since it changes across an `await`: the type checker believes a property to stay as it was seen. */
function hasEnded(signal: AbortSignal): boolean {
  return signal.aborted;
}

function whenAborted(signal: AbortSignal, then: () => void): void {
  if (signal.aborted) then();
  else signal.addEventListener('abort', then, { once: true });
}
