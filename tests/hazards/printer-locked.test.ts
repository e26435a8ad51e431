import { afterEach, expect, test, vi } from 'vitest';
import { Sportello } from '../harness/sportello.ts';

let world: Sportello;
afterEach(() => world.close());

/** The line goes in the middle of the slip: what the printer still holds cannot be cleared. */
async function locked(): Promise<void> {
  world = await Sportello.start({ msPerLine: 60 });
  await world.issue();
  await vi.waitUntil(() => world.printer.hanging().includes('PIN'), { timeout: 15_000, interval: 5 });
  await world.printer.control('unplug');
  await world.client.on('stopped', 30_000);
  await world.closed('HELD');
  expect(world.row('EVIDENCE')).toMatchObject({ buffer: 'locked' });
}

test.each(['power-cycled', 'left on'])(
  'locked, and the kiosk started again, the printer %s: nobody is served until it has forgotten the slip',
  async (how) => {
    await locked();
    await world.killKiosk();
    await world.startKiosk();
    expect(['starting', 'out-of-service']).toContain(world.client.citizen().screen);
    await world.client.on('out-of-service');
    if (how === 'power-cycled') await world.printer.control('power-cycle');
    await world.printer.control('plug');
    await world.client.until(({ screen }) => screen !== 'out-of-service' && screen !== 'starting', 30_000);
    await world.takeCard();
    // Until it was cleared it may have printed on from its buffer: once at most, the slip it had.
    const slips = world.wholeSlips().length;
    expect(slips).toBeLessThanOrEqual(1);
    await world.activateAgain();
    await world.closed('CONFIRMED');
    expect(world.wholeSlips()).toHaveLength(slips + 1);
    expect(world.ledger.queuedSecondParts()).toBe(1);
  },
  60_000,
);
