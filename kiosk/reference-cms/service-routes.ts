import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ok } from '../../devices/result.ts';
import type { Reserve } from '../../flows/ports/cms.ts';
import type { ServiceRequest } from '../../flows/ports/services.ts';
import { calls, nationalActivateRequest, nationalDuplicateRequest, stepOf } from '../cms/contract.ts';
import { remoteIssueRequest } from '../cms/remote-issue.ts';
import { cardOfHolder, nationalRevokeRequest, serviceRequest, serviceVoidRequest } from '../cms/services.ts';
import { operationId } from '../cms/shapes.ts';
import { type Look, type Write, idOf, jsonOf } from './requests.ts';
import type { ReferenceCmsRules } from './cms.ts';
import type { Services } from './services.ts';

interface Server {
  readonly services: Services;
  readonly write: (request: FastifyRequest, reply: FastifyReply, wanted: Write) => Promise<FastifyReply>;
  readonly look: Look;
}

/** A service that is asked for: done once or never. */
function serving(call: 'service' | 'national-revoke', services: Services, body: ServiceRequest): Write {
  const { operationId: id } = body;
  return { call, step: stepOf.service, attempt: 1, operationId: id, prepare: async (kiosk) => ok(await services.serve(kiosk, body)) };
}

/** The calls of this region's services, and of codes that are given at a distance. */
export function serviceRoutes(
  app: FastifyInstance,
  { services, remoteIssue, write, look }: Server & Pick<ReferenceCmsRules, 'remoteIssue'>,
): void {
  app.post(calls['card-standing'].path, async (request, reply) => {
    const of = jsonOf(request, cardOfHolder);
    return await look('card-standing', request, reply, (now) => services.standing(of, now));
  });

  app.post(calls.service.path, async (request, reply) => {
    return await write(request, reply, serving('service', services, jsonOf(request, serviceRequest)));
  });

  app.post(calls['remote-issue'].path, async (request, reply) => {
    const body = jsonOf(request, remoteIssueRequest);
    const { operationId: id } = body;
    const prepare = async (kiosk: string) => ok(await remoteIssue(kiosk, body));
    return await write(request, reply, { call: 'remote-issue', step: stepOf.service, attempt: 1, operationId: id, prepare });
  });

  app.post<{ Params: { id: string } }>('/services/:id/void', async (request, reply) => {
    const id = idOf(request, operationId);
    jsonOf(request, serviceVoidRequest);
    return await write(request, reply, {
      call: 'service-void',
      step: stepOf.serviceVoid,
      attempt: 1,
      operationId: id,
      prepare: (kiosk) => Promise.resolve(ok(services.void(kiosk, id))),
    });
  });
}

/** The national system's functions, apart from the regional ones (procedures.md, 2.1): it identifies a card, activates it, gives it new codes, and revokes it. */
export function nationalRoutes(
  app: FastifyInstance,
  { services, reserve, write, look }: Server & { readonly reserve: ReferenceCmsRules['reserve'] },
): void {
  app.post(calls['national-standing'].path, async (request, reply) => {
    const of = jsonOf(request, cardOfHolder);
    return await look('national-standing', request, reply, (now) => services.standing(of, now));
  });

  const reserving = async (call: 'national-activate' | 'national-duplicate', body: Reserve, request: FastifyRequest, reply: FastifyReply) =>
    await write(request, reply, {
      call,
      step: stepOf.reserve,
      attempt: 1,
      operationId: body.operationId,
      prepare: async (kiosk) => ok(await reserve(kiosk, body)),
    });
  app.post(calls['national-activate'].path, (request, reply) =>
    reserving('national-activate', jsonOf(request, nationalActivateRequest), request, reply),
  );
  app.post(calls['national-duplicate'].path, (request, reply) =>
    reserving('national-duplicate', jsonOf(request, nationalDuplicateRequest), request, reply),
  );

  app.post(calls['national-revoke'].path, async (request, reply) => {
    return await write(request, reply, serving('national-revoke', services, jsonOf(request, nationalRevokeRequest)));
  });
}
