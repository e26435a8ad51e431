import { afterAll, beforeAll, expect, test } from 'vitest';
import { Kills } from './kills.ts';
import { servicePoints } from './points.ts';
import { service } from './service.ts';

let kills: Kills;
beforeAll(async () => {
  kills = await Kills.start(service);
});
afterAll(() => kills.close());

test.each(servicePoints)('the core is killed while a card is suspended or reactivated, at: %s', async (point) => {
  expect((await kills.kill(point)).violations).toEqual([]);
});

test('between them they end as never asked for, never done, and done', () => {
  const { world } = kills;
  const ends = world.operations().map((operationId) => {
    const last = world.journal(operationId).at(-1);
    return last?.kind === 'CLOSED' ? last.state : null;
  });
  expect(new Set(ends)).toEqual(new Set(['NONE', 'VOIDED', 'DONE']));
});
