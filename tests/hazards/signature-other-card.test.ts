import { afterEach, expect, test } from 'vitest';
import { specimens } from '../../devices/card/virtual/specimen.ts';
import { settled, startSignatures, toSignature } from '../harness/signature-desk.ts';
import type { Sportello } from '../harness/sportello.ts';

let world: Sportello;
afterEach(() => world.close());

test('another card in its place while the certificate is loaded: it gets nothing, and what was made is void', async () => {
  world = await startSignatures();
  await toSignature(world);
  await world.card('slow 200');
  await world.client.operatorDoes({ type: 'confirm' });
  await world.client.until((status) => status.screen === 'service' && status.cardInUse);
  await world.swapCard(specimens.secondAdult);
  const stopped = await world.client.on('stopped', 30_000);
  expect(stopped).toMatchObject({ reason: 'certificate-not-loaded' });
  expect(await settled(world)).toBe('VOIDED');
  expect(world.ledger.signatures().every((state) => state === 'revoked')).toBe(true);
  expect(world.row('SIGNATURE_EVIDENCE')?.certificate).not.toBe('loaded');
}, 60_000);
