import { afterEach, expect, test } from 'vitest';
import { scan, toEnvelope } from '../harness/envelope-desk.ts';
import { Sportello } from '../harness/sportello.ts';

let world: Sportello;
afterEach(() => world.close());

test('pulled while the operator looks for the envelope: it goes back to its place, and the operation is void', async () => {
  world = await Sportello.start({ envelopes: true, reader: 'in-process' });
  const number = await toEnvelope(world);
  await world.card('remove');
  await world.client.on('stopped');
  await world.closed('VOIDED');
  expect(world.envelope(number)).toBe('assigned');
});

test('pulled at each command of the relay: set and handed over, not set and put away, or not known, put apart and held', async () => {
  world = await Sportello.start({ envelopes: true, reader: 'in-process' });
  const ends = new Set<string>();
  for (const command of [1, 3, 5, 6, 7]) {
    const number = await toEnvelope(world);
    await world.card(`pull ${command}`);
    scan(world, number);
    const { screen } = await world.client.until(
      ({ screen: now }) => now === 'stopped' || world.client.operator()?.waiting?.task === 'hand-envelope',
    );
    if (screen !== 'stopped') {
      await world.client.operatorDoes({ type: 'hand-over', handedOver: true });
      await world.closed('CONFIRMED');
      expect(world.envelope(number)).toBe('handed');
      ends.add('handed');
      break;
    }
    const chip = world.row('CHIP_EVIDENCE');
    const held = chip?.pin === 'unknown';
    await world.closed(held ? 'HELD' : 'VOIDED');
    expect(world.envelope(number)).toBe(held ? 'quarantined' : 'aborted');
    ends.add(held ? 'held' : 'void');
    await world.client.until(({ screen: now }) => now === 'welcome' || now === 'stopped');
    await world.client.citizenDoes({ type: 'stay' });
    await world.client.on('welcome');
  }
  expect([...ends]).toContain('void');
});
