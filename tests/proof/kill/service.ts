import type { JournalRow } from '../../../flows/ports/journal.ts';
import type { CardStatus, ServiceReceipt } from '../../../flows/ports/services.ts';
import { toConfirmation } from '../../harness/service-desk.ts';
import { marioCard } from '../../harness/services.ts';
import type { Sportello } from '../../harness/sportello.ts';
import { chainFaults } from './chain.ts';
import type { Delivery } from './delivery.ts';

/** What gives no codes: a card is suspended and reactivated in turn, and kiosk and CMS each know something of it. */
export const service: Delivery = {
  world: { profile: 'sardegna', reader: 'in-process', registered: true },
  sessions: Infinity,
  async session(world) {
    await (statusOf(world) === 'active' ? toConfirmation(world, 'suspension', { reason: 'loss' }) : toConfirmation(world, 'reactivation'));
    await world.client.operatorDoes({ type: 'confirm' });
    await world.client.on('service-done');
  },
  before(world) {
    const before = statusOf(world);
    return (operationId) => {
      const left = world.journal(operationId);
      return {
        agreed: () => world.journal(operationId).at(-1)?.kind === 'CLOSED',
        contradictions: () => contradictions(world, operationId, left, before),
      };
    };
  },
};

function statusOf(world: Sportello): CardStatus {
  return world.ledger.cardStatus(marioCard.cardId) as CardStatus;
}

/** What becomes of a service, from the last row that stood; once it was announced, the CMS alone knows whether it did it. */
function endingOf(left: readonly JournalRow[], atCms: ServiceReceipt['state'] | null): ServiceReceipt['state'] | 'NONE' {
  const last = left.at(-1)?.kind;
  switch (last) {
    case 'OP_OPEN':
      return 'NONE';
    case 'SERVICE_INTENT':
      return atCms ?? 'VOIDED';
    case 'SERVICE_RECEIPT':
    case 'CLOSED':
      return 'DONE';
    default:
      throw new Error(`no service ends at ${last ?? 'nothing'}`);
  }
}

function contradictions(world: Sportello, operationId: string, left: readonly JournalRow[], before: CardStatus): readonly string[] {
  const rows = world.journal(operationId);
  const closed = rows.find((row) => row.kind === 'CLOSED');
  const receipts = rows.filter((row) => row.kind === 'SERVICE_RECEIPT');
  const there = world.ledger.service(operationId);
  const changed = statusOf(world) !== before;
  const rules: readonly (readonly [string, boolean])[] = [
    ['R1 it ended as the row at which it stood says', closed?.state === endingOf(left, there)],
    ['I1 the rows that stood before the kill stand', JSON.stringify(rows.slice(0, left.length)) === JSON.stringify(left)],
    [
      'I1 the receipt says what the CMS says',
      receipts.every(({ state }) => state === there) && receipts.length === (there === null ? 0 : 1),
    ],
    ['I2 the CMS did nothing that was not announced', there === null || rows.some(({ kind }) => kind === 'SERVICE_INTENT')],
    ['I4 the card changed if and only if it was done', changed === (closed?.state === 'DONE')],
  ];
  return [...rules.flatMap(([rule, holds]) => (holds ? [] : [rule])), ...chainFaults(world)].map(
    (line) =>
      `${line} (${operationId}: ${rows.map(({ kind }) => kind).join(' ')}; CMS ${there ?? 'none'}, card ${before} to ${statusOf(world)})`,
  );
}
