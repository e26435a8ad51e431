import { existsSync } from 'node:fs';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Result, err, ok } from '../../devices/result.ts';
import { wipe } from '../../flows/operations/pin-unblock.ts';
import type { Operators } from '../../flows/ports/operators.ts';
import type { CitizenCommand, OperatorCommand, SessionFacade } from '../../flows/session/status.ts';
import type { Log } from '../log/log.ts';
import { projectRoot } from '../project.ts';
import { type BringOptions, serveBring } from './bring.ts';
import { serveForms } from './forms.ts';
import {
  citizenRequest,
  emptyRequest,
  operatorRequest,
  resolveRequest,
  shiftRequest,
  signOnRequest,
  slipRemovedRequest,
} from './commands.ts';
import { type Refusal, Ticket } from './guard.ts';
import { serveReferrals } from './referrals.ts';
import { type PortNotFree, createLocalServer } from './local-server.ts';
import type { Site } from './site.ts';
import { Streams } from './streams.ts';

export interface ScreenOptions {
  /** 0 takes a free one. Always on 127.0.0.1. */
  readonly port: number;
  readonly session: SessionFacade;
  readonly operators: Operators;
  readonly site: Site;
  readonly bring: Omit<BringOptions, 'free'>;
  readonly log: Log;
}

export interface Screen {
  readonly port: number;
  close(): Promise<void>;
}

export type ScreenError = { readonly kind: 'page-not-built'; readonly folder: string } | PortNotFree;

/** Pages that may listen at once: the kiosk's own, a second display, one being reloaded. */
const streamLimit = 4;

