import { afterAll, beforeAll, expect, test } from 'vitest';
import { type RelayWorld, envelopes, factoryCodes, relayOnce, relayWorld } from '../harness/relay-bench.ts';
import { signal } from '../harness/cms.ts';

let world: RelayWorld;
beforeAll(async () => {
  world = await relayWorld();
});
afterAll(() => world.close());

test('an envelope that is unknown, of another desk, of another operator, used or withdrawn gets no command out of the CMS', async () => {
  const { client, mine } = world;
  const first = await world.reserve();
  const refusal = async (operationId: string, envelope: string): Promise<string> => {
    const { relayed, refused } = await relayOnce(world, { operationId, envelope });
    expect(relayed).toMatchObject({ ok: true, value: { sent: 0 } });
    return refused?.kind === 'refused' ? refused.type : '';
  };
  expect(await refusal(first, '9999999999999')).toBe('envelope-unknown');
  expect(await refusal(first, envelopes.elsewhere.number)).toBe('envelope-of-another-desk');
  expect(await refusal(first, envelopes.ofAnother.number)).toBe('envelope-of-another-operator');
  expect(mine.takes(factoryCodes.pin)).toBe(true);
  expect(await client.operations([first], signal)).toEqual({ ok: true, value: [{ operationId: first, state: 'RESERVED', releases: 0 }] });

  expect((await relayOnce(world, { operationId: first })).end).toMatchObject({ ended: 'done' });
  const second = await world.reserve();
  expect(await refusal(second, envelopes.first.number)).toBe('envelope-spent');
  // One operation, one envelope: another one is not taken for it either.
  expect(await refusal(first, envelopes.second.number)).toBe('operation-bound-otherwise');

  // What was bound to an operation that came to nothing serves nobody any more.
  const over = {
    operationId: first,
    attempt: 1,
    outcome: 'not-handed-over',
    evidence: { class: 'E0', raw: '' },
    exposed: false,
    reason: 'aborted',
  } as const;
  expect(await client.reportOutcome(over, signal)).toMatchObject({
    value: { state: 'VOIDED', envelope: { number: envelopes.first.number } },
  });
  expect(await refusal(second, envelopes.first.number)).toBe('envelope-spent');
  expect(await refusal(first, envelopes.first.number)).toBe('operation-voided');

  // What the kiosk gave up is withdrawn by the count.
  const count = { shift: second, attempt: 1, desk: 'health-authority', batch: 'lotto-1', seed: 'ab'.repeat(32) };
  const spoiled = [{ number: envelopes.second.number, state: 'spoiled' as const }];
  expect((await client.countEnvelopes({ ...count, envelopes: spoiled }, signal)).ok).toBe(true);
  expect(await refusal(second, envelopes.second.number)).toBe('envelope-spent');
});
