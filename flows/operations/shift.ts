import { type Result, ok } from '../../devices/result.ts';
import type { Pile } from '../envelopes/envelope.ts';
import type { CmsError } from '../ports/cms.ts';
import type { EnvelopeBatch, EnvelopeCms, EnvelopeDifference } from '../ports/envelopes.ts';
import type { EnvelopeLedger, LedgerError, ShiftCount } from '../ports/ledger.ts';

export interface ShiftPorts {
  readonly envelopes: EnvelopeLedger;
  readonly cms: Pick<EnvelopeCms, 'envelopeBatches' | 'countEnvelopes'>;
  /** SHA-256, hexadecimal. */
  readonly digest: (text: string) => string;
}

/**
 * Fetches the CMS's lists into the ledger, and opens a shift first where none is open: its seed is announced before anybody here has seen a list.
 * Answers how many envelopes came in. An unreachable CMS leaves the shift open, with the envelopes that were here before.
 */
export async function receiveEnvelopes(
  { envelopes, cms, digest }: ShiftPorts,
  operatorId: string,
  desk: string,
  signal: AbortSignal,
): Promise<Result<number, LedgerError | CmsError>> {
  if (envelopes.shift() === null) {
    const opened = envelopes.openShift(operatorId);
    if (!opened.ok) return opened;
  }
  const lists = await cms.envelopeBatches(desk, signal);
  if (!lists.ok) return lists;
  let came = 0;
  for (const list of lists.value) {
    const received = envelopes.receive({
      batch: list.batch,
      // Of header and claims: a CMS may sign the same list anew each time that it is fetched, and no two signatures need be alike.
      digest: digest(list.jws.slice(0, list.jws.lastIndexOf('.'))),
      numbers: list.envelopes.map(({ number }) => number),
    });
    if (!received.ok) return received;
    came += received.value;
    // After a start in between, what came in then and lies in no pile yet.
    for (const [pile, numbers] of pilesOf(list)) {
      const loose = numbers.filter((number) => envelopes.find(number)?.state === 'received');
      const assigned = envelopes.assign(pile, loose);
      if (!assigned.ok) return assigned;
    }
  }
  return ok(came);
}

/** Whose each envelope of a list is. */
function pilesOf({ envelopes }: EnvelopeBatch): ReadonlyMap<Pile, readonly string[]> {
  const piles = new Map<Pile, string[]>();
  for (const { number, holder } of envelopes) {
    const pile: Pile = `${holder.kind}:${holder.id}`;
    piles.set(pile, [...(piles.get(pile) ?? []), number]);
  }
  return piles;
}

/** What a shift's count came to: by hand, by the ledger, and by the CMS; `differences`: `null` where the CMS could not be asked. */
export interface ShiftEnd {
  readonly count: ShiftCount;
  readonly differences: readonly EnvelopeDifference[] | null;
}

/** Counts: the seed is revealed, and every envelope of every list is held against what the CMS has of it. */
export async function countShift(
  { envelopes, cms }: ShiftPorts,
  operatorId: string,
  counted: number,
  desk: string,
  signal: AbortSignal,
): Promise<Result<ShiftEnd, LedgerError>> {
  const count = envelopes.count(operatorId, counted);
  if (!count.ok) return count;
  const { shift, seed } = count.value;
  const all = envelopes.all();
  const differences: EnvelopeDifference[] = [];
  for (const batch of new Set(all.map((envelope) => envelope.batch))) {
    const states = all.filter((envelope) => envelope.batch === batch).map(({ number, state }) => ({ number, state }));
    const answer = await cms.countEnvelopes({ shift, attempt: 1, desk, batch, seed, envelopes: states }, signal);
    if (!answer.ok) return ok({ count: count.value, differences: null });
    differences.push(...answer.value.differences);
  }
  return ok({ count: count.value, differences });
}
