import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { contacts, marioCardId, startSpaceRegion, toConfirmation } from '../harness/remote-desk.ts';
import type { Sportello } from '../harness/sportello.ts';

let world: Sportello;
beforeEach(async () => {
  world = await startSpaceRegion();
});
afterEach(() => world.close());

const first = (): string => world.operations()[0] ?? '';
const kinds = (id = first()): readonly string[] => world.journal(id).map(({ kind }) => kind);
const closed = () => vi.waitUntil(() => kinds().at(-1) === 'CLOSED', { timeout: 20_000, interval: 20 });
const messages = () => world.mailbox.messages();

/** One mail and one text message, each for the first time, and no more. */
async function sentOnce(): Promise<void> {
  await vi.waitUntil(() => messages().length >= 2, { timeout: 15_000, interval: 5 });
  expect(
    messages()
      .map(({ to }) => to)
      .toSorted(),
  ).toEqual([contacts.mobile, contacts.email].toSorted());
  expect(world.mailbox.deliveries()).toBe(2);
}

test('the answer is lost once: it is asked for again, and both parts are sent once', async () => {
  await toConfirmation(world);
  await world.cms('lose-answer call=remote-issue times=1');
  await world.client.operatorDoes({ type: 'confirm' });
  await world.client.on('service-done');
  expect(kinds()).toEqual(['OP_OPEN', 'SERVICE_INTENT', 'SERVICE_RECEIPT', 'CLOSED']);
  await sentOnce();
});

test('every answer is lost after the CMS did it, and the kiosk is killed: the receipt is there after the next start, and one set of codes', async () => {
  await toConfirmation(world);
  await world.cms('lose-answer call=remote-issue');
  await world.client.operatorDoes({ type: 'confirm' });
  await vi.waitUntil(() => world.ledger.activated(marioCardId), { timeout: 15_000, interval: 5 });
  await world.killKiosk();
  expect(kinds()).toEqual(['OP_OPEN', 'SERVICE_INTENT']);
  await world.cms('normal');
  await world.startKiosk();
  await closed();
  expect(world.journal(first()).at(-1)).toMatchObject({ state: 'DONE' });
  await sentOnce();
});

test('the question never arrives, and the kiosk is killed: it is void, nothing is sent, and who asks again is given codes', async () => {
  await toConfirmation(world);
  await world.cms('unreachable');
  await world.client.operatorDoes({ type: 'confirm' });
  await world.client.on('service');
  await world.killKiosk();
  await world.cms('normal');
  await world.startKiosk();
  await closed();
  expect(world.journal(first()).at(-1)).toMatchObject({ state: 'VOIDED' });
  expect(world.ledger.activated(marioCardId)).toBe(false);
  expect(messages()).toEqual([]);
  await toConfirmation(world);
  await world.client.operatorDoes({ type: 'confirm' });
  await world.client.on('service-done');
  await sentOnce();
});
