import { afterAll, beforeAll, expect, test } from 'vitest';
import { identityCard, Sportello } from '../harness/sportello.ts';

let world: Sportello;
beforeAll(async () => {
  world = await Sportello.start();
});
afterAll(() => world.close());

const steps: readonly (readonly [string, () => Promise<unknown>])[] = [
  ['recognised', () => world.client.on('recognised')],
  ['notice', () => world.client.citizenDoes({ type: 'wish' })],
  ['operator', () => world.client.citizenDoes({ type: 'notice-read' })],
  ['contact', () => world.client.identify(identityCard)],
  ['contact-code', () => world.client.citizenDoes({ type: 'contact', email: 'mario.rossi@example.org', language: 'it' })],
];

test.each(steps.map(([name], index) => [name, index] as const))(
  'at %s: nothing anywhere, and the next citizen begins anew',
  async (name, index) => {
    await world.client.on('welcome');
    if (index === 0) await world.insertCard();
    else await world.card('insert');
    for (const [screen, go] of steps.slice(0, index + 1)) {
      if (screen === 'contact') await world.client.signOn('operatore', '24680');
      await go();
      await world.client.on(screen as 'notice');
    }
    await world.card('remove');
    expect(await world.client.on('stopped')).toMatchObject({
      screen: 'stopped',
      reason: 'card-removed',
      codes: 'not-issued',
      cardIn: false,
    });
    expect(await world.client.citizenDoes({ type: 'stay' })).toBe(true);
    expect(await world.client.on('welcome')).toEqual({ sessionId: null, warning: null, screen: 'welcome' });
    expect(world.rows).toEqual([]);
    expect(world.ledger.operations()).toBe(0);
    expect(world.wholeSlips()).toEqual([]);
  },
);

test('in the middle of reading: nothing anywhere', async () => {
  await world.client.on('welcome');
  await world.card('pull 3');
  await world.card('insert');
  expect(await world.client.until((status) => status.screen === 'stopped' && !status.cardIn)).toMatchObject({
    reason: 'card-removed',
    codes: 'not-issued',
  });
  expect(world.rows).toEqual([]);
  expect(world.ledger.operations()).toBe(0);
});
