import { setTimeout as delay } from 'node:timers/promises';
import type { CardReader, CardStatus } from '../../../devices/card/contract.ts';
import { startCardHost } from '../../../devices/card/remote.ts';
import { VpcdSlot } from '../../../devices/card/virtual/vpcd.ts';
import { processEntry } from '../../../kiosk/project.ts';
import { type Held, heldBy } from '../../bench/processes.ts';
import { type Pcscd, startPcscd } from '../../harness/pcscd.ts';
import { noAbort, specimenCard, untilStatus } from './cards.ts';
import { cardHostsOf } from './processes.ts';

const readers = 4;

/** Milliseconds from what happened to the service until the status says so. */
export interface Delays {
  readonly lostMs: number;
  readonly backMs: number;
}

/** What a card process does for years, in a hurry: one process on a real pcscd with four readers, and what it holds in between. */
export class Endurance {
  readonly pcscd: Pcscd;
  readonly #reader: CardReader;
  readonly #slots: readonly VpcdSlot[];

  static async start(): Promise<Endurance> {
    const pcscd = await startPcscd({ readers });
    const slots = await Promise.all(pcscd.ports.map(async (port) => new VpcdSlot(await specimenCard(), { host: '127.0.0.1', port })));
    return new Endurance(pcscd, slots);
  }

  private constructor(pcscd: Pcscd, slots: readonly VpcdSlot[]) {
    this.pcscd = pcscd;
    this.#slots = slots;
    this.#reader = startCardHost({ entry: processEntry('devices/card/pcsc-host.ts'), env: pcscd.env });
  }

  get pid(): number {
    return cardHostsOf(process.pid)[0] ?? 0;
  }

  /** Connects, reads everything and disconnects, this many times. */
  async read(times: number): Promise<void> {
    for (let done = 0; done < times; done += 1) {
      const reading = await this.#reader.read(noAbort);
      if (!reading.ok) throw new Error(JSON.stringify(reading.error));
    }
  }

  /** Puts a card into one reader, and leaves it there. */
  async insertOne(): Promise<void> {
    await this.#slots[0]?.insert();
    await untilStatus(this.#reader, 'present');
  }

  /** Four insertions and removals at once, one a reader. */
  async insertAndRemove(): Promise<void> {
    await Promise.all(this.#slots.map((slot) => slot.insert()));
    await untilStatus(this.#reader, 'present');
    await this.removeAll();
  }

  async removeAll(): Promise<void> {
    await Promise.all(this.#slots.map((slot) => slot.remove()));
    await untilStatus(this.#reader, 'empty');
  }

  /** Kills pcscd and starts it again; how long until the status is right each time. */
  async restartService(): Promise<Delays> {
    await this.pcscd.kill();
    const lostMs = await this.#untilMs('service-lost');
    await this.pcscd.start();
    return { lostMs, backMs: await this.#untilMs('empty') };
  }

  /** Lets pcscd hang and go on. */
  async hangService(): Promise<Delays> {
    this.pcscd.freeze();
    const lostMs = await this.#untilMs('service-lost');
    this.pcscd.thaw();
    return { lostMs, backMs: await this.#untilMs('empty') };
  }

  async #untilMs(state: CardStatus['state']): Promise<number> {
    const began = performance.now();
    await untilStatus(this.#reader, state, 10_000);
    return performance.now() - began;
  }

  /** What the card process holds once it is at rest: of a few looks the least, since it asks pcscd for a sign of life in between. */
  async held(): Promise<Held> {
    const looks: Held[] = [];
    for (let look = 0; look < 3; look += 1) {
      const held = heldBy(this.pid);
      if (held === null) throw new Error('the card process has gone');
      looks.push(held);
      await delay(30);
    }
    const least = (field: keyof Held): number => Math.min(...looks.map((each) => each[field]));
    return { residentMB: least('residentMB'), highestMB: least('highestMB'), files: least('files'), threads: least('threads') };
  }

  async close(): Promise<void> {
    await this.#reader.close();
    await Promise.all(this.#slots.map((slot) => slot.remove()));
    await this.pcscd.close();
  }
}
