import { randomUUID } from 'node:crypto';
import { afterEach, expect, test } from 'vitest';
import { type RelayWorld, envelopes, relayOnce, relayWorld } from '../harness/relay-bench.ts';
import { signal } from '../harness/cms.ts';

let world: RelayWorld;
afterEach(() => world.close());

test('a second relay ends the first at whatever exchange it stands, and sets the PIN; the first gets no further command', async () => {
  world = await relayWorld();
  const { client, mine } = world;
  const operationId = await world.reserve();
  const relay = randomUUID();
  const opening = { operationId, sequence: 0 as const, envelope: envelopes.first.number, certificateDigest: mine.certificateDigest };
  for (let at = 0; at <= 14; at += 1) {
    const intruder = randomUUID();
    const first = await relayOnce(world, { operationId }, async (sequence) => {
      if (sequence !== at + 1) return undefined;
      expect(await client.relay({ ...opening, relay: intruder }, signal)).toMatchObject({
        ok: true,
        value: { command: expect.anything() as Uint8Array },
      });
      return undefined;
    });
    expect(first, `taken over after ${at + 1} exchanges`).toMatchObject({ end: null, refused: { kind: 'refused', type: 'relay-over' } });
  }
  const last = await relayOnce(world, { operationId, relay });
  expect(last.end).toMatchObject({ ended: 'done', envelope: { pin: 'set' } });
  expect(mine.takes(envelopes.first.pin)).toBe(true);
  // An id that has served serves no more.
  expect(await client.relay({ ...opening, relay, envelope: envelopes.second.number }, signal)).toMatchObject({
    error: { type: 'idempotency-mismatch' },
  });
});

test('a CMS that was killed in the middle goes on where it was', async () => {
  world = await relayWorld();
  const { mine } = world;
  const operationId = await world.reserve();
  let restarted = 0;
  const { end } = await relayOnce(world, { operationId }, async () => {
    restarted += 1;
    await world.restartCms();
    return undefined;
  });
  expect(end).toMatchObject({ ended: 'done', envelope: { pin: 'set', evidence: 'verified' } });
  expect(restarted).toBeGreaterThan(12);
  expect(mine.takes(envelopes.first.pin)).toBe(true);
});
