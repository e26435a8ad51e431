import { setTimeout as delay } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type pcsclite from 'pcsclite';
import { type Result, err, ok } from '../result.ts';
import { troubleWithPcscd } from './pcscd.ts';
import { type PcscConnection, type PcscFault, type PcscPort, type PcscSlot, type PcscView, slotState } from './pcsc.ts';

type Binding = typeof pcsclite;
type Instance = ReturnType<Binding>;
type NativeReader = Parameters<Parameters<Instance['on']>[1]>[0];
/** What the binding calls on the next tick, and is called back by at each change of the list of readers; its typings leave it out. */
interface Listing {
  start(listed: (error: unknown, names: unknown) => void): void;
}

/** How often pcscd is asked whether it lives, and how long it has to answer: together below the 2 s in which the status must be right. */
const lookEachMs = 400;
const answerLimitMs = 1_200;
/** The binding's threads see a lost service at once; one that has not ended by then never will. */
const threadsEndMs = 2_000;
const busyTries = 5;
const busyPauseMs = 100;
const maxResponse = 0x10002;
/** CM_IOCTL_GET_FEATURE_REQUEST (PC/SC part 10, 2.2). */
const getFeatureRequest = 3_400;
const maxFeatures = 256;

/** Codes of pcsclite.h; the binding gives them only inside its messages. */
const scard = {
  cancelled: 0x80100002,
  sharingViolation: 0x8010000b,
  noSmartcard: 0x8010000c,
  readerUnavailable: 0x80100017,
  removedCard: 0x80100069,
} as const;

/**
 * PC/SC through `pcsclite` 1.0.1. Its ways are kept in here: an instance whose service went away never comes back, so it is dropped and made
 * anew; error listeners stand before anything else; calls to a service that hangs never return, so pcscd is asked first, and again and again,
 * whether it lives; its `close` can hang, so it is never called, and its threads keep the process alive until that is ended; a status callback
 * waits for the transmit in flight, so a hung card can stop this whole process: it belongs into one of its own (`pcsc-host.ts`).
 */
export function openPcsclite(): PcsclitePort {
  return new PcsclitePort();
}

class PcsclitePort implements PcscPort {
  readonly #listeners = new Set<(view: PcscView) => void>();
  #view: PcscView = { service: 'starting' };
  #live: LiveInstance | undefined;
  readonly #closing = new AbortController();
  readonly #running: Promise<void>;

  constructor() {
    this.#running = this.#run();
  }

  view(): PcscView {
    return this.#view;
  }

