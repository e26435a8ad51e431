import { X509Certificate, createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { vi } from 'vitest';
import type { z } from 'zod';
import { specimens } from '../../devices/card/virtual/specimen.ts';
import type { JournalRow } from '../../flows/ports/journal.ts';
import type { serviceSpecimens } from '../../kiosk/reference-cms/service-specimens.ts';
import { Sportello, type WorldOptions, identityCard, operator } from './sportello.ts';

/** A desk in Sardinia whose CMS has the adult's card in its register, with its keys, and an authority for signatures. */
export async function startSignatures(options: WorldOptions = {}): Promise<Sportello> {
  const world = await Sportello.start({ envelopes: true, ...options });
  const file = join(world.folder, 'cms.json');
  await world.killCms();
  const { cardId, certificate } = JSON.parse(readFileSync(join(world.folder, 'person.json'), 'utf8')) as Readonly<Record<string, string>>;
  const { fiscalCode, surname, name, birthDate } = specimens.adult.personalData;
  const certificateDigest = createHash('sha256')
    .update(new X509Certificate(certificate ?? '').raw)
    .digest('hex');
  const card = { cardId: cardId ?? '', certificateDigest, fiscalCode, surname, name, birthDate, expiresOn: '2040-01-01' };
  const register: z.input<typeof serviceSpecimens> = { cards: [card] };
  const registered = join(world.folder, 'services.json');
  writeFileSync(registered, JSON.stringify(register));
  const configuration = JSON.parse(readFileSync(file, 'utf8')) as object;
  const signatures = { certificate: world.pki.files.cnsCa, key: world.pki.files.cnsCaKey };
  writeFileSync(file, JSON.stringify({ ...configuration, services: { specimens: registered }, signatures }));
  await world.startCms();
  return world;
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
