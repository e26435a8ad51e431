import { connect } from 'node:tls';
import { setTimeout as delay } from 'node:timers/promises';
import { calls } from '../contract.ts';
import type { Check } from './check.ts';
import { type Conversation, must, said } from './conversation.ts';

const CONNECT_LIMIT_MS = 10_000;
/** How far two readings of the CMS's clock may be from the time between them, besides what the calls took. Milliseconds. */
const CLOCK_TOLERANCE_MS = 500;
/** A clock that stands still shows after this long. */
const CLOCK_LOOK_MS = 1_200;

/** The status line that a connection of another kind gets to `GET /health`; `''`: it was refused. */
async function statusLine({ base, identity }: Conversation, changes: object): Promise<string> {
  return await new Promise((resolve) => {
    let text = '';
    const end = (): void => {
      socket.destroy();
      resolve(text.split('\r\n', 1)[0] ?? '');
    };
    const socket = connect({ host: base.hostname, port: Number(base.port || 443), servername: base.hostname, ...identity, ...changes });
    socket.setTimeout(CONNECT_LIMIT_MS, end);
    socket.on('secureConnect', () =>
      socket.write(`GET ${new URL('health', base).pathname} HTTP/1.1\r\nHost: ${base.host}\r\nConnection: close\r\n\r\n`),
    );
    socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
    socket.on('error', end);
    socket.on('close', end);
  });
}

const answered = (line: string): boolean => /^HTTP\/1\.[01] [123]/.test(line);

export const transportChecks: readonly Check[] = [
  {
    id: 'tls-1.3',
    title: 'TLS 1.3 and nothing older',
    async run(cms) {
      const old = await statusLine(cms, { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' });
      must(old === '', `TLS 1.2 is taken: ${old}`);
      return 'TLS 1.2 is refused';
    },
  },
  {
    id: 'client-certificate',
    title: 'No answer without a client certificate',
    async run(cms) {
      const line = await statusLine(cms, { cert: undefined, key: undefined });
      must(!answered(line), `answered without a certificate: ${line}`);
      return line === '' ? 'refused in the handshake' : line;
    },
  },
  {
    id: 'health',
    title: 'Health names the kiosk by its certificate',
    async run(cms) {
      const { kiosk } = await cms.answer(calls.health.answer, 200, { call: 'health', method: 'GET', path: 'health' });
      return `this kiosk is called ${kiosk}`;
    },
  },
  {
    id: 'clock',
    title: "The CMS's own clock in each answer",
    async run(cms) {
      const read = async (): Promise<{ at: number; begun: number; ended: number }> => {
        const begun = Date.now();
        const { at } = await cms.answer(calls.health.answer, 200, { call: 'health', method: 'GET', path: 'health' });
        return { at: Date.parse(at), begun, ended: Date.now() };
      };
      const first = await read();
      await delay(CLOCK_LOOK_MS);
      const second = await read();
      const drift = second.at - first.at - (second.begun - first.begun);
      const took = first.ended - first.begun + second.ended - second.begun;
      must(Math.abs(drift) <= CLOCK_TOLERANCE_MS + took, `${Math.abs(drift)} ms off after ${second.begun - first.begun} ms`);
      return `${Math.round(second.at - (second.begun + second.ended) / 2)} ms ahead of this machine's`;
    },
  },
  {
    id: 'problems',
    title: 'Bad requests get problem details that repeat nothing of them',
    async run(cms) {
      const marker = 'xyzzyCANARIUM';
      const operationId = cms.newOperation();
      const other = cms.newOperation();
      const good = cms.outcome(cms.notHandedOver(operationId, 0));
      const body = good.body as Record<string, unknown>;
      const cut = Buffer.from(JSON.stringify(body).slice(0, -5));
      const cases: readonly [string, string, object][] = [
        ['request-unusable', 'JSON that is cut off', { ...good, bytes: cut }],
        ['request-unusable', 'an empty body', { ...good, bytes: Buffer.alloc(0) }],
        ['request-unusable', 'bytes that are not UTF-8', { ...good, bytes: Buffer.from([0x22, 0xff, 0x22]) }],
        ['request-unusable', 'an unknown member', { ...good, body: { ...body, [marker]: marker } }],
        ['request-unusable', 'a value of another shape', { ...good, body: { ...body, reason: `${marker}\u0007` } }],
        ['request-unusable', 'an id that is none', { ...good, path: `operations/${marker}/outcome` }],
        ['request-unusable', 'operations without ids', { method: 'GET', path: 'operations' }],
        ['request-unusable', 'a day that is none', { method: 'GET', path: `counts?day=${marker}` }],
        ['idempotency-key-unusable', 'no Idempotency-Key', { path: good.path, body }],
        ['idempotency-key-unusable', 'the key of another operation', { ...good, key: `${other}:not-handed-over:0` }],
        ['idempotency-key-unusable', 'the key of another step', { ...good, key: `${operationId}:handed-over:0` }],
        ['idempotency-key-unusable', 'the key of another attempt', { ...good, key: `${operationId}:not-handed-over:7` }],
        ['media-type-unsupported', 'another content type', { ...good, mediaType: 'text/plain' }],
        ['too-large', 'more than 32 KiB', { ...good, body: { ...body, reason: marker.repeat(4_000) } }],
        ['not-found', 'an address that is none', { method: 'GET', path: marker }],
      ];
      for (const [type, what, asked] of cases) {
        const heard = await cms.ask({ path: '', ...asked });
        must(heard.refusal === type, `${what}: ${said(heard)} instead of ${type}`);
        must(!heard.body.includes(marker), `${what}: the refusal repeats what was sent`);
      }
      const [view] = await cms.view(operationId);
      must(view?.state === 'NONE', `after refusals only, the operation is ${view?.state}`);
      return `${cases.length} kinds`;
    },
  },
];
