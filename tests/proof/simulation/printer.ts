import type { PrintEvidence, PrinterStatus } from '../../../devices/printer/contract.ts';
import type { OutputReport, Printing, PrintReport, SheetPrinting, Slip } from '../../../flows/ports/printing.ts';
import type { Chance, Time } from './time.ts';

const LINES = 5;
const LINE_MS = 200;

/** What came out of the printer for one print. */
export interface Paper {
  readonly operationId: string;
  readonly attempt: number;
  lines: number;
  readonly of: number;
  /** What became of a whole slip in a presenter's output, by its sensors. */
  fate: 'there' | 'taken' | 'retracted' | null;
}

/** A presenter needs so long to take a slip back, milliseconds: whoever pulls at it meanwhile has it. */
const RETRACT_MS = 400;

export type PrinterTrouble = 'paper-out' | 'disconnected' | 'power-cycle' | 'worker-lost' | 'clear-unanswered';

/** The printer and what is on its paper, which stays whatever falls; the kiosk's port to it, one for each life of the kiosk. */
export class SimulatedPrinter {
  readonly papers: Paper[] = [];
  readonly #time: Time;
  readonly #chance: Chance;
  #status: PrinterStatus = { state: 'ready' };
  /** It may still hold something, and nobody had it cleared. */
  #uncleared = false;
  #trouble: PrinterTrouble | null = null;
  #listeners = new Set<(status: PrinterStatus) => void>();
  readonly #presenter: boolean;
  /** The slip in the presenter's output. */
  #output: Paper | null = null;
  /** Ends the watch over the output. */
  #onTaken: (() => void) | null = null;

  constructor(time: Time, chance: Chance, presenter: boolean) {
    this.#time = time;
    this.#chance = chance;
    this.#presenter = presenter;
  }

  /** Somebody takes the slip that is in the output; `false`: none is there. */
  take(): boolean {
    if (this.#output === null) return false;
    this.#output.fate = 'taken';
    this.#output = null;
    this.#onTaken?.();
    return true;
  }

  async #watch(signal: AbortSignal): Promise<OutputReport> {
    if (!this.#presenter || this.#output === null) {
      await this.#time.wait(Infinity, signal);
      return { slip: 'not-known', raw: '' };
    }
    const watched = this.#output;
    const taken = new AbortController();
    this.#onTaken = () => taken.abort();
    await this.#time.wait(Infinity, AbortSignal.any([taken.signal, signal]));
    return watched.fate === 'taken' ? { slip: 'taken', raw: '01' } : { slip: 'not-known', raw: '' };
  }

  async #retract(): Promise<OutputReport> {
    if (!this.#presenter) return { slip: 'not-known', raw: '' };
    // Somebody may come late, and be quicker.
    if (this.#chance.happens(0.2)) this.#time.setTimeout(() => this.take(), RETRACT_MS / 2);
    await this.#time.wait(RETRACT_MS);
    if (this.#status.state === 'disconnected') return { slip: 'not-known', raw: '' };
    if (this.#output === null) return { slip: 'nothing-there', raw: '00' };
    this.#output.fate = 'retracted';
    this.#output = null;
    return { slip: 'retracted', raw: '02' };
  }

  /** From the next line on. */
  befall(trouble: PrinterTrouble): void {
    this.#trouble = trouble;
    if (trouble === 'paper-out') this.#become({ state: 'paper-out' });
    if (trouble === 'disconnected') this.#become({ state: 'disconnected', detail: 'unplugged' });
  }

  repair(): void {
    this.#trouble = null;
    this.#uncleared = false;
    this.#become({ state: 'ready' });
  }

  #become(status: PrinterStatus): void {
    this.#status = status;
    for (const listener of [...this.#listeners]) listener(this.#told());
  }

  #told(): PrinterStatus {
    return this.#uncleared && this.#status.state !== 'disconnected' ? { state: 'locked' } : this.#status;
  }

  #clear(): 'cleared' | 'locked' {
    const cleared = this.#status.state !== 'disconnected' && this.#trouble !== 'clear-unanswered';
    this.#uncleared = !cleared;
    this.#become(this.#status);
    return cleared ? 'cleared' : 'locked';
  }

  /** `alive`: the kiosk that has this port still lives; `onPrint` is told before anything is asked for. */
  port(alive: () => boolean, onPrint: (slip: Slip) => void): Printing & SheetPrinting {
    const report = (evidence: Omit<PrintEvidence, 'raw'>, failure: PrintReport['failure']): PrintReport => ({
      evidence: { ...evidence, raw: evidence.class === 'E2' ? '372241424344' : '' },
      failure,
    });
    const nothing = (failure: PrintReport['failure']): PrintReport =>
      report({ class: 'E0', status: this.#told(), buffer: 'needless' }, failure);

    return {
      status: () => this.#told(),
      onStatus: (listener) => {
        const told = (status: PrinterStatus): void => {
          if (alive()) listener(status);
        };
        this.#listeners.add(told);
        return () => this.#listeners.delete(told);
      },
      check: async () => {
        await this.#time.wait(20);
        return this.#told();
      },
      clear: async () => {
        await this.#time.wait(50);
        return this.#clear() === 'cleared';
      },
      // The desk of the simulation hands out slips alone.
      printSheet: () => Promise.reject(new Error('a sheet that no rule asks for')),
      watchOutput: (signal) => this.#watch(signal),
      retract: () => this.#retract(),
      print: async (slip, release, signal) => {
        onPrint(slip);
        if (this.#told().state !== 'ready') return nothing({ kind: 'printer', status: this.#told() });
        const part = await release({ kty: 'OKP', crv: 'X25519', x: 'key' }, signal);
        if (!part.ok) return nothing({ kind: 'paper-part', error: part.error });
        if (hasEnded(signal)) return nothing({ kind: 'aborted' });
        const paper: Paper = { operationId: slip.operationId, attempt: slip.attempt, lines: 0, of: LINES, fate: null };
        for (;;) {
          await this.#time.wait(LINE_MS);
          // An orphaned worker clears the printer and says nothing to anybody.
          if (!alive()) {
            this.#clear();
            return await new Promise<never>(() => undefined);
          }
          if (this.#trouble !== null || hasEnded(signal)) {
            const failure = hasEnded(signal)
              ? ({ kind: 'aborted' } as const)
              : this.#trouble === 'worker-lost'
                ? ({ kind: 'worker-lost', detail: 'killed' } as const)
                : ({ kind: 'printer', status: this.#told() } as const);
            return report({ class: 'E1', buffer: this.#clear(), status: this.#told() }, failure);
          }
          if (paper.lines === 0) this.papers.push(paper);
          paper.lines += 1;
          if (paper.lines === LINES && this.#presenter) {
            this.#output = paper;
            paper.fate = 'there';
          }
          if (paper.lines === LINES) return report({ class: 'E2', status: this.#told(), buffer: 'printed' }, null);
        }
      },
    };
  }

  /** A trouble that chance chooses. */
  someTrouble(): PrinterTrouble {
    return this.#chance.pick(['paper-out', 'disconnected', 'power-cycle', 'worker-lost', 'clear-unanswered']);
  }
}

/** Asked by a call, since it changes while one waits. */
function hasEnded(signal: AbortSignal): boolean {
  return signal.aborted;
}
