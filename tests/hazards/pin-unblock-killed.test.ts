import { afterEach, expect, test } from 'vitest';
import { factoryCodes } from '../harness/envelope-specimens.ts';
import { Sportello } from '../harness/sportello.ts';

let world: Sportello;
afterEach(() => world.close());

test('the kiosk dies between the intent and the card’s answer: at its next start it says that it does not know, and the card is served', async () => {
  world = await Sportello.start({ reader: 'in-process', plainCards: true, pauseAfter: 'PIN_INTENT' });
  await world.toRecognised();
  await world.client.citizenDoes({ type: 'wish', operation: 'pin-unblock' });
  await world.client.on('unblock');
  const typed = { type: 'unblock', puk: factoryCodes.puk, newPin: '71829' } as const;
  const command = world.client.citizenDoes(typed).catch(() => false);
  await world.paused('PIN_INTENT');
  await world.killKiosk();
  await command;

  await world.startKiosk();
  await world.client.on('welcome');
  const [first] = world.operations();
  expect(world.journal(first).slice(1)).toEqual([
    { kind: 'PIN_INTENT' },
    { kind: 'PIN_EVIDENCE', pin: 'unknown', answer: 'interrupted', triesLeft: null },
    { kind: 'CLOSED', state: 'NONE' },
  ]);
  await world.toRecognised();
  await world.client.citizenDoes({ type: 'wish', operation: 'pin-unblock' });
  await world.client.on('unblock');
  await world.client.citizenDoes(typed);
  await world.client.on('unblock-done');
});
