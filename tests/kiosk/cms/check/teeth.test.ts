import { readFileSync } from 'node:fs';
import type { TlsOptions } from 'node:tls';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { checkCms } from '../../../../kiosk/cms/check/check.ts';
import { countType } from '../../../../kiosk/cms/envelopes.ts';
import type { RawAnswer } from '../../../../kiosk/cms/exchange.ts';
import { signingKeyOf } from '../../../../kiosk/cms/signed.ts';
import { makeOneUseKey } from '../../../../kiosk/printing/one-use-key.ts';
import { countersignatureType, digestOf } from '../../../../kiosk/records/checkpoint.ts';
import { serviceReceiptType } from '../../../../kiosk/cms/services.ts';
import { cmsKey } from '../../../../kiosk/reference-cms/signing.ts';
import { specimens } from '../../../../devices/card/virtual/specimen.ts';
import { startCmsBench } from '../../../harness/cms-bench.ts';
import { type TextGateway, startTextGateway } from '../../../../kiosk/reference-cms/text-gateway.ts';
import { mario, specimensFile as registerFile } from '../../../harness/services.ts';
import { benchCard, specimensFile } from '../../../harness/relay-bench.ts';
import { type Between, startCmsProxy } from '../../../harness/cms-proxy.ts';
import { type CmsSurroundings, type TestCms, cmsSurroundings, startCms } from '../../../harness/cms.ts';

let surroundings: CmsSurroundings;
let cms: TestCms;
let gateway: TextGateway;
const token = 'gettone-di-prova';
let bench: Awaited<ReturnType<typeof startCmsBench>>;
beforeAll(async () => {
  surroundings = await cmsSurroundings();
  const card = await benchCard('cns', specimens.adult);
  const envelopes = { specimens: specimensFile(surroundings.folder, [card]), profiles: ['sardegna'] };
  gateway = await startTextGateway(surroundings.mailbox, token);
  const sms = { url: gateway.url, token };
  const { cardId, certificateDigest } = card;
  // Beside the card that services are asked of, and before it in time.
  const services = { specimens: registerFile(surroundings.folder, [{ cardId, certificateDigest, ...mario, expiresOn: '2039-01-01' }]) };
  const { cnsCa: certificate, cnsCaKey: key } = surroundings.pki.files;
  cms = await startCms(surroundings, { envelopes, sms, services, signatures: { certificate, key } });
  bench = await startCmsBench(surroundings, card, { remote: true, signature: true });
});
afterAll(async () => {
  bench.close();
  await cms.close();
  await gateway.close();
  await surroundings.close();
});

type Json = Record<string, unknown>;
const json = (answer: { body: Buffer }): Json => JSON.parse(answer.body.toString('utf8')) as Json;
const withBody = (answer: RawAnswer, body: unknown): RawAnswer => ({ ...answer, body: Buffer.from(JSON.stringify(body)) });
/** The CMS's own key: a mutant may sign whatever it likes. */
const theKey = () => cmsKey(JSON.parse(readFileSync(surroundings.pki.files.cmsSigningKey, 'utf8')) as Parameters<typeof cmsKey>[0]);
const aReceipt = (operationId: string, state: string, sequence = 1): RawAnswer => {
  const claims = { operationId, state, sequence, at: new Date().toISOString() };
  const jws = theKey().sign('sportello-receipt+jwt', claims);
  return { status: 200, mediaType: 'application/json', body: Buffer.from(JSON.stringify({ ...claims, jws })) };
};
const aServiceReceipt = (operationId: string, state: 'DONE' | 'VOIDED'): RawAnswer => {
  const claims = {
    operationId,
    state,
    ...(state === 'DONE' ? { cardStatus: 'suspended' } : {}),
    sequence: 1,
    at: new Date().toISOString(),
  };
  const jws = theKey().sign(serviceReceiptType, claims);
  return { status: 201, mediaType: 'application/json', body: Buffer.from(JSON.stringify({ ...claims, jws })) };
};
const operationOf = (path: string): string => path.split('/')[2] ?? '';
const reservedCard = (): string => bench.bench.envelope?.card.certificateDigest ?? '';
const asItIs: Between = (asked, forward) => forward(asked);

interface Mutant {
  /** Checks that must fail, and no other of those that run. */
  readonly breaks: readonly string[];
  readonly between?: () => Between;
  readonly tls?: TlsOptions;
}

