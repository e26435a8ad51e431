import { readFileSync } from 'node:fs';
import type { VirtualScanner } from '../../devices/barcode/virtual/virtual-scanner.ts';
import type { VirtualPrinter } from '../../devices/printer/virtual/virtual-printer.ts';
import { unreachable } from '../../devices/result.ts';
import type { Mailbox } from '../reference-cms/mailbox.ts';
import type { RunningCms } from '../reference-cms/start.ts';
import type { BenchCommand, BenchState, CmsBehaviour, Paper } from './bench/contract.ts';
import type { BenchWorld } from './bench/server.ts';
import { benchCards } from './cards.ts';
import type { ReaderLine } from './reader-line.ts';
import type { WorldSettings } from './settings.ts';

/** The virtual printer does not call when a slip is out: it is looked at this often, in milliseconds. */
const lookMs = 200;
/** Lines after which a roll "that ends in the middle of a slip" ends. */
const lastLines = 10;

const cmsModes = { normal: 'normal', slow: 'slow', unreachable: 'unreachable', 'lost-answer': 'lose-answer' } as const satisfies Record<
  CmsBehaviour,
  string
>;

/** What the world is made of. */
interface Parts {
  readonly cms: RunningCms;
  readonly mailbox: Mailbox;
  readonly printer: VirtualPrinter;
  readonly reader: ReaderLine;
  readonly scanner: VirtualScanner;
}

type AtHand = Pick<WorldSettings, 'operator' | 'envelopes'>;

/** The demo's world as hands and eyes at a real desk would meet it: what is in the reader, the printer and its paper, the mail, the link to the CMS. */
export class World implements BenchWorld {
  readonly #parts: Parts;
  readonly #atHand: AtHand;
  readonly #listeners = new Set<() => void>();
  readonly #look: NodeJS.Timeout;
  readonly #slipTimes: string[] = [];
  #kiosk: BenchState['kiosk'] = null;
  #since: string | null = null;
  #paper: Paper = 'full';
  #coverOpen = false;
  #plugged = true;
  #hanging = '';
  #cms: CmsBehaviour = 'normal';

  constructor(parts: Parts, { operator, envelopes }: AtHand) {
    this.#parts = parts;
    this.#atHand = { operator, envelopes };
    parts.mailbox.onMessage(() => this.#changed());
    parts.reader.onChange(() => this.#changed());
    this.#look = setInterval(() => this.#lookAtPrinter(), lookMs);
  }

  state(): BenchState {
    const { reader, mailbox, printer } = this.#parts;
    const mails = mailbox.messages().map(({ at, to, subject, text }, index) => ({ number: index + 1, at, to, subject, text }));
    const slips = printer
      .slips()
      .map(({ number, text }, index) => ({ number, text, at: this.#slipTimes[index] ?? new Date().toISOString() }));
    return {
      kiosk: this.#kiosk,
      ...this.#atHand,
      cards: benchCards,
      reader: { connected: reader.connected(), ...reader.contents(), since: this.#since },
      printer: { paper: this.#paper, coverOpen: this.#coverOpen, plugged: this.#plugged, hanging: this.#hanging },
      cms: this.#cms,
      slips: slips.reverse(),
      mails: mails.reverse(),
    };
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  picture(number: number): Uint8Array | null {
    const slip = this.#parts.printer.slips().find((each) => each.number === number);
    return slip === undefined ? null : readFileSync(slip.png);
  }

  /** The kiosk is up, or up again, at this port. */
  kioskAt(port: number): void {
    const at = `http://127.0.0.1:${port}`;
    this.#kiosk = { screen: `${at}/`, operator: `${at}/operator` };
    this.#changed();
  }

  async act(command: BenchCommand): Promise<string | null> {
    const problem = await this.#do(command);
    this.#changed();
    return problem;
  }

  async close(): Promise<void> {
    clearInterval(this.#look);
    const { cms, mailbox, printer, reader, scanner } = this.#parts;
    await Promise.all([cms.close().then(() => mailbox.close()), printer.close(), reader.close(), scanner.close()]);
  }

  async #do(command: BenchCommand): Promise<string | null> {
    const { cms, reader } = this.#parts;
    switch (command.type) {
      case 'insert':
        if (!benchCards.some(({ id }) => id === command.card)) return 'Questa tessera non esiste.';
        if (reader.contents().card !== null) return 'Nel lettore c’è già una tessera.';
        this.#since = new Date().toISOString();
        return inItalian(await reader.put({ card: command.card, mute: false }));
      case 'remove':
        return inItalian(await reader.put({ card: null, mute: false }));
      case 'mute':
        if (reader.contents().card === null) return 'Nel lettore non c’è nessuna tessera.';
        return inItalian(await reader.put({ ...reader.contents(), mute: true }));
      case 'scan':
        if (!this.#atHand.envelopes.includes(command.envelope)) return 'Questa busta non esiste.';
        this.#parts.scanner.scan(command.envelope);
        return null;
      case 'paper':
        this.#paper = command.paper;
        return await this.#tellPrinter(...paperLines[command.paper]);
      case 'cover':
        this.#coverOpen = command.open;
        return await this.#tellPrinter(command.open ? 'cover-open' : 'cover-close');
      case 'cable':
        this.#plugged = command.plugged;
        return await this.#tellPrinter(command.plugged ? 'plug' : 'unplug');
      case 'power-cycle':
      case 'tear-off':
        return await this.#tellPrinter(command.type);
      case 'cms':
        this.#cms = command.behaviour;
        cms.faults.set({ mode: cmsModes[command.behaviour] });
        return null;
      default:
        return unreachable(command);
    }
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }

  async #tellPrinter(...lines: readonly string[]): Promise<string | null> {
    for (const line of lines) {
      const answer = await this.#parts.printer.control(line);
      if (answer !== 'ok') return `La stampante virtuale non ha potuto: ${answer}`;
    }
    this.#lookAtPrinter();
    return null;
  }

  #lookAtPrinter(): void {
    const { printer } = this.#parts;
    const hanging = printer.hanging();
    const slips = printer.slips().length;
    if (hanging === this.#hanging && slips === this.#slipTimes.length) return;
    while (this.#slipTimes.length < slips) this.#slipTimes.push(new Date().toISOString());
    this.#hanging = hanging;
    this.#changed();
  }
}

/** A new roll first, so that each choice stands for itself. */
const paperLines: Readonly<Record<Paper, readonly string[]>> = {
  full: ['paper-ok'],
  'near-end': ['paper-ok', 'paper-near-end'],
  out: ['paper-out'],
  'ends-soon': ['paper-ok', `jam-after ${lastLines}`],
};

function inItalian(problem: string | null): string | null {
  return problem === null ? null : `Il lettore non risponde (${problem}). La tessera è comunque nella fessura: appena torna, la trova.`;
}
