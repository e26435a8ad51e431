import { type IncomingHttpHeaders, request } from 'node:http';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Screen, startScreen } from '../../../kiosk/screen/server.ts';
import { operator, operatorPin, sessionId, site, stage } from './fixtures.ts';

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

let set: ReturnType<typeof stage>;
let screen: Screen;
let page: string;

beforeEach(async () => {
  set = stage();
  const started = await startScreen({ port: 0, session: set.session, operators: set.operators, site, bring: set.bring, log: set.log });
  if (!started.ok) throw new Error(started.error.kind);
  screen = started.value;
  page = cookieOf(await ask('GET', '/', { host: `127.0.0.1:${screen.port}` }));
});
afterEach(() => screen.close());

/** Raw, so that headers a browser would never let a page set can be set. */
function ask(method: string, path: string, headers: Record<string, string | string[]>, body?: string | Buffer): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asking = request({ host: '127.0.0.1', port: screen.port, method, path, headers, setHost: false }, (response) => {
      const parts: Buffer[] = [];
      // A stream stays open; its head is answer enough.
      if (String(response.headers['content-type']).startsWith('text/event-stream')) {
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: '' });
        response.on('error', () => undefined);
        return;
      }
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(parts).toString() }),
      );
    });
    asking.on('error', reject);
    asking.end(body);
  });
}

const cookieOf = (answer: Answer): string => answer.headers['set-cookie']?.[0]?.split(';')[0] ?? '';
const good = (more: Record<string, string | string[]> = {}): Record<string, string | string[]> => ({
  host: `127.0.0.1:${screen.port}`,
  origin: `http://127.0.0.1:${screen.port}`,
  'sec-fetch-site': 'same-origin',
  'content-type': 'application/json',
  cookie: page,
  ...more,
});
const without = (name: string): Record<string, string | string[]> =>
  Object.fromEntries(Object.entries(good()).filter(([key]) => key !== name));
const taken = JSON.stringify({ sessionId: null, command: { type: 'stay' } });

async function signOn(): Promise<string> {
  return cookieOf(await ask('POST', '/operator/sign-on', good(), JSON.stringify({ operatorId: operator.id, pin: operatorPin })));
}

test('the page’s own request is carried out: what follows is refused for its own fault', async () => {
  expect(await ask('POST', '/session/command', good(), taken)).toMatchObject({ status: 200, body: '{"accepted":true}' });
  expect(set.sent).toEqual([{ type: 'stay' }]);
});

