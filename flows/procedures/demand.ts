import type { WordsLanguage } from './words.ts';

/**
 * One thing that a rule asks of a request. Unmet, it is a refusal; with an `item`, it is something that the applicant brings.
 * All decisions are lists of these: what is required is never written apart from what is checked.
 */
export interface Demand {
  /** The rule's id in the domain reference: `DOC-01`, `C6`, `OP-REV`. */
  readonly rule: string;
  /** Why it is refused where it is not met, in Italian. */
  readonly text: string;
  readonly citation: string;
  readonly met: boolean;
  /** What to bring, and how it is called on screen and paper. */
  readonly item?: { readonly name: string } & Readonly<Record<WordsLanguage, string>>;
}
