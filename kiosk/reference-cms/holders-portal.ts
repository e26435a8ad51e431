import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import Fastify, { type FastifyInstance } from 'fastify';
import { z } from 'zod';
import { provesPossession } from '../../devices/card/authentication.ts';
import { cardId } from '../cms/envelopes.ts';
import type { Log } from '../log/log.ts';
import type { CmsKey } from './signing.ts';
import type { Store } from './store.ts';

export interface PortalParts {
  readonly tls: { readonly certificate: string; readonly key: string };
  readonly store: Store;
  readonly key: CmsKey;
  readonly log: Log;
  readonly now: () => number;
}

const challengeLifeMs = 5 * 60_000;
const largestQuestion = 8 * 1024;

/** `certificate`: DER, base64; `signature` (base64): RSA PKCS#1 v1.5 with SHA-256 over the challenge's characters, by the card, after its PIN. */
const question = z.strictObject({ challenge: z.string().max(300), certificate: z.base64().max(6000), signature: z.base64().max(1000) });

/**
 * Where the holder fetches the PUK with the card, from anywhere but a kiosk (SAR 6.3): who can have the card sign has it, and its PIN. HTTPS
 * without client certificate. A refusal does not say why: nobody learns here which cards there are.
 */
export function createHoldersPortal({ tls, store, key, log, now }: PortalParts): FastifyInstance {
  const app = Fastify({
    https: { cert: tls.certificate, key: tls.key, minVersion: 'TLSv1.3' },
    bodyLimit: largestQuestion,
    requestTimeout: 15_000,
    forceCloseConnections: true,
  });

  /** What the card is to sign: names this card and this purpose, so that the signature serves nothing else. */
  const challengeFor = (id: string, expiresAt: number, random: string): string => {
    const named = `sportello-puk.${id}.${expiresAt}.${random}`;
    return `${named}.${key.digest('puk-challenge', named).toString('base64url')}`;
  };

  /** A challenge of ours for this card that has not run out. */
  const isOurs = (challenge: string, id: string): boolean => {
    const [, , expires = '', random = ''] = challenge.split('.');
    const expected = Buffer.from(challengeFor(id, Number(expires), random));
    const given = Buffer.from(challenge);
    return given.length === expected.length && timingSafeEqual(given, expected) && Number(expires) > now();
  };

  app.post<{ Params: { id: string } }>('/cards/:id/puk-challenge', async (request, reply) => {
    const id = cardId.safeParse(request.params.id);
    if (!id.success) return await reply.code(400).send({ refused: 'request-unusable' });
    const expiresAt = now() + challengeLifeMs;
    const challenge = challengeFor(id.data, expiresAt, randomBytes(24).toString('base64url'));
    return await reply.header('Cache-Control', 'no-store').send({ challenge, expiresAt: new Date(expiresAt).toISOString() });
  });

  app.post<{ Params: { id: string } }>('/cards/:id/puk', async (request, reply) => {
    const id = cardId.safeParse(request.params.id);
    const asked = question.safeParse(request.body);
    if (!id.success || !asked.success) return await reply.code(400).send({ refused: 'request-unusable' });
    const { challenge, signature } = asked.data;
    const certificate = Buffer.from(asked.data.certificate, 'base64');
    const card = store.envelopes.card(id.data);
    const proved =
      card?.state === 'activated' &&
      isOurs(challenge, id.data) &&
      createHash('sha256').update(certificate).digest('hex') === card.certificateDigest &&
      provesPossession(asked.data.certificate, Buffer.from(challenge), Buffer.from(signature, 'base64'));
    const given = proved && store.transaction(() => store.envelopes.addPukReading(challenge, id.data, now()));
    log.event('cms-puk-asked', { given });
    if (!given) return await reply.code(403).send({ refused: 'not-proved' });
    return await reply.header('Cache-Control', 'no-store').send({ puk: card.puk });
  });
  return app;
}
