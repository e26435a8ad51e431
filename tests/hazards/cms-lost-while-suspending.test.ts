import { afterEach, expect, test, vi } from 'vitest';
import { startRegistered, toConfirmation } from '../harness/service-desk.ts';
import { marioCard } from '../harness/services.ts';
import { operator, type Sportello } from '../harness/sportello.ts';

let world: Sportello;
afterEach(() => world.close());

const start = async (): Promise<void> => {
  world = await startRegistered();
};
const kinds = (): readonly string[] => world.journal(world.operations()[0]).map(({ kind }) => kind);
const closed = async (): Promise<void> => {
  await vi.waitUntil(() => kinds().at(-1) === 'CLOSED', { timeout: 20_000, interval: 20 });
};

test('the answer is lost once: it is asked for again, and the card is suspended once', async () => {
  await start();
  await toConfirmation(world, 'suspension', { reason: 'loss' });
  await world.cms('lose-answer call=service times=1');
  await world.client.operatorDoes({ type: 'confirm' });
  await world.client.on('service-done');
  expect(kinds()).toEqual(['OP_OPEN', 'SERVICE_INTENT', 'SERVICE_RECEIPT', 'CLOSED']);
  expect(world.ledger.cardStatus(marioCard.cardId)).toBe('suspended');
  expect(world.ledger.services(marioCard.cardId, 'suspension')).toBe(1);
});

test('every answer is lost after the CMS did it, and the kiosk is killed: the receipt is there after the next start, and one suspension', async () => {
  await start();
  await toConfirmation(world, 'suspension', { reason: 'loss' });
  await world.cms('lose-answer call=service');
  await world.client.operatorDoes({ type: 'confirm' });
  await vi.waitUntil(() => world.ledger.cardStatus(marioCard.cardId) === 'suspended', { timeout: 15_000, interval: 5 });
  await world.killKiosk();
  expect(kinds()).toEqual(['OP_OPEN', 'SERVICE_INTENT']);
  await world.cms('normal');
  await world.startKiosk();
  await closed();
  expect(kinds()).toEqual(['OP_OPEN', 'SERVICE_INTENT', 'SERVICE_RECEIPT', 'CLOSED']);
  expect(world.journal(world.operations()[0]).at(-1)).toMatchObject({ state: 'DONE' });
  expect(world.ledger.services(marioCard.cardId, 'suspension')).toBe(1);
  await world.client.signOn(operator.id, operator.pin);
  await world.client.untilOperator(({ unanswered: [one] }) => one?.operation === 'suspension' && one.state === 'done');
});

test('the question never arrives, and the kiosk is killed: nothing was done, nothing will be, and who asks again is served', async () => {
  await start();
  await toConfirmation(world, 'suspension', { reason: 'loss' });
  await world.cms('unreachable');
  await world.client.operatorDoes({ type: 'confirm' });
  await world.client.on('service');
  await world.killKiosk();
  await world.startKiosk();
  await world.client.signOn(operator.id, operator.pin);
  await world.client.untilOperator(({ unanswered: [one] }) => one?.state === 'waiting');
  await world.cms('normal');
  await closed();
  expect(world.journal(world.operations()[0]).at(-1)).toMatchObject({ state: 'VOIDED' });
  await world.client.untilOperator(({ unanswered: [one] }) => one?.state === 'voided');
  expect(world.ledger.cardStatus(marioCard.cardId)).toBe('active');
  await toConfirmation(world, 'suspension', { reason: 'loss' });
  await world.client.operatorDoes({ type: 'confirm' });
  await world.client.on('service-done');
  expect(world.ledger.cardStatus(marioCard.cardId)).toBe('suspended');
});
