import { copyFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Result, err, ok } from '../../../devices/result.ts';
import type { CmsError } from '../../../flows/ports/cms.ts';
import type { JournalError } from '../../../flows/ports/journal.ts';
import type { EnvelopeLedger, LedgerError } from '../../../flows/ports/ledger.ts';
import type { Slip } from '../../../flows/ports/printing.ts';
import type { DeskPorts } from '../../../flows/session/desk.ts';
import type { Log } from '../../../kiosk/log/log.ts';
import { type RunningOutbox, startOutbox } from '../../../kiosk/records/outbox.ts';
import { type Records, openRecords } from '../../../kiosk/records/records.ts';
import { type FakeCard, type FakeOperators, noEnvelopes } from '../../flows/fakes.ts';
import { FakeServices } from '../../flows/fake-services.ts';
import type { SimulatedChips } from './envelope-world.ts';
import type { SimulatedCms } from './cms.ts';
import type { SimulatedPrinter } from './printer.ts';
import type { Chance, Time } from './time.ts';

/** What stands before the people: the whole desk, or operations alone. */
export interface Front {
  /** Nobody is being served, and somebody may come. */
  idle(): boolean;
  /** The operation that somebody stands before. */
  serving(): string | null;
  /** One of the people does something now; answers what. `comes`: a new citizen may. */
  act(comes: () => boolean): string;
  /** Whoever is there goes, with the card. */
  leave(): void;
  stop(): void;
}

export type OpenFront = (ports: DeskPorts, world: World) => Front;

/** What this kiosk's owner decided, and which printer stands in it. */
export interface Site {
  readonly handOverEvidence: 'E3' | 'E4';
  /** Prints of one operation, the first among them. */
  readonly printAttempts: 1 | 2;
  /** The printer holds a slip in its output until it is taken or taken back, and its sensors see which. */
  readonly presenter: boolean;
}

/** What stays when the kiosk falls: its disk, and the world around it. */
export interface World {
  readonly site: Site;
  /** Milliseconds since 1970 by the kiosk's own clock, which somebody may set. */
  readonly kioskClock: () => number;
  readonly time: Time;
  readonly chance: Chance;
  readonly cms: SimulatedCms;
  readonly printer: SimulatedPrinter;
  readonly card: FakeCard;
  /** Cards whose PIN the CMS sets to an envelope's. */
  readonly chips: SimulatedChips;
  readonly operators: FakeOperators;
  readonly newId: () => string;
  readonly newRelayId: () => string;
  /** Each line that was logged. */
  readonly logged: string[];
  /** Told before the kiosk has a slip printed, with how it knows itself to be. */
  readonly onPrint: (slip: Slip, kiosk: Kiosk) => void;
  /** Told when the operator puts an envelope into the holder's hand. */
  readonly handedOut: (operationId: string, number: string) => void;
  readonly violate: (what: string) => void;
  /** Whether this write fails for want of space. */
  readonly diskFull: () => boolean;
  /** Called at each effect of the kiosk: before the n-th of them, or after it, the kiosk may be killed. */
  readonly effect: (kiosk: Kiosk) => void;
}

/** One life of the kiosk, from its start to its end by a kill: the production desk, journal, outbox and recovery over simulated time. */
export class Kiosk {
  readonly folder: string;
  readonly records: Records;
  readonly ports: DeskPorts;
  readonly #outbox: RunningOutbox;
  #front: Front | null = null;
  #alive = true;
  #linkFailed = false;
  /** Effects of its first moment: it can be killed once it stands. */
  #owed = 0;

  /** `null`: it does not start, and `problem` is told why. */
  static start(folder: string, world: World, openFront: OpenFront, problem: (why: string) => void): Kiosk | null {
    const records = openRecords({ folder, now: () => new Date(world.kioskClock()) });
    if (records.ok) return new Kiosk(folder, records.value, world, openFront);
    problem(JSON.stringify(records.error));
    return null;
  }

