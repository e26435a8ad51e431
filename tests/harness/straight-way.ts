import { type SplitRowKind, splitRowKinds } from '../../flows/ports/journal.ts';

/** Rows of an operation that does not go straight to its end: their hazards are their own (tests/hazards). */
type Detour = 'REPRINT_AUTHORISED' | 'RESOLUTION';
export type StraightRowKind = Exclude<SplitRowKind, Detour>;

/** The rows of an activation that meets no trouble, in their order. */
export const straightWay = splitRowKinds.filter((kind): kind is StraightRowKind => kind !== 'REPRINT_AUTHORISED' && kind !== 'RESOLUTION');
