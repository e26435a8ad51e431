import { afterEach, expect, test } from 'vitest';
import { specimens } from '../../devices/card/virtual/specimen.ts';
import { factoryCodes } from '../harness/envelope-specimens.ts';
import { Sportello, address } from '../harness/sportello.ts';
import { findSecret } from '../proof/secrets/writings.ts';

let world: Sportello;
afterEach(() => world.close());

const successor = { ...specimens.adult, cardId: '6080100000000057' };

test('OP-OLD: the card before, a wrong PIN, the right one, the same card again, and then the new one: its codes come, and no PIN is logged or streamed', async () => {
  world = await Sportello.start();
  await world.activateAgain();
  await world.closed('CONFIRMED');
  await world.card('remove');

  await world.card('insert');
  await world.client.on('recognised');
  await world.client.citizenDoes({ type: 'wish', operation: 'renewal' });
  await world.client.on('prior-pin');
  await world.client.citizenDoes({ type: 'prior-pin', pin: '95173846' });
  await expect.poll(() => world.client.citizen()).toMatchObject({ screen: 'prior-pin', wrongPin: { triesLeft: 2 } });
  await world.client.citizenDoes({ type: 'prior-pin', pin: factoryCodes.pin });
  await world.client.on('swap-cards');
  await world.card('remove');
  await expect.poll(() => world.client.citizen()).toMatchObject({ screen: 'swap-cards', cardIn: false });
  await world.card('insert');
  await expect.poll(() => world.client.citizen()).toMatchObject({ screen: 'swap-cards', problem: 'same-card' });
  await world.card('remove');
  await expect.poll(() => world.client.citizen()).toMatchObject({ screen: 'swap-cards', cardIn: false });

  await world.insertCard(successor);
  await world.client.on('notice');
  await world.client.citizenDoes({ type: 'notice-read' });
  await world.client.on('contact');
  const mails = world.mailbox.messages().length;
  await world.client.citizenDoes({ type: 'contact', email: address, language: 'it' });
  await world.client.on('contact-code');
  await world.client.citizenDoes({ type: 'contact-code', code: await world.oneTimeCode(mails) });
  await world.client.on('collect');
  await world.client.operatorDoes({ type: 'hand-over', handedOver: true });
  await world.client.on('done');
  world.operationId = world.operations().at(-1) ?? '';
  await world.closed('CONFIRMED');
  expect(world.journal()[0]).toMatchObject({ kind: 'OP_OPEN', operation: 'renewal' });
  expect(world.journal()[0]).not.toHaveProperty('operator');
  await expect.poll(() => world.secondParts().length).toBe(2);
  const heard = [...world.logs, ...world.client.heard].join('\n');
  expect(findSecret(Buffer.from(heard), '95173846')).toBeNull();
});
