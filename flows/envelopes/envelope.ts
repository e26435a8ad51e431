/**
 * Where an envelope is, from the pallet to the hand. `received`: on the CMS's signed list, and here. `assigned`: in the pile of an operator or of
 * the magazine. `drawn`: the lot fell on it. `scanned`: its number was read. `bound`: it is this card's from here on, and the CMS may set its PIN.
 * `handed`: the holder has it. `unclaimed`: the card has its PIN, or may have it, and it stayed here. `aborted`: read for an operation that set no PIN.
 * `quarantined`: what became of it is not known (`consumed-unknown`), or it is missing. `spoiled`: destroyed.
 */
export const envelopeStates = [
  'received',
  'assigned',
  'drawn',
  'scanned',
  'bound',
  'handed',
  'unclaimed',
  'aborted',
  'quarantined',
  'spoiled',
] as const;
export type EnvelopeState = (typeof envelopeStates)[number];

/** A pile of envelopes: one operator's, or a magazine's, from which any operator of the desk draws. */
export type Pile = `operator:${string}` | `magazine:${string}`;

export interface Envelope {
  readonly number: string;
  readonly batch: string;
  /** Its place among all that were ever received here, from 1: piles are kept in this order. */
  readonly place: number;
  readonly state: EnvelopeState;
  readonly pile: Pile | null;
  /** The operation that it was last drawn for. */
  readonly operationId: string | null;
}

/**
 * Where an envelope may go next. From `scanned` on nothing leads back into a pile: a number that was read is used, whatever came of it
 * (procedures.md, C21). One that was drawn and never read goes back to its place.
 */
export const envelopeMoves: Readonly<Record<EnvelopeState, readonly EnvelopeState[]>> = {
  received: ['assigned', 'spoiled', 'quarantined'],
  assigned: ['assigned', 'received', 'drawn', 'spoiled', 'quarantined'],
  drawn: ['scanned', 'assigned', 'spoiled', 'quarantined'],
  scanned: ['bound', 'aborted', 'quarantined'],
  bound: ['handed', 'unclaimed', 'aborted', 'quarantined'],
  // Who comes back for it gets another (COD-15).
  unclaimed: ['spoiled'],
  aborted: ['spoiled'],
  quarantined: ['handed', 'unclaimed', 'aborted', 'spoiled'],
  handed: [],
  spoiled: [],
};

/** Where an envelope may be put by hand, without an operation's outcome. */
export const puts = ['received', 'assigned', 'quarantined', 'spoiled'] as const satisfies readonly EnvelopeState[];
export type Put = (typeof puts)[number];

/** States in which an operation has it in its hands. */
export const underWay: readonly EnvelopeState[] = ['drawn', 'scanned', 'bound'];

/** States in which it lies closed in a pile, and is counted. */
export const inThePile: readonly EnvelopeState[] = ['received', 'assigned'];

/** States in which it lies here, closed, and in no pile: it is kept apart until it is destroyed or its end is known. */
export const keptApart: readonly EnvelopeState[] = ['unclaimed', 'aborted', 'quarantined'];