describe('what is foreign', () => {
  const headers: [string, () => Record<string, string | string[]>, number][] = [
    ['a Host that rebinds a name', () => good({ host: `kiosk.example:${screen.port}` }), 421],
    ['a Host without the port', () => good({ host: '127.0.0.1' }), 421],
    ['a Host with another port', () => good({ host: '127.0.0.1:1' }), 421],
    ['a Host of all interfaces', () => good({ host: `0.0.0.0:${screen.port}` }), 421],
    ['a Host with a user part', () => good({ host: `a@127.0.0.1:${screen.port}` }), 421],
    ['a Host with a trailing dot', () => good({ host: `localhost.:${screen.port}` }), 421],
    ['no Origin', () => without('origin'), 403],
    ['Origin null', () => good({ origin: 'null' }), 403],
    ['an Origin elsewhere', () => good({ origin: 'https://example.org' }), 403],
    ['an Origin on another port', () => good({ origin: 'http://127.0.0.1:1' }), 403],
    ['our Origin over https', () => good({ origin: `https://127.0.0.1:${screen.port}` }), 403],
    ['our other name as Origin', () => good({ origin: `http://localhost:${screen.port}` }), 403],
    ['two Origins', () => good({ origin: [`http://127.0.0.1:${screen.port}`, 'https://example.org'] }), 403],
    ['Sec-Fetch-Site cross-site', () => good({ 'sec-fetch-site': 'cross-site' }), 403],
    ['Sec-Fetch-Site same-site', () => good({ 'sec-fetch-site': 'same-site' }), 403],
    ['Sec-Fetch-Site none on a write', () => good({ 'sec-fetch-site': 'none' }), 403],
    ['Sec-Fetch-Site unheard of', () => good({ 'sec-fetch-site': 'friend' }), 403],
    ['no cookie', () => without('cookie'), 403],
    ['an empty cookie', () => good({ cookie: 'sportello-page=' }), 403],
    ['a guessed cookie', () => good({ cookie: `sportello-page=${'0'.repeat(64)}` }), 403],
    ['the right cookie under another name', () => good({ cookie: page.replace('page', 'pages') }), 403],
    ['a second cookie of the name', () => good({ cookie: `${page}; sportello-page=${'0'.repeat(64)}` }), 403],
    ['form encoding', () => good({ 'content-type': 'application/x-www-form-urlencoded' }), 415],
    ['text/plain, which needs no preflight', () => good({ 'content-type': 'text/plain' }), 415],
    ['multipart', () => good({ 'content-type': 'multipart/form-data; boundary=x' }), 415],
    ['no content type', () => without('content-type'), 415],
  ];
  for (const path of ['/session/command', '/operator/sign-on', '/operator/command', '/operator/sign-off']) {
    test.each(headers)(`${path}: %s`, async (_name, make, status) => {
      const desk = await signOn();
      set.sent.length = 0;
      const headersSent = make();
      if (typeof headersSent['cookie'] === 'string') headersSent['cookie'] += `; ${desk}`;
      const answer = await ask('POST', path, headersSent, path === '/session/command' ? taken : '{}');
      expect(answer.status).toBe(status);
      expect(answer.headers['access-control-allow-origin']).toBeUndefined();
      expect(set.sent).toEqual([]);
      expect(set.operators.signedOn()).not.toBeNull();
    });
  }
  test.each(['PUT', 'PATCH', 'DELETE', 'OPTIONS', 'HEAD', 'TRACE'])('%s is no method of ours', async (method) => {
    for (const path of ['/', '/events', '/session/command', '/operator/command'])
      expect((await ask(method, path, good())).status).toBe(405);
    expect(set.sent).toEqual([]);
  });
  test.each(['/session/command', '/operator/sign-on', '/operator/sign-off', '/operator/command'])('%s cannot be fetched', async (path) => {
    expect((await ask('GET', path, good())).status).toBe(404);
  });
  test.each([
    '/../package.json',
    '/assets/../../package.json',
    '/assets/..%2f..%2fpackage.json',
    '/%2e%2e/kiosk/cli.js',
    '/index.html/..',
    '/.tsbuildinfo',
    '//example.org/',
  ])('no file beyond the page: %s', async (path) => {
    const answer = await ask('GET', path, good());
    expect(answer.status).toBe(404);
    expect(answer.body).toBe('{"refused":"not-found"}');
  });
  test.each([
    ['/events', 'cross-site'],
    ['/events', 'same-site'],
    ['/', 'cross-site'],
    ['/operator/session', 'same-site'],
  ])('%s is not given to a %s page', async (path, from) => {
    expect((await ask('GET', path, good({ 'sec-fetch-site': from, 'sec-fetch-mode': 'no-cors' }))).status).toBe(403);
  });
  test('a neighbouring port may link to the page, and only link', async () => {
    const link = { 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
    const { origin: _origin, ...rest } = good(link);
    expect((await ask('GET', '/', rest)).status).toBe(200);
    expect((await ask('GET', '/', { ...rest, 'sec-fetch-dest': 'iframe' })).status).toBe(403);
    expect((await ask('POST', '/session/command', good(link), taken)).status).toBe(403);
  });
  test('no upgrade to another protocol', async () => {
    const socket = connect(screen.port, '127.0.0.1');
    socket.write(`GET /events HTTP/1.1\r\nHost: 127.0.0.1:${screen.port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`);
    const first = await new Promise<string>((resolve) => socket.once('data', (data: Buffer) => resolve(data.toString())));
    socket.destroy();
    expect(first).toMatch(/^HTTP\/1\.1 403 /);
  });
});

describe('bodies', () => {
  const command = (value: unknown, forSession: unknown = null): string => JSON.stringify({ sessionId: forSession, command: value });
  const unusable: [string, string | Buffer, number][] = [
    ['nothing', '', 400],
    ['half a JSON', '{"sessionId":', 400],
    ['two JSONs', `${taken}${taken}`, 400],
    ['no UTF-8', Buffer.from([0x22, 0xff, 0xfe, 0x22]), 400],
    ['null', 'null', 400],
    ['an array', '[]', 400],
    ['a bare command', '{"type":"stay"}', 400],
    ['an unknown command', command({ type: 'print' }), 400],
    ['an operator’s command', command({ type: 'hand-over', handedOver: true }), 400],
    ['an unknown key', command({ type: 'stay', also: 1 }), 400],
    ['an unknown key outside', JSON.stringify({ sessionId: null, command: { type: 'stay' }, also: 1 }), 400],
    ['__proto__', '{"sessionId":null,"command":{"type":"stay","__proto__":{"type":"wish"}}}', 400],
    ['__proto__ outside', '{"sessionId":null,"__proto__":{"a":1},"command":{"type":"stay"}}', 400],
    ['no session named', JSON.stringify({ command: { type: 'stay' } }), 400],
    ['a code of five digits', command({ type: 'contact-code', code: '20419' }), 400],
    ['a code of seven digits', command({ type: 'contact-code', code: '2041975' }), 400],
    ['a code of letters', command({ type: 'contact-code', code: 'abcdef' }), 400],
    ['a code as a number', command({ type: 'contact-code', code: 204197 }), 400],
    ['a code with a line end', command({ type: 'contact-code', code: '204197\n' }), 400],
    ['an address of 255 characters', command({ type: 'contact', email: 'a'.repeat(255), language: 'it' }), 400],
    ['a language we do not speak', command({ type: 'contact', email: 'a@example.it', language: 'xx' }), 400],
    ['5000 bytes', command({ type: 'contact', email: 'a'.repeat(5000), language: 'it' }), 413],
    ['depth', `${'['.repeat(2000)}${']'.repeat(2000)}`, 400],
  ];
  test.each(unusable)('%s', async (_name, body, status) => {
    const answer = await ask('POST', '/session/command', good(), body);
    expect(answer.status).toBe(status);
    expect(Object.keys(JSON.parse(answer.body) as object)).toEqual(['refused']);
    expect(set.sent).toEqual([]);
  });
  test('a body that is announced too large is refused before it is sent', async () => {
    expect((await ask('POST', '/session/command', good({ 'content-length': '5000' }), 'x'.repeat(5000))).status).toBe(413);
  });
  test('a command for the session before this one does nothing', async () => {
    set.show({ screen: 'contact-code', masked: 'm', triesLeft: 3, resendAfter: '2020-01-01T00:00:00Z', problem: null });
    for (const old of [null, 'another-session']) {
      expect(await ask('POST', '/session/command', good(), command({ type: 'contact-code', code: '204197' }, old))).toMatchObject({
        status: 200,
        body: '{"accepted":false}',
      });
    }
    expect(set.sent).toEqual([]);
    await ask('POST', '/session/command', good(), command({ type: 'contact-code', code: '204197' }, sessionId));
    expect(set.codes).toEqual(['204197']);
  });
  test('neither a code nor a PIN comes back in an answer or in the log', async () => {
    const answers = [
      await ask('POST', '/session/command', good(), command({ type: 'contact-code', code: '204197' })),
      await ask('POST', '/session/command', good(), '{"code":"204197"'),
      await ask('POST', '/session/command', good(), command({ type: 'contact-code', code: '204197', more: 1 })),
      await ask('POST', '/operator/sign-on', good(), JSON.stringify({ operatorId: operator.id, pin: operatorPin })),
      await ask('POST', '/operator/sign-on', good(), JSON.stringify({ operatorId: operator.id, pin: operatorPin, more: 1 })),
    ];
    const seen = JSON.stringify([answers, set.logged, set.sent]);
    expect(seen).not.toContain('204197');
    expect(seen).not.toContain(operatorPin);
  });
});

describe('the operator', () => {
  const handOver = JSON.stringify({ sessionId: null, command: { type: 'hand-over', handedOver: true } });
  test('gets nowhere without signing on', async () => {
    expect((await ask('POST', '/operator/command', good(), handOver)).status).toBe(401);
    expect((await ask('GET', '/operator/events', good())).status).toBe(401);
    expect((await ask('POST', '/operator/sign-off', good(), '{}')).status).toBe(401);
    expect(set.sent).toEqual([]);
  });
  test('decides while signed on, and not a moment longer', async () => {
    const desk = await signOn();
    const both = good({ cookie: `${page}; ${desk}` });
    expect((await ask('POST', '/operator/command', both, handOver)).status).toBe(200);
    expect(set.sent).toEqual([{ type: 'hand-over', handedOver: true }]);
    expect((await ask('POST', '/operator/sign-off', both, '{}')).status).toBe(200);
    expect(set.operators.signedOn()).toBeNull();
    expect((await ask('POST', '/operator/command', both, handOver)).status).toBe(401);
    expect((await ask('GET', '/operator/events', both)).status).toBe(401);
    // Another sign-on does not revive the old cookie.
    await signOn();
    expect((await ask('POST', '/operator/command', both, handOver)).status).toBe(401);
    expect(set.sent).toHaveLength(1);
  });
  test('is out as soon as the kiosk says so', async () => {
    const both = good({ cookie: `${page}; ${await signOn()}` });
    set.operators.signOff();
    expect((await ask('POST', '/operator/command', both, handOver)).status).toBe(401);
  });
  test('is told what was wrong, and given no cookie', async () => {
    const wrong = await ask('POST', '/operator/sign-on', good(), JSON.stringify({ operatorId: operator.id, pin: '0000' }));
    expect(JSON.parse(wrong.body)).toEqual({ signedOn: null, problem: { kind: 'wrong-pin', triesLeft: 2 } });
    expect(wrong.headers['set-cookie']).toBeUndefined();
  });
  test.each([
    [{ type: 'refuse', reason: 'because' }],
    [{ type: 'hand-over', handedOver: 'yes' }],
    [{ type: 'hand-over' }],
    [{ type: 'stay' }],
    [{ type: 'identified', document: { type: 'library-card', number: 'CA1', issuingBody: 'xx', expires: '2030-01-01' } }],
    [{ type: 'identified', document: { type: 'passport', number: 'CA1', issuingBody: 'xx', expires: '31/12/2030' } }],
    [
      {
        type: 'identified',
        document: { type: 'passport', number: 'CA1', issuingBody: 'xx', expires: '2030-01-01' },
        representation: { case: 'grown-up', representative: null, papers: { forms: [] } },
      },
    ],
    [{ type: 'identified', document: { type: 'passport', number: 'CA1', issuingBody: 'xx', expires: '2030-01-01', photo: 'x' } }],
  ])('cannot decide %j', async (wanted) => {
    const both = good({ cookie: `${page}; ${await signOn()}` });
    expect((await ask('POST', '/operator/command', both, JSON.stringify({ sessionId: null, command: wanted }))).status).toBe(400);
    expect(set.sent).toEqual([]);
  });
});

test('every answer carries the policy, and nothing may be kept', async () => {
  for (const answer of [
    await ask('GET', '/', good()),
    await ask('GET', '/events', good()),
    await ask('GET', '/nothing', good()),
    await ask('POST', '/session/command', good(), taken),
    await ask('GET', '/', good({ host: 'example.org' })),
  ]) {
    expect(answer.headers['content-security-policy']).toContain("default-src 'none'");
    expect(answer.headers['content-security-policy']).toContain("require-trusted-types-for 'script'");
    expect(answer.headers['content-security-policy']).not.toContain('unsafe');
    expect(answer.headers).toMatchObject({
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
    });
    expect(answer.headers['access-control-allow-origin']).toBeUndefined();
  }
  const cookie = (await ask('GET', '/', good())).headers['set-cookie']?.[0];
  expect(cookie).toMatch(/^sportello-page=[0-9a-f]{64}; Path=\/; HttpOnly; SameSite=Strict$/);
});

test('no more pages may listen than there are displays', async () => {
  for (let n = 0; n < 4; n++) expect((await ask('GET', '/events', good())).status).toBe(200);
  expect((await ask('GET', '/events', good())).status).toBe(503);
});

test('a refusal is logged by its rule alone', async () => {
  await ask('POST', '/session/command', good({ origin: 'https://example.org' }), taken);
  expect(set.logged).toEqual([{ name: 'screen-request-refused', fields: { rule: 'foreign-origin' } }]);
});

test('it does not start without its page’s port', async () => {
  const second = await startScreen({
    port: screen.port,
    session: set.session,
    operators: set.operators,
    site,
    bring: set.bring,
    log: set.log,
  });
  expect(second).toMatchObject({ ok: false, error: { kind: 'port-not-free', port: screen.port } });
});
