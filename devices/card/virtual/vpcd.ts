import { type Socket, connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { VirtualCnsCard } from './card.ts';
import { CardBehaviour, type CardFault, type CardTiming, type VirtualSlot } from './slot.ts';

/** One-byte messages of vpcd; anything longer is a command APDU (card.md, 2.1). */
const control = { powerOff: 0x00, powerOn: 0x01, reset: 0x02, getAtr: 0x04 } as const;

const insertLimitMs = 3_000;
const reconnectMs = 250;
/** pcscd looks each 400 ms, and a card with the same ATR that is back by then was never away for it. */
const leastAbsenceMs = 500;
/** Longer than any ATR (33 bytes): the reader takes the card for present and cannot power it. */
const noAtr = new Uint8Array(64);

export class VpcdUnreachable extends Error {}

/** A slot of a running `vpcd` reader. Connecting is inserting; when the link breaks (the service restarts) the card goes in again. */
export class VpcdSlot implements VirtualSlot {
  readonly behaviour: CardBehaviour;
  readonly #host: string;
  readonly #port: number;
  #card: VirtualCnsCard;
  #link: Link | undefined;
  #again: AbortController | undefined;
  #removedAt = -leastAbsenceMs;

  constructor(card: VirtualCnsCard, address: { readonly host: string; readonly port: number }, timing?: CardTiming) {
    this.#card = card;
    this.#host = address.host;
    this.#port = address.port;
    this.behaviour = new CardBehaviour(timing);
  }

  get card(): VirtualCnsCard {
    return this.#card;
  }

  /** @throws VpcdUnreachable if nobody listens there, or the slot already has a card. */
  async insert(card: VirtualCnsCard = this.#card): Promise<void> {
    this.#card = card;
    await this.#put(false);
  }

  async remove(): Promise<void> {
    this.#again?.abort();
    this.#again = undefined;
    const link = this.#link;
    this.#link = undefined;
    if (link === undefined) return;
    await link.close();
    this.#removedAt = performance.now();
  }

  async mute(): Promise<void> {
    await this.#put(true);
  }

  fail(nth: number, fault: CardFault): void {
    this.behaviour.fail(nth, fault);
  }

  async met(): Promise<void> {
    await this.behaviour.met();
  }

  async #put(mute: boolean): Promise<void> {
    await this.remove();
    await delay(Math.max(0, this.#removedAt + leastAbsenceMs - performance.now()));
    const again = new AbortController();
    this.#again = again;
    await this.#connect(mute, again.signal);
  }

  async #connect(mute: boolean, again: AbortSignal): Promise<void> {
    this.#card.reset();
    const link = new Link(this.#card, this.behaviour, mute, () => void this.remove());
    this.#link = link;
    await link.open(this.#host, this.#port);
    void link.closed.then(() => this.#reconnect(mute, again));
  }

  async #reconnect(mute: boolean, again: AbortSignal): Promise<void> {
    while (!again.aborted) {
      const waited = await delay(reconnectMs, true, { signal: again }).catch(() => false);
      if (!waited) return;
      const back = await this.#connect(mute, again).then(
        () => true,
        () => false,
      );
      if (back) return;
    }
  }
}

/** One connection to vpcd. */
class Link {
  readonly closed: Promise<void>;
  readonly #card: VirtualCnsCard;
  readonly #behaviour: CardBehaviour;
  readonly #mute: boolean;
  readonly #pull: () => void;
  #received: Buffer = Buffer.alloc(0);
  #powered = false;
  #asked: () => void = () => undefined;
  #end: () => void = () => undefined;
  #socket: Socket | undefined;

  constructor(card: VirtualCnsCard, behaviour: CardBehaviour, mute: boolean, pull: () => void) {
    this.#card = card;
    this.#behaviour = behaviour;
    this.#mute = mute;
    this.#pull = pull;
    this.closed = new Promise((resolve) => (this.#end = resolve));
  }

  /** Resolves at the first request for the ATR: a second card on one port is let in by TCP and then never served. */
  async open(host: string, port: number): Promise<void> {
    const socket = connect({ host, port, noDelay: true });
    this.#socket = socket;
    await new Promise<void>((resolve, reject) => {
      const limit = setTimeout(() => {
        socket.destroy();
        reject(new VpcdUnreachable(`${host}:${port} does not ask for the card: is another one in?`));
      }, insertLimitMs);
      const settled = (): void => clearTimeout(limit);
      this.#asked = () => {
        settled();
        resolve();
      };
      socket.on('error', (error) => {
        settled();
        reject(new VpcdUnreachable(`${host}:${port}: ${error.message}`));
      });
      socket.on('close', () => {
        settled();
        reject(new VpcdUnreachable(`${host}:${port} closed the connection`));
        this.#end();
      });
      socket.on('data', (bytes) => this.#receive(bytes));
    });
  }

  async close(): Promise<void> {
    this.#socket?.destroy();
    await this.closed;
  }

  #receive(bytes: Buffer): void {
    this.#received = Buffer.concat([this.#received, bytes]);
    while (this.#received.length >= 2 && this.#received.length >= 2 + this.#received.readUInt16BE(0)) {
      const end = 2 + this.#received.readUInt16BE(0);
      const message = this.#received.subarray(2, end);
      this.#received = this.#received.subarray(end);
      if (message.length === 1) this.#obey(message[0]);
      else if (message.length > 1) void this.#answer(new Uint8Array(message));
    }
  }

  #obey(what: number | undefined): void {
    if (what === control.getAtr) {
      this.#send(this.#mute && this.#powered ? noAtr : this.#card.atr);
      this.#asked();
      return;
    }
    this.#powered = what !== control.powerOff;
    this.#card.reset();
  }

  async #answer(command: Uint8Array): Promise<void> {
    const answer = await this.#behaviour.answer(this.#card, command);
    if (answer.kind === 'answer') this.#send(answer.bytes);
    else if (answer.kind === 'pull') this.#pull();
  }

  #send(message: Uint8Array): void {
    const frame = Buffer.alloc(2 + message.length);
    frame.writeUInt16BE(message.length);
    frame.set(message, 2);
    if (this.#socket?.destroyed === false) this.#socket.write(frame);
  }
}
