import type { Result } from '../result.ts';

/** Bits of a slot's state (PC/SC part 5, SCARD_READERSTATE); the 16 upper bits count events and are kept apart as `changes`. */
export const slotState = { unavailable: 0x08, empty: 0x10, present: 0x20, exclusive: 0x80, inUse: 0x100, mute: 0x200 } as const;

export interface PcscSlot {
  readonly reader: string;
  /** Bits of `slotState`. */
  readonly state: number;
  /** Counts insertions and removals: another number means that another card, or the same one anew, is in. */
  readonly changes: number;
  /** Hexadecimal, upper case; `''` without a card. */
  readonly atr: string;
}

/** All that the PC/SC service tells at one moment. */
export type PcscView =
  | { readonly service: 'starting' }
  | { readonly service: 'lost'; readonly detail: string }
  | { readonly service: 'up'; readonly slots: readonly PcscSlot[] };

/** `failed`: what it means shows only by what the slot reports next. */
export type PcscFault =
  | { readonly kind: 'no-card' }
  | { readonly kind: 'card-removed' }
  | { readonly kind: 'reader-busy' }
  | { readonly kind: 'failed'; readonly detail: string };

/** An exclusive connection to the card in one slot. One command at a time. */
export interface PcscConnection {
  /** Sends a command APDU. The answer has at least two bytes: less is a card that has gone. May hang for ever: bound it. */
  transmit(command: Uint8Array): Promise<Result<Uint8Array, PcscFault>>;
  /** Resets the card and lets go of it. */
  disconnect(): Promise<void>;
}

/** PC/SC without any one binding's ways: the driver stands above it, `pcsclite` or a virtual card below. */
export interface PcscPort {
  view(): PcscView;
  /** Calls back on each change; returns the way to stop. */
  onView(listener: (view: PcscView) => void): () => void;
  connect(reader: string): Promise<Result<PcscConnection, PcscFault>>;
  close(): Promise<void>;
}
