import { afterAll, beforeAll, expect, test } from 'vitest';
import { Kills } from './kills.ts';
import { Pairs, killAtPairs } from './pairs.ts';
import { splitCodes } from './split-codes.ts';

/** Tests that kill at each of these points, and then at pairs that begin with one of them. */
export function rehearse(points: readonly string[], { pairs: many, seed }: { readonly pairs: number; readonly seed: number }): void {
  const pairs = new Pairs();
  let kills: Kills;
  beforeAll(async () => {
    kills = await Kills.start(splitCodes);
  });
  afterAll(() => kills.close());

  test.each(points)('the core is killed at: %s', async (point) => {
    const { violations, recovery } = await kills.kill(point);
    pairs.add(point, recovery);
    expect(violations).toEqual([]);
  });

  test(`it is killed again while it starts, at ${many} pairs of points`, { timeout: 600_000 }, async () => {
    const done = await killAtPairs(kills, pairs, many, seed);
    expect(done.flatMap(({ violations }) => violations)).toEqual([]);
    expect(done).toHaveLength(many);
  });
}
