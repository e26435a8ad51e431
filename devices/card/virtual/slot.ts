import { setTimeout as delay } from 'node:timers/promises';
import type { VirtualCnsCard } from './card.ts';

/**
 * What a card can be told to do to one command. Instead of it: answer this status word, answer these bytes, never answer, or be pulled.
 * `lose`: it is done, and the card is pulled before it answers.
 */
export type CardFault =
  | { readonly kind: 'status'; readonly status: number }
  | { readonly kind: 'lie'; readonly answer: Uint8Array }
  | { readonly kind: 'stall' }
  | { readonly kind: 'pull' }
  | { readonly kind: 'lose' };

/** A reader's slot into which a virtual card goes, whichever way it is then reached. */
export interface VirtualSlot {
  /** The card that is in, or goes in next. */
  readonly card: VirtualCnsCard;
  readonly behaviour: CardBehaviour;
  /** Puts the card in; another one, if given. Resolves when the reader has it. */
  insert(card?: VirtualCnsCard): Promise<void>;
  remove(): Promise<void>;
  /** Puts the card in so that it does not answer to power: turned round, or dead. */
  mute(): Promise<void>;
  /** The `nth` command from now on (1 is the next) meets this fault. */
  fail(nth: number, fault: CardFault): void;
  /** Resolves when the next fault is met. */
  met(): Promise<void>;
}

/** The time a real card takes: 12 ms and 0.34 ms a byte (card.md, 2.7). */
export const realTiming = { commandMs: 12, byteMs: 0.34 } as const;

export interface CardTiming {
  readonly commandMs: number;
  readonly byteMs: number;
}

export type CardAnswer = { readonly kind: 'answer'; readonly bytes: Uint8Array } | { readonly kind: 'stall' } | { readonly kind: 'pull' };

const readBinary = 0xb0;

/** How a card in a slot answers: the card itself, the faults it was told of, and the time it takes. */
export class CardBehaviour {
  readonly #faults = new Map<number, CardFault>();
  readonly #timing: CardTiming | undefined;
  #slowMs = 0;
  #shortest = Number.POSITIVE_INFINITY;
  #commands = 0;
  #onFault: () => void = () => undefined;

  constructor(timing?: CardTiming) {
    this.#timing = timing;
  }

  fail(nth: number, fault: CardFault): void {
    this.#faults.set(this.#commands + nth, fault);
  }

  /** Each answer takes this much longer; 0: no longer. */
  slow(ms: number): void {
    this.#slowMs = ms;
  }

  /** READ BINARY gives at most this many bytes, however many it was asked for; 0: as many as it was. */
  short(bytes: number): void {
    this.#shortest = bytes || Number.POSITIVE_INFINITY;
  }

  async met(): Promise<void> {
    await new Promise<void>((resolve) => (this.#onFault = resolve));
  }

  async answer(card: VirtualCnsCard, command: Uint8Array): Promise<CardAnswer> {
    this.#commands += 1;
    const fault = this.#faults.get(this.#commands);
    this.#faults.delete(this.#commands);
    if (fault !== undefined) this.#onFault();
    if (fault?.kind === 'stall' || fault?.kind === 'pull') return fault;
    const bytes = this.#bytes(card, command, fault);
    // Power went away in the middle of it, or before the answer was out.
    if (bytes.length === 0 || fault?.kind === 'lose') return { kind: 'pull' };
    const { commandMs, byteMs } = this.#timing ?? { commandMs: 0, byteMs: 0 };
    const tookMs = this.#slowMs + commandMs + byteMs * (command.length + bytes.length);
    if (tookMs > 0) await delay(tookMs);
    return { kind: 'answer', bytes };
  }

  #bytes(card: VirtualCnsCard, command: Uint8Array, fault: CardFault | undefined): Uint8Array {
    if (fault?.kind === 'lie') return fault.answer;
    if (fault?.kind === 'status') return Uint8Array.of(fault.status >> 8, fault.status & 0xff);
    const bytes = card.transmit(command);
    const isTooLong = command[1] === readBinary && bytes.length - 2 > this.#shortest;
    return isTooLong ? Uint8Array.of(...bytes.subarray(0, this.#shortest), ...bytes.subarray(-2)) : bytes;
  }
}