  onView(listener: (view: PcscView) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async connect(reader: string): Promise<Result<PcscConnection, PcscFault>> {
    const native = this.#live?.reader(reader);
    if (native === undefined) return err({ kind: 'no-card' });
    for (let tries = 1; ; tries += 1) {
      const connected = await connect(native, { share_mode: native.SCARD_SHARE_EXCLUSIVE });
      if (connected.ok) return ok(connection(native, connected.value));
      if (connected.error.kind !== 'reader-busy' || tries === busyTries) return connected;
      await delay(busyPauseMs);
    }
  }

  /**
   * The features that a reader offers, as PC/SC part 10 (2.2) lists them: tag, length 4, control code, each. Asked of the reader, not of a card:
   * the connection is DIRECT and lasts for this question. A reader without any has none, or does not know the question.
   */
  async features(reader: string): Promise<Result<Uint8Array, PcscFault>> {
    const native = this.#live?.reader(reader);
    if (native === undefined) return err({ kind: 'failed', detail: 'no such reader' });
    const connected = await connect(native, { share_mode: native.SCARD_SHARE_DIRECT, protocol: 0 });
    if (!connected.ok) return connected;
    const listed = await new Promise<Uint8Array>((resolve) => {
      const code = native.SCARD_CTL_CODE(getFeatureRequest);
      native.control(Buffer.alloc(0), code, maxFeatures, (error: unknown, list) =>
        resolve(error === null || error === undefined ? new Uint8Array(list) : new Uint8Array()),
      );
    });
    await disconnect(native, native.SCARD_LEAVE_CARD);
    return ok(listed);
  }

  async close(): Promise<void> {
    this.#listeners.clear();
    this.#closing.abort();
    await this.#running;
  }

  /** One instance after the other, until closed. */
  async #run(): Promise<void> {
    const { signal } = this.#closing;
    const create = await loadBinding();
    if (create === undefined) {
      this.#show({ service: 'lost', detail: 'the pcsclite module is not installed' });
      return;
    }
    while (!signal.aborted) {
      const detail = (await troubleWithPcscd(answerLimitMs)) ?? (await this.#liveWith(create, signal));
      this.#show({ service: 'lost', detail });
      await delay(lookEachMs, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Lives with one instance until the service goes away; resolves with why. */
  async #liveWith(create: Binding, signal: AbortSignal): Promise<string> {
    let live: LiveInstance;
    try {
      live = new LiveInstance(create());
    } catch (error) {
      return message(error);
    }
    this.#live = live;
    let over = false;
    const lost = new Promise<string>((resolve) => {
      live.onSlots = (slots) => this.#show({ service: 'up', slots });
      live.onLost = (detail) => {
        this.#show({ service: 'lost', detail });
        resolve(detail);
      };
    });
    const close = (): void => live.onLost('closed');
    signal.addEventListener('abort', close, { once: true });
    void this.#watch(live, () => over);
    const detail = await lost;
    signal.removeEventListener('abort', close);
    over = true;
    this.#live = undefined;
    live.drop(signal);
    return detail;
  }

  /** A service that hangs is lost until it answers again; what it then says is heard by the same instance. */
  async #watch(live: LiveInstance, over: () => boolean): Promise<void> {
    for (let hangs = false; !over();) {
      await delay(lookEachMs);
      const detail = await troubleWithPcscd(answerLimitMs);
      if (over()) return;
      if (detail !== undefined) this.#show({ service: 'lost', detail });
      else if (hangs) live.tell();
      hangs = detail !== undefined;
    }
  }

  #show(view: PcscView): void {
    this.#view = view;
    for (const listener of this.#listeners) listener(view);
  }
}

/**
 * What the binding's threads still write to. Collecting one as garbage waits for its thread, on the main one and for ever, if that has not
 * ended; and its last callback reads its memory after its `end`.
 */
const inNativeUse = new Set<object>();
const lastCallbackMs = 1_000;

function freeSoon(ended: object): void {
  setTimeout(() => inNativeUse.delete(ended), lastCallbackMs);
}

/** An instance keeps a socket to pcscd until it is collected, and a process at rest makes too little garbage to come to that. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}

/** One instance of the binding with its readers: made once, dropped whole. */
class LiveInstance {
  onSlots: (slots: readonly PcscSlot[]) => void = () => undefined;
  onLost: (detail: string) => void = () => undefined;
  readonly #instance: Instance;
  readonly #readers = new Map<string, NativeReader>();
  readonly #slots = new Map<string, PcscSlot>();
  #listed = false;

  constructor(instance: Instance) {
    this.#instance = instance;
    inNativeUse.add(instance);
    instance.on('error', (error: unknown) => {
      freeSoon(instance);
      this.onLost(message(error));
    });
    instance.on('reader', (reader) => this.#add(reader));
    const listing = instance as unknown as Listing;
    const start = listing.start.bind(instance);
    listing.start = (listed) =>
      start((error, names) => {
        listed(error, names);
        this.#listed = true;
        this.tell();
      });
  }

  reader(name: string): NativeReader | undefined {
    return this.#readers.get(name);
  }

  /**
   * Hears nothing more of it. It is not closed: the binding's `close` joins threads that may have missed their cancellation, and then hangs for
   * ever (seen on a busy machine). When the service goes they end by themselves, else with the process.
   * @throws later, unless `closing`, if they do not: only the end of the process frees them.
   */
  drop(closing: AbortSignal): void {
    this.onSlots = () => undefined;
    this.onLost = () => undefined;
    const readers = this.#readers;
    setTimeout(() => {
      if (closing.aborted) return;
      if (readers.size > 0) throw new Error(`${readers.size} threads of the PC/SC binding do not end`);
      collectGarbage();
    }, threadsEndMs).unref();
  }

  /** Readers are told of once each has said how it is: half a list would look like readers unplugged. */
  tell(): void {
    const complete = this.#listed && [...this.#readers.keys()].every((name) => this.#slots.has(name));
    if (complete) this.onSlots([...this.#slots.values()].sort((a, b) => (a.reader < b.reader ? -1 : 1)));
  }

  #add(reader: NativeReader): void {
    const { name } = reader;
    this.#readers.set(name, reader);
    this.#slots.delete(name);
    inNativeUse.add(reader);
    reader.on('error', (error: unknown) => {
      if (code(error) !== scard.cancelled) this.onLost(message(error));
    });
    reader.on('status', ({ state, atr }) => {
      // Unplugged and plugged in again, a reader has its old name.
      if (this.#readers.get(name) !== reader) return;
      const present = (state & slotState.present) !== 0 && atr !== undefined;
      this.#slots.set(name, {
        reader: name,
        state: state & 0xffff,
        changes: (state >>> 16) & 0xffff,
        atr: present ? Buffer.from(atr).toString('hex').toUpperCase() : '',
      });
      this.tell();
    });
    reader.on('end', () => {
      freeSoon(reader);
      if (this.#readers.get(name) !== reader) return;
      this.#readers.delete(name);
      this.#slots.delete(name);
      this.tell();
    });
  }
}

async function loadBinding(): Promise<Binding | undefined> {
  try {
    return (await import('pcsclite')).default;
  } catch {
    return undefined;
  }
}

async function connect(
  reader: NativeReader,
  options: { readonly share_mode: number; readonly protocol?: number },
): Promise<Result<number, PcscFault>> {
  return await new Promise((resolve) => {
    reader.connect(options, (error: unknown, protocol) => {
      resolve(error === null || error === undefined ? ok(protocol) : err(faultOf(error)));
    });
  });
}

function connection(reader: NativeReader, protocol: number): PcscConnection {
  return {
    transmit: async (command) =>
      await new Promise((resolve) => {
        // A view: the binding copies, and whoever made the command wipes it.
        reader.transmit(
          Buffer.from(command.buffer, command.byteOffset, command.length),
          maxResponse,
          protocol,
          (error: unknown, response) => {
            if (error !== null && error !== undefined) resolve(err(faultOf(error)));
            // A card pulled in the middle gives success and nothing on some drivers.
            else resolve(response.length < 2 ? err({ kind: 'card-removed' }) : ok(new Uint8Array(response)));
          },
        );
      }),
    disconnect: async () => {
      // RESET forgets a verified PIN, which would else stay for whoever comes next; it fails where the card has gone, and the handle must go too.
      if (!(await disconnect(reader, reader.SCARD_RESET_CARD))) await disconnect(reader, reader.SCARD_LEAVE_CARD);
    },
  };
}

async function disconnect(reader: NativeReader, disposition: number): Promise<boolean> {
  return await new Promise((resolve) => {
    reader.disconnect(disposition, (error: unknown) => resolve(error === null || error === undefined));
  });
}

function faultOf(error: unknown): PcscFault {
  switch (code(error)) {
    case scard.sharingViolation:
      return { kind: 'reader-busy' };
    case scard.noSmartcard:
      return { kind: 'no-card' };
    case scard.removedCard:
    case scard.readerUnavailable:
      return { kind: 'card-removed' };
    default:
      return { kind: 'failed', detail: message(error) };
  }
}

function code(error: unknown): number | undefined {
  const [, digits] = /\(0x([0-9a-f]+)\)/i.exec(message(error)) ?? [];
  return digits === undefined ? undefined : Number.parseInt(digits, 16);
}

function message(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
