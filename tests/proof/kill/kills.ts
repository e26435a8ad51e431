import { setTimeout as wait } from 'node:timers/promises';
import { processes } from '../../harness/processes.ts';
import { Sportello } from '../../harness/sportello.ts';
import type { Delivery } from './delivery.ts';
import { firstByte } from './points.ts';

/** A session that goes well, or a start after a kill, passes all its points within this time, milliseconds. */
const LIFE_MS = 10_000;
/** "When faults stop, every op is terminal on both sides within 60 s" (reliability.md, 1.3). */
const AGREEMENT_MS = 60_000;

/** Where to kill: at a named point, or some milliseconds after the life began. */
export type Where = string | { readonly afterMs: number };

export interface Killed {
  /** How many of the kills that were asked for came about. */
  readonly kills: number;
  /** The points that the last start passed until both sides agreed: where a second kill can be. */
  readonly recovery: readonly string[];
  readonly violations: readonly string[];
  /** From the last start to the agreement of all ledgers. */
  readonly agreementMs: number;
}

/** One whole kiosk whose core is killed over and over; CMS, mailer and paper live on in processes of their own. */
export class Kills {
  readonly world: Sportello;
  /** What the living core passed. */
  #passed: string[] = [];
  readonly #delivery: Delivery;
  readonly #workers: Set<number>;
  readonly #watch: { bytes: () => void };

  private constructor(world: Sportello, delivery: Delivery, workers: Set<number>, watch: { bytes: () => void }) {
    this.world = world;
    this.#delivery = delivery;
    this.#workers = workers;
    this.#watch = watch;
  }

  static async start(delivery: Delivery): Promise<Kills> {
    const workers = new Set<number>();
    const watch = { bytes: (): void => undefined, point: (_: string): void => undefined };
    const world = await Sportello.start({
      ...delivery.world,
      kiosk: {
        entry: 'tests/processes/killed-kiosk.ts',
        onTold({ point, worker }) {
          if (typeof worker === 'number') workers.add(worker);
          if (typeof point === 'string') watch.point(point);
        },
      },
      onPrinterBytes: () => watch.bytes(),
    });
    const kills = new Kills(world, delivery, workers, watch);
    watch.point = (point) => void kills.#passed.push(point);
    return kills;
  }

  /** A new citizen's session, killed at `first`; started again and, if there is a `second`, killed again; started for good, and looked at. */
  async kill(first: Where, second?: Where): Promise<Killed> {
    const { world } = this;
    const before = new Set(world.operations());
    const look = this.#delivery.before(world);
    const logged = world.logs.length;
    const name = [first, ...(second === undefined ? [] : [second])].map(nameOf).join(', then ');

    const session = this.#session();
    session.catch(() => undefined);
    if (!(await this.#dies(first))) return await this.#survived(name, session);
    await session;
    if (!(await until(() => this.#workersAreGone(), LIFE_MS))) throw new Error(`killed at ${name}: the print worker lives on`);

    const [operationId] = world.operations().filter((id) => !before.has(id));
    const left = operationId === undefined ? null : look(operationId);
    let kills = 1;
    if (second !== undefined) {
      const over = (): boolean => left === null || left.agreed();
      if (await this.#diesAgain(second, over)) kills = 2;
      else await world.killKiosk();
      world.client.close();
    }

    const began = performance.now();
    await this.#start();
    const violations: string[] = [];
    if (left !== null) {
      if (!(await until(() => left.agreed(), AGREEMENT_MS))) violations.push('the ledgers do not agree within 60 s');
      violations.push(...left.contradictions());
    }
    const agreementMs = performance.now() - began;
    if (world.ledger.operations() > world.operations().length) violations.push('I1 the CMS knows an operation that the journal does not');
    violations.push(...world.logs.slice(logged).filter((line) => /"level":(50|60)/.test(line)));
    await world.client.on('welcome');
    return { kills, recovery: [...new Set(this.#passed)], violations: violations.map((line) => `killed at ${name}: ${line}`), agreementMs };
  }

  async close(): Promise<void> {
    await this.world.close();
  }

  /** Goes on until the end or until the page is closed under it. */
  async #session(): Promise<void> {
    try {
      await this.#delivery.session(this.world);
    } catch (error) {
      if (!(await this.#isGone())) throw error;
    }
  }

  /** A start that is killed; `over`: what it had to do is done. */
  async #diesAgain(where: Where, over: () => boolean): Promise<boolean> {
    if (typeof where === 'string') {
      await this.#start(where, true);
      return await this.#isKilled(over);
    }
    const started = this.#start('', true);
    await wait(where.afterMs);
    await this.world.killKiosk();
    await started;
    return true;
  }

  /** A session that is killed. */
  async #dies(where: Where): Promise<boolean> {
    const { world } = this;
    if (typeof where !== 'string') {
      await wait(where.afterMs);
      await world.killKiosk();
      return true;
    }
    if (where === firstByte) {
      this.#watch.bytes = () => {
        if (this.#passed.includes('worker sealed before') && !world.kioskIsGone) process.kill(world.kioskPid, 'SIGKILL');
      };
    } else {
      world.tellKiosk(where);
    }
    return await this.#isKilled(() => false);
  }

  async #isKilled(over: () => boolean): Promise<boolean> {
    const { world } = this;
    // What the core does once all is agreed (the checkpoint's countersignature) is done within a second.
    let since = Infinity;
    await until(() => {
      if (since === Infinity && over()) since = performance.now();
      return world.kioskIsGone || performance.now() - since > 1_000;
    }, LIFE_MS);
    this.#watch.bytes = () => undefined;
    if (world.kioskIsGone) world.client.close();
    return world.kioskIsGone;
  }

  async #survived(name: string, session: Promise<void>): Promise<Killed> {
    await session;
    await this.world.killKiosk();
    await this.#start();
    return {
      kills: 0,
      recovery: [],
      violations: [`killed at ${name}: no session passes this point`],
      agreementMs: 0,
    };
  }

  async #start(killAt = '', mayDie = false): Promise<void> {
    this.#passed = [];
    try {
      await this.world.startKiosk(undefined, { KILL_AT: killAt });
    } catch (error) {
      if (!mayDie || !(await this.#isGone())) throw error;
    }
  }

  /** Who talks to a process that was killed hears of it before its end is known. */
  async #isGone(): Promise<boolean> {
    return await until(() => this.world.kioskIsGone, LIFE_MS);
  }

  #workersAreGone(): boolean {
    if (this.#workers.size === 0) return true;
    // One that ended and that nobody waited for has no words any more.
    const living = processes().filter(({ pid, words: [word = ''] }) => this.#workers.has(pid) && word !== '');
    if (living.length === 0) this.#workers.clear();
    return living.length === 0;
  }
}

function nameOf(where: Where): string {
  return typeof where === 'string' ? where : `${where.afterMs} ms`;
}

async function until(holds: () => boolean, limitMs: number): Promise<boolean> {
  const end = performance.now() + limitMs;
  while (performance.now() < end) {
    if (holds()) return true;
    await wait(10);
  }
  return holds();
}
