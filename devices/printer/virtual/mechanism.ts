import { Interpreter, type Step } from './interpreter.ts';
import type { PaperItem } from './paper.ts';

/** What a person does to the machine, and what happens to it. */
export type Incident =
  | 'paper-out'
  | 'paper-near-end'
  | 'paper-ok'
  | 'cover-open'
  | 'cover-close'
  | 'offline'
  | 'online'
  | 'cutter-error'
  | 'power-cycle'
  | 'tear-off'
  /** With a presenter: the slip in the output is taken. */
  | 'take';

export interface Mechanism {
  /** Bytes from the host. Real-time commands are executed on receipt, the rest is buffered and printed in order. */
  receive(bytes: Uint8Array): void;
  incident(incident: Incident): void;
  /** The roll ends after `lines` more printed lines. */
  jamAfter(lines: number): void;
  /** What was printed and not yet cut, as it hangs out of the printer. */
  hanging(): readonly PaperItem[];
  stop(): void;
}

export interface MechanismOptions {
  /** How long a line of print takes, in milliseconds. */
  readonly msPerLine: number;
  /** It holds the cut slip out and sees whether it is there (Custom's DLE EOT 20 and GS e). */
  readonly presenter?: boolean;
  /** Bytes for the host. */
  readonly say: (bytes: Uint8Array) => void;
  /** A slip was cut off; called before anything that follows the cut is worked on. */
  readonly cut: (slip: readonly PaperItem[]) => void;
}

/** What a receive buffer holds; what comes on top of it is lost, as on a serial line without flow control. */
const BUFFER_BYTES = 65_536;
const DLE = 0x10;
const CLEAR = [DLE, 0x14, 0x08, 0x01, 0x03, 0x14, 0x01, 0x06, 0x02, 0x08];
const REAL_TIME: readonly (readonly number[])[] = [...[1, 2, 3, 4].map((n) => [DLE, 0x04, n]), [DLE, 0x05, 1], [DLE, 0x05, 2], CLEAR];
const FULL_STATUS = 20;
const WITH_PRESENTER: readonly (readonly number[])[] = [...REAL_TIME, [DLE, 0x04, FULL_STATUS]];

/**
 * A receipt printer's mechanism: paper, cover, cutter, buffer. As on a real one, what was buffered when it stopped is printed
 * when it is ready again, unless the buffers were cleared (DLE DC4 fn 8) or the power was cut.
 */
export function startMechanism(options: MechanismOptions): Mechanism {
  return new ReceiptMechanism(options);
}

class ReceiptMechanism implements Mechanism {
  readonly #options: MechanismOptions;
  readonly #interpreter = new Interpreter();
  /** The beginning of what may become a real-time command. */
  #held: number[] = [];
  #paper: PaperItem[] = [];
  #step: Step | undefined;
  #line: NodeJS.Timeout | undefined;
  #linesLeft = Infinity;
  #coverOpen = false;
  #paperEnd = false;
  #nearEnd = false;
  #offline = false;
  #cutterStuck = false;
  #cutterFails = false;
  /** A cut slip in the presenter: within it, or in its output. */
  #presented: 'none' | 'within' | 'in-output' = 'none';
  #automaticMask = 0;
  #lastAutomatic = '';

  constructor(options: MechanismOptions) {
    this.#options = options;
  }

  receive(bytes: Uint8Array): void {
    const ordinary: number[] = [];
    for (const byte of bytes) this.#sort(byte, ordinary);
    const room = BUFFER_BYTES - this.#interpreter.buffered;
    this.#interpreter.receive(Uint8Array.from(ordinary.slice(0, room)));
    this.#work();
  }

