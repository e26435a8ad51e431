import { vi } from 'vitest';
import type { JournalRow } from '../../flows/ports/journal.ts';
import { Sportello, type WorldOptions, identityCard, operator } from './sportello.ts';

/** A desk in Sardinia whose CMS has the adult's card in its register, with its keys, and an authority for signatures. */
export function startSignatures(options: WorldOptions = {}): Promise<Sportello> {
  return Sportello.start({ envelopes: true, registered: {}, issuesCrl: true, signatures: true, ...options });
}

/** Card, wish, notice, the form shown: up to where the operator confirms. */
export async function toSignature(world: Sportello): Promise<void> {
  await world.toRecognised();
  await world.client.citizenDoes({ type: 'wish', operation: 'signature-certificate' });
  await world.client.on('notice');
  await world.client.citizenDoes({ type: 'notice-read' });
  await world.client.on('operator');
  if (world.client.operator()?.signedOn == null) await world.client.signOn(operator.id, operator.pin);
  await world.client.untilOperator(({ waiting }) => waiting?.task === 'service' && waiting.step === 'entering');
  world.operationId = world.client.citizen().sessionId ?? world.operationId;
  await world.client.operatorDoes({ type: 'service', document: identityCard, forms: ['signature-request'] });
  await world.client.untilOperator(({ waiting }) => waiting?.task === 'service' && waiting.step === 'confirming');
}

/** Waits until the operation is closed; as what. */
export async function settled(world: Sportello): Promise<string> {
  const last = (): JournalRow | undefined => world.journal().at(-1);
  await vi.waitUntil(() => last()?.kind === 'CLOSED', { timeout: 60_000, interval: 20 });
  const row = last();
  return row?.kind === 'CLOSED' ? row.state : '';
}

/** Waits until the CMS's authority has made the certificate. */
export async function issued(world: Sportello): Promise<void> {
  await vi.waitUntil(() => world.ledger.signatures().length > 0, { timeout: 20_000, interval: 5 });
}