/** Serves the citizen's and the operator's page, and carries status out and commands in. Nothing else, and to this machine only. */
export async function startScreen({ port, session, operators, site, bring, log }: ScreenOptions): Promise<Result<Screen, ScreenError>> {
  const folder = join(projectRoot(), 'dist', 'page');
  if (!existsSync(join(folder, 'index.html'))) return err({ kind: 'page-not-built', folder });

  const page = new Ticket('sportello-page');
  let desk: Ticket | null = null;
  let signingOn = false;
  const citizens = new Streams(streamLimit);
  const desks = new Streams(streamLimit);

  const push = (): void => {
    citizens.status(session.citizen());
    if (operators.signedOn() === null) endDesk();
    else desks.status(session.operator());
  };
  const endDesk = (): void => {
    desk = null;
    desks.end('signed-off');
  };

  const local = createLocalServer((rule) => log.event('screen-request-refused', { rule }));
  const server = local.app;
  const refuse = (reply: FastifyReply, rule: Refusal): FastifyReply => local.refuse(reply, rule);

  const fromPage = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply | undefined> =>
    page.heldBy(request.raw) ? undefined : refuse(reply, 'no-page');
  const fromDesk = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply | undefined> => {
    if (!page.heldBy(request.raw)) return refuse(reply, 'no-page');
    return desk?.heldBy(request.raw) && operators.signedOn() !== null ? undefined : refuse(reply, 'not-signed-on');
  };

  await server.register(fastifyStatic, {
    root: folder,
    wildcard: false,
    index: false,
    cacheControl: false,
    etag: false,
    lastModified: false,
    globIgnore: ['**/*.html'],
  });
  server.get('/', (_request, reply) => reply.header('set-cookie', page.given).sendFile('index.html'));
  server.get('/operator', (_request, reply) => reply.header('set-cookie', page.given).sendFile('operator.html'));

  serveBring(server, { ...bring, free: () => session.citizen().screen === 'welcome' }, { fromPage, refuse });
  serveReferrals(server, bring, {
    shown(to) {
      const citizen = session.citizen();
      return citizen.screen === 'welcome' || ('referral' in citizen && citizen.referral?.to === to);
    },
    fromPage,
    refuse,
  });
  serveForms(server, bring, { fromDesk, active: () => operators.active(), refuse });
  server.get('/events', { onRequest: fromPage }, (_request, reply) => {
    if (citizens.full) return refuse(reply, 'too-many-streams');
    reply.hijack();
    citizens.open(reply.raw);
    citizens.tell(reply.raw, 'site', site);
    citizens.status(session.citizen());
    return reply;
  });
  server.get('/operator/events', { onRequest: fromDesk }, (_request, reply) => {
    if (desks.full) return refuse(reply, 'too-many-streams');
    reply.hijack();
    desks.open(reply.raw);
    desks.status(session.operator());
    return reply;
  });
  server.get('/operator/session', { onRequest: fromPage }, (request) => ({
    signedOn: desk?.heldBy(request.raw) === true ? operators.signedOn() : null,
  }));

  server.post('/session/command', { onRequest: fromPage }, (request, reply) => {
    const asked = citizenRequest.safeParse(request.body);
    return asked.success ? { accepted: sendFor(session, session.citizen().sessionId, asked.data) } : refuse(reply, 'not-a-command');
  });
  server.post('/operator/command', { onRequest: fromDesk }, (request, reply) => {
    operators.active();
    const asked = operatorRequest.safeParse(request.body);
    return asked.success ? { accepted: sendFor(session, session.operator().sessionId, asked.data) } : refuse(reply, 'not-a-command');
  });
  server.post('/operator/resolve', { onRequest: fromDesk }, async (request, reply) => {
    operators.active();
    const asked = resolveRequest.safeParse(request.body);
    if (!asked.success) return refuse(reply, 'not-a-command');
    return { accepted: await session.resolve(asked.data.operationId, asked.data.finding) };
  });
  server.post('/operator/slip-removed', { onRequest: fromDesk }, (request, reply) => {
    operators.active();
    const asked = slipRemovedRequest.safeParse(request.body);
    return asked.success ? { accepted: session.slipRemoved(asked.data.operationId) } : refuse(reply, 'not-a-command');
  });
  server.post('/operator/shift', { onRequest: fromDesk }, async (request, reply) => {
    operators.active();
    const asked = shiftRequest.safeParse(request.body);
    return asked.success ? { problem: await session.shift(asked.data) } : refuse(reply, 'not-a-command');
  });
  server.post('/operator/sign-on', { onRequest: fromPage }, async (request, reply) => {
    const asked = signOnRequest.safeParse(request.body);
    if (!asked.success) return refuse(reply, 'not-a-command');
    const { operatorId, pin } = asked.data;
    if (signingOn) {
      pin.wipe();
      return refuse(reply, 'busy');
    }
    signingOn = true;
    try {
      const signedOn = await operators.signOn(operatorId, pin, AbortSignal.timeout(10_000));
      if (!signedOn.ok)
        return { signedOn: null, problem: signedOn.error.kind === 'unavailable' ? { kind: 'unavailable' } : signedOn.error };
      endDesk();
      desk = new Ticket('sportello-desk');
      push();
      return await reply.header('set-cookie', desk.given).send({ signedOn: signedOn.value, problem: null });
    } finally {
      pin.wipe();
      signingOn = false;
    }
  });
  server.post('/operator/sign-off', { onRequest: fromDesk }, (request, reply) => {
    if (!emptyRequest.safeParse(request.body).success) return refuse(reply, 'not-a-command');
    operators.signOff();
    endDesk();
    return { signedOn: null };
  });

  const listening = await local.listen(port);
  if (!listening.ok) {
    citizens.close();
    desks.close();
    return listening;
  }
  const stops = [session.onStatus(push), operators.onSignedOff(push)];
  return ok({
    port: local.port(),
    async close() {
      for (const stop of stops) stop();
      citizens.close();
      desks.close();
      await server.close();
    },
  });
}

/** A command for another session than the one that is there now does nothing; a code in it is wiped. */
function sendFor(
  session: SessionFacade,
  current: string | null,
  { sessionId, command }: { readonly sessionId: string | null; readonly command: CitizenCommand | OperatorCommand },
): boolean {
  const accepted = sessionId === current && session.send(command);
  if (!accepted && command.type === 'contact-code') command.code.wipe();
  if (!accepted && command.type === 'unblock') wipe(command);
  if (!accepted && command.type === 'prior-pin') command.pin.wipe();
  return accepted;
}
