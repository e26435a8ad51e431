import { afterEach, expect, test } from 'vitest';
import { usualRelayPolicy } from '../../devices/card/relay.ts';
import { startCmsProxy } from '../harness/cms-proxy.ts';
import { clientAt, handOver, newOperationId, signal } from '../harness/cms.ts';
import { type RelayWorld, type Scheme, batch, desk, envelopes, factoryCodes, relayOnce, relayWorld } from '../harness/relay-bench.ts';

let world: RelayWorld;
afterEach(() => world.close());

/** A code as it may stand in bytes: characters of 8 or 16 bits, their hexadecimal digits, or packed digits as in a PIN block. */
function waysToWrite(code: string): readonly Buffer[] {
  const hex = Buffer.from(code, 'ascii').toString('hex');
  return [Buffer.from(code, 'ascii'), Buffer.from(code, 'utf16le'), Buffer.from(hex), Buffer.from(code, 'hex')];
}

/** Everything between card process and card, and everything between kiosk and CMS once TLS is off it, of one operation from the list to the count. */
async function traffic(allowed = usualRelayPolicy): Promise<Buffer> {
  const seen: Buffer[] = [];
  const keep = (bytes: Uint8Array): void => void seen.push(Buffer.from(bytes), Buffer.from([0]));
  const transmit = world.mine.card.transmit.bind(world.mine.card);
  world.mine.card.transmit = (command) => {
    keep(command);
    const answer = transmit(command);
    keep(answer);
    return answer;
  };
  const proxy = await startCmsProxy(world.cms.cms.url, world.pki, async (asked, forward) => {
    keep(Buffer.from(`${asked.path} ${asked.key ?? ''}`));
    keep(asked.body);
    const answer = await forward(asked);
    keep(answer.body);
    return answer;
  });
  const client = clientAt(proxy.url, world);
  expect(await client.envelopeBatches(desk, signal)).toMatchObject({ ok: true, value: [{ batch, desk }] });
  const operationId = await world.reserve();
  const { end } = await relayOnce({ ...world, client }, { operationId, policy: allowed });
  expect(end).toMatchObject({ ended: 'done' });
  const outcome = {
    operationId,
    attempt: 1,
    outcome: 'handed-over',
    evidence: { class: 'E4', raw: '' },
    exposed: false,
    reason: 'x',
  } as const;
  const told = { ...outcome, operatorAssertion: await handOver(world.operatorKey, operationId) };
  expect(await client.reportOutcome(told, signal)).toMatchObject({ value: { state: 'CONFIRMED' } });
  const counted = [envelopes.first, envelopes.second, envelopes.ofAnother].map(({ number }, index) => ({
    number,
    state: index === 0 ? ('handed' as const) : ('assigned' as const),
  }));
  const count = { shift: newOperationId(), attempt: 1, desk, batch, seed: 'cd'.repeat(32), envelopes: counted };
  expect(await client.countEnvelopes(count, signal)).toMatchObject({ value: { agrees: true } });
  await client.close();
  proxy.close();
  return Buffer.concat(seen);
}

test.each(['cns', 'tripleDes', 'aes'] satisfies Scheme[])('no PIN, PUK or user code in any byte on the kiosk side (%s)', async (scheme) => {
  world = await relayWorld({ scheme });
  const bytes = await traffic();
  // The envelope's number is no secret: what is looked through is the traffic.
  expect(bytes.includes(envelopes.first.number)).toBe(true);
  const codes = [factoryCodes.pin, factoryCodes.puk, ...Object.values(envelopes).flatMap(({ pin, userCode }) => [pin, userCode])];
  for (const way of codes.flatMap(waysToWrite)) expect(bytes.includes(way), way.toString('hex')).toBe(false);
});

test('plain commands show PIN and PUK to both, the card process and the link: it would be found', async () => {
  world = await relayWorld({ scheme: null, plainCommands: 'allowed' });
  const bytes = await traffic({ ...usualRelayPolicy, pinsInClear: 'allowed', allowed: [...usualRelayPolicy.allowed, '0020', '002C'] });
  for (const code of [factoryCodes.puk, envelopes.first.pin]) {
    expect(waysToWrite(code).map((way) => bytes.includes(way))).toEqual([true, false, true, false]);
  }
  expect(bytes.includes(envelopes.first.userCode)).toBe(false);
});
