import type { AddressInfo } from 'node:net';
import { type FastifyInstance, type FastifyReply, fastify } from 'fastify';
import { type Result, err, ok } from '../../devices/result.ts';
import { type Refusal, refusalOf, refusals } from './guard.ts';
import { securityHeaders } from './headers.ts';

/** Largest body of any request, bytes: an operator's document with room to spare. */
const bodyLimit = 4096;

export interface PortNotFree {
  readonly kind: 'port-not-free';
  readonly port: number;
  readonly detail: string;
}

export interface LocalServer {
  readonly app: FastifyInstance;
  /** The port it listens on; 0 before. */
  port(): number;
  /** Turns a request away by a rule, and says which. */
  readonly refuse: (reply: FastifyReply, rule: Refusal) => FastifyReply;
  /** Always on 127.0.0.1; 0 takes a free port. */
  listen(port: number): Promise<Result<void, PortNotFree>>;
}

/** A server for pages of this machine's own: it turns away all that is foreign, oversized or not JSON, and every answer carries `securityHeaders`. */
export function createLocalServer(onRefused: (rule: Refusal) => void): LocalServer {
  const app = fastify({ logger: false, bodyLimit, exposeHeadRoutes: false, forceCloseConnections: true, requestTimeout: 10_000 });
  const port = (): number => (app.server.address() as AddressInfo | null)?.port ?? 0;
  const refuse = (reply: FastifyReply, rule: Refusal): FastifyReply => {
    onRefused(rule);
    return reply.code(refusals[rule]).send({ refused: rule });
  };

  readJsonOnly(app);
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(securityHeaders);
    const rule = refusalOf(request.raw, port());
    if (rule !== null) return refuse(reply, rule);
  });
  app.setNotFoundHandler((_request, reply) => refuse(reply, 'not-found'));
  app.setErrorHandler((error: { code?: string; statusCode?: number }, _request, reply) => refuse(reply, refusalOfError(error)));

  return {
    app,
    port,
    refuse,
    async listen(wanted) {
      try {
        await app.listen({ host: '127.0.0.1', port: wanted });
        return ok();
      } catch (error) {
        return err({ kind: 'port-not-free', port: wanted, detail: error instanceof Error ? error.message : String(error) });
      }
    },
  };
}

/** The body's bytes are wiped as soon as they are read: they may hold a PIN or a one-time code. */
function readJsonOnly(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => {
    const bytes = body as Buffer;
    try {
      const parsed: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
      done(null, parsed);
    } catch {
      // Not the parser's own message: it quotes the body.
      done(Object.assign(new Error('not readable'), { statusCode: 400 }));
    } finally {
      bytes.fill(0);
    }
  });
}

function refusalOfError({ code, statusCode }: { code?: string; statusCode?: number }): Refusal {
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') return 'content-type';
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') return 'too-large';
  return statusCode !== undefined && statusCode < 500 ? 'not-readable' : 'internal';
}
