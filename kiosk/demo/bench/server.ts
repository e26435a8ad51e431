import { existsSync } from 'node:fs';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Result, err, ok } from '../../../devices/result.ts';
import { projectRoot } from '../../project.ts';
import { type Refusal, Ticket } from '../../screen/guard.ts';
import { type PortNotFree, createLocalServer } from '../../screen/local-server.ts';
import { Streams } from '../../screen/streams.ts';
import { type BenchCommand, type BenchState, benchCommand } from './contract.ts';

/** The demo's world as the bench shows it and acts on it. */
export interface BenchWorld {
  state(): BenchState;
  /** Calls back after each change; returns the way to stop. */
  onChange(listener: () => void): () => void;
  /** Does what the person wants; `null`: done, else why not, in Italian for the person. */
  act(command: BenchCommand): Promise<string | null>;
  /** The slip as drawn (PNG). */
  picture(slip: number): Uint8Array | null;
}

export interface Bench {
  readonly port: number;
  close(): Promise<void>;
}

export type BenchError = { readonly kind: 'page-not-built'; readonly folder: string } | PortNotFree;

/** More than the kiosk's own: whoever plays may have several windows open. */
const streamLimit = 16;

/** Serves the bench on its own port of 127.0.0.1. The same requests are turned away as at the screen: the bench shows whole codes. */
export async function startBench(
  port: number,
  world: BenchWorld,
  onRefused: (rule: Refusal) => void = () => undefined,
): Promise<Result<Bench, BenchError>> {
  const folder = join(projectRoot(), 'dist', 'bench');
  if (!existsSync(join(folder, 'index.html'))) return err({ kind: 'page-not-built', folder });

  const page = new Ticket('sportello-bench');
  const pages = new Streams(streamLimit);
  const local = createLocalServer(onRefused);
  const { app, refuse } = local;
  const fromPage = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply | undefined> =>
    page.heldBy(request.raw) ? undefined : refuse(reply, 'no-page');

  const noCaching = { index: false as const, cacheControl: false, etag: false, lastModified: false };
  await app.register(fastifyStatic, { root: folder, wildcard: false, ...noCaching, globIgnore: ['**/*.html'] });
  app.get('/', (_request, reply) => reply.header('set-cookie', page.given).sendFile('index.html'));
  app.get('/events', { onRequest: fromPage }, (_request, reply) => {
    if (pages.full) return refuse(reply, 'too-many-streams');
    reply.hijack();
    pages.open(reply.raw);
    pages.status(world.state());
    return reply;
  });
  app.get<{ Params: { file: string } }>('/slips/:file', { onRequest: fromPage }, (request, reply) => {
    const [, number] = /^([1-9][0-9]{0,5})\.png$/.exec(request.params.file) ?? [];
    const picture = number === undefined ? null : world.picture(Number(number));
    return picture === null ? refuse(reply, 'not-found') : reply.type('image/png').send(picture);
  });
  app.post('/command', { onRequest: fromPage }, async (request, reply) => {
    const asked = benchCommand.safeParse(request.body);
    return asked.success ? { problem: await world.act(asked.data) } : refuse(reply, 'not-a-command');
  });

  const listening = await local.listen(port);
  if (!listening.ok) {
    pages.close();
    await app.close();
    return listening;
  }
  const stop = world.onChange(() => pages.status(world.state()));
  return ok({
    port: local.port(),
    async close() {
      stop();
      pages.close();
      await app.close();
    },
  });
}
