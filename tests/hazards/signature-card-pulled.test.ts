import { afterEach, expect, test } from 'vitest';
import { settled, startSignatures, toSignature } from '../harness/signature-desk.ts';
import type { Sportello } from '../harness/sportello.ts';

let world: Sportello;
afterEach(() => world.close());

test('pulled at each stage of the loading: nothing hangs, what was made is revoked, and the same card gets its certificate in the end', async () => {
  world = await startSignatures({ reader: 'in-process' });
  let made = 0;
  // Before the card is known; when its key is made; when the first bytes are written; while they are read back.
  for (const command of [2, 13, 20, 28]) {
    await toSignature(world);
    await world.card(`pull ${command}`);
    await world.client.operatorDoes({ type: 'confirm' });
    const stopped = await world.client.on('stopped', 30_000);
    expect(stopped).toMatchObject({ reason: 'certificate-not-loaded', codes: 'certificate-void' });
    expect(await settled(world)).toBe('VOIDED');
    expect(world.ledger.signatures().every((state) => state === 'revoked')).toBe(true);
    made = world.ledger.signatures().length;
    await world.client.until(({ screen }) => screen === 'welcome' || screen === 'stopped');
    await world.client.citizenDoes({ type: 'stay' });
    await world.client.on('welcome');
  }
  expect(made).toBeGreaterThan(0);
  await toSignature(world);
  await world.client.operatorDoes({ type: 'confirm' });
  await world.client.on('service-done', 30_000);
  expect(await settled(world)).toBe('DONE');
  expect([...world.ledger.signatures()].sort()).toEqual(['loaded', ...Array.from({ length: made }, () => 'revoked')]);
}, 180_000);
