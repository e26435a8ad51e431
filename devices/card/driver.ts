import { isDeepStrictEqual } from 'node:util';
import { withDeadline } from '../deadline.ts';
import { type Result, err, ok, unreachable } from '../result.ts';
import type { Transmit } from './apdu.ts';
import { readCns } from './cns.ts';
import type { CardError, CardReader, CardReading, CardStatus } from './contract.ts';
import { type PcscConnection, type PcscFault, type PcscPort, type PcscSlot, type PcscView, slotState } from './pcsc.ts';
import { chooseSlot, holdsCard } from './readers.ts';
import { type SeriesTable, builtInSeries } from './series.ts';

export interface CardDriverOptions {
  /** The reader's PC/SC name, or a pattern with `*`; without it, the reader that holds a card, else the first (`readers.ts`). */
  readonly reader?: string | undefined;
  /** What is known of the cards in the field. */
  readonly series?: SeriesTable | undefined;
  /** Limit of each step towards the card, in milliseconds. */
  readonly stepLimitMs?: number;
  /** How long after a failed command the slot has to say that its card, or the service, has gone; `pcscd` looks each 400 ms. */
  readonly settleLimitMs?: number;
}

/** A card in exclusive use. */
export interface CardInUse {
  readonly reader: string;
  readonly atr: string;
  /** What is known of the cards in the field: `recognise` finds this one in it. */
  readonly series: SeriesTable;
  /** When connecting began, on `performance`'s clock. */
  readonly since: number;
  /** One command APDU at a time; each within the driver's limit. */
  readonly transmit: Transmit<CardError>;
  /** Aborted when the card goes, when the caller gives up, or when the use is over. */
  readonly signal: AbortSignal;
}

/** What a command leaves behind: `done` once nothing of it is in the card any more (a hung transmit keeps it open); `stayed`: the same card is in. */
interface Turn<T> {
  readonly result: Result<T, CardError>;
  readonly done: Promise<unknown>;
  readonly stayed: boolean;
}

/** A `CardReader` over PC/SC: follows one slot, and has one command at a time in the card. */
export class CardDriver implements CardReader {
  readonly #port: PcscPort;
  readonly #wanted: string | undefined;
  readonly #series: SeriesTable;
  readonly #stepLimitMs: number;
  readonly #settleLimitMs: number;
  readonly #listeners = new Set<(status: CardStatus) => void>();
  readonly #unsubscribe: () => void;
  #status: CardStatus;
  #slot: PcscSlot | undefined;
  #idle: Promise<unknown> = Promise.resolve();
  #inUse: PcscSlot | undefined;

  constructor(port: PcscPort, options: CardDriverOptions = {}) {
    this.#port = port;
    this.#wanted = options.reader;
    this.#series = options.series ?? builtInSeries;
    this.#stepLimitMs = options.stepLimitMs ?? 5_000;
    this.#settleLimitMs = options.settleLimitMs ?? 1_000;
    this.#slot = this.#follow(port.view());
    this.#status = statusOf(port.view(), this.#slot);
    this.#unsubscribe = port.onView((view) => this.#onView(view));
  }

  status(): CardStatus {
    return this.#status;
  }

