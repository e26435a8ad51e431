import type { ServiceOperation } from '../../flows/ports/services.ts';
import { mario } from './services.ts';
import { Sportello, identityCard, operator } from './sportello.ts';

/** A desk in Sardinia whose CMS has the cards of `services.ts` in its register. */
export function startRegistered(): Promise<Sportello> {
  return Sportello.start({ profile: 'sardegna', reader: 'in-process', registered: true });
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
