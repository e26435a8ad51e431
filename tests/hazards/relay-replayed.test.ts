import { randomUUID } from 'node:crypto';
import { afterEach, expect, test } from 'vitest';
import type { EnvelopeCms } from '../../flows/ports/envelopes.ts';
import type { RelayStep } from '../../flows/ports/relays.ts';
import { type RelayWorld, envelopes, relayOnce, relayWorld } from '../harness/relay-bench.ts';
import { signal } from '../harness/cms.ts';

let world: RelayWorld;
afterEach(() => world.close());

/** A client that keeps what it asked and was answered. */
function keeping(client: EnvelopeCms): {
  readonly client: Pick<EnvelopeCms, 'relay'>;
  readonly steps: RelayStep[];
  readonly commands: Uint8Array[];
} {
  const steps: RelayStep[] = [];
  const commands: Uint8Array[] = [];
  return {
    steps,
    commands,
    client: {
      async relay(step, stop) {
        steps.push('answer' in step ? { ...step, answer: Uint8Array.from(step.answer) } : step);
        const next = await client.relay(step, stop);
        if (next.ok && 'command' in next.value) commands.push(Uint8Array.from(next.value.command));
        return next;
      },
    },
  };
}

test('an exchange that is asked again gets the same bytes; with another answer of the card it is refused', async () => {
  world = await relayWorld();
  const operationId = await world.reserve();
  const kept = keeping(world.client);
  await relayOnce({ ...world, client: kept.client }, { operationId });
  expect(kept.steps.length).toBe(kept.commands.length + 1);
  for (const [index, step] of kept.steps.entries()) {
    const again = await world.client.relay(step, signal);
    const command = kept.commands[index];
    if (command === undefined) expect(again).toMatchObject({ ok: true, value: { end: { ended: 'done' } } });
    else expect(again).toEqual({ ok: true, value: { command } });
    if ('answer' in step) {
      const other = await world.client.relay({ ...step, answer: Uint8Array.of(0x6f, 0x00) }, signal);
      expect(other).toMatchObject({ error: { kind: 'refused', type: 'idempotency-mismatch' } });
    }
  }
});

test.each(['cns', 'tripleDes', 'aes'] as const)(
  'commands of an old relay (%s), played to the card again, change nothing',
  async (scheme) => {
    world = await relayWorld({ scheme });
    const { mine } = world;
    const kept = keeping(world.client);
    await relayOnce({ ...world, client: kept.client }, { operationId: await world.reserve() });
    // The holder has changed the PIN since, at home.
    const blocks = [envelopes.first.pin, '11223344'].map((pin) => Buffer.from(pin).toString('hex')).join('');
    mine.card.reset();
    expect(Buffer.from(mine.card.transmit(Buffer.from(`0024001010${blocks}`, 'hex'))).toString('hex')).toBe('9000');
    for (const command of kept.commands) mine.card.transmit(command);
    expect(mine.takes('11223344')).toBe(true);
    expect(mine.takes(envelopes.first.pin)).toBe(false);
  },
);

test('exchanges out of their order, of no relay, or of one that has ended are refused, and the next relay goes through', async () => {
  world = await relayWorld();
  const { client } = world;
  const operationId = await world.reserve();
  const relay = randomUUID();
  const done = Uint8Array.of(0x90, 0x00);
  const refused = async (step: RelayStep): Promise<string> => {
    const answer = await client.relay(step, signal);
    return answer.ok || answer.error.kind !== 'refused' ? '' : answer.error.type;
  };
  expect(await refused({ operationId, relay: randomUUID(), sequence: 1, answer: done })).toBe('relay-out-of-order');
  const opened = await client.relay(
    { operationId, relay, sequence: 0, envelope: envelopes.first.number, certificateDigest: world.mine.certificateDigest },
    signal,
  );
  expect(opened.ok).toBe(true);
  expect(await refused({ operationId, relay, sequence: 2, answer: done })).toBe('relay-out-of-order');
  expect(await refused({ operationId, relay, sequence: 64, answer: done })).toBe('relay-out-of-order');
  expect(await refused({ operationId: await otherOperation(), relay, sequence: 3, answer: done })).toMatch(/relay-out-of-order|operation-/);
  // A card that says no ends it; nothing comes after the end.
  expect(await client.relay({ operationId, relay, sequence: 1, answer: Uint8Array.of(0x6a, 0x82) }, signal)).toBeDefined();
  expect(await refused({ operationId, relay, sequence: 3, answer: done })).toBe('relay-over');
  expect((await relayOnce(world, { operationId })).end).toMatchObject({ ended: 'done', envelope: { pin: 'set' } });
});

async function otherOperation(): Promise<string> {
  return await world.reserve();
}
