import { afterEach, expect, test } from 'vitest';
import { untilStatus } from '../devices/card/cards.ts';
import { type RelayWorld, envelopes, factoryCodes, relayOnce, relayWorld } from '../harness/relay-bench.ts';

let world: RelayWorld;
afterEach(() => world.close());

test.each(['pull', 'lose'] as const)(
  'a card that goes (%s) at a PIN command leaves an unknown PIN, and gets the same one again',
  async (kind) => {
    world = await relayWorld();
    const { mine, reader, slot, cms } = world;
    const operationId = await world.reserve();
    // How many commands a whole relay has, and at which of them the PIN is set.
    const commands = 15;
    for (let nth = commands; nth >= 1; nth -= 1) {
      slot.fail(nth, { kind });
      const { relayed, end } = await relayOnce(world, { operationId });
      expect(relayed).toMatchObject({ ok: false, error: { kind: 'card-removed', sent: nth, answered: nth - 1 } });
      expect(end).toBeNull();
      await untilStatus(reader, 'empty');
      await slot.insert();
      await untilStatus(reader, 'present');
    }
    const { end } = await relayOnce(world, { operationId });
    expect(end).toMatchObject({ ended: 'done', envelope: { pin: 'set', evidence: 'verified' } });
    expect(cms.cms.store.envelopes.envelope(envelopes.first.number)).toMatchObject({ state: 'bound', operationId });
    expect(mine.takes(envelopes.first.pin)).toBe(true);
    expect(mine.takes(factoryCodes.pin)).toBe(false);
  },
);

test('power that goes while the card writes its new PIN leaves the old one or the new one, and then the new one', async () => {
  world = await relayWorld();
  const { mine, reader, slot } = world;
  const operationId = await world.reserve();
  for (let nth = 1; nth <= 12; nth += 1) {
    mine.card.tear(nth);
    const { end } = await relayOnce(world, { operationId });
    await untilStatus(reader, 'present');
    if (end !== null) break;
    await slot.remove();
    await untilStatus(reader, 'empty');
    mine.card.reset();
    expect([mine.takes(envelopes.first.pin), mine.takes(factoryCodes.pin)]).toContain(true);
    await slot.insert();
    await untilStatus(reader, 'present');
  }
  const { end } = await relayOnce(world, { operationId });
  expect(end).toMatchObject({ ended: 'done', envelope: { pin: 'set' } });
  expect(mine.takes(envelopes.first.pin)).toBe(true);
});
