import { appendFileSync, existsSync, rmSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { err, ok } from '../../../devices/result.ts';
import type { JournalEntry } from '../../../flows/ports/journal.ts';
import { resolve } from '../../../flows/operations/resolution.ts';
import type { OperatorDecision } from '../../../flows/ports/operators.ts';
import { composeSlip } from '../../../kiosk/printing/slip.ts';
import { openHistory } from '../../../kiosk/records/history.ts';
import { lastCheckpointFile } from '../../../kiosk/records/checkpoints.ts';
import { FakeCard, FakeOperators } from '../../flows/fakes.ts';
import { deskFront } from './desk-front.ts';
import { envelopeFront } from './envelope-front.ts';
import { brokenInLedger, brokenOfEnvelopes } from './envelope-invariants.ts';
import { EnvelopesAtCms, SimulatedChips } from './envelope-world.ts';
import { operationFront } from './operation-front.ts';
import { SimulatedCms, findingOf, reprintOf, wordOf } from './cms.ts';
import { broken, brokenInWriting, isHeld } from './invariants.ts';
import { Kiosk, type OpenFront, type Site, type World, copyOf } from './kiosk.ts';
import { SimulatedPrinter } from './printer.ts';
import { Chance, Time } from './time.ts';

const operator = { id: 'op-1', displayName: 'Operatore 1' };
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
/** After the faults stop, all must have come to an end within this time (reliability.md, 1.3). */
const LIVENESS_MS = 60 * SECOND;
/** How long people and faults go on, where no outage makes it longer. */
const COURSE_MS = 400 * SECOND;

/** Of the courses, one in so many delivers blind envelopes. */
const everyEnvelope = 4;
/** Of the others, so many go through the whole desk; the rest through the operation's machine alone. */
const wholeDesk = 0.1;

/** What chance lets befall the kiosk in one history. */
interface Plan {
  /** Effects of the kiosk at which it is killed, counted from the kill before. */
  readonly killsAt: number[];
  /** The write from which on the disk is full, and for how many. */
  readonly fullAt: number;
  readonly fullFor: number;
}

/**
 * A kiosk's course through histories, one after the other: citizens, an operator, and whatever chance lets befall the kiosk, its printer, its disk and its
 * link; then the faults stop, and all must have come to its end. The seed says it all. `tell` hears each step with its time.
 */
export class Course {
  readonly violations: string[] = [];
  kills = 0;
  readonly #seed: number;
  readonly #chance: Chance;
  readonly #time = new Time();
  readonly #cms: SimulatedCms;
  readonly #printer: SimulatedPrinter;
  readonly #world: World;
  readonly #openFront: OpenFront;
  readonly #site: Site;
  /** By how much the kiosk's clock is wrong, milliseconds. */
  #clockError = 0;
  readonly #tell: (step: string) => void;
  readonly #printed = new Set<string>();
  readonly #chips: SimulatedChips;
  /** Envelopes in the hands of their holders, with the operation. */
  readonly #handedOut = new Map<string, string>();
  #relays = 0;
  #folder: string;
  #kiosk: Kiosk | null = null;
  /** Operations of this history. */
  #operations: string[] = [];
  #ids = 0;
  #plan: Plan = { killsAt: [], fullAt: Infinity, fullFor: 0 };
  #effects = 0;
  #writes = 0;
  #faults = false;
  /** How many more citizens will come. */
  #citizens = 0;

  constructor(seed: number, template: string, tell: (step: string) => void = () => undefined) {
    this.#seed = seed;
    this.#chance = new Chance(seed);
    this.#tell = tell;
    // Pauses are jittered by chance: by ours, so that the seed says it all.
    Math.random = () => this.#chance.next();
    this.#chips = new SimulatedChips(this.#time, this.#chance);
    this.#cms = new SimulatedCms(this.#time, this.#chance, new EnvelopesAtCms(seed % (2 * everyEnvelope) < everyEnvelope));
    this.#site = {
      presenter: this.#chance.happens(0.4),
      handOverEvidence: this.#chance.pick(['E3', 'E4']),
      printAttempts: this.#chance.pick([1, 2]),
    };
    this.#printer = new SimulatedPrinter(this.#time, this.#chance, this.#site.presenter);
    this.#folder = copyOf(template);
    const codes = this.#chance.happens(wholeDesk) ? deskFront : operationFront;
    this.#openFront = seed % everyEnvelope === 0 ? envelopeFront : codes;
    this.#world = this.#makeWorld();
    this.#cms.onRelease = (operationId, attempt) => {
      if (this.#kiosk !== null && !this.#intended(this.#kiosk, operationId, attempt))
        this.#violate('I2: a paper part was released before its intent was in the journal');
    };
    this.#cms.onRelay = (operationId, envelope) => {
      const rows = this.#kiosk?.records.rowsOf(operationId);
      if (rows !== undefined && !rows.some(({ row }) => row.kind === 'ENVELOPE_BOUND' && row.number === envelope))
        this.#violate('B2: a relay began before its envelope was bound in the journal');
    };
  }

  /** One history more. */
  async history(): Promise<void> {
    const happens = (probability: number): boolean => this.#chance.happens(probability);
    const effect = (): number => 1 + Math.floor(this.#chance.next() * 45);
    this.#plan = {
      killsAt: [0.25, 0.1].flatMap((probability) => (happens(probability) ? [effect()] : [])),
      fullAt: happens(0.15) ? 1 + Math.floor(this.#chance.next() * 12) : Infinity,
      fullFor: 1 + Math.floor(this.#chance.next() * 3),
    };
    this.#effects = 0;
    this.#writes = 0;
    this.#operations = [];
    this.#citizens = happens(0.3) ? 2 : 1;
    this.#faults = true;
    const from = this.#time.now();
    this.#start();
    this.#act();
    const end = from + Math.max(COURSE_MS, this.#linkFaults());
    this.#printerFaults();
    this.#clockFaults();
    await this.#time.pass(end, () => this.#cms.down || !this.#gone());
    await this.#ends();
  }

  /** The faults stop; what has not come to its end within the time, or not to the right one, is a violation. */
  async #ends(): Promise<void> {
    this.#say('the faults stop');
    this.#faults = false;
    this.#clockError = 0;
    this.#cms.down = false;
    this.#cms.faulty = false;
    this.#printer.repair();
    this.#citizens = 0;
    this.#world.operators.operator ??= operator;
    this.#start();
    this.#kiosk?.front.leave();
    const ended = (): boolean => this.#kiosk?.front.idle() === true && this.#kiosk.records.open().every(({ rows }) => isHeld(rows));
    await this.#time.pass(this.#time.now() + LIVENESS_MS, () => !ended());
    if (this.#kiosk === null) return;
    for (const what of broken(this.#kiosk, this.#operations, this.#world)) this.#violate(what);
    for (const what of brokenOfEnvelopes(this.#kiosk, this.#operations, this.#world)) this.#violate(what);
  }

  /** The end of the course: what was written in it is looked through. */
  async stop(): Promise<void> {
    for (const what of brokenInWriting(this.#kiosk?.folder ?? this.#folder, this.#world.logged)) this.#violate(what);
    if (this.#kiosk !== null)
      for (const what of brokenInLedger(allRows(this.#kiosk.folder), this.#kiosk.records.envelopes)) this.#violate(what);
    if (this.#kiosk === null) rmSync(this.#folder, { recursive: true, force: true });
    else await this.#kiosk.stop();
  }

  #linkFaults(): number {
    this.#cms.faulty = this.#chance.happens(0.4);
    if (!this.#chance.happens(0.3)) return 0;
    const from = this.#chance.between(0, 30) * SECOND;
    const lasts = this.#chance.pick([10 * SECOND, MINUTE, 4 * MINUTE, 8 * MINUTE]);
    this.#later(from, 'the CMS is gone', () => (this.#cms.down = true));
    this.#later(from + lasts, 'the CMS is back', () => (this.#cms.down = false));
    return from + lasts;
  }

  #printerFaults(): void {
    if (!this.#chance.happens(0.5)) return;
    const at = this.#chance.between(0, 60) * SECOND;
    const trouble = this.#printer.someTrouble();
    this.#later(at, `printer: ${trouble}`, () => this.#printer.befall(trouble));
    this.#later(at + this.#chance.between(5, 120) * SECOND, 'printer: repaired', () => this.#printer.repair());
  }

  /** Somebody or something sets the kiosk's clock; the time that has passed goes on being counted. */
  #clockFaults(): void {
    if (!this.#chance.happens(0.15)) return;
    const step = this.#chance.pick([1, -1]) * this.#chance.pick([MINUTE, 60 * MINUTE, 24 * 60 * MINUTE, 3_650 * 24 * 60 * MINUTE]);
    this.#later(this.#chance.between(0, 60) * SECOND, `the clock is set ${step / SECOND} s on`, () => (this.#clockError = step));
  }

  /** A fault, as long as there are any. */
  #later(ms: number, what: string, happen: () => void): void {
    this.#time.setTimeout(() => {
      if (!this.#faults) return;
      this.#say(what);
      happen();
    }, ms);
  }

  #start(): void {
    if (this.#kiosk !== null) return;
    const started = Kiosk.start(this.#folder, this.#world, this.#openFront, (why) =>
      this.#violate(`liveness: the kiosk does not start: ${why}`),
    );
    this.#say('the kiosk starts');
    if (started?.alive === true) this.#kiosk = started;
  }

  #kill(victim: Kiosk): void {
    this.#say('kill -9');
    this.#folder = victim.kill();
    if (this.#chance.happens(0.4)) this.#losePower();
    this.#kiosk = null;
    this.kills += 1;
    this.#time.setTimeout(() => this.#start(), this.#chance.between(1, 20) * SECOND);
  }

  /**
   * The power went, not only the process. What was acknowledged had been synced; what had not is kept, gone or torn: the first bytes of the
   * next transaction in the write-ahead log, and the checkpoint beside the database, which is never waited for.
   */
  #losePower(): void {
    this.#say('and the power was gone');
    const at = (name: string): string => join(this.#folder, name);
    rmSync(at('records.db-shm'), { force: true });
    if (existsSync(at('records.db-wal'))) {
      const length = Math.floor(this.#chance.between(0, 2 * 4_120));
      appendFileSync(at('records.db-wal'), Buffer.alloc(length, Math.floor(this.#chance.next() * 256)));
    }
    if (existsSync(at(lastCheckpointFile)) && this.#chance.happens(0.5))
      truncateSync(at(lastCheckpointFile), Math.floor(this.#chance.between(0, statSync(at(lastCheckpointFile)).size)));
  }

  #act(): void {
    if (!this.#faults || this.#gone()) return;
    if (this.#chance.happens(0.5)) this.#world.operators.operator ??= operator;
    const comes = (): boolean => this.#citizens > 0 && (this.#citizens -= 1) >= 0;
    if (this.#kiosk !== null && !this.#chance.happens(0.1)) this.#say(this.#kiosk.front.act(comes));
    if (this.#kiosk !== null && this.#chance.happens(0.3)) this.#decide(this.#kiosk);
    this.#time.setTimeout(() => this.#act(), this.#chance.between(0.5, 6) * SECOND);
  }

  /** The operator looks at what is held, and says of one of them what is true of its slip. */
  #decide({ ports, records }: Kiosk): void {
    const held = records.open().find(({ rows }) => isHeld(rows));
    if (held === undefined) return;
    const { operationId } = held;
    const printed = this.#printer.papers.some(
      (paper) => paper.operationId === operationId && paper.lines === paper.of && (paper.fate === null || paper.fate === 'taken'),
    );
    const given = printed || [...this.#handedOut.values()].includes(operationId);
    const finding = given ? 'handed-over' : 'destroyed';
    this.#say(`held ${operationId}: ${finding}`);
    void resolve(ports, operationId, finding);
  }

  #gone(): boolean {
    return this.#citizens === 0 && this.#kiosk?.front.idle() === true;
  }

  #makeWorld(): World {
    const operators = new FakeOperators();
    operators.sign = (decision) => {
      if (operators.operator === null) return Promise.resolve(err({ kind: 'not-signed-on' }));
      return Promise.resolve(ok(signedBy(decision)));
    };
    return {
      site: this.#site,
      kioskClock: () => this.#time.wall() + this.#clockError,
      time: this.#time,
      chance: this.#chance,
      cms: this.#cms,
      printer: this.#printer,
      card: new FakeCard(),
      chips: this.#chips,
      operators,
      logged: [],
      newId: () => {
        const number = `${(this.#seed >>> 0).toString(16).padStart(8, '0')}${(this.#ids += 1).toString(16).padStart(4, '0')}`;
        this.#operations.push(`0198c2a4-7a31-7c55-9d02-${number}`);
        return `0198c2a4-7a31-7c55-9d02-${number}`;
      },
      newRelayId: () => `relay-${(this.#relays += 1)}`,
      handedOut: (operationId, number) => {
        if (this.#handedOut.has(number)) this.#violate('B3: an envelope was handed over twice');
        if (this.#cms.envelopes.standing(operationId)?.pin !== 'set')
          this.#violate('B4: handed over, and nobody knows that the card has its PIN');
        this.#handedOut.set(number, operationId);
      },
      violate: (what) => this.#violate(what),
      onPrint: (slip, kiosk) => {
        const { operationId, attempt } = slip;
        this.#say(`print ${operationId} ${attempt}`);
        if (!this.#intended(kiosk, operationId, attempt)) this.#violate('I2: a print without its intent in the journal');
        if (this.#printed.has(`${operationId} ${attempt}`)) this.#violate('I2: printed again by itself');
        if (attempt > 1 && !composeSlip(slip, []).includes(`RISTAMPA ${attempt}`)) this.#violate('I2: a further slip does not say so');
        if (kiosk.serving() !== operationId) this.#violate('I2: a print that nobody stands before');
        this.#printed.add(`${operationId} ${attempt}`);
      },
      diskFull: () => this.#faults && (this.#writes += 1) >= this.#plan.fullAt && this.#writes < this.#plan.fullAt + this.#plan.fullFor,
      effect: (victim) => {
        if (!this.#faults || (this.#effects += 1) !== this.#plan.killsAt[0]) return;
        this.#plan.killsAt.shift();
        this.#effects = 0;
        this.#kill(victim);
      },
    };
  }

  #intended(kiosk: Kiosk, operationId: string, attempt: number): boolean {
    return kiosk.records.rowsOf(operationId).some(({ row }) => row.kind === 'PRINT_INTENT' && row.attempt === attempt);
  }

  #violate(what: string): void {
    this.violations.push(what);
    this.#tell(`! ${what}`);
  }

  #say(what: string): void {
    this.#tell(`${(this.#time.now() / SECOND).toFixed(3).padStart(10)}  ${what}`);
  }
}

function allRows(folder: string): readonly JournalEntry[] {
  const history = openHistory(folder);
  if (!history.ok) throw new Error(JSON.stringify(history.error));
  try {
    return history.value.rows();
  } finally {
    history.value.close();
  }
}

/** What stands for the operator's signature: only the operator gives it. */
function signedBy(decision: OperatorDecision): string {
  switch (decision.decision) {
    case 'hand-over':
      return wordOf(decision.operationId, decision.attempt, decision.handedOver);
    case 'resolve':
      return findingOf(decision.operationId, decision.attempt, decision.finding);
    case 'reprint':
      return reprintOf(decision.operationId, decision.attempt);
    case 'identified':
    case 'service':
    case 'remote-issue':
      return 'word.of.operator';
  }
}