  onStatus(listener: (status: CardStatus) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async read(signal: AbortSignal): Promise<Result<CardReading, CardError>> {
    const { result, stayed } = await this.#inTurn(signal, readingOf);
    // What was read of a card that has been swapped meanwhile would be taken for the other's.
    return result.ok && !stayed ? err(this.#gone()) : result;
  }

  /**
   * Waits for its turn, connects exclusively, lets `work` speak with the card, and resets it. A failure after which the card is not in any more
   * is `card-removed`; what the card has answered before it went stays true.
   */
  async use<T>(signal: AbortSignal, work: (card: CardInUse) => Promise<Result<T, CardError>>): Promise<Result<T, CardError>> {
    return (await this.#inTurn(signal, work)).result;
  }

  async close(): Promise<void> {
    this.#unsubscribe();
    this.#listeners.clear();
    await withDeadline(this.#stepLimitMs, undefined, () => this.#idle);
    await this.#port.close();
  }

  async #inTurn<T>(signal: AbortSignal, work: (card: CardInUse) => Promise<Result<T, CardError>>): Promise<Turn<T>> {
    const before = this.#idle;
    const turn = this.#takeTurn(before, signal, work);
    this.#idle = Promise.all([before, turn.then(({ done }) => done)]);
    return await turn;
  }

  async #takeTurn<T>(
    before: Promise<unknown>,
    signal: AbortSignal,
    work: (card: CardInUse) => Promise<Result<T, CardError>>,
  ): Promise<Turn<T>> {
    const free = await withDeadline(this.#stepLimitMs, signal, () => before);
    if (!free.ok) return nothing(this.#inUse !== undefined && free.error.kind === 'timeout' ? this.#busy() : free.error, before);
    const slot = this.#slot;
    if (this.#status.state === 'service-lost') return nothing({ kind: 'service-lost', detail: this.#status.detail });
    if (this.#status.state === 'mute') return nothing({ kind: 'not-a-cns', atr: '', card: 'mute' });
    if (slot === undefined || this.#status.state !== 'present') return nothing({ kind: 'no-card' });

    const since = performance.now();
    const connecting = this.#port.connect(slot.reader);
    const connected = await withDeadline(this.#stepLimitMs, signal, () => connecting);
    if (!connected.ok)
      return nothing(
        connected.error,
        connecting.then((late) => (late.ok ? late.value.disconnect() : undefined)),
      );
    if (!connected.value.ok) return nothing(await this.#meaning(connected.value.error, slot));
    this.#inUse = slot;
    try {
      return await this.#workWith(connected.value.value, slot, since, signal, work);
    } finally {
      this.#inUse = undefined;
    }
  }

  async #workWith<T>(
    connection: PcscConnection,
    slot: PcscSlot,
    since: number,
    signal: AbortSignal,
    work: (card: CardInUse) => Promise<Result<T, CardError>>,
  ): Promise<Turn<T>> {
    let last: Promise<unknown> = Promise.resolve();
    const transmit: Transmit<CardError> = async (command) => {
      const sent = connection.transmit(command);
      last = sent;
      const answer = await withDeadline(this.#stepLimitMs, signal, () => sent);
      if (!answer.ok) return answer;
      return answer.value.ok ? answer.value : err(await this.#meaning(answer.value.error, slot));
    };
    const over = new AbortController();
    const stop = this.#port.onView(() => {
      if (!this.#isStillIn(slot)) over.abort();
    });
    const { reader, atr } = slot;
    const result = await work({ reader, atr, series: this.#series, since, transmit, signal: AbortSignal.any([signal, over.signal]) });
    stop();
    over.abort();
    const done = last.then(() => connection.disconnect());
    if (!result.ok && (result.error.kind === 'timeout' || result.error.kind === 'aborted') && this.#isStillIn(slot))
      return { result, done, stayed: true };
    const released = await withDeadline(this.#stepLimitMs, undefined, () => done);
    const stayed = this.#isStillIn(slot);
    if (!result.ok) return { result: stayed ? result : err(this.#gone()), done, stayed };
    return released.ok ? { result, done, stayed } : { result: released, done, stayed };
  }

  /** A failure that does not say why is understood by what the slot reports next: card gone, service gone, or neither. */
  async #meaning(fault: PcscFault, slot: PcscSlot): Promise<CardError> {
    switch (fault.kind) {
      case 'no-card':
        return { kind: 'no-card' };
      case 'card-removed':
        return { kind: 'card-removed' };
      case 'reader-busy':
        return { kind: 'reader-busy', reader: slot.reader };
      case 'failed': {
        const gone = await withDeadline(this.#settleLimitMs, undefined, (limit) => this.#untilGone(slot, limit));
        return gone.ok ? this.#gone() : { kind: 'unreadable', what: 'card', detail: fault.detail };
      }
      default:
        return unreachable(fault);
    }
  }

  async #untilGone(slot: PcscSlot, limit: AbortSignal): Promise<void> {
    if (!this.#isStillIn(slot)) return;
    await new Promise<void>((resolve) => {
      const stop = this.#port.onView(() => {
        if (this.#isStillIn(slot)) return;
        stop();
        resolve();
      });
      limit.addEventListener('abort', stop, { once: true });
    });
  }

  #busy(): CardError {
    return { kind: 'reader-busy', reader: this.#inUse?.reader ?? '' };
  }

  #isStillIn(slot: PcscSlot): boolean {
    const view = this.#port.view();
    return view.service === 'up' && view.slots.some((now) => now.reader === slot.reader && holdsCard(now) && now.changes === slot.changes);
  }

  #gone(): CardError {
    const view = this.#port.view();
    return view.service === 'lost' ? { kind: 'service-lost', detail: view.detail } : { kind: 'card-removed' };
  }

  #onView(view: PcscView): void {
    const before = this.#slot;
    const now = this.#follow(view);
    this.#slot = now;
    // A card that was swapped between two looks, in its slot or into another, has gone as well as come, be its ATR the same.
    const swapped =
      before !== undefined &&
      now !== undefined &&
      holdsCard(before) &&
      holdsCard(now) &&
      (before.reader !== now.reader || before.changes !== now.changes);
    if (swapped) this.#tell({ state: 'empty', reader: before.reader });
    this.#tell(statusOf(view, now));
  }

  #follow(view: PcscView): PcscSlot | undefined {
    if (view.service !== 'up') return undefined;
    const inUse = view.slots.find((slot) => slot.reader === this.#inUse?.reader && holdsCard(slot));
    return inUse ?? chooseSlot(view.slots, this.#wanted, this.#slot);
  }

  #tell(status: CardStatus): void {
    if (isDeepStrictEqual(status, this.#status)) return;
    this.#status = status;
    for (const listener of this.#listeners) listener(status);
  }
}

/** What one slot, or its absence, means for who looks at it. */
export function statusOf(view: PcscView, slot: PcscSlot | undefined): CardStatus {
  if (view.service === 'starting') return { state: 'starting' };
  if (view.service === 'lost') return { state: 'service-lost', detail: view.detail };
  if (slot === undefined || (slot.state & slotState.unavailable) !== 0) return { state: 'disconnected' };
  const { reader, atr } = slot;
  if (!holdsCard(slot)) return { state: 'empty', reader };
  return (slot.state & slotState.mute) !== 0 || atr === '' ? { state: 'mute', reader } : { state: 'present', reader, atr };
}

function nothing(error: CardError, done: Promise<unknown> = Promise.resolve()): Turn<never> {
  return { result: err(error), done, stayed: false };
}

async function readingOf({ reader, atr, series, since, transmit }: CardInUse): Promise<Result<CardReading, CardError>> {
  let apdus = 0;
  const counted: CardInUse['transmit'] = async (command) => {
    apdus += 1;
    return await transmit(command);
  };
  const contents = await readCns(counted, atr, series);
  if (!contents.ok) return contents;
  const totalMs = performance.now() - since;
  const { personalDataFile, certificate, ...told } = contents.value;
  const reading = { reader, atr, ...told, timing: { totalMs, apdus } };
  return ok({ ...reading, personalDataFile: base64(personalDataFile), certificate: base64(certificate) });
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}
