import { beforeEach, describe, expect, it } from 'vitest';
import type { Log } from '../../../kiosk/log/log.ts';
import { type ClockWatch, watchClock } from '../../../kiosk/trust/clock.ts';

const START = Date.parse('2026-06-15T10:00:00Z');
let wall: number;
let steady: number;
let compared: { aheadMs: number; comparedAt: number } | null;
let told: string[];
let clock: ClockWatch;
const log: Log = { event: (name, fields) => void told.push([name, ...Object.values(fields)].join(' ')) };

beforeEach(() => {
  wall = START;
  steady = 500;
  compared = null;
  told = [];
  clock = watchClock({ now: () => wall, monotonic: () => steady, compared: () => compared, log });
});

/** Time passes, by both. */
function pass(seconds: number): void {
  wall += seconds * 1000;
  steady += seconds * 1000;
}
const setBy = (seconds: number): void => void (wall += seconds * 1000);
const now = (): number => wall / 1000;

describe('a clock', () => {
  it('that goes as the machine counts is believed, and so is one that a time server puts right by a little', () => {
    for (let day = 0; day < 30; day += 1) {
      pass(86_400);
      expect(clock.fault(now() - 3600)).toBe(null);
    }
    setBy(-59);
    expect(clock.fault(now() - 3600)).toBe(null);
    expect(told).toEqual([]);
  });

  it.each([7_200, -7_200, 61, -61])('that was set by %i seconds has jumped, and is said to have once', (by) => {
    pass(60);
    setBy(by);
    expect(clock.fault(null)).toEqual({ kind: 'jumped', seconds: by });
    pass(3_600);
    expect(clock.fault(null)).toEqual({ kind: 'jumped', seconds: by });
    expect(told).toEqual([`clock-fault jumped ${by}`]);
  });

  it('that was set back again is believed again', () => {
    setBy(7_200);
    expect(clock.fault(null)).not.toBe(null);
    setBy(-7_200);
    expect(clock.fault(null)).toBe(null);
    expect(told).toEqual(['clock-fault jumped 7200', 'clock-well-again']);
  });

  it('that jumped is believed when the CMS, asked after it, agrees, and from there on as before', () => {
    compared = { aheadMs: 100, comparedAt: steady };
    pass(10);
    setBy(3_600);
    expect(clock.fault(null)).toMatchObject({ kind: 'jumped' });
    pass(10);
    // The comparison from before the jump says nothing of it.
    expect(clock.fault(null)).toMatchObject({ kind: 'jumped' });
    compared = { aheadMs: -3_600_000, comparedAt: steady };
    expect(clock.fault(null)).toMatchObject({ kind: 'jumped' });
    compared = { aheadMs: 800, comparedAt: steady };
    expect(clock.fault(null)).toBe(null);
    pass(86_400);
    expect(clock.fault(null)).toBe(null);
    setBy(-3_600);
    expect(clock.fault(null)).toEqual({ kind: 'jumped', seconds: -3_600 });
  });

  it('that is behind the newest CRL of the store is not believed until it has passed it', () => {
    const newest = now() + 301;
    expect(clock.fault(newest)).toEqual({ kind: 'behind-crl', seconds: 301 });
    pass(1);
    expect(clock.fault(newest)).toBe(null);
    expect(told).toEqual(['clock-fault behind-crl 301', 'clock-well-again']);
  });

  it('is not believed while a CRL that was offered is of the future', () => {
    const future = now() + 86_400;
    clock.sawCrlOf(future);
    expect(clock.fault(now() - 60)).toEqual({ kind: 'crl-of-the-future', seconds: 86_400 });
    clock.sawCrlOf(now() + 3_600);
    expect(clock.fault(now() - 60)).toMatchObject({ seconds: 86_400 });
    pass(86_400);
    expect(clock.fault(now() - 60)).toBe(null);
  });

  it('of this machine, by which these tests run, is believed', () => {
    const real = watchClock({ now: Date.now, monotonic: () => performance.now(), compared: () => null, log });
    expect(real.fault(Date.now() / 1000 - 60)).toBe(null);
  });
});