const mutants: Record<string, Mutant> = {
  'takes TLS 1.2': { breaks: ['tls-1.3'], tls: { minVersion: 'TLSv1.2' } },
  'asks for no client certificate': { breaks: ['client-certificate'], tls: { requestCert: false, rejectUnauthorized: false } },
  'has a clock that stands still': {
    breaks: ['clock'],
    between: () => async (asked, forward) => {
      const answer = await forward(asked);
      return asked.path.startsWith('/health') ? withBody(answer, { ...json(answer), at: '2026-01-01T00:00:00.000Z' }) : answer;
    },
  },
  'makes a stored answer anew': {
    breaks: ['same-key-same-answer', 'same-key-other-body', 'fifty-at-once'],
    between: () => async (asked, forward) => {
      const answer = await forward(asked);
      return asked.path.endsWith('/outcome')
        ? withBody(answer, { ...json(answer), at: new Date().toISOString(), made: Math.random() })
        : answer;
    },
  },
  'looks at the key and not at the body': {
    breaks: ['same-key-other-body'],
    between: () => {
      const kept = new Map<string, RawAnswer>();
      return async (asked, forward) => {
        const before = kept.get(asked.key ?? '');
        const answer = before ?? (await forward(asked));
        if (asked.path.endsWith('/outcome')) kept.set(asked.key ?? '', answer);
        return answer;
      };
    },
  },
  'does what comes in parallel more than once': {
    breaks: ['fifty-at-once'],
    between: () => {
      const underWay = new Set<string>();
      return async (asked, forward) => {
        const key = asked.key ?? '';
        if (!asked.path.endsWith('/outcome')) return await forward(asked);
        if (underWay.has(key)) return aReceipt(operationOf(asked.path), 'VOIDED', Math.ceil(Math.random() * 1e9));
        underWay.add(key);
        return await forward(asked).finally(() => underWay.delete(key));
      };
    },
  },
  'repeats what it refuses': {
    breaks: ['problems'],
    between: () => async (asked, forward) => {
      const answer = await forward(asked);
      return answer.status === 400 ? withBody(answer, { ...json(answer), detail: asked.body.toString('latin1').slice(0, 300) }) : answer;
    },
  },
  'refuses in a dialect of its own': {
    breaks: ['problems', 'views', 'as-described'],
    between: () => async (asked, forward) => {
      const answer = await forward(asked);
      return answer.status === 400 ? { ...withBody(answer, { error: 'bad request' }), mediaType: 'application/json' } : answer;
    },
  },
  'leaves out a member of an answer': {
    breaks: ['as-described', 'code-tries'],
    between: () => async (asked, forward) => {
      const answer = await forward(asked);
      if (asked.path !== '/contacts' || answer.status !== 201) return answer;
      const { resendAfter: _left, ...rest } = json(answer);
      return withBody(answer, rest);
    },
  },
  'lets a one-time code be guessed': {
    breaks: ['code-tries'],
    between: () => async (asked, forward) => {
      const answer = await forward(asked);
      const { type } = answer.status >= 400 ? json(answer) : { type: '' };
      const wrong = { type: 'urn:sportello:cms:wrong-code', title: 'wrong', status: 422, at: new Date().toISOString() };
      return type === 'urn:sportello:cms:tries-exhausted' ? { ...withBody(answer, wrong), status: 422 } : answer;
    },
  },
  'signs receipts with another key': {
    breaks: ['receipts'],
    between: () => {
      const cut = (jws: string): string => `${jws.slice(0, -8)}AAAAAAAA`;
      return async (asked, forward) => {
        const answer = await forward(asked);
        if (!asked.path.endsWith('/outcome') || answer.status !== 200) return answer;
        return withBody(answer, { ...json(answer), jws: cut(String(json(answer)['jws'])) });
      };
    },
  },
  'takes a late confirm': {
    breaks: ['void-before-reserve', 'voided-is-final'],
    between: () => async (asked, forward) => {
      const answer = await forward(asked);
      const late = asked.path.endsWith('/outcome') && answer.status === 409 && String(json(answer)['type']).endsWith('operation-voided');
      return late ? aReceipt(operationOf(asked.path), 'CONFIRMED') : answer;
    },
  },
  'forgets a void': {
    breaks: ['void-before-reserve', 'views', 'voided-is-final'],
    between: () => async (asked, forward) => {
      const answer = await forward(asked);
      if (!asked.path.startsWith('/operations?') || answer.status !== 200) return answer;
      const { operations, at } = json(answer) as { operations: { state: string }[]; at: string };
      return withBody(answer, { at, operations: operations.map((one) => (one.state === 'VOIDED' ? { ...one, state: 'RESERVED' } : one)) });
    },
  },
  'confirms on bytes that went out': {
    breaks: ['evidence'],
    between: () => async (asked, forward) => {
      if (!asked.path.endsWith('/outcome')) return await forward(asked);
      const report = json(asked) as { outcome?: string; evidence?: { class?: string } };
      const inflated = report.outcome === 'handed-over' && report.evidence?.class === 'E1';
      const body = inflated ? Buffer.from(JSON.stringify({ ...report, evidence: { class: 'E2', raw: '' } })) : asked.body;
      return await forward({ ...asked, body });
    },
  },
  'seals to a key of its own': {
    breaks: ['paper-part'],
    between: () => async (asked, forward) => {
      if (!asked.path.endsWith('/paper-part')) return await forward(asked);
      const { attempt, key } = json(asked) as { attempt: number; key: { x: string } };
      if (/^A+$/.test(key.x)) return await forward(asked);
      return await forward({ ...asked, body: Buffer.from(JSON.stringify({ attempt, key: makeOneUseKey().publicKey })) });
    },
  },
  'counts no releases': {
    breaks: ['releases-counted'],
    between: () => async (asked, forward) => {
      const answer = await forward(asked);
      return asked.path.startsWith('/counts') ? withBody(answer, { ...json(answer), releases: [] }) : answer;
    },
  },
  'lets one bad outcome spoil the others': {
    breaks: ['many-outcomes'],
    between: () => async (asked, forward) => {
      const answer = await forward(asked);
      if (asked.path !== '/outcomes') return answer;
      const { answers, at } = json(answer) as { answers: { operationId: string }[]; at: string };
      return withBody(answer, { at, answers: answers.map(({ operationId }) => ({ operationId, refused: 'request-unusable' })) });
    },
  },
  'countersigns whatever it is shown': {
    breaks: ['checkpoints-contradicted'],
    between: () => async (asked, forward) => {
      const answer = await forward(asked);
      if (asked.path !== '/checkpoints' || answer.status === 200) return answer;
      const { checkpoint } = json(asked) as { checkpoint: string };
      const { sequence, hash } = JSON.parse(Buffer.from(checkpoint.split('.')[1] ?? '', 'base64url').toString('utf8')) as Json;
      const at = new Date().toISOString();
      const claims = { kiosk: 'kiosk', sequence, hash, checkpoint: digestOf(checkpoint), at };
      const countersignature = theKey().sign(countersignatureType, claims);
      return { status: 200, mediaType: 'application/json', body: Buffer.from(JSON.stringify({ countersignature, at })) };
    },
  },
  'countersigns another checkpoint than the one it was shown': {
    breaks: ['checkpoints'],
    between: () => {
      let first: RawAnswer | null = null;
      return async (asked, forward) => {
        const answer = await forward(asked);
        if (asked.path !== '/checkpoints' || answer.status !== 200) return answer;
        first ??= withBody(answer, { ...json(answer), countersignature: theKey().sign(countersignatureType, {}) });
        return first;
      };
    },
  },
  'lists an envelope twice': {
    breaks: ['envelope-lists'],
    between: () => async (asked, forward) => {
      const answer = await forward(asked);
      if (!asked.path.startsWith('/envelopes/batches')) return answer;
      const { batches, at } = json(answer) as { batches: string[]; at: string };
      return withBody(answer, { at, batches: [...batches, ...batches] });
    },
  },
  'lets any card stand in for the reserved one': {
    breaks: ['relay-binds'],
    between: () => async (asked, forward) => {
      if (!asked.path.endsWith('/relay')) return await forward(asked);
      const { card, ...others } = json(asked);
      const body =
        card === undefined ? asked.body : Buffer.from(JSON.stringify({ ...others, card: { certificateDigest: reservedCard() } }));
      return await forward({ ...asked, body });
    },
  },
  'shows the PIN to the kiosk': {
    breaks: ['relay-card-says-no'],
    between: () => async (asked, forward) => {
      const answer = await forward(asked);
      const { sequence, command, at } = json(answer);
      if (!asked.path.endsWith('/relay') || command === undefined) return answer;
      return withBody(answer, { sequence, command: '002C00100839313835323634', at });
    },
  },
  'agrees with every count': {
    breaks: ['envelope-count'],
    between: () => async (asked, forward) => {
      const answer = await forward(asked);
      if (asked.path !== '/envelopes/counts' || answer.status !== 200) return answer;
      const { counted } = json(answer) as { counted: string };
      const claims = JSON.parse(Buffer.from(counted.split('.')[1] ?? '', 'base64url').toString('utf8')) as Json;
      return withBody(answer, { ...json(answer), counted: theKey().sign(countType, { ...claims, agrees: true, differences: [] }) });
    },
  },
  'suspends a card twice': {
    breaks: ['service-card-state'],
    between: () => async (asked, forward) => {
      const answer = await forward(asked);
      return asked.path === '/services' && answer.status === 409 ? aServiceReceipt(json(asked)['operationId'] as string, 'DONE') : answer;
    },
  },
  'takes back what was done when it is to be void': {
    breaks: ['service-once'],
    between: () => async (asked, forward) => {
      const answer = await forward(asked);
      if (!asked.path.endsWith('/void') || json(answer)['state'] !== 'DONE') return answer;
      return { ...aServiceReceipt(operationOf(asked.path), 'VOIDED'), status: 200 };
    },
  },
  'does what it said it never would': {
    breaks: ['service-void'],
    between: () => {
      const done = new Set<string>();
      return async (asked, forward) => {
        const id = operationOf(asked.path);
        if (asked.path.endsWith('/void') && !done.has(id)) {
          return { ...aServiceReceipt(id, 'VOIDED'), status: 200 };
        }
        if (asked.path === '/services') done.add(json(asked)['operationId'] as string);
        return await forward(asked);
      };
    },
  },
  'serves without the operator’s word': {
    breaks: ['service-needs-operator'],
    between: () => async (asked, forward) => {
      const answer = await forward(asked);
      if (asked.path !== '/services' || json(answer)['type'] !== 'urn:sportello:cms:assertion-refused') return answer;
      return aServiceReceipt(json(asked)['operationId'] as string, 'DONE');
    },
  },
  'finds a card for whoever asks': {
    breaks: ['service-whose-card'],
    between: () => async (asked, forward) => {
      const answer = await forward(asked);
      if (asked.path !== '/cards/standing' || answer.status === 200) return answer;
      const standing = { status: 'active', activated: true, ownRegion: true, householdHasReader: false, at: new Date().toISOString() };
      return { ...withBody(answer, standing), status: 200, mediaType: 'application/json' };
    },
  },
  'gives codes without the operator’s word': {
    breaks: ['remote-issue-needs-operator'],
    between: () => async (asked, forward) => {
      const answer = await forward(asked);
      if (asked.path !== '/remote-issues' || json(answer)['type'] !== 'urn:sportello:cms:assertion-refused') return answer;
      return aServiceReceipt(json(asked)['operationId'] as string, 'DONE');
    },
  },
  'lets the kiosk see a part': {
    breaks: ['remote-issue-once'],
    between: () => async (asked, forward) => {
      const answer = await forward(asked);
      return asked.path === '/remote-issues' && answer.status === 201 ? withBody(answer, { ...json(answer), pin: '12' }) : answer;
    },
  },
  'gives codes that it said it never would': {
    breaks: ['remote-issue-void'],
    between: () => async (asked, forward) => {
      const answer = await forward(asked);
      if (asked.path !== '/remote-issues' || json(answer)['type'] !== 'urn:sportello:cms:service-voided') return answer;
      return aServiceReceipt(json(asked)['operationId'] as string, 'DONE');
    },
  },
  'goes on with a certificate that it said is void': {
    breaks: ['signature-not-loaded'],
    between: () => async (asked, forward) => {
      const answer = await forward(asked);
      if (!asked.path.endsWith('/relay') || json(answer)['type'] !== 'urn:sportello:cms:service-voided') return answer;
      const command = { sequence: 0, command: '00A4080C021400', at: new Date().toISOString() };
      return { ...withBody(answer, command), status: 200, mediaType: 'application/json' };
    },
  },
  'knows every card': {
    breaks: ['card-known'],
    between: () => async (asked, forward) => {
      const answer = await forward(asked);
      const known = { cardId: '9'.repeat(16), issuer: '200', state: 'activated', secureMessaging: true, at: new Date().toISOString() };
      return asked.path.startsWith('/cards/9') ? { ...withBody(answer, known), status: 200, mediaType: 'application/json' } : answer;
    },
  },
};

/** Beside the checks that must fail, some that must hold. */
const others = ['health', 'views', 'void-before-reserve', 'same-key-same-answer', 'code-sends'];

async function failing(url: string, only: readonly string[]): Promise<readonly string[]> {
  const { files } = surroundings.pki;
  const text = (file: string): string => readFileSync(file, 'utf8');
  const report = await checkCms({
    url: new URL(url),
    identity: { ca: text(files.cmsCa), cert: text(files.kioskClient), key: text(files.kioskClientKey) },
    bench: bench.bench,
    signingKey: signingKeyOf(JSON.parse(text(files.cmsSigningPublicKey))),
    only,
  });
  if (!report.ok) throw new Error(report.error);
  expect(report.value.left).toEqual([]);
  return report.value.checks.filter(({ ok }) => !ok).map(({ id }) => id);
}

test.each(Object.entries(mutants))('a server that %s fails the right check', async (_name, { breaks, between, tls }) => {
  const proxy = await startCmsProxy(cms.cms.url, surroundings.pki, between?.() ?? asItIs, tls);
  const failed = await failing(proxy.url, [...new Set([...breaks, ...others])]);
  expect(failed.toSorted()).toEqual(breaks.toSorted());
  proxy.close();
});