  incident(incident: Incident): void {
    switch (incident) {
      case 'paper-out':
        this.#paperEnd = true;
        break;
      case 'paper-near-end':
        this.#nearEnd = true;
        break;
      case 'paper-ok':
        // A new roll: what hung from the old one goes with it.
        if (this.#paperEnd) this.#paper = [];
        this.#paperEnd = false;
        this.#nearEnd = false;
        this.#linesLeft = Infinity;
        break;
      case 'cover-open':
        this.#coverOpen = true;
        break;
      case 'cover-close':
        this.#coverOpen = false;
        break;
      case 'offline':
        this.#offline = true;
        break;
      case 'online':
        this.#offline = false;
        break;
      case 'cutter-error':
        this.#cutterFails = true;
        break;
      case 'power-cycle':
        this.#held = [];
        this.#empty();
        this.#automaticMask = 0;
        this.#offline = false;
        this.#cutterStuck = false;
        this.#cutterFails = false;
        break;
      case 'tear-off':
        this.#paper = [];
        break;
      case 'take':
        this.#presented = 'none';
        break;
    }
    this.#statusChanged();
    this.#work();
  }

  jamAfter(lines: number): void {
    if (lines === 0) this.incident('paper-out');
    else this.#linesLeft = lines;
  }

  hanging(): readonly PaperItem[] {
    return [...this.#paper];
  }

  stop(): void {
    clearTimeout(this.#line);
    this.#line = undefined;
    this.#interpreter.reset();
  }

  /** Executes real-time commands, wherever they stand, and passes the other bytes on. */
  #sort(byte: number, ordinary: number[]): void {
    this.#held.push(byte);
    for (;;) {
      const held = this.#held;
      const candidates = (this.#options.presenter === true ? WITH_PRESENTER : REAL_TIME).filter((command) =>
        held.every((value, index) => command[index] === value),
      );
      const exact = candidates.find((command) => command.length === held.length);
      if (exact !== undefined) {
        this.#held = [];
        this.#executeRealTime(exact, ordinary);
        return;
      }
      const released = candidates.length > 0 ? undefined : held.shift();
      if (released === undefined) return;
      ordinary.push(released);
      if (held.length === 0) return;
    }
  }

  #executeRealTime(command: readonly number[], ordinary: number[]): void {
    const [, kind, n = 0] = command;
    if (kind === 0x04 && n === FULL_STATUS) {
      const paper = (this.#paperEnd ? 0x01 : 0) | (this.#nearEnd ? 0x04 : 0) | (this.#presented === 'in-output' ? 0x20 : 0);
      this.#say(DLE, 0x0f, paper, this.#coverOpen ? 0x02 : 0, 0, this.#cutterStuck ? 0x01 : 0);
      return;
    }
    if (kind === 0x04) {
      this.#say(this.#realTimeStatus(n));
      return;
    }
    if (command === CLEAR || n === 2) {
      ordinary.length = 0;
      this.#empty();
    }
    if (command === CLEAR) {
      this.#say(0x37, 0x25, 0x00);
      return;
    }
    this.#cutterStuck = false;
    this.#statusChanged();
  }

  #empty(): void {
    clearTimeout(this.#line);
    this.#line = undefined;
    this.#step = undefined;
    this.#interpreter.reset();
  }

  #stopped(): boolean {
    return this.#coverOpen || this.#paperEnd || this.#offline || this.#cutterStuck;
  }

  /** Does what is buffered, until a line has to be printed (that takes its time) or the mechanism stops. */
  #work(): void {
    while (this.#line === undefined && !this.#stopped()) {
      this.#step ??= this.#interpreter.next();
      if (this.#step === undefined) return;
      if (this.#step.kind === 'print') {
        this.#line = setTimeout(() => this.#linePrinted(), this.#options.msPerLine);
        return;
      }
      if (this.#step.kind === 'cut' && this.#cutterFails) {
        this.#cutterFails = false;
        this.#cutterStuck = true;
        this.#statusChanged();
        return;
      }
      const step = this.#step;
      this.#step = undefined;
      this.#finish(step);
    }
  }

  #linePrinted(): void {
    this.#line = undefined;
    if (!this.#stopped() && this.#step?.kind === 'print') {
      this.#paper.push(this.#step.item);
      this.#step = undefined;
      this.#linesLeft -= 1;
      if (this.#linesLeft === 0) this.incident('paper-out');
    }
    this.#work();
  }

  #finish(step: Exclude<Step, { kind: 'print' }>): void {
    switch (step.kind) {
      case 'cut': {
        const slip = this.#paper;
        this.#paper = [];
        this.#options.cut(slip);
        if (this.#options.presenter === true) this.#presented = 'within';
        return;
      }
      case 'present':
        if (this.#presented === 'within') this.#presented = 'in-output';
        return;
      case 'retract':
        this.#presented = 'none';
        return;
      case 'say-process-id':
        this.#say(0x37, 0x22, ...step.id, 0x00);
        return;
      case 'say-sensor':
        this.#say(step.sensor === 2 || step.sensor === 50 ? 0x00 : (this.#nearEnd ? 0x03 : 0) | (this.#paperEnd ? 0x0c : 0));
        return;
      case 'say-name':
        this.#say(0x5f, ...Buffer.from(step.which === 66 ? 'SPORTELLO' : 'VIRTUAL-80'), 0x00);
        return;
      case 'automatic-status':
        this.#automaticMask = step.mask;
        this.#lastAutomatic = '';
        this.#statusChanged();
        return;
    }
  }

  #say(...bytes: number[]): void {
    this.#options.say(Uint8Array.from(bytes));
  }

  /** DLE EOT n; 0x12 are the fixed bits, 0x04 of n=1 the drawer pin. */
  #realTimeStatus(n: number): number {
    switch (n) {
      case 1:
        return 0x16 | (this.#stopped() ? 0x08 : 0);
      case 2:
        return 0x12 | (this.#coverOpen ? 0x04 : 0) | (this.#paperEnd ? 0x20 : 0) | (this.#cutterStuck ? 0x40 : 0);
      case 3:
        return 0x12 | (this.#cutterStuck ? 0x08 : 0);
      default:
        return 0x12 | (this.#nearEnd ? 0x0c : 0) | (this.#paperEnd ? 0x60 : 0);
    }
  }

  #statusChanged(): void {
    if (this.#automaticMask === 0) return;
    const printer = 0x14 | (this.#stopped() ? 0x08 : 0) | (this.#coverOpen ? 0x20 : 0);
    const roll = (this.#nearEnd ? 0x03 : 0) | (this.#paperEnd ? 0x0c : 0);
    const block = [printer, this.#cutterStuck ? 0x08 : 0x00, roll, 0x0f];
    if (block.join() === this.#lastAutomatic) return;
    this.#lastAutomatic = block.join();
    this.#say(...block);
  }
}
