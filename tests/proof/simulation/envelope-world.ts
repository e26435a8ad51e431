import type { RelayCount, RelayError, RelayExchange } from '../../../devices/card/contract.ts';
import { type Result, err, ok } from '../../../devices/result.ts';
import type { EnvelopeStanding } from '../../../flows/ports/cms.ts';
import type { EnvelopeStateAtCms, RelayReceipt } from '../../../flows/ports/envelopes.ts';
import type { RelayAnswer, RelayStep } from '../../../flows/ports/relays.ts';
import { together } from '../../../kiosk/reference-cms/pin-setting.ts';
import { luhn } from '../../harness/envelope-specimens.ts';
import type { Chance, Time } from './time.ts';

/** What the CMS asks of a card, in this order: of these, one sets the PIN. */
const commands = ['open', 'identify', 'set', 'verify'] as const;
const setting = commands.indexOf('set');

/** What the CMS knows of envelopes and of the cards' PINs, by its own rule for what several relays know together; it stays, whoever falls. */
export class EnvelopesAtCms {
  readonly states = new Map<string, EnvelopeStateAtCms>();
  readonly #standings = new Map<string, EnvelopeStanding>();
  readonly #relays = new Map<string, { readonly operationId: string; next: number; ended: boolean }>();
  /** Answers are protected: a status word proves what it says. */
  readonly #proves: boolean;

  constructor(proves: boolean) {
    this.#proves = proves;
  }

  /** A list of sealed envelopes. */
  list(first: number, many: number): string[] {
    const numbers = Array.from({ length: many }, (_, n) => luhn(`2${String(first + n).padStart(10, '0')}`));
    for (const number of numbers) this.states.set(number, 'free');
    return numbers;
  }

  standing(operationId: string): EnvelopeStanding | undefined {
    return this.#standings.get(operationId);
  }

  /** What becomes of the envelope with its operation. */
  settle(operationId: string, state: 'CONFIRMED' | 'VOIDED' | 'HELD'): void {
    const standing = this.#standings.get(operationId);
    if (standing === undefined || state === 'HELD') return;
    this.states.set(standing.number, state === 'CONFIRMED' ? 'handed' : 'withdrawn');
  }

  /** One exchange; `bind` is told once an operation gets its envelope. */
  relay(step: RelayStep, bind: () => void): RelayAnswer<RelayReceipt> | { readonly refused: string } {
    const { operationId, relay, sequence } = step;
    const known = this.#relays.get(relay);
    if ('envelope' in step) {
      const before = this.#standings.get(operationId);
      const state = this.states.get(step.envelope);
      if (state === undefined) return { refused: 'envelope-unknown' };
      if (before !== undefined && before.number !== step.envelope) return { refused: 'operation-bound-otherwise' };
      if (before === undefined && state !== 'free') return { refused: 'envelope-spent' };
      if (known !== undefined) return { refused: 'relay-over' };
      if (before === undefined) {
        this.states.set(step.envelope, 'bound');
        this.#standings.set(operationId, { number: step.envelope, pin: 'not-set', evidence: 'none' });
        bind();
      }
      for (const each of this.#relays.values()) if (each.operationId === operationId) each.ended = true;
      this.#relays.set(relay, { operationId, next: 1, ended: false });
    } else {
      if (known?.operationId !== operationId || sequence !== known.next) return { refused: 'relay-out-of-order' };
      if (known.ended) return { refused: 'relay-over' };
      known.next += 1;
    }
    const before = this.#standings.get(operationId);
    if (before === undefined) throw new Error('a relay without its envelope');
    const standing = together(before, this.#after(sequence));
    this.#standings.set(operationId, standing);
    if (sequence < commands.length) return { command: Uint8Array.of(sequence) };
    const tries = { before: null, after: null };
    return { end: { operationId, relay, ended: 'done', secured: true, envelope: standing, tries, jws: 'relay.of.cms' } };
  }

  /** What one relay knows after so many of its answers. */
  #after(answers: number): Pick<EnvelopeStanding, 'pin' | 'evidence'> {
    if (answers < setting) return { pin: 'not-set', evidence: 'none' };
    if (answers === setting) return { pin: 'unknown', evidence: 'none' };
    if (this.#proves) return { pin: 'set', evidence: 'proved' };
    return answers === commands.length ? { pin: 'set', evidence: 'verified' } : { pin: 'unknown', evidence: 'status-word' };
  }
}

/** Cards, by the operation that each is in the reader for: which of them has an envelope's PIN. They can be pulled before or after a command's effect. */
export class SimulatedChips {
  readonly set = new Set<string>();
  readonly #time: Time;
  readonly #chance: Chance;

  constructor(time: Time, chance: Chance) {
    this.#time = time;
    this.#chance = chance;
  }

  async relay(operationId: string, exchange: RelayExchange, signal: AbortSignal): Promise<Result<RelayCount, RelayError>> {
    let sent = 0;
    let answer: Uint8Array | undefined;
    for (;;) {
      const next = await exchange(answer, signal);
      if (signal.aborted) return err({ kind: 'aborted', sent, answered: sent });
      if (next === 'lost') return err({ kind: 'other-side-lost', sent, answered: sent });
      if (next === 'end') return ok({ sent, answered: sent });
      const fate = this.#chance.happens(0.04) ? this.#chance.pick(['pulled-before', 'pulled-after']) : 'answered';
      await this.#time.wait(this.#chance.between(5, 400), signal);
      if (fate === 'pulled-before') return err({ kind: 'card-removed', sent, answered: sent });
      if (next[0] === setting) this.set.add(operationId);
      if (fate === 'pulled-after') return err({ kind: 'card-removed', sent: sent + 1, answered: sent });
      sent += 1;
      answer = Uint8Array.of(0x90, 0x00);
    }
  }
}
