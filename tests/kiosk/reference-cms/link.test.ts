import { activatedCard, wordOfCard } from '../../harness/prior-card.ts';
import { request as httpsRequest } from 'node:https';
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type SecureVersion, connect } from 'node:tls';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { specimens } from '../../../devices/card/virtual/specimen.ts';
import { type CallName, calls, problem, stepOf } from '../../../kiosk/cms/contract.ts';
import { problemMediaType } from '../../../kiosk/cms/problems.ts';
import { publicJwkOf } from '../../../kiosk/jws.ts';
import { digestOf, signCheckpoint } from '../../../kiosk/records/checkpoint.ts';
import { makeOneUseKey } from '../../../kiosk/printing/one-use-key.ts';
import {
  type CmsSurroundings,
  type TestCms,
  address,
  clientAt,
  cmsSurroundings,
  codeFromMail,
  handedOver,
  newOperationId,
  released,
  reserveRequest,
  reserved,
  signal,
  startCms,
} from '../../harness/cms.ts';
import {
  lucaCard,
  nationalReserve,
  nora,
  noraCard,
  luca,
  mario,
  serviceRequest,
  specimensFile as registerFile,
} from '../../harness/services.ts';
import { remoteRequest } from '../../harness/remote.ts';
import { type BenchCard, batch, benchCard, desk, envelopeRequest, envelopes, specimensFile } from '../../harness/relay-bench.ts';

let surroundings: CmsSurroundings;
let cms: TestCms;
let card: BenchCard;
beforeAll(async () => {
  surroundings = await cmsSurroundings();
  card = await benchCard('cns', specimens.adult);
  cms = await startCms(surroundings, {
    // Nobody listens there: a message is still to be sent when all is over.
    sms: { url: 'http://127.0.0.1:9/messages', token: 'gettone-di-prova' },
    services: { specimens: registerFile(surroundings.folder) },
    envelopes: { specimens: specimensFile(surroundings.folder, [card]), profiles: ['sardegna'] },
  });
});
afterAll(async () => {
  await cms.close();
  await surroundings.close();
});

interface Raw {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

/** A request as no honest client sends it. */
async function raw(method: string, path: string, body: string | Buffer | null = null, headers: Record<string, string> = {}): Promise<Raw> {
  const { files } = surroundings.pki;
  const tls = { ca: readFileSync(files.cmsCa), cert: readFileSync(files.kioskClient), key: readFileSync(files.kioskClientKey) };
  return await new Promise((resolve, reject) => {
    const request = httpsRequest(
      `${cms.cms.url}${path}`,
      { method, ...tls, agent: false, headers: { 'Content-Type': 'application/json', ...headers } },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            type: response.headers['content-type'] ?? '',
            body: Buffer.concat(chunks).toString('utf8'),
          }),
        );
        response.on('error', reject);
      },
    );
    request.on('error', reject);
    request.end(body ?? undefined);
  });
}

const key = (operationId: string, step: string, attempt = 1): Record<string, string> => ({
  'Idempotency-Key': `${operationId}:${step}:${attempt}`,
});
const problemType = (answer: Raw): string => problem.parse(JSON.parse(answer.body)).type.slice('urn:sportello:cms:'.length);

/** Every row of the CMS that a request could have written. */
const rows = (operationId: string): unknown => [
  cms.cms.store.operation(operationId),
  cms.cms.store.contactsOf(operationId),
  cms.cms.store.codesOf(operationId),
];

