import { characterOf } from './code-pages.ts';
import { type BarcodeSetting, type Command, parseCommand, type QrSetting, type Style } from './command-parser.ts';
import { characterDots, type PaperItem, PRINTABLE_DOTS, type Run } from './paper.ts';

/** What the mechanism has to do next. */
export type Step =
  | { readonly kind: 'print'; readonly item: PaperItem }
  | { readonly kind: 'cut' | 'present' | 'retract' }
  | { readonly kind: 'say-process-id'; readonly id: Uint8Array }
  | { readonly kind: 'say-sensor'; readonly sensor: number }
  | { readonly kind: 'say-name'; readonly which: number }
  | { readonly kind: 'automatic-status'; readonly mask: number };

const PLAIN: Style = {
  align: 'left',
  bold: false,
  underline: false,
  inverse: false,
  smallFont: false,
  widthTimes: 1,
  heightTimes: 1,
  codePage: 0,
};
const BARCODE: BarcodeSetting = { heightDots: 162, moduleDots: 3, caption: false };
const QR: QrSetting = { moduleDots: 3, level: 'L', data: new Uint8Array() };
const CODE_128 = 73;
const TAB_COLUMNS = 8;

/** Turns buffered bytes into steps, in order, one at a time: what is not asked for stays in the buffer. */
export class Interpreter {
  #buffer: Uint8Array = new Uint8Array();
  #ahead: Step[] = [];
  #line: Run[] = [];
  #style = PLAIN;
  #barcode = BARCODE;
  #qr = QR;

  /** Bytes received and not yet worked on. */
  get buffered(): number {
    return this.#buffer.length;
  }

  receive(bytes: Uint8Array): void {
    this.#buffer = Buffer.concat([this.#buffer, bytes]);
  }

  /** As at power-on: nothing buffered, nothing set. */
  reset(): void {
    this.#buffer = new Uint8Array();
    this.#ahead = [];
    this.#initialise();
  }

  /** The next step, or nothing until more bytes come. */
  next(): Step | undefined {
    for (;;) {
      const ready = this.#ahead.shift();
      if (ready !== undefined) return ready;
      const parsed = parseCommand(this.#buffer);
      if (parsed === undefined) return undefined;
      this.#buffer = this.#buffer.subarray(parsed.length);
      this.#ahead.push(...this.#apply(parsed.command));
    }
  }

  #initialise(): void {
    this.#line = [];
    this.#style = PLAIN;
    this.#barcode = BARCODE;
    this.#qr = QR;
  }

  #apply(command: Command): Step[] {
    switch (command.kind) {
      case 'character':
        return this.#type(characterOf(command.byte, this.#style.codePage));
      case 'tab':
        return this.#tab();
      case 'line-feed':
        return [this.#endLine()];
      case 'initialise':
        this.#initialise();
        return [];
      case 'style':
        this.#style = { ...this.#style, ...command.change };
        return [];
      case 'feed':
        return [...this.#lineInProgress(), ...Array.from({ length: command.lines }, () => this.#endLine())];
      case 'feed-dots':
        return [...this.#lineInProgress(), printed({ kind: 'gap', dots: command.dots })];
      case 'cut':
        return [
          ...this.#lineInProgress(),
          ...(command.feedDots > 0 ? [printed({ kind: 'gap', dots: command.feedDots })] : []),
          { kind: 'cut' },
        ];
      case 'barcode-setting':
        this.#barcode = { ...this.#barcode, ...command.change };
        return [];
      case 'barcode':
        return this.#printBarcode(command.system, command.data);
      case 'qr-setting':
        this.#qr = { ...this.#qr, ...command.change };
        return [];
      case 'qr-print': {
        const { moduleDots, level, data } = this.#qr;
        const item: PaperItem = { kind: 'qr', align: this.#style.align, text: new TextDecoder().decode(data), moduleDots, level };
        return data.length === 0 ? [] : [...this.#lineInProgress(), printed(item)];
      }
      case 'raster': {
        const { widthBytes, rows, data } = command;
        return [...this.#lineInProgress(), printed({ kind: 'raster', align: this.#style.align, widthBytes, rows, data })];
      }
      case 'present':
      case 'retract':
        return [{ kind: command.kind }];
      case 'ask-process-id':
        return [{ kind: 'say-process-id', id: command.id }];
      case 'ask-sensor':
        return [{ kind: 'say-sensor', sensor: command.sensor }];
      case 'ask-name':
        return [{ kind: 'say-name', which: command.which }];
      case 'automatic-status':
        return [{ kind: 'automatic-status', mask: command.mask }];
      case 'ignored':
        return [];
    }
  }

  /** Adds a character; a line that is full is printed first. */
  #type(character: string): Step[] {
    const { bold, underline, inverse, smallFont, widthTimes, heightTimes } = this.#style;
    const run: Run = { text: character, bold, underline, inverse, smallFont, widthTimes, heightTimes };
    const full = lineDots(this.#line) + characterDots(run) > PRINTABLE_DOTS;
    const steps = full ? [this.#endLine()] : [];
    const last = this.#line.at(-1);
    if (last !== undefined && sameStyle(last, run)) this.#line[this.#line.length - 1] = { ...last, text: last.text + character };
    else this.#line.push(run);
    return steps;
  }

  #tab(): Step[] {
    const columns = this.#line.reduce((sum, run) => sum + run.text.length * run.widthTimes, 0);
    return Array.from({ length: TAB_COLUMNS - (columns % TAB_COLUMNS) }, () => this.#type(' ')).flat();
  }

  #printBarcode(system: number, data: Uint8Array): Step[] {
    if (system !== CODE_128) return [];
    // `{A`, `{B`, `{C` choose the code set, `{{` is a brace: Code 128 of the printed text chooses again for itself.
    const text = Buffer.from(data)
      .toString('latin1')
      .replaceAll(/\{([ABC{])/g, (_, set: string) => (set === '{' ? '{' : ''));
    return [...this.#lineInProgress(), printed({ kind: 'barcode', align: this.#style.align, text, ...this.#barcode })];
  }

  #lineInProgress(): Step[] {
    return this.#line.length === 0 ? [] : [this.#endLine()];
  }

  #endLine(): Step {
    const runs = this.#line;
    this.#line = [];
    return printed({ kind: 'line', align: this.#style.align, runs });
  }
}

function printed(item: PaperItem): Step {
  return { kind: 'print', item };
}

function lineDots(runs: readonly Run[]): number {
  return runs.reduce((sum, run) => sum + run.text.length * characterDots(run), 0);
}

function sameStyle(a: Run, b: Run): boolean {
  return (
    a.bold === b.bold &&
    a.underline === b.underline &&
    a.inverse === b.inverse &&
    a.smallFont === b.smallFont &&
    a.widthTimes === b.widthTimes &&
    a.heightTimes === b.heightTimes
  );
}
