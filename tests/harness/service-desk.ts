import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ServiceOperation } from '../../flows/ports/services.ts';
import { mario, specimensFile } from './services.ts';
import { Sportello, identityCard, operator } from './sportello.ts';

/** A desk in Sardinia whose CMS has the cards of `services.ts` in its register. */
export async function startRegistered(): Promise<Sportello> {
  const world = await Sportello.start({ profile: 'sardegna', reader: 'in-process' });
  const file = join(world.folder, 'cms.json');
  await world.killCms();
  const configuration = JSON.parse(readFileSync(file, 'utf8')) as object;
  writeFileSync(file, JSON.stringify({ ...configuration, services: { specimens: specimensFile(world.folder) } }));
  await world.startCms();
  return world;
}

/** The operator begins a service for who has no card here, enters the document, and is asked to confirm. */
export async function toConfirmation(world: Sportello, operation: ServiceOperation, why: { readonly reason?: 'loss' } = {}): Promise<void> {
  await world.client.on('welcome');
  if (world.client.operator()?.signedOn == null) await world.client.signOn(operator.id, operator.pin);
  await world.client.operatorDoes({ type: 'begin', operation, holder: mario });
  await world.client.untilOperator(({ waiting }) => waiting?.task === 'service' && waiting.step === 'entering');
  await world.client.operatorDoes({ type: 'service', document: identityCard, forms: [], ...why });
  await world.client.untilOperator(({ waiting }) => waiting?.task === 'service' && waiting.step === 'confirming');
}
