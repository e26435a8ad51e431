import { type Result, err, ok } from '../../result.ts';
import { type PcscConnection, type PcscFault, type PcscPort, type PcscView, slotState } from '../pcsc.ts';
import type { VirtualCnsCard } from './card.ts';
import { CardBehaviour, type CardFault, type CardTiming, type VirtualSlot } from './slot.ts';

export interface InProcessReaderOptions {
  readonly reader?: string;
  readonly timing?: CardTiming;
}

/** A reader with a virtual card and no PC/SC service in between: the production driver runs on it unchanged. Empty at first. */
export class InProcessReader implements PcscPort, VirtualSlot {
  readonly behaviour: CardBehaviour;
  readonly #reader: string;
  readonly #listeners = new Set<(view: PcscView) => void>();
  #card: VirtualCnsCard;
  #state: number = slotState.empty;
  #changes = 0;
  #pulled: (() => void) | undefined;
  #connected = false;

  constructor(card: VirtualCnsCard, options: InProcessReaderOptions = {}) {
    this.#card = card;
    this.#reader = options.reader ?? 'Sportello Virtual Reader 00 00';
    this.behaviour = new CardBehaviour(options.timing);
  }

  get card(): VirtualCnsCard {
    return this.#card;
  }

  view(): PcscView {
    const atr = this.#holdsAnsweringCard() ? Buffer.from(this.#card.atr).toString('hex').toUpperCase() : '';
    return { service: 'up', slots: [{ reader: this.#reader, state: this.#state, changes: this.#changes, atr }] };
  }

  onView(listener: (view: PcscView) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async connect(reader: string): Promise<Result<PcscConnection, PcscFault>> {
    if (reader !== this.#reader || (this.#state & slotState.present) === 0) return await Promise.resolve(err({ kind: 'no-card' }));
    if (this.#connected) return err({ kind: 'reader-busy' });
    if (!this.#holdsAnsweringCard()) return err({ kind: 'failed', detail: 'the card does not answer' });
    const changes = this.#changes;
    this.#connected = true;
    const pulled = new Promise<void>((resolve) => (this.#pulled = resolve));
    return ok({
      transmit: async (command) => (changes === this.#changes ? await this.#transmit(command, pulled) : err({ kind: 'card-removed' })),
      disconnect: async () => {
        this.#connected = false;
        if (changes === this.#changes) this.#card.reset();
        await Promise.resolve();
      },
    });
  }

  async close(): Promise<void> {
    await this.remove();
    this.#listeners.clear();
  }

  async insert(card: VirtualCnsCard = this.#card): Promise<void> {
    await this.remove();
    this.#card = card;
    card.reset();
    this.#become(slotState.present);
  }

  async remove(): Promise<void> {
    if ((this.#state & slotState.present) !== 0) this.#become(slotState.empty);
    await Promise.resolve();
  }

  async mute(): Promise<void> {
    await this.remove();
    this.#become(slotState.present | slotState.mute);
  }

  fail(nth: number, fault: CardFault): void {
    this.behaviour.fail(nth, fault);
  }

  async met(): Promise<void> {
    await this.behaviour.met();
  }

  async #transmit(command: Uint8Array, pulled: Promise<void>): Promise<Result<Uint8Array, PcscFault>> {
    const gone = pulled.then(() => undefined);
    const answer = await Promise.race([this.behaviour.answer(this.#card, command), gone]);
    if (answer?.kind === 'answer') return ok(answer.bytes);
    if (answer?.kind === 'pull') await this.remove();
    await gone; // A card that stalls lets go of its command only when it is pulled.
    return err({ kind: 'card-removed' });
  }

  #holdsAnsweringCard(): boolean {
    return (this.#state & slotState.present) !== 0 && (this.#state & slotState.mute) === 0;
  }

  #become(state: number): void {
    this.#state = state;
    this.#changes += 1;
    this.#pulled?.();
    this.#pulled = undefined;
    for (const listener of this.#listeners) listener(this.view());
  }
}