  private constructor(folder: string, records: Records, world: World, openFront: OpenFront) {
    this.folder = folder;
    this.records = records;
    const log: Log = { event: (event, fields) => void world.logged.push(`${event} ${JSON.stringify(fields)}`) };
    const journal = this.#mortal(records, world);
    const cms = this.#mortalCms(world);
    this.#outbox = startOutbox({ cms, records: journal, log, clock: world.time });
    const outbox = this.#outbox;
    this.ports = {
      attention: () => [],
      revocation: () => ({ lists: [], clockFault: null }),
      card: world.card,
      codes: world.card,
      cms,
      services: new FakeServices([]),
      journal,
      operators: world.operators,
      outbox,
      printing: world.printer.port(
        () => this.#alive,
        (slip) => world.onPrint(slip, this),
      ),
      envelope: {
        ...noEnvelopes,
        cms: { ...noEnvelopes.cms, operations: cms.operations, reserveEnvelope: cms.reserveEnvelope, relay: cms.relay },
        envelopes: this.#mortalEnvelopes(records, world),
        chip: {
          relay: async (exchange, _policy, signal) => await world.chips.relay(this.serving() ?? '', exchange, signal),
        },
        newRelayId: world.newRelayId,
      },
      trust: {
        checkCard: () =>
          Promise.resolve({ status: 'good', reason: '', fiscalCode: 'RSSMRA72L09H501S', certificateDigest: 'd1', since: null, crl: null }),
      },
      now: () => new Date(world.kioskClock()).toISOString(),
      today: () => new Date(world.kioskClock()).toISOString().slice(0, 10),
      newId: world.newId,
    };
    const front = openFront(this.ports, world);
    this.#front = front;
    while (this.#owed > 0 && this.#alive) {
      this.#owed -= 1;
      world.effect(this);
    }
  }

  /** The operation that somebody stands before; nobody does while it starts. */
  serving(): string | null {
    return this.#front?.serving() ?? null;
  }

  get front(): Front {
    if (this.#front === null) throw new Error('asked before it stands');
    return this.#front;
  }

  get alive(): boolean {
    return this.#alive;
  }

  /** `kill -9`: nothing of it does anything any more; what its disk holds is in the folder that is answered. */
  kill(): string {
    const left = copyOf(this.folder);
    this.#alive = false;
    this.#end();
    return left;
  }

  /** SIGTERM: it closes in order. */
  async stop(): Promise<void> {
    await this.#outbox.close();
    this.front.stop();
    this.records.close();
    rmSync(this.folder, { recursive: true });
  }

  #end(): void {
    this.#front?.stop();
    void this.#outbox.close();
    this.records.close();
    rmSync(this.folder, { recursive: true });
  }

