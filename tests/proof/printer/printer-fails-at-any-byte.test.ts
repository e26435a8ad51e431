import { expect, test } from 'vitest';
import { lastOffset, printerFaults } from './faults.ts';
import { faults } from './line.ts';

const PLACES = 200;

test.each(faults)(
  '%s at two hundred bytes of a slip: no slip twice, no evidence that is not there, nothing of it with the next',
  async (fault) => {
    const places = Array.from({ length: PLACES }, (_, n) => ({ fault, offset: Math.round((n * lastOffset) / (PLACES - 1)) }));
    expect(await printerFaults(places)).toEqual([]);
  },
  60_000,
);
