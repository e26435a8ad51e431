import { afterEach, expect, test } from 'vitest';
import { issued, settled, startSignatures, toSignature } from '../harness/signature-desk.ts';
import type { Sportello } from '../harness/sportello.ts';

let world: Sportello;
afterEach(() => world.close());

test('the kiosk is killed before the first command: at its next start nothing was made, and nothing will be', async () => {
  world = await startSignatures({ pauseAfter: 'SIGNATURE_INTENT' });
  await toSignature(world);
  await world.client.operatorDoes({ type: 'confirm' });
  await world.paused('SIGNATURE_INTENT');
  await world.killKiosk();
  await world.startKiosk();
  expect(await settled(world)).toBe('VOIDED');
  expect(world.ledger.signatures()).toEqual([]);
});

test('killed in the middle of the loading: at its next start the certificate is void, and the card may have another', async () => {
  world = await startSignatures();
  await toSignature(world);
  await world.card('slow 100');
  await world.client.operatorDoes({ type: 'confirm' });
  await issued(world);
  await world.killKiosk();
  await world.startKiosk();
  expect(await settled(world)).toBe('VOIDED');
  expect(world.ledger.signatures()).toEqual(['revoked']);
  await world.card('slow 0');
  await world.card('remove');
  await toSignature(world);
  await world.client.operatorDoes({ type: 'confirm' });
  await world.client.on('service-done', 30_000);
  expect(await settled(world)).toBe('DONE');
}, 90_000);

test('killed when the card had it and before the receipt was there: at its next start it is done, and the CMS has made one', async () => {
  world = await startSignatures({ pauseAfter: 'SIGNATURE_EVIDENCE' });
  await toSignature(world);
  await world.client.operatorDoes({ type: 'confirm' });
  await world.paused('SIGNATURE_EVIDENCE');
  await world.killKiosk();
  await world.startKiosk();
  expect(await settled(world)).toBe('DONE');
  expect(world.ledger.signatures()).toEqual(['loaded']);
});
