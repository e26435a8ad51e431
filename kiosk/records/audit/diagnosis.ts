import { type ChainedRow, rowHash } from '../chain.ts';

/** A row whose hash is not that of its content after the row before it. */
export interface Suspect {
  readonly row: ChainedRow;
  readonly stored: string;
  /** What its hash would be where it stands. */
  readonly computed: string;
  /** The stored hash of the row before. */
  readonly previous: string;
}

/** What is looked into; a journal that is shifted as a whole has a suspect in every row. */
export const mostSuspects = 8;

interface Finding {
  readonly kind: 'content' | 'gap' | 'order';
  readonly seq: number;
  readonly detail: string;
}

/**
 * What happened to rows that do not fit: for each, whether its content and hash fit at another place of the journal. Rows that moved up and
 * none that moved down: some were taken out and the rest renumbered. A row that only lost the one before it is nobody's fault.
 */
export function diagnose(suspects: readonly Suspect[]): readonly Finding[] {
  const hashes = new Set(suspects.flatMap(({ previous, stored, computed }) => [previous, stored, computed]));
  const storedAt = new Map(suspects.map(({ row, stored }) => [row.sequence, stored]));
  const fitsAt = (row: ChainedRow, sequence: number, wanted: readonly (string | undefined)[]): boolean => {
    const moved = { ...row, sequence };
    for (const previous of hashes) if (wanted.includes(rowHash(moved, previous))) return true;
    return false;
  };
  /** Where it stood before; `null` if nowhere that can be told. */
  const originOf = ({ row, stored }: Suspect): number | null => {
    const { sequence: here } = row;
    const places = new Set([here + 1, here - 1, here + 2, here - 2, ...storedAt.keys()]);
    places.delete(here);
    for (const place of places) if (fitsAt(row, place, [stored, storedAt.get(place)])) return place;
    return null;
  };

  const moved = suspects.map((suspect) => ({ seq: suspect.row.sequence, suspect, origin: originOf(suspect) }));
  const displaced = moved.filter((each): each is typeof each & { origin: number } => each.origin !== null);
  const first = moved[0];
  if (first !== undefined && displaced.length > 0 && displaced.every(({ seq, origin }) => origin > seq)) {
    const missing = Math.min(...displaced.map(({ seq, origin }) => origin - seq));
    return [{ kind: 'gap', seq: first.seq, detail: `${missing} taken out here, and the rows after it renumbered` }];
  }
  const findings = moved.flatMap(({ seq, suspect, origin }): Finding[] => {
    if (origin !== null) return [{ kind: 'order', seq, detail: `it was row ${origin}` }];
    if (suspects.length > 1 && fitsAt(suspect.row, seq, [suspect.stored])) return [];
    return [{ kind: 'content', seq, detail: 'it is not what its hash says' }];
  });
  return findings.length > 0 ? findings : moved.map(({ seq }) => ({ kind: 'content', seq, detail: 'it is not what its hash says' }));
}
