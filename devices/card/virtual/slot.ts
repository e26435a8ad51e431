import { setTimeout as delay } from 'node:timers/promises';
import type { VirtualCnsCard } from './card.ts';

/** What a card can be told to do to one command: answer this status word, never answer, or be pulled before it answers. */
export type CardFault = { readonly kind: 'status'; readonly status: number } | { readonly kind: 'stall' } | { readonly kind: 'pull' };

/** A reader's slot into which a virtual card goes, whichever way it is then reached. */
export interface VirtualSlot {
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

export type CardAnswer = { readonly kind: 'answer'; readonly bytes: Uint8Array } | Exclude<CardFault, { kind: 'status' }>;

/** How a card in a slot answers: the card itself, the faults it was told of, and the time it takes. */
export class CardBehaviour {
  readonly #faults = new Map<number, CardFault>();
  readonly #timing: CardTiming | undefined;
  #commands = 0;
  #onFault: () => void = () => undefined;

  constructor(timing?: CardTiming) {
    this.#timing = timing;
  }

  fail(nth: number, fault: CardFault): void {
    this.#faults.set(this.#commands + nth, fault);
  }

  async met(): Promise<void> {
    await new Promise<void>((resolve) => (this.#onFault = resolve));
  }

  async answer(card: VirtualCnsCard, command: Uint8Array): Promise<CardAnswer> {
    this.#commands += 1;
    const fault = this.#faults.get(this.#commands);
    this.#faults.delete(this.#commands);
    if (fault !== undefined) this.#onFault();
    if (fault !== undefined && fault.kind !== 'status') return fault;
    const bytes = fault === undefined ? card.transmit(command) : Uint8Array.of(fault.status >> 8, fault.status & 0xff);
    // Power went away in the middle of it.
    if (bytes.length === 0) return { kind: 'pull' };
    if (this.#timing !== undefined) await delay(this.#timing.commandMs + this.#timing.byteMs * (command.length + bytes.length));
    return { kind: 'answer', bytes };
  }
}
