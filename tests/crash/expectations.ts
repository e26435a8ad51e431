import { expect, vi } from 'vitest';
import type { CmsState } from '../../flows/ports/cms.ts';
import type { Sportello } from '../harness/sportello.ts';
import { type StraightRowKind, straightWay } from '../harness/straight-way.ts';

type Ending = Exclude<CmsState, 'NONE' | 'RESERVED'>;

/**
 * Where an operation ends if a process is killed right after a row was written, by the process. A row that is added to the journal
 * has no entry here, and the suites that read this table fail until it gets one.
 */
export const endings: Record<StraightRowKind, { readonly core: Ending; readonly cms: Ending }> = {
  OP_OPEN: { core: 'VOIDED', cms: 'VOIDED' },
  RESERVE_INTENT: { core: 'VOIDED', cms: 'VOIDED' },
  RESERVED: { core: 'VOIDED', cms: 'VOIDED' },
  PRINTER_READY: { core: 'VOIDED', cms: 'VOIDED' },
  // The CMS says that it never released the paper part: nothing can have been printed.
  PRINT_INTENT: { core: 'VOIDED', cms: 'VOIDED' },
  // A slip is out and nobody was recorded to have it: exposed, and void. The CMS's death alone does not keep the operator from handing over.
  EVIDENCE: { core: 'VOIDED', cms: 'CONFIRMED' },
  OUTCOME: { core: 'CONFIRMED', cms: 'CONFIRMED' },
  RECEIPT: { core: 'CONFIRMED', cms: 'CONFIRMED' },
  CLOSED: { core: 'CONFIRMED', cms: 'CONFIRMED' },
};

export const rows = straightWay;

/** The good way, up to where the kiosk stands still right after its row of this kind; whoever handed over gets no answer there. */
export async function walkTo(world: Sportello, kind: StraightRowKind): Promise<void> {
  await world.issue();
  if (rows.indexOf(kind) > rows.indexOf('EVIDENCE')) {
    await world.client.on('collect');
    world.client.operatorDoes({ type: 'hand-over', handedOver: true }).catch(() => undefined);
  }
  await world.paused(kind);
}

/**
 * Journal and CMS agree; the second part left if and only if the hand-over was recorded, and once. `earlier`: operations before this one that were
 * confirmed in the same world.
 */
export async function agree(world: Sportello, ending: Ending, earlier = 0): Promise<void> {
  await world.closed(ending);
  const outcome = world.row('OUTCOME');
  expect(outcome?.outcome === 'handed-over').toBe(ending === 'CONFIRMED');
  const parts = earlier + (ending === 'CONFIRMED' ? 1 : 0);
  await vi.waitUntil(() => world.secondParts().length >= parts, { timeout: 15_000, interval: 5 });
  expect(world.secondParts()).toHaveLength(parts);
  expect(world.mailbox.deliveries()).toBe(world.mailbox.messages().length);
  expect(world.ledger.queuedSecondParts()).toBe(parts);
}
