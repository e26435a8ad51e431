import { afterEach, expect, test } from 'vitest';
import { identityCard, Sportello } from '../harness/sportello.ts';

let world: Sportello;
afterEach(() => world.close());

test('the operator refuses: nothing anywhere', async () => {
  world = await Sportello.start();
  await world.toOperator();
  await world.client.operatorDoes({ type: 'refuse', reason: 'document-mismatch' });
  expect(await world.client.on('stopped')).toMatchObject({
    reason: 'document-mismatch',
    codes: 'not-issued',
    referral: { to: 'wrong-data', rule: 'OP-RDT' },
  });
  await world.client.untilOperator(({ referral }) => referral?.to === 'wrong-data');
  expect(world.rows).toEqual([]);
  expect(world.ledger.operations()).toBe(0);
});

test('an expired document identifies nobody (DOC-01)', async () => {
  world = await Sportello.start();
  await world.toOperator();
  await world.client.identify({ ...identityCard, expires: '2020-01-01' });
  await world.client.untilOperator(({ waiting }) => waiting?.task === 'identify' && waiting.refusals[0]?.rule === 'DOC-01');
  expect(world.client.citizen().screen).toBe('operator');
  await world.client.operatorDoes({ type: 'refuse', reason: 'document-expired' });
  expect(await world.client.on('stopped')).toMatchObject({ reason: 'document-expired' });
  expect(world.rows).toEqual([]);
});

test('the operator does not hand the slip over: exposed, void', async () => {
  world = await Sportello.start();
  await world.toCollect();
  await world.client.operatorDoes({ type: 'hand-over', handedOver: false });
  expect(await world.client.on('stopped')).toMatchObject({ reason: 'slip-not-collected', codes: 'void' });
  await world.closed('VOIDED');
  expect(world.row('OUTCOME')).toMatchObject({ outcome: 'not-handed-over', exposed: true });
  expect(world.secondParts()).toEqual([]);
});
