import { afterAll, expect, test } from 'vitest';
import type { EnvelopeStanding } from '../../flows/ports/cms.ts';
import { type RelayWorld, type Scheme, envelopes, factoryCodes, relayOnce, relayWorld } from '../harness/relay-bench.ts';
import { signal } from '../harness/cms.ts';

/** What may be known of a card's PIN, and whether the card then may have the envelope's. */
function agrees(standing: EnvelopeStanding, hasNew: boolean): boolean {
  return standing.pin === 'unknown' || (standing.pin === 'set') === hasNew;
}

let world: RelayWorld;
afterAll(() => world.close());

test.each(['cns', 'aes'] satisfies Scheme[])(
  'cut off at every exchange (%s), the CMS sets the same PIN again, and never says what is not so',
  async (scheme) => {
    world = await relayWorld({ scheme });
    const { mine, client } = world;
    const operationId = await world.reserve();
    const lengths: number[] = [];
    const known: string[] = [];
    for (let cut = 0; ; cut += 1) {
      const { exchanges, end } = await relayOnce(world, { operationId }, (sequence) => (sequence === cut ? 'lost' : undefined));
      const views = await client.operations([operationId], signal);
      if (!views.ok) throw new Error(JSON.stringify(views.error));
      const standing = views.value[0]?.envelope;
      const hasNew = mine.takes(envelopes.first.pin);
      if (standing !== undefined) expect(agrees(standing, hasNew), `cut at ${cut}: ${JSON.stringify(standing)}`).toBe(true);
      known.push(standing?.pin ?? 'none');
      lengths.push(exchanges);
      if (end === null) continue;
      expect(end).toMatchObject({ ended: 'done', envelope: { number: envelopes.first.number, pin: 'set' } });
      break;
    }
    // It was cut off at each exchange, from the first on: until one relay went to its end.
    expect(lengths.slice(0, -1)).toEqual(lengths.slice(0, -1).map((_, index) => index));
    expect(lengths.length).toBeGreaterThan(12);
    // What is known only grows.
    const order = ['none', 'not-set', 'unknown', 'set'];
    expect([...known].sort((one, other) => order.indexOf(one) - order.indexOf(other))).toEqual(known);
    expect(mine.takes(envelopes.first.pin)).toBe(true);
    expect(mine.takes(factoryCodes.pin)).toBe(false);
    await world.close();
  },
);
