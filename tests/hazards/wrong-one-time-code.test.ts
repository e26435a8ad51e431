import { afterEach, expect, test } from 'vitest';
import { Sportello } from '../harness/sportello.ts';

let world: Sportello;
afterEach(() => world.close());

test('three wrong one-time codes: the contact is not proved, nothing anywhere', async () => {
  world = await Sportello.start();
  const right = await world.toContactCode();
  const wrong = String((Number(right) + 1) % 1_000_000).padStart(6, '0');
  for (const triesLeft of [2, 1]) {
    await world.client.citizenDoes({ type: 'contact-code', code: wrong });
    await world.client.until((status) => status.screen === 'contact-code' && status.triesLeft === triesLeft);
  }
  await world.client.citizenDoes({ type: 'contact-code', code: wrong });
  expect(await world.client.on('stopped')).toMatchObject({ reason: 'contact-not-proved', codes: 'not-issued' });
  expect(await world.client.citizenDoes({ type: 'contact-code', code: right })).toBe(false);
  expect(world.rows).toEqual([]);
  expect(world.ledger.operations()).toBe(0);
  expect(world.mailbox.messages()).toHaveLength(1);
});
