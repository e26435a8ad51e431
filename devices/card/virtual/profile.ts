/** What can be done with a PIN object, each with a condition of its own (card.md, 1.7). */
export type PinUse = 'verify' | 'change' | 'unblock';

/** In what one series of cards differs from another, beyond its ATR. */
export interface CardProfile {
  /** What READ BINARY answers at the very end of a file: `6282` (`soft`, which OpenSC needs) or `6B00` (`real`, as a card of 2025). */
  readonly endOfFile: 'soft' | 'real';
  /** What VERIFY without data does: tell the tries left, take one of them, or answer `6A86` or `6700`. */
  readonly statusQuery: 'free' | 'costs-a-try' | '6A86' | '6700';
  /** `backtracking`: PIN and PUK are found only with bit 8 of P2 (`90`, `91`), as on STIncard masks. */
  readonly references: 'any' | 'backtracking';
  /** READ BINARY of more than there is: answers what there is, or `6Cxx`. */
  readonly tooMuchAsked: 'answered' | '6Cxx';
  /** Answers to commands that carry data: at once, or to be fetched with GET RESPONSE after `61xx`. */
  readonly answers: 'at-once' | '61xx';
  /** `false`: extended length fields are refused with `6700`. */
  readonly extendedLength: boolean;
  /** The files are seen only once this application is selected; where `paths` says so, by paths from it alone. `model`: what GET DATA names. */
  readonly application:
    | {
        readonly aid: string;
        readonly paths: 'from-mf' | 'from-application';
        readonly model?: { readonly dataObject: number; readonly says: string };
      }
    | undefined;
  /** What is allowed under secure messaging alone; in the clear it is `6982`. */
  readonly secured: readonly PinUse[];
}

export const usualProfile: CardProfile = {
  endOfFile: 'soft',
  statusQuery: 'free',
  references: 'any',
  tooMuchAsked: 'answered',
  answers: 'at-once',
  extendedLength: true,
  application: undefined,
  secured: [],
};
