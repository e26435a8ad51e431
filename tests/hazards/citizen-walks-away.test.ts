import { expect, test } from 'vitest';
import { Sportello } from '../harness/sportello.ts';

test.concurrent(
  'before the reservation: warned, then ended; nothing anywhere',
  async () => {
    await using world = await Sportello.start({ policy: { idle: 1, idleWarning: 20 } });
    await world.client.on('welcome');
    await world.insertCard();
    await world.client.on('recognised');
    expect(await world.client.until((status) => status.warning !== null)).toMatchObject({
      screen: 'recognised',
      warning: { secondsLeft: 20 },
    });
    expect(await world.client.on('stopped', 25_000)).toMatchObject({ reason: 'timed-out', cardIn: true });
    expect(world.rows).toEqual([]);
    expect(world.ledger.operations()).toBe(0);
  },
  60_000,
);

test.concurrent(
  'with the slip out: warned, then the slip is reported exposed, and void; the operator is told until somebody takes it away',
  async () => {
    await using world = await Sportello.start({ policy: { collect: 21, idleWarning: 20 } });
    await world.toCollect();
    await world.client.until((status) => status.screen === 'collect' && status.warning !== null);
    expect(await world.client.on('stopped', 25_000)).toMatchObject({ reason: 'slip-not-collected', codes: 'void', cardIn: true });
    await world.closed('VOIDED');
    expect(world.row('OUTCOME')).toMatchObject({ outcome: 'not-handed-over', exposed: true });
    expect(world.secondParts()).toEqual([]);

    await world.takeCard();
    await world.client.untilOperator(({ leftSlips }) => leftSlips.includes(world.operationId));
    expect(await world.client.slipRemoved('01890a5d-ac96-774b-bcce-b302099a8058')).toBe(false);
    expect(await world.client.slipRemoved(world.operationId)).toBe(true);
    await world.client.untilOperator(({ leftSlips }) => leftSlips.length === 0);
  },
  60_000,
);
