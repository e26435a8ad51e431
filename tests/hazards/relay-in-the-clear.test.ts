import { afterEach, expect, test } from 'vitest';
import { usualRelayPolicy } from '../../devices/card/relay.ts';
import { type RelayWorld, envelopeRequest, envelopes, factoryCodes, relayOnce, relayWorld } from '../harness/relay-bench.ts';
import { signal } from '../harness/cms.ts';

let world: RelayWorld;
afterEach(() => world.close());

const lax = { ...usualRelayPolicy, pinsInClear: 'allowed', allowed: [...usualRelayPolicy.allowed, '0020', '002C'] } as const;

test('a card without secure messaging is refused before anything is reserved or bound', async () => {
  world = await relayWorld({ scheme: null });
  const request = await envelopeRequest(world, world.mine);
  const refused = await world.client.reserveEnvelope(request, signal);
  expect(refused).toMatchObject({ error: { kind: 'refused', type: 'card-without-secure-messaging' } });
  expect(await world.client.operations([request.operationId], signal)).toMatchObject({ value: [{ state: 'NONE' }] });
  expect(world.cms.cms.store.envelopes.envelope(envelopes.first.number)).toMatchObject({ state: 'free' });
});

test('RESET RETRY COUNTER in the clear does not reach the card, though the CMS sends it', async () => {
  world = await relayWorld({ scheme: null, plainCommands: 'allowed' });
  const operationId = await world.reserve();
  const policy = { ...usualRelayPolicy, allowed: lax.allowed };
  const { relayed, end } = await relayOnce(world, { operationId, policy });
  expect(relayed).toMatchObject({ ok: false, error: { kind: 'refused', reason: 'pin-in-clear' } });
  expect(end).toBeNull();
  expect(world.mine.takes(factoryCodes.pin)).toBe(true);
  expect(world.mine.takes(envelopes.first.pin)).toBe(false);
});

test('where region and site both allow it, the PIN is set, and the receipt says that it went in the clear', async () => {
  world = await relayWorld({ scheme: null, plainCommands: 'allowed' });
  const operationId = await world.reserve();
  const { end } = await relayOnce(world, { operationId, policy: lax });
  expect(end).toMatchObject({ ended: 'done', secured: false, envelope: { pin: 'set', evidence: 'verified' } });
  expect(world.mine.takes(envelopes.first.pin)).toBe(true);
});
