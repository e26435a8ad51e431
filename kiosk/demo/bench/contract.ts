import { z } from 'zod';

/** What the person at the bench may do to the demo's world. */
export const benchCommand = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('insert'), card: z.string().regex(/^[a-z-]{1,40}$/) }),
  z.strictObject({ type: z.literal('remove') }),
  /** The card that is in stops answering, as a dirty contact does; taking it out ends it. */
  z.strictObject({ type: z.literal('mute') }),
  /** The scanner reads the number outside an envelope. */
  z.strictObject({ type: z.literal('scan'), envelope: z.string().regex(/^\d{1,20}$/) }),
  z.strictObject({ type: z.literal('paper'), paper: z.enum(['full', 'near-end', 'out', 'ends-soon']) }),
  z.strictObject({ type: z.literal('cover'), open: z.boolean() }),
  z.strictObject({ type: z.literal('cable'), plugged: z.boolean() }),
  z.strictObject({ type: z.literal('power-cycle') }),
  /** Takes off what hangs out of the printer, uncut. */
  z.strictObject({ type: z.literal('tear-off') }),
  z.strictObject({ type: z.literal('cms'), behaviour: z.enum(['normal', 'slow', 'unreachable', 'lost-answer']) }),
]);

export type BenchCommand = z.infer<typeof benchCommand>;
export type Paper = Extract<BenchCommand, { type: 'paper' }>['paper'];
export type CmsBehaviour = Extract<BenchCommand, { type: 'cms' }>['behaviour'];

export interface BenchCard {
  readonly id: string;
  readonly holder: string;
  readonly fiscalCode: string;
  readonly birthDate: string;
  /** What is special about it; `''` for a card with which all goes well. */
  readonly mark: string;
  /** What the desk should do with it, in Italian. */
  readonly expect: string;
}

export interface BenchSlip {
  readonly number: number;
  /** ISO instant. */
  readonly at: string;
  readonly text: string;
}

export interface BenchMail {
  readonly number: number;
  readonly at: string;
  readonly to: string;
  readonly subject: string;
  readonly text: string;
}

/** All that the bench shows. It holds both parts of the codes: it goes to the bench's own port and nowhere else. */
export interface BenchState {
  /** Addresses of the kiosk's pages; `null` until it is up. */
  readonly kiosk: { readonly screen: string; readonly operator: string } | null;
  readonly operator: { readonly id: string; readonly pin: string };
  readonly cards: readonly BenchCard[];
  /** The numbers of the sealed envelopes; none where codes come in two parts. */
  readonly envelopes: readonly string[];
  readonly reader: { readonly connected: boolean; readonly card: string | null; readonly mute: boolean; readonly since: string | null };
  readonly printer: {
    readonly paper: Paper;
    readonly coverOpen: boolean;
    readonly plugged: boolean;
    /** What was printed and not cut, as it hangs out; `''` for nothing. */
    readonly hanging: string;
  };
  readonly cms: CmsBehaviour;
  /** The newest first. */
  readonly slips: readonly BenchSlip[];
  readonly mails: readonly BenchMail[];
}
