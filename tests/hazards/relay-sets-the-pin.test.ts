import { afterEach, expect, test } from 'vitest';
import { schemes } from '../../devices/card/secure-messaging/schemes.ts';
import { type RelayWorld, type Scheme, envelopes, factoryCodes, relayOnce, relayWorld } from '../harness/relay-bench.ts';
import { handOver, signal } from '../harness/cms.ts';

let world: RelayWorld;
afterEach(() => world.close());

test.each(Object.keys(schemes) as Scheme[])(
  'over the whole relay (%s) the card gets the PIN of its envelope, and the old one is refused',
  async (scheme) => {
    world = await relayWorld({ scheme });
    const operationId = await world.reserve();
    const { relayed, end } = await relayOnce(world, { operationId });
    expect(relayed).toMatchObject({ ok: true });
    const proof = schemes[scheme].answers === 'protected' ? 'proved' : 'verified';
    const standing = { number: envelopes.first.number, pin: 'set', evidence: proof };
    expect(end).toMatchObject({ operationId, ended: 'done', secured: true, envelope: standing, tries: { before: 3, after: 3 } });
    expect(await world.client.operations([operationId], signal)).toMatchObject({ value: [{ state: 'RESERVED', envelope: standing }] });
    expect(world.mine.takes(envelopes.first.pin)).toBe(true);
    expect(world.mine.takes(factoryCodes.pin)).toBe(false);

    const outcome = {
      operationId,
      attempt: 1,
      outcome: 'handed-over',
      evidence: { class: 'E4', raw: '' },
      exposed: false,
      reason: 'handed-over',
    } as const;
    const receipt = await world.client.reportOutcome(
      { ...outcome, operatorAssertion: await handOver(world.operatorKey, operationId) },
      signal,
    );
    expect(receipt).toMatchObject({ ok: true, value: { state: 'CONFIRMED', envelope: standing } });
    expect(await world.client.card(world.mine.cardId, signal)).toMatchObject({ value: { state: 'activated', secureMessaging: true } });
  },
);
