import { afterEach, expect, test, vi } from 'vitest';
import type { JournalRowKind } from '../../flows/ports/journal.ts';
import { marioCardId, startSpaceRegion, toConfirmation } from '../harness/remote-desk.ts';
import type { Sportello } from '../harness/sportello.ts';

let world: Sportello;
afterEach(() => world.close());

/** At which row the core is killed, how the operation ends, and whether its codes were released. */
const kills: readonly (readonly [JournalRowKind, string, boolean])[] = [
  // Nothing was asked yet: it is told to the CMS as any activation that stopped before its reservation, and void.
  ['OP_OPEN', 'VOIDED', false],
  ['SERVICE_INTENT', 'VOIDED', false],
  ['SERVICE_RECEIPT', 'DONE', true],
  ['CLOSED', 'DONE', true],
];

test.each(kills)('killed once %s was written: %s, and the codes are released once or never', async (row, end, released) => {
  world = await startSpaceRegion({ pauseAfter: row });
  await toConfirmation(world);
  const confirmed = world.client.operatorDoes({ type: 'confirm' }).catch(() => false);
  await world.paused(row);
  await world.killKiosk();
  await confirmed;
  await world.startKiosk();
  const [operation = ''] = world.operations();
  await vi.waitUntil(() => world.journal(operation).at(-1)?.kind === 'CLOSED', { timeout: 20_000, interval: 20 });
  expect(world.journal(operation).at(-1)).toMatchObject({ state: end });
  expect(world.ledger.activated(marioCardId)).toBe(released);
  if (released) await vi.waitUntil(() => world.mailbox.messages().length === 2, { timeout: 15_000, interval: 5 });
  expect(world.mailbox.deliveries()).toBe(released ? 2 : 0);

  // The desk goes on: who was not given codes is, and who was is told so.
  await world.client.on('welcome');
  if (released) return;
  await toConfirmation(world);
  await world.client.operatorDoes({ type: 'confirm' });
  await world.client.on('service-done');
  await vi.waitUntil(() => world.mailbox.messages().length === 2, { timeout: 15_000, interval: 5 });
});
