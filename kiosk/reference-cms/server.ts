import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import Fastify, { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { z } from 'zod';
import { ok } from '../../devices/result.ts';
import {
  type CallName,
  type IdempotencyKey,
  calls,
  checkpointRequest,
  contactCodeRequest,
  idempotencyHeader,
  idempotencyKey,
  largestOutcomes,
  largestRequest,
  mostOperationsAsked,
  oneTimeCodeLength,
  outcomeRequest,
  outcomesRequest,
  paperPartRequest,
  priorCardRequest,
  problem,
  stepOf,
} from '../cms/contract.ts';
import { type ProblemType, problemMediaType, problemPrefix, problems } from '../cms/problems.ts';
import { contactId, operationId } from '../cms/shapes.ts';
import { envelopeRoutes } from './envelope-routes.ts';
import { type Look, Refusal, type Write, bodyOf, idOf, jsonOf, kioskOf } from './requests.ts';
import type { Log } from '../log/log.ts';
import { digestOf } from '../records/checkpoint.ts';
import { createWitness } from './checkpoints.ts';
import type { Decide, ReferenceCmsRules } from './cms.ts';
import type { Fault, Faults } from './faults.ts';
import { nationalRoutes, serviceRoutes } from './service-routes.ts';
import { askedBefore } from './idempotency.ts';
import type { CmsKey } from './signing.ts';
import type { Store, StoredAnswer } from './store.ts';

/** PEM texts. `clientCa`: who vouches for kiosks. */
export interface ServerTls {
  readonly certificate: string;
  readonly key: string;
  readonly clientCa: string;
}

export interface ServerParts {
  readonly tls: ServerTls;
  readonly cms: ReferenceCmsRules;
  readonly store: Store;
  readonly key: CmsKey;
  readonly faults: Faults;
  readonly log: Log;
  readonly now: () => number;
}

type Answer = Omit<StoredAnswer, 'digest'>;

/** Thrown inside a transaction to lose it (`fail-before-commit`). */
class FailedOnPurpose extends Error {}

const idempotencyHeaderName = idempotencyHeader.toLowerCase();

/** The contract over HTTPS: TLS 1.3, client certificates, idempotency, problem details. The rules are `cms`'s. */
export function createServer({ tls, cms, store, key, faults, log, now }: ServerParts): FastifyInstance {
  const witness = createWitness({ store, key, log });
  const app = Fastify({
    https: { cert: tls.certificate, key: tls.key, ca: tls.clientCa, requestCert: true, rejectUnauthorized: true, minVersion: 'TLSv1.3' },
    bodyLimit: largestRequest,
    requestTimeout: 15_000,
    forceCloseConnections: true,
    exposeHeadRoutes: false,
    routerOptions: { maxParamLength: 64 },
  });

  app.removeAllContentTypeParsers();
  for (const type of ['application/json', 'application/octet-stream']) {
    app.addContentTypeParser(type, { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  }

  app.server.on('connection', (socket: Socket) => {
    if (faults.deaf()) socket.destroy();
  });

  const problemOf = (type: ProblemType, detail = '', more: object = {}): Answer => {
    const { status, title } = problems[type];
    const body = {
      type: problemPrefix + type,
      title,
      status,
      ...(detail === '' ? {} : { detail }),
      ...more,
      at: new Date(now()).toISOString(),
    };
    return { status, mediaType: problemMediaType, body: Buffer.from(JSON.stringify(body)) };
  };
  const answerOf = (call: CallName, answer: object): Answer => ({
    status: calls[call].status,
    mediaType: 'application/json',
    body: Buffer.from(JSON.stringify(answer)),
  });

  const answerTo = (call: CallName, { answer, refused }: { readonly answer: object; readonly refused?: ProblemType }): Answer =>
    refused === undefined ? answerOf(call, answer) : problemOf(refused, '', { receipt: answer });

  const send = (reply: FastifyReply, { status, mediaType, body }: Answer): FastifyReply =>
    reply.code(status).type(mediaType).header('Cache-Control', 'no-store').send(body);

  /** Lets the faults of this call befall it that come before its work; the answer is what is left of them for its end. */
  const suffer = async (call: CallName, request: FastifyRequest): Promise<Fault | null> => {
    const befalling = faults.next(call);
    if (befalling?.mode === 'slow') await delay(befalling.ms, undefined, { ref: false });
    if (befalling?.mode === 'unreachable') request.raw.socket.destroy();
    return befalling;
  };

  /** Same key and same request: the stored answer. Same key and another request: an alarm. `null`: not seen before. */
  const storedFor = (kiosk: string, keyText: string, digest: Buffer): Answer | null => {
    const before = askedBefore(store.answer(kiosk, keyText), digest);
    if (before.kind === 'new') return null;
    if (before.kind === 'same') return before.kept;
    log.event('cms-idempotency-mismatch', { kiosk, key: keyText });
    return problemOf('idempotency-mismatch');
  };

  /** Decides, and keeps the answer; inside a transaction. What is to be done once it is durable goes to `afterwards`. */
  const keep = (
    call: CallName,
    kiosk: string,
    keyText: string,
    digest: Buffer,
    decideNow: Decide<object>,
    afterwards: (() => void)[],
  ): Answer => {
    const at = now();
    const decided = decideNow(at);
    const made = decided.ok ? answerTo(call, decided.value) : problemOf(decided.error);
    if (decided.ok && decided.value.then !== undefined) afterwards.push(decided.value.then);
    // "Not now" is no answer to keep: the same request may be asked again later.
    if (made.status !== 429) store.keepAnswer(kiosk, keyText, { digest, ...made }, at);
    return made;
  };

  /** Has the write prepared, then decided and its answer stored in one transaction. */
  const decide = async (
    { call, prepare }: Write,
    kiosk: string,
    keyText: string,
    read: IdempotencyKey,
    digest: Buffer,
    befalling: Fault | null,
  ): Promise<Answer> => {
    const prepared = await prepare(kiosk, read);
    if (!prepared.ok) throw new Refusal(prepared.error);
    const afterwards: (() => void)[] = [];
    const answer = store.transaction((): Answer => {
      // Asked again here: the same request may have come in parallel while this one was prepared.
      const meanwhile = storedFor(kiosk, keyText, digest);
      if (meanwhile !== null) return meanwhile;
      const made = keep(call, kiosk, keyText, digest, prepared.value, afterwards);
      if (befalling?.mode === 'fail-before-commit') throw new FailedOnPurpose();
      return made;
    });
    for (const then of afterwards) then();
    return answer;
  };

  const write = async (request: FastifyRequest, reply: FastifyReply, wanted: Write): Promise<FastifyReply> => {
    const befalling = await suffer(wanted.call, request);
    const kiosk = kioskOf(request);
    const { step, attempt, operationId: id } = wanted;
    const keyText = request.headers[idempotencyHeaderName];
    const read = typeof keyText === 'string' ? idempotencyKey.read(keyText) : null;
    const fits =
      read !== null && read.step === step && (attempt === null || read.attempt === attempt) && (id === null || read.operationId === id);
    if (typeof keyText !== 'string' || !fits) throw new Refusal('idempotency-key-unusable');

    const digest = key.digest(request.method, request.url, bodyOf(request));
    const answer = storedFor(kiosk, keyText, digest) ?? (await decide(wanted, kiosk, keyText, read, digest, befalling));
    if (befalling?.mode === 'lose-answer') request.raw.socket.destroy();
    return send(reply, answer);
  };

  app.post('/contacts', async (request, reply) => {
    const body = jsonOf(request, contactCodeRequest);
    return await write(request, reply, {
      call: 'contact-code',
      step: stepOf.contactCode,
      attempt: body.send,
      operationId: body.operationId,
      prepare: (kiosk) => Promise.resolve(ok(cms.contactCode(kiosk, body))),
    });
  });

  app.post<{ Params: { id: string } }>('/contacts/:id/proof', async (request, reply) => {
    const contact = idOf(request, contactId);
    const code = bodyOf(request, 'application/octet-stream');
    try {
      if (code.length !== oneTimeCodeLength || !code.every((byte) => byte >= 0x30 && byte <= 0x39))
        throw new Refusal('request-unusable', 'body');
      return await write(request, reply, {
        call: 'contact-proof',
        step: stepOf.contactProof(contact),
        attempt: null,
        operationId: null,
        prepare: (kiosk, { operationId: id }) => Promise.resolve(ok(cms.contactProof(kiosk, id, contact, code))),
      });
    } finally {
      code.fill(0);
    }
  });

  app.post(calls['prior-card'].path, async (request, reply) => {
    const body = jsonOf(request, priorCardRequest);
    return await write(request, reply, {
      call: 'prior-card',
      step: stepOf.priorCard,
      attempt: 1,
      operationId: body.operationId,
      prepare: (kiosk) => Promise.resolve(ok(cms.provePriorCard(kiosk, body))),
    });
  });

  app.post('/operations', async (request, reply) => {
    const body = jsonOf(request, calls.reserve.request);
    return await write(request, reply, {
      call: 'reserve',
      step: stepOf.reserve,
      attempt: 1,
      operationId: body.operationId,
      prepare: async (kiosk) => ok('delivery' in body ? await cms.envelopes.reserveEnvelope(kiosk, body) : await cms.reserve(kiosk, body)),
    });
  });

  app.post<{ Params: { id: string } }>('/operations/:id/paper-part', async (request, reply) => {
    const id = idOf(request, operationId);
    const body = jsonOf(request, paperPartRequest);
    return await write(request, reply, {
      call: 'paper-part',
      step: stepOf.paperPart,
      attempt: body.attempt,
      operationId: id,
      prepare: (kiosk) => cms.paperPart(kiosk, id, body),
    });
  });

  app.post<{ Params: { id: string } }>('/operations/:id/outcome', async (request, reply) => {
    const id = idOf(request, operationId);
    const body = jsonOf(request, outcomeRequest);
    return await write(request, reply, {
      call: 'outcome',
      step: stepOf.outcome(body.outcome),
      attempt: body.attempt,
      operationId: id,
      prepare: async (kiosk) => ok(await cms.outcome(kiosk, { operationId: id, ...body })),
    });
  });

  app.post('/outcomes', { bodyLimit: largestOutcomes }, async (request, reply) => {
    const { outcomes } = jsonOf(request, outcomesRequest);
    const befalling = await suffer('outcomes', request);
    const kiosk = kioskOf(request);
    const written = await Promise.all(
      outcomes.map(async (report) => {
        const { operationId: id, ...alone } = report;
        const path = `/operations/${id}/outcome`;
        const keyText = idempotencyKey.write({ operationId: id, step: stepOf.outcome(report.outcome), attempt: report.attempt });
        const digest = key.digest('POST', path, Buffer.from(JSON.stringify(alone)));
        return { id, keyText, digest, decide: await cms.outcome(kiosk, report) };
      }),
    );
    const afterwards: (() => void)[] = [];
    // One transaction for all: what makes many at once quick is that they become durable at once.
    const answers = store.transaction(() => {
      const answered = written.map(({ id, keyText, digest, decide: decideOne }) => {
        const answer = storedFor(kiosk, keyText, digest) ?? keep('outcome', kiosk, keyText, digest, decideOne, afterwards);
        return { operationId: id, ...outcomeAnswerOf(answer) };
      });
      if (befalling?.mode === 'fail-before-commit') throw new FailedOnPurpose();
      return answered;
    });
    for (const then of afterwards) then();
    if (befalling?.mode === 'lose-answer') request.raw.socket.destroy();
    return send(reply, answerOf('outcomes', { answers, at: new Date(now()).toISOString() }));
  });

  const look: Look = async (call, request, reply, see) => {
    await suffer(call, request);
    const seen = see(now());
    if (!seen.ok) throw new Refusal(seen.error);
    return send(reply, answerOf(call, seen.value));
  };
  envelopeRoutes(app, { envelopes: cms.envelopes, relay: cms.relay, write, look });
  serviceRoutes(app, { services: cms.services, remoteIssue: cms.remoteIssue, write, look });
  nationalRoutes(app, { services: cms.national, reserve: (kiosk, request) => cms.reserve(kiosk, request), write, look });

  app.get('/counts', async (request, reply) => {
    await suffer('counts', request);
    const query = z.strictObject({ day: z.iso.date() }).safeParse(request.query);
    if (!query.success) throw new Refusal('request-unusable', 'day');
    return send(reply, answerOf('counts', cms.countDay(kioskOf(request), query.data.day, now())));
  });

  app.post('/checkpoints', async (request, reply) => {
    const body = jsonOf(request, checkpointRequest);
    return await write(request, reply, {
      call: 'checkpoint',
      step: stepOf.checkpoint(digestOf(body.checkpoint)),
      attempt: 1,
      operationId: body.operationId,
      prepare: (kiosk) => Promise.resolve(ok(witness(kiosk, body))),
    });
  });

  app.get('/operations', async (request, reply) => {
    await suffer('operations', request);
    const query = z
      .strictObject({
        ids: z
          .string()
          .transform((text) => text.split(','))
          .pipe(z.array(operationId).max(mostOperationsAsked)),
      })
      .safeParse(request.query);
    if (!query.success) throw new Refusal('request-unusable', 'ids');
    const kiosk = kioskOf(request);
    return send(
      reply,
      answerOf(
        'operations',
        store.transaction(() => cms.operations(kiosk, query.data.ids, now())),
      ),
    );
  });

  app.get('/health', async (request, reply) => {
    await suffer('health', request);
    return send(reply, answerOf('health', { state: 'ready', kiosk: kioskOf(request), at: new Date(now()).toISOString() }));
  });

  app.setNotFoundHandler((_request, reply) => send(reply, problemOf('not-found')));
  app.setErrorHandler((error: FastifyError | Refusal | FailedOnPurpose, request, reply) => {
    if (error instanceof Refusal) return send(reply, problemOf(error.type, error.message));
    const type = error instanceof FailedOnPurpose ? 'internal-error' : problemOfFramework(error);
    if (type === 'internal-error' && !(error instanceof FailedOnPurpose)) {
      log.event('cms-bug', { call: `${request.method} ${request.routeOptions.url ?? ''}`, error: error.code });
    }
    return send(reply, problemOf(type));
  });
  return app;
}

/** A kept answer to one outcome, as it stands among many: the same members, byte for byte. */
function outcomeAnswerOf({ status, body }: Answer): { readonly refused?: string; readonly receipt?: unknown } {
  const json: unknown = JSON.parse(body.toString('utf8'));
  if (status === calls.outcome.status) return { receipt: json };
  const { type, receipt } = problem.parse(json);
  return { refused: type.slice(problemPrefix.length), ...(receipt === undefined ? {} : { receipt }) };
}

function problemOfFramework(error: FastifyError): ProblemType {
  if (error.statusCode === 413) return 'too-large';
  if (error.statusCode === 415) return 'media-type-unsupported';
  return error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500 ? 'request-unusable' : 'internal-error';
}
