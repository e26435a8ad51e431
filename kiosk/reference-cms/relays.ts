import { randomBytes } from 'node:crypto';
import type { z } from 'zod';
import type { relayRequest } from '../cms/relays.ts';
import type { ProblemType } from '../cms/problems.ts';
import type { RelayStore } from './relay-store.ts';

export type RelayRequest = z.infer<typeof relayRequest>;

/**
 * Takes one exchange of an operation's relay in: the first opens it and ends the one before, each further one brings the next answer. Why it is not
 * taken, or `null`.
 */
export function takeExchange(store: RelayStore, operationId: string, request: RelayRequest, now: number): ProblemType | null {
  const known = store.find(request.relay);
  if (!('answer' in request)) {
    if (known !== null) return 'relay-over';
    store.endAllOf(operationId, 'superseded');
    store.add(request.relay, operationId, randomBytes(8), now);
    return null;
  }
  if (known?.operationId !== operationId) return 'relay-out-of-order';
  if (known.ended !== null) return 'relay-over';
  if (request.sequence !== store.answers(request.relay).length + 1) return 'relay-out-of-order';
  store.addAnswer(request.relay, request.sequence, Buffer.from(request.answer, 'hex'));
  return null;
}
