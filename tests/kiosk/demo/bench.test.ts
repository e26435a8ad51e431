import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { BenchCommand, BenchState } from '../../../kiosk/demo/bench/contract.ts';
import { type Bench, startBench } from '../../../kiosk/demo/bench/server.ts';
import { benchCards } from '../../../kiosk/demo/cards.ts';
import { BenchClient, ask } from './bench-client.ts';

const state: BenchState = {
  kiosk: null,
  operator: { id: 'operatore', pin: '00000' },
  cards: benchCards,
  envelopes: [],
  reader: { connected: true, card: null, mute: false, since: null },
  printer: { paper: 'full', coverOpen: false, plugged: true, hanging: '' },
  cms: 'normal',
  slips: [{ number: 7, at: '2026-01-01T00:00:00.000Z', text: 'PIN' }],
  mails: [],
};
const picture = Uint8Array.of(0x89, 0x50, 0x4e, 0x47);
const remove = JSON.stringify({ type: 'remove' } satisfies BenchCommand);

let done: BenchCommand[];
let refused: string[];
let bench: Bench;
let client: BenchClient;

beforeEach(async () => {
  done = [];
  refused = [];
  const world = {
    state: () => state,
    onChange: () => () => undefined,
    act: async (command: BenchCommand) => {
      done.push(command);
      return null;
    },
    picture: (slip: number) => (slip === 7 ? picture : null),
  };
  const started = await startBench(0, world, (rule) => refused.push(rule));
  if (!started.ok) throw new Error(started.error.kind);
  bench = started.value;
  client = await BenchClient.open(bench.port);
});
afterEach(() => bench.close());

test('the bench’s own page is told the state, sees slips, and is obeyed', async () => {
  expect(await client.until(() => true)).toEqual(state);
  expect(await client.act({ type: 'remove' })).toBeNull();
  expect(done).toEqual([{ type: 'remove' }]);
  const slip = await ask(bench.port, 'GET', '/slips/7.png', client.headers());
  expect(slip).toMatchObject({ status: 200, headers: { 'content-type': 'image/png', 'x-content-type-options': 'nosniff' } });
  expect(new Uint8Array(slip.body)).toEqual(picture);
  expect(refused).toEqual([]);
});

describe('what is foreign', () => {
  const foreign: [string, () => Record<string, string | string[]>, string][] = [
    ['a Host that rebinds a name', () => ({ host: `bench.example:${bench.port}` }), 'foreign-host'],
    ['a Host with another port', () => ({ host: '127.0.0.1:1' }), 'foreign-host'],
    ['no Host', () => ({ host: '' }), 'foreign-host'],
    ['an Origin elsewhere', () => ({ origin: 'https://example.org' }), 'foreign-origin'],
    ['the kiosk’s Origin, one port below', () => ({ origin: `http://127.0.0.1:${bench.port - 1}` }), 'foreign-origin'],
    ['Origin null', () => ({ origin: 'null' }), 'foreign-origin'],
    ['a request that the browser calls cross-site', () => ({ 'sec-fetch-site': 'cross-site' }), 'cross-site'],
    ['a request from a neighbouring port', () => ({ 'sec-fetch-site': 'same-site' }), 'cross-site'],
    ['no cookie', () => ({ cookie: '' }), 'no-page'],
    ['a guessed cookie', () => ({ cookie: `sportello-bench=${'0'.repeat(64)}` }), 'no-page'],
    ['the screen’s cookie', () => ({ cookie: `sportello-page=${'0'.repeat(64)}` }), 'no-page'],
  ];
  test.each(foreign)('%s is refused, on what writes and on what shows codes', async (_, wrong, rule) => {
    for (const [method, path, body] of [
      ['POST', '/command', remove],
      ['GET', '/events', undefined],
      ['GET', '/slips/7.png', undefined],
    ] as const) {
      const { status, body: said } = await ask(bench.port, method, path, client.headers(wrong()), body);
      expect(status, `${method} ${path}`).toBeGreaterThanOrEqual(400);
      expect(said.toString()).not.toMatch(/PIN|PNG/);
    }
    expect(done).toEqual([]);
    expect(new Set(refused)).toEqual(new Set([rule]));
  });

  test('it listens on loopback alone', async () => {
    const { status } = await ask(bench.port, 'GET', '/');
    expect(status).toBe(200);
    const elsewhere = new Promise<string>((resolve) => {
      const socket = connect(bench.port, '::1');
      socket.once('connect', () => resolve('connected')).once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? ''));
    });
    expect(await elsewhere).not.toBe('connected');
  });
});

describe('what is not a command', () => {
  test.each([
    ['nothing', ''],
    ['not JSON', '{'],
    ['not UTF-8 in JSON', '"\ud800"'],
    ['a list', '[]'],
    ['another type', '{"type":"open-sesame"}'],
    ['more than it takes', '{"type":"remove","why":"x"}'],
    ['a card by a path', '{"type":"insert","card":"../../etc/passwd"}'],
    ['a card with a line of its own', '{"type":"insert","card":"mario\\nmute"}'],
    ['a very long card', `{"type":"insert","card":"${'a'.repeat(300)}"}`],
    ['too much', `{"type":"insert","card":"${'a'.repeat(5000)}"}`],
    ['a wrong kind of value', '{"type":"cover","open":"yes"}'],
    ['a prototype', '{"__proto__":{"type":"remove"}}'],
  ])('%s is refused', async (_, body) => {
    const { status } = await ask(bench.port, 'POST', '/command', client.headers(), body);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(500);
    expect(done).toEqual([]);
  });

  test.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x'])(
    'a body of type %s is refused',
    async (type) => {
      expect((await ask(bench.port, 'POST', '/command', client.headers({ 'content-type': type }), remove)).status).toBe(415);
      expect(done).toEqual([]);
    },
  );

  test.each(['PUT', 'DELETE', 'OPTIONS', 'HEAD', 'PATCH'])('%s is refused', async (method) => {
    expect((await ask(bench.port, method, '/command', client.headers())).status).toBe(405);
  });

  test.each([
    '/slips/8.png',
    '/slips/0.png',
    '/slips/7.txt',
    '/slips/..%2f7.png',
    '/slips/7.png%00',
    '/..%2f..%2fpackage.json',
    '/index.html',
    '/%ff',
  ])('%s is not there', async (path) => {
    const { status } = await ask(bench.port, 'GET', path, client.headers());
    expect([400, 404]).toContain(status);
  });
});

test('its pages carry a policy that lets nothing in from elsewhere', async () => {
  const { headers, body } = await ask(bench.port, 'GET', '/');
  expect(headers['content-security-policy']).toContain("default-src 'none'");
  expect(headers['content-security-policy']).toContain("require-trusted-types-for 'script'");
  expect(headers['x-frame-options']).toBe('DENY');
  expect(headers['set-cookie']?.[0]).toMatch(/HttpOnly; SameSite=Strict/);
  expect(body.toString()).not.toMatch(/<script(?![^>]* src=)|style=|https?:\/\//);
});
