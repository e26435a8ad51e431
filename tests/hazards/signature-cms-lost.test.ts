import { afterEach, expect, test } from 'vitest';
import { issued, settled, startSignatures, toSignature } from '../harness/signature-desk.ts';
import type { Sportello } from '../harness/sportello.ts';

let world: Sportello;
afterEach(() => world.close());

test('an answer of the relay is lost once: it is asked for again, and the card gets its one certificate', async () => {
  world = await startSignatures({ reader: 'in-process' });
  await toSignature(world);
  await world.cms('lose-answer call=relay times=1');
  await world.client.operatorDoes({ type: 'confirm' });
  await world.client.on('service-done');
  expect(await settled(world)).toBe('DONE');
  expect(world.ledger.signatures()).toEqual(['loaded']);
});

test('the CMS is away from the first exchange on: nothing went to the card, the citizen is told that it may be void, and then it is', async () => {
  world = await startSignatures({ reader: 'in-process' });
  await toSignature(world);
  await world.cms('fail-before-commit call=relay');
  await world.client.operatorDoes({ type: 'confirm' });
  const stopped = await world.client.on('stopped', 60_000);
  expect(stopped).toMatchObject({ reason: 'certificate-not-loaded', codes: 'certificate-void' });
  expect(world.row('SIGNATURE_EVIDENCE')).toMatchObject({ certificate: 'not-loaded', sent: 0 });
  expect(await settled(world)).toBe('VOIDED');
  expect(world.ledger.signatures()).toEqual([]);
}, 90_000);

test('the CMS goes away in the middle, after it made the certificate, and stays away: nobody claims anything, and once it is back it revokes it', async () => {
  world = await startSignatures({ reader: 'in-process' });
  await toSignature(world);
  await world.card('slow 150');
  await world.client.operatorDoes({ type: 'confirm' });
  await world.client.until((status) => status.screen === 'service' && status.cardInUse);
  await issued(world);
  await world.cms('unreachable');
  const stopped = await world.client.on('stopped', 150_000);
  expect(stopped).toMatchObject({ reason: 'service-unknown', codes: 'service-unknown' });
  expect(world.journal().at(-1)).toMatchObject({ kind: 'SIGNATURE_EVIDENCE', certificate: 'unknown' });
  await world.cms('normal');
  // It is asked for while nobody is served.
  await world.card('remove');
  expect(await settled(world)).toBe('VOIDED');
  expect(world.ledger.signatures()).toEqual(['revoked']);
}, 240_000);
