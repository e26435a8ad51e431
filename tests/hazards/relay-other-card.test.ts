import { afterAll, expect, test } from 'vitest';
import type { VirtualCnsCard } from '../../devices/card/virtual/card.ts';
import { type RelayWorld, type Scheme, envelopes, factoryCodes, relayOnce, relayWorld } from '../harness/relay-bench.ts';

let world: RelayWorld;
afterAll(() => world.close());

/** From its `nth` command on (0: from the first), what comes for one card goes to another, as a reader that swaps them unseen would do. */
function divert(from: VirtualCnsCard, to: VirtualCnsCard, nth: number): () => void {
  const transmit = from.transmit.bind(from);
  let commands = 0;
  from.transmit = (bytes) => {
    commands += 1;
    return commands > nth ? to.transmit(bytes) : transmit(bytes);
  };
  return () => {
    from.transmit = transmit;
    from.reset();
    to.reset();
  };
}

test.each(['cns', 'tripleDes', 'aes'] satisfies Scheme[])(
  'another card in its place from any command on (%s): the relay ends, nothing of the other card is changed',
  async (scheme) => {
    world = await relayWorld({ scheme });
    const { mine, other } = world;
    const operationId = await world.reserve();
    const ends: string[] = [];
    for (let nth = 0; ; nth += 1) {
      const restore = divert(mine.card, other.card, nth);
      const { end, exchanges } = await relayOnce(world, { operationId });
      restore();
      expect(end, `from command ${nth} on`).not.toBeNull();
      ends.push(end?.ended ?? '');
      expect(other.takes(factoryCodes.pin), `from command ${nth} on`).toBe(true);
      if (exchanges - 1 === nth) break;
    }
    expect(new Set(ends.slice(0, -1))).toEqual(new Set(['other-card']));
    expect(ends.length).toBeGreaterThan(12);
    expect(ends.at(-1)).toBe('done');
    expect(mine.takes(envelopes.first.pin)).toBe(true);
    await world.close();
  },
);

test('the card that was reserved for is the one that is relayed to', async () => {
  world = await relayWorld();
  const operationId = await world.reserve();
  const elsewhere = await relayOnce({ ...world, mine: world.other }, { operationId });
  expect(elsewhere).toMatchObject({ refused: { type: 'relay-of-another-card' }, relayed: { value: { sent: 0 } } });
});
