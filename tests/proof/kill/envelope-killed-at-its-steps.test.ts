import { afterAll, beforeAll, expect, test } from 'vitest';
import { blindEnvelope, endOfEnvelope } from './blind-envelope.ts';
import { Kills } from './kills.ts';
import { envelopePoints } from './points.ts';

let kills: Kills;
beforeAll(async () => {
  kills = await Kills.start(blindEnvelope);
});
afterAll(() => kills.close());

test.each(envelopePoints)('the core is killed while it delivers an envelope, at: %s', async (point) => {
  expect((await kills.kill(point)).violations).toEqual([]);
});

test('between them they leave an envelope in its pile, put away, put apart and handed over', () => {
  const ends = kills.world.operations().map((operationId) => endOfEnvelope(kills.world, operationId));
  expect(new Set(ends)).toEqual(new Set([null, 'assigned', 'aborted', 'quarantined', 'handed']));
});
