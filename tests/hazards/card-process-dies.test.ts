import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { cardHostsOf } from '../devices/card/processes.ts';
import { Sportello } from '../harness/sportello.ts';

let world: Sportello;
beforeAll(async () => {
  world = await Sportello.start();
});
afterAll(() => world.close());

/** Kills the card process as native code does that writes where it must not; waits until its successor sees what is in the reader. */
async function crash(state: 'empty' | 'present'): Promise<void> {
  const from = world.logs.length;
  const [host] = cardHostsOf(world.kioskPid);
  process.kill(host!, 'SIGSEGV');
  await logged(from, '"reason":"the card process ended (SIGSEGV)","event":"card-host-restarted"');
  await logged(from, `"state":"${state}","event":"card-status"`);
}

async function logged(from: number, words: string): Promise<void> {
  await vi.waitUntil(() => world.logs.slice(from).some((line) => line.includes(words)), { timeout: 5_000 });
}

test('with nobody there: the log says so, and the next card is taken', async () => {
  await world.client.on('welcome');
  await crash('empty');
  await world.insertCard();
  await world.client.on('recognised');
});

test('with a card recognised: nothing is begun anywhere, and the next card is taken', async () => {
  await crash('present');
  const from = world.logs.length;
  await world.card('remove');
  await logged(from, '"state":"empty","event":"card-status"');
  await world.client.on('stopped');
  expect(world.rows).toEqual([]);
  expect(world.ledger.operations()).toBe(0);
  expect(await world.client.citizenDoes({ type: 'stay' })).toBe(true);
  await world.client.on('welcome');
  await world.card('insert');
  await world.client.on('recognised');
});
