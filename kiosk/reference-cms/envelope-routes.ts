import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { ok } from '../../devices/result.ts';
import { stepOf } from '../cms/contract.ts';
import { cardId, desk, envelopeCountRequest } from '../cms/envelopes.ts';
import { relayRequest } from '../cms/relays.ts';
import { operationId } from '../cms/shapes.ts';
import type { ReferenceCmsRules } from './cms.ts';
import { type Look, Refusal, type Write, idOf, jsonOf, kioskOf } from './requests.ts';

interface Server {
  readonly envelopes: ReferenceCmsRules['envelopes'];
  readonly relay: ReferenceCmsRules['relay'];
  readonly write: (request: FastifyRequest, reply: FastifyReply, wanted: Write) => Promise<FastifyReply>;
  readonly look: Look;
}

/** A count of the largest batch, bytes. */
const largestCount = 64 * 1024;

/** The calls of the blind envelope, and the relay, which is not its alone. */
export function envelopeRoutes(app: FastifyInstance, { envelopes, relay, write, look }: Server): void {
  app.post<{ Params: { id: string } }>('/operations/:id/relay', async (request, reply) => {
    const id = idOf(request, operationId);
    const body = jsonOf(request, relayRequest);
    return await write(request, reply, {
      call: 'relay',
      step: stepOf.relay(body.relay),
      attempt: body.sequence,
      operationId: id,
      prepare: (kiosk) => Promise.resolve(ok(relay(kiosk, id, body))),
    });
  });

  app.get('/envelopes/batches', async (request, reply) => {
    const query = z.strictObject({ desk }).safeParse(request.query);
    if (!query.success) throw new Refusal('request-unusable', 'desk');
    return await look('envelope-batches', request, reply, (now) => envelopes.batches(kioskOf(request), query.data.desk, now));
  });

  app.post('/envelopes/counts', { bodyLimit: largestCount }, async (request, reply) => {
    const body = jsonOf(request, envelopeCountRequest);
    return await write(request, reply, {
      call: 'envelope-count',
      step: stepOf.envelopeCount(body.batch),
      attempt: body.attempt,
      operationId: body.shift,
      prepare: (kiosk) => Promise.resolve(ok(envelopes.count(kiosk, body))),
    });
  });

  app.get<{ Params: { id: string } }>('/cards/:id', async (request, reply) => {
    const id = idOf(request, cardId);
    return await look('card', request, reply, (now) => envelopes.card(id, now));
  });
}