test.each<[string, { minVersion?: SecureVersion; maxVersion?: SecureVersion; certificate: boolean; trusted: boolean }]>([
  ['without a client certificate', { certificate: false, trusted: true }],
  ['with TLS 1.2', { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2', certificate: true, trusted: true }],
  ['with a certificate of another CA', { certificate: true, trusted: false }],
])('%s no request is answered', async (_name, { certificate, trusted, ...versions }) => {
  const { files } = surroundings.pki;
  const own = trusted
    ? { cert: readFileSync(files.kioskClient), key: readFileSync(files.kioskClientKey) }
    : { cert: readFileSync(files.cmsServer), key: readFileSync(files.cmsServerKey) };
  const heard = await new Promise<string>((resolve) => {
    let text = '';
    const socket = connect({
      port: cms.cms.port,
      host: '127.0.0.1',
      servername: 'localhost',
      ca: readFileSync(files.cmsCa),
      ...(certificate ? own : {}),
      ...versions,
    });
    socket.on('secureConnect', () => socket.write('GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n'));
    socket.on('data', (chunk: Buffer) => (text += chunk.toString('utf8')));
    socket.on('error', (error) => resolve(`${text}refused: ${error.message}`));
    socket.on('close', () => resolve(`${text}closed`));
  });
  expect(heard).toMatch(/^(refused: .*(alert|certificate|version)|closed)/i);
});

test('a resumed TLS session is still the same kiosk', async () => {
  const { files } = surroundings.pki;
  const own = { ca: readFileSync(files.cmsCa), cert: readFileSync(files.kioskClient), key: readFileSync(files.kioskClientKey) };
  const ask = (session?: Buffer): Promise<{ text: string; reused: boolean; session: Buffer | undefined }> =>
    new Promise((resolve, reject) => {
      const heard = { text: '', reused: false, session: undefined as Buffer | undefined };
      const socket = connect({
        port: cms.cms.port,
        host: '127.0.0.1',
        servername: 'localhost',
        ...own,
        ...(session === undefined ? {} : { session }),
      });
      socket.on('session', (ticket) => (heard.session = ticket));
      socket.on('secureConnect', () => {
        heard.reused = socket.isSessionReused();
        socket.write('GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
      });
      socket.on('data', (chunk: Buffer) => (heard.text += chunk.toString('utf8')));
      socket.on('error', reject);
      socket.on('close', () => resolve(heard));
    });
  const first = await ask();
  const second = await ask(first.session);
  expect([first.reused, second.reused]).toEqual([false, true]);
  expect(second.text).toContain('"kiosk":"sportello-demo"');
});

test('the client takes the pinned CA only', async () => {
  const stranger = clientAt(cms.cms.url, surroundings, { ca: surroundings.pki.files.kioskCa });
  expect(await stranger.operations([newOperationId()], signal)).toMatchObject({ error: { kind: 'unreachable' } });
  await stranger.close();
});

test('health says who we are and how far the clocks are apart', async () => {
  cms.clock.aheadMs += 60_000;
  const answer = await cms.client.health(signal);
  cms.clock.aheadMs -= 60_000;
  if (!answer.ok) throw new Error(JSON.stringify(answer.error));
  expect(answer.value.kiosk).toBe('sportello-demo');
  expect(Math.abs(answer.value.clockAheadMs - cms.clock.aheadMs - 60_000)).toBeLessThanOrEqual(answer.value.tookMs + 5);
});

test('same key and same request: the same bytes; another request: 409 and an alarm', async () => {
  const request = await reserveRequest(cms);
  const body = JSON.stringify(request);
  const first = await raw('POST', '/operations', body, key(request.operationId, 'reserve'));
  expect(first).toMatchObject({ status: 201, type: 'application/json' });
  cms.clock.aheadMs += 1_234;
  expect(await raw('POST', '/operations', body, key(request.operationId, 'reserve'))).toEqual(first);

  const other = await raw('POST', '/operations', JSON.stringify({ ...request, desk: 'pharmacy' }), key(request.operationId, 'reserve'));
  expect(other).toMatchObject({ status: 409, type: problemMediaType });
  expect(problemType(other)).toBe('idempotency-mismatch');
  expect(cms.lines.filter((line) => line.includes('cms-idempotency-mismatch') && line.includes(request.operationId))).toHaveLength(1);

  // A refusal is an answer too.
  const refused = await raw('POST', `/operations/${newOperationId()}/paper-part`, '{}', {});
  expect(problemType(refused)).toBe('request-unusable');
  const unknown = newOperationId();
  const paper = JSON.stringify({ attempt: 1, key: makeOneUseKey().publicKey });
  const no = await raw('POST', `/operations/${unknown}/paper-part`, paper, key(unknown, 'paper-part'));
  cms.clock.aheadMs += 1_234;
  expect(problemType(no)).toBe('operation-unknown');
  expect(await raw('POST', `/operations/${unknown}/paper-part`, paper, key(unknown, 'paper-part'))).toEqual(no);
});

test('fifty at once with one key: one effect, one answer', async () => {
  const operationId = await reserved(cms);
  const body = JSON.stringify({ attempt: 1, key: makeOneUseKey().publicKey });
  const answers = await Promise.all(
    Array.from({ length: 50 }, () => raw('POST', `/operations/${operationId}/paper-part`, body, key(operationId, 'paper-part'))),
  );
  expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
  expect(answers[0]?.status).toBe(200);
  expect(cms.cms.store.operation(operationId)?.releases).toEqual([1]);
});

test('keys are kept thirty days, and not forever', async () => {
  const unknown = newOperationId();
  const body = JSON.stringify({
    attempt: 0,
    outcome: 'not-handed-over',
    evidence: { class: 'E0', raw: '' },
    exposed: false,
    reason: 'test',
  });
  const first = await raw('POST', `/operations/${unknown}/outcome`, body, key(unknown, 'not-handed-over', 0));
  const day = 24 * 3_600_000;
  cms.clock.aheadMs += 29 * day;
  await cms.cms.round();
  expect(await raw('POST', `/operations/${unknown}/outcome`, body, key(unknown, 'not-handed-over', 0))).toEqual(first);
  expect(cms.cms.store.answer('sportello-demo', `${unknown}:not-handed-over:0`)).not.toBeNull();
  cms.clock.aheadMs += 2 * day;
  await cms.cms.round();
  expect(cms.cms.store.answer('sportello-demo', `${unknown}:not-handed-over:0`)).toBeNull();
  cms.clock.aheadMs -= 31 * day;
});

test('silence voids after 15 minutes; after 72 hours once the paper part was released; asked or not', async () => {
  const [asked, unasked] = [await reserved(cms), await reserved(cms)];
  const { operationId: out } = await released(cms);
  const minute = 60_000;
  cms.clock.aheadMs += 15 * minute - 30_000;
  expect(await cms.client.operations([asked], signal)).toMatchObject({ value: [{ state: 'RESERVED' }] });
  cms.clock.aheadMs += minute;
  expect(await cms.client.operations([asked, out], signal)).toMatchObject({ value: [{ state: 'VOIDED' }, { state: 'RESERVED' }] });
  await cms.cms.round();
  expect(cms.cms.store.operation(unasked)?.state).toBe('VOIDED');
  expect(await cms.client.releasePaperPart({ operationId: asked, attempt: 1, key: makeOneUseKey().publicKey }, signal)).toMatchObject({
    error: { type: 'operation-voided' },
  });

  cms.clock.aheadMs += 72 * 60 * minute;
  expect(await cms.client.reportOutcome(await handedOver(cms, out), signal)).toMatchObject({
    ok: true,
    value: { state: 'VOIDED' },
  });
  expect(cms.cms.store.secondPart(out)).toBeNull();
  cms.clock.aheadMs -= 72 * 60 * minute + 15 * minute + 30_000;
});

test('bad input gets a problem that repeats nothing of it, and changes nothing', async () => {
  const request = await reserveRequest(cms);
  const { operationId } = request;
  const before = rows(operationId);
  const reserveKey = key(operationId, 'reserve');
  const good = JSON.stringify(request);
  const hostile = "'; DROP TABLE operations; --<script>";
  const cases: [string, Promise<Raw>][] = [
    ['request-unusable', raw('POST', '/operations', good.slice(0, -20), reserveKey)],
    ['request-unusable', raw('POST', '/operations', '', reserveKey)],
    ['request-unusable', raw('POST', '/operations', 'null', reserveKey)],
    ['request-unusable', raw('POST', '/operations', '[]', reserveKey)],
    [
      'request-unusable',
      raw('POST', '/operations', Buffer.concat([Buffer.from(good.slice(0, -1)), Buffer.from([0xff, 0x7d])]), reserveKey),
    ],
    ['request-unusable', raw('POST', '/operations', JSON.stringify({ ...request, operationId: hostile }), reserveKey)],
    ['request-unusable', raw('POST', '/operations', JSON.stringify({ ...request, operationId: crypto.randomUUID() }), reserveKey)],
    ['request-unusable', raw('POST', '/operations', JSON.stringify({ ...request, [hostile]: 1 }), reserveKey)],
    ['request-unusable', raw('POST', '/operations', `{"__proto__": {"x": 1}, ${good.slice(1)}`, reserveKey)],
    ['request-unusable', raw('POST', '/operations', JSON.stringify({ ...request, card: { ...request.card, chip: 'yes' } }), reserveKey)],
    [
      'request-unusable',
      raw('POST', '/operations', JSON.stringify({ ...request, applicant: { ...request.applicant, surname: 'A\r\nBcc: x' } }), reserveKey),
    ],
    [
      'request-unusable',
      raw('POST', '/operations', JSON.stringify({ ...request, applicant: { ...request.applicant, surname: 'x'.repeat(81) } }), reserveKey),
    ],
    ['too-large', raw('POST', '/operations', JSON.stringify({ ...request, desk: 'x'.repeat(40_000) }), reserveKey)],
    ['media-type-unsupported', raw('POST', '/operations', good, { ...reserveKey, 'Content-Type': 'text/plain' })],
    ['media-type-unsupported', raw('POST', '/operations', good, { ...reserveKey, 'Content-Type': 'application/octet-stream' })],
    ['idempotency-key-unusable', raw('POST', '/operations', good)],
    ['idempotency-key-unusable', raw('POST', '/operations', good, { 'Idempotency-Key': hostile })],
    ['idempotency-key-unusable', raw('POST', '/operations', good, key(newOperationId(), 'reserve'))],
    ['idempotency-key-unusable', raw('POST', '/operations', good, key(operationId, 'paper-part'))],
    ['idempotency-key-unusable', raw('POST', '/operations', good, key(operationId, 'reserve', 2))],
    ['request-unusable', raw('POST', `/operations/${encodeURIComponent(hostile)}/outcome`, '{}', reserveKey)],
    ['request-unusable', raw('POST', '/operations/..%2f..%2fetc/outcome', '{}', reserveKey)],
    ['request-unusable', raw('POST', `/operations/${operationId}/outcome`, JSON.stringify({ attempt: -1 }), key(operationId, 'unknown'))],
    ['request-unusable', raw('GET', `/operations?ids=${encodeURIComponent(hostile)}`)],
    ['request-unusable', raw('GET', '/operations')],
    ['request-unusable', raw('GET', `/operations?ids=${Array.from({ length: 101 }, newOperationId).join(',')}`)],
    ['not-found', raw('GET', '/../../etc/passwd')],
    ['not-found', raw('DELETE', '/operations')],
  ];
  for (const [index, [type, answer]] of cases.entries()) {
    const { status, type: mediaType, body } = await answer;
    expect([index, problem.parse(JSON.parse(body)).type], body).toEqual([index, `urn:sportello:cms:${type}`]);
    expect([index, mediaType]).toEqual([index, problemMediaType]);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(body).not.toContain('DROP TABLE');
    expect(body).not.toContain('ROSSI');
  }
  expect(rows(operationId)).toEqual(before);
  expect(await raw('POST', '/operations', good, reserveKey)).toMatchObject({ status: 201 });
});

test('keys without a secret (points of low order) and one-time codes that are none are refused', async () => {
  const operationId = await reserved(cms);
  for (const x of [Buffer.alloc(32), Buffer.from([1, ...Array<number>(31).fill(0)])]) {
    const body = JSON.stringify({ attempt: 1, key: { kty: 'OKP', crv: 'X25519', x: x.toString('base64url') } });
    expect(problemType(await raw('POST', `/operations/${operationId}/paper-part`, body, key(operationId, 'paper-part')))).toBe(
      'request-unusable',
    );
  }
  expect(cms.cms.store.operation(operationId)?.releases).toEqual([]);
  const contact = crypto.randomUUID();
  for (const code of ['12345', '1234567', '12345a', '{"code":"123456"}', '']) {
    const answer = await raw('POST', `/contacts/${contact}/proof`, code, {
      ...key(operationId, `proof-${contact}`),
      'Content-Type': 'application/octet-stream',
    });
    expect(problemType(answer)).toBe('request-unusable');
  }
});

test('an address that could become a header or a list is refused', async () => {
  for (const value of [
    'a@b',
    'a@example.it,b@example.it',
    '"a b"@example.it',
    'a@example.it\r\nBcc: b@example.it',
    `${'a'.repeat(250)}@example.it`,
    '<a@example.it>',
  ]) {
    const answer = await cms.client.sendContactCode(
      { operationId: newOperationId(), send: 1, channel: 'email', value, language: 'it' },
      signal,
    );
    expect(answer, value).toMatchObject({
      error: { kind: 'refused', type: expect.stringMatching(/contact-unusable|request-unusable/) as string },
    });
  }
});

test('the running server answers each call as its OpenAPI description says', async () => {
  const described = z
    .object({
      paths: z.record(
        z.string(),
        z.record(z.string(), z.object({ operationId: z.string(), responses: z.record(z.string(), z.unknown()) })),
      ),
      components: z.object({ schemas: z.object({ Problem: z.unknown() }) }),
    })
    .parse(JSON.parse(readFileSync('kiosk/cms/openapi.json', 'utf8')));
  const response = z.object({ content: z.record(z.string(), z.object({ schema: z.unknown() })) });
  const schemaIn = (path: string, method: string, status: number): z.ZodType => {
    const answer = response.parse(described.paths[path]?.[method]?.responses[String(status)]);
    return z.fromJSONSchema(answer.content['application/json']?.schema as Parameters<typeof z.fromJSONSchema>[0]);
  };
  const problemSchema = z.fromJSONSchema(described.components.schemas.Problem as Parameters<typeof z.fromJSONSchema>[0]);

  const request = await reserveRequest(cms);
  const { operationId: id } = request;
  const contact = JSON.stringify({ operationId: newOperationId(), send: 1, channel: 'email', value: address, language: 'it' });
  const contactOperation = (JSON.parse(contact) as { operationId: string }).operationId;
  const sent = await raw('POST', '/contacts', contact, key(contactOperation, 'contact-code'));
  const { contactId } = calls['contact-code'].answer.parse(JSON.parse(sent.body));
  const code = await codeFromMail(surroundings.mailbox, contactId);
  const { operationId: _left, ...report } = await handedOver(cms, id);
  const device = generateKeyPairSync('ed25519').privateKey;
  const claims = { sequence: 1, hash: 'a'.repeat(64), operationId: id, previous: null, at: '2026-11-22T19:00:00.000Z' };
  const checkpoint = { operationId: id, checkpoint: signCheckpoint(device, claims), key: publicJwkOf(device) };
  const envelopeReserve = await envelopeRequest(surroundings, card);
  const relay = crypto.randomUUID();
  const opening = { relay, sequence: 0, envelope: envelopes.first.number, card: { certificateDigest: card.certificateDigest } };
  const shift = newOperationId();
  const count = { shift, attempt: 1, desk, batch, seed: 'ef'.repeat(32), envelopes: [] };
  expect((await cms.client.reserveEnvelope(envelopeReserve, signal)).ok).toBe(true);
  const service = await serviceRequest(surroundings);
  const remote = await remoteRequest(surroundings, { operation: 'reissue' });
  const revocation = await serviceRequest(surroundings, { holder: luca, operation: 'interop-revocation' });
  const around = { ...surroundings, client: cms.client };
  const first = await nationalReserve(around, 'interop-activation', [nora, noraCard]);
  const again = await nationalReserve(around, 'interop-duplicate', [luca, lucaCard]);
  const renewal = newOperationId();
  const word = await wordOfCard(renewal, await activatedCard({ ...surroundings, client: cms.client }));
  const answers: Record<CallName, Raw> = {
    'national-activate': await raw('POST', '/national/activate', JSON.stringify(first), key(first.operationId, stepOf.reserve)),
    'national-duplicate': await raw('POST', '/national/duplicate', JSON.stringify(again), key(again.operationId, stepOf.reserve)),
    'prior-card': await raw('POST', '/prior-cards', JSON.stringify(word), key(renewal, stepOf.priorCard)),
    'card-standing': await raw('POST', '/cards/standing', JSON.stringify({ holder: mario })),
    service: await raw('POST', '/services', JSON.stringify(service), key(service.operationId, stepOf.service)),
    'remote-issue': await raw('POST', '/remote-issues', JSON.stringify(remote), key(remote.operationId, stepOf.service)),
    'service-void': await raw('POST', `/services/${service.operationId}/void`, '{}', key(service.operationId, stepOf.serviceVoid)),
    'national-standing': await raw('POST', '/national/identify', JSON.stringify({ holder: luca })),
    'national-revoke': await raw('POST', '/national/revoke', JSON.stringify(revocation), key(revocation.operationId, stepOf.service)),
    relay: await raw(
      'POST',
      `/operations/${envelopeReserve.operationId}/relay`,
      JSON.stringify(opening),
      key(envelopeReserve.operationId, stepOf.relay(relay), 0),
    ),
    'envelope-batches': await raw('GET', `/envelopes/batches?desk=${desk}`),
    'envelope-count': await raw('POST', '/envelopes/counts', JSON.stringify(count), key(shift, stepOf.envelopeCount(batch))),
    card: await raw('GET', `/cards/${card.cardId}`),
    'contact-code': sent,
    'contact-proof': await raw('POST', `/contacts/${contactId}/proof`, code, {
      ...key(contactOperation, `proof-${contactId}`),
      'Content-Type': 'application/octet-stream',
    }),
    reserve: await raw('POST', '/operations', JSON.stringify(request), key(id, 'reserve')),
    'paper-part': await raw(
      'POST',
      `/operations/${id}/paper-part`,
      JSON.stringify({ attempt: 1, key: makeOneUseKey().publicKey }),
      key(id, 'paper-part'),
    ),
    outcome: await raw('POST', `/operations/${id}/outcome`, JSON.stringify(report), key(id, 'handed-over')),
    outcomes: await raw(
      'POST',
      '/outcomes',
      JSON.stringify({
        outcomes: [
          { operationId: id, ...report },
          { operationId: newOperationId(), ...report },
        ],
      }),
    ),
    counts: await raw('GET', `/counts?day=${new Date().toISOString().slice(0, 10)}`),
    operations: await raw('GET', `/operations?ids=${id},${newOperationId()}`),
    checkpoint: await raw('POST', '/checkpoints', JSON.stringify(checkpoint), key(id, stepOf.checkpoint(digestOf(checkpoint.checkpoint)))),
    health: await raw('GET', '/health'),
  };

  const seen = new Set<string>();
  for (const [path, methods] of Object.entries(described.paths)) {
    for (const [method, { operationId, responses }] of Object.entries(methods)) {
      const answer = answers[operationId as CallName];
      expect(Object.keys(responses), operationId).toContain(String(answer.status));
      expect(answer.type, operationId).toBe('application/json');
      expect(schemaIn(path, method, answer.status).safeParse(JSON.parse(answer.body)).error?.issues ?? [], operationId).toEqual([]);
      // Its refusals are problems as described.
      const refused = await raw(method.toUpperCase(), path.replace('{id}', 'none'), method === 'post' ? '{' : null);
      if (operationId !== 'health') expect(problemSchema.safeParse(JSON.parse(refused.body)).error?.issues ?? [], operationId).toEqual([]);
      seen.add(operationId);
    }
  }
  expect([...seen].sort()).toEqual(Object.keys(calls).sort());
  // The check can fail: an answer without its clock is not one of the contract.
  const { at: _at, ...timeless } = JSON.parse(answers.outcome.body) as Record<string, unknown>;
  expect(schemaIn('/operations/{id}/outcome', 'post', 200).safeParse(timeless).success).toBe(false);
});