  /** The records as long as the kiosk lives, with a point before and after each write at which it may not any more. */
  #mortal(records: Records, world: World): Records {
    const write = <T>(work: () => Result<T, JournalError>): Result<T, JournalError> => this.#write(world, work);
    const outboxOf = (): Records['waiting'] extends () => infer W ? W : never => (this.#alive ? records.waiting() : []);
    return {
      ...records,
      append: (operationId, row) => write(() => records.append(operationId, row)),
      appendOutcome: (report, envelope) => {
        const written = write(() => records.appendOutcome(report, envelope));
        if (written.ok) this.#outbox.wake();
        return written;
      },
      appendResolution: (row, report) => {
        const written = write(() => records.appendResolution(row, report));
        if (written.ok) this.#outbox.wake();
        return written;
      },
      appendOutcomes: (outcomes) => {
        const written = outcomes.length === 0 ? ok([]) : write(() => records.appendOutcomes(outcomes));
        if (written.ok) this.#outbox.wake();
        return written;
      },
      appendReceipt: (operationId, row) => write(() => records.appendReceipt(operationId, row)),
      appendReceipts: (receipts) => (receipts.length === 0 ? ok([]) : write(() => records.appendReceipts(receipts))),
      countFailures: (ids) => (this.#alive ? records.countFailures(ids) : err({ kind: 'journal-unwritable', detail: 'dead' })),
      waiting: outboxOf,
      outbox: () => (this.#alive ? records.outbox() : []),
      open: () => (this.#alive ? records.open() : []),
      rowsOf: (operationId) => (this.#alive ? records.rowsOf(operationId) : []),
    };
  }

  /** The ledger likewise. */
  #mortalEnvelopes({ envelopes }: Records, world: World): EnvelopeLedger {
    const write = <T>(work: () => Result<T, LedgerError>): Result<T, LedgerError> => this.#write(world, work);
    return {
      find: (number) => (this.#alive ? envelopes.find(number) : undefined),
      tally: () => (this.#alive ? envelopes.tally() : []),
      all: () => (this.#alive ? envelopes.all() : []),
      shift: () => (this.#alive ? envelopes.shift() : null),
      openShift: (operator) => write(() => envelopes.openShift(operator)),
      receive: (batch) => write(() => envelopes.receive(batch)),
      assign: (pile, numbers) => write(() => envelopes.assign(pile, numbers)),
      draw: (operationId, pile) => write(() => envelopes.draw(operationId, pile)),
      put: (number, to, why, operationId) => write(() => envelopes.put(number, to, why, operationId)),
      count: (operator, counted) => write(() => envelopes.count(operator, counted)),
    };
  }

  #write<T, E>(world: World, work: () => Result<T, E>): Result<T, E | JournalError> {
    this.#effect(world);
    if (!this.#alive) return err({ kind: 'journal-unwritable', detail: 'dead' });
    if (world.diskFull()) return err({ kind: 'journal-unwritable', detail: 'SQLITE_FULL' });
    const written = work();
    this.#effect(world);
    return this.#lives() ? written : err({ kind: 'journal-unwritable', detail: 'dead' });
  }

  /** Asked by a call, since it changes between two lines: the type checker believes a property to stay as it was seen. */
  #lives(): boolean {
    return this.#alive;
  }

  #effect(world: World): void {
    if (this.#front === null) this.#owed += 1;
    else world.effect(this);
  }

  /** As the client does: whoever waits for the link is told that it is back. */
  #heed(answer: Result<unknown, CmsError>): void {
    const failed = !answer.ok && answer.error.kind === 'unreachable';
    if (this.#linkFailed && !failed) this.#outbox.reconnected();
    this.#linkFailed = failed;
  }

  /** The CMS as this life reaches it: after its end no answer comes back, though what was asked may have been done. */
  #mortalCms(world: World): SimulatedCms {
    const never = new Promise<never>(() => undefined);
    return new Proxy(world.cms, {
      get: (cms, name) => {
        const member: unknown = Reflect.get(cms, name, cms);
        if (typeof member !== 'function') return member;
        return async (...args: unknown[]) => {
          this.#effect(world);
          if (!this.#lives()) return await never;
          const answer: unknown = await Reflect.apply(member, cms, args);
          if (!this.#lives()) return await never;
          this.#effect(world);
          if (!this.#lives()) return await never;
          this.#heed(answer as Result<unknown, CmsError>);
          return answer;
        };
      },
    });
  }
}

/** A folder of records, as it stands, in a new place in memory. */
export function copyOf(folder: string): string {
  const copy = mkdtempSync('/dev/shm/sportello-simulated-');
  for (const name of readdirSync(folder)) copyFileSync(join(folder, name), join(copy, name));
  return copy;
}

/** Records that were made and closed: what each course begins with. `null`: they cannot be made, and `problem` is told why. */
export function emptyRecords(problem: (why: string) => void): string | null {
  const folder = mkdtempSync('/dev/shm/sportello-simulated-');
  const made = openRecords({ folder });
  if (made.ok) {
    made.value.close();
    return folder;
  }
  problem(JSON.stringify(made.error));
  rmSync(folder, { recursive: true });
  return null;
}
