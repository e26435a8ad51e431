import { afterEach, expect, test } from 'vitest';
import { factoryCodes } from '../harness/envelope-specimens.ts';
import { Sportello } from '../harness/sportello.ts';

let world: Sportello;
afterEach(() => world.close());

const chosen = '71829';

// `pull`: before the card has the command; `lose`: it has done it, and its answer never comes.
test.each(['pull', 'lose'])(
  'the card is gone in the middle of the new PIN (%s): nobody says what PIN it has, and the next try does',
  async (how) => {
    world = await Sportello.start({ reader: 'in-process', plainCards: true });
    await world.toRecognised();
    await world.client.citizenDoes({ type: 'wish', operation: 'pin-unblock' });
    await world.client.on('unblock');
    await world.card(`${how} 1`);
    await world.client.citizenDoes({ type: 'unblock', puk: factoryCodes.puk, newPin: chosen });
    expect(await world.client.on('stopped')).toMatchObject({ reason: 'pin-unknown', codes: 'pin-unknown' });
    const [first] = world.operations();
    expect(world.journal(first).map(({ kind }) => kind)).toEqual(['OP_OPEN', 'PIN_INTENT', 'PIN_EVIDENCE', 'CLOSED']);
    expect(world.journal(first)[2]).toMatchObject({ pin: 'unknown', triesLeft: null });

    await world.card('insert');
    await world.client.on('recognised');
    await world.client.citizenDoes({ type: 'wish', operation: 'pin-unblock' });
    await world.client.on('unblock');
    await world.client.citizenDoes({ type: 'unblock', puk: factoryCodes.puk, newPin: chosen });
    await world.client.on('unblock-done');
  },
);
