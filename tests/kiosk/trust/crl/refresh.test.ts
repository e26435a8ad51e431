import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import { readdirSync, statSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { issuerOf } from '../../../../kiosk/trust/crl/issuer.ts';
import { type Refreshed, type RefreshOptions, isDue, refresh, usualRefresh } from '../../../../kiosk/trust/crl/refresh.ts';
import { type CrlStore, openStore } from '../../../../kiosk/trust/crl/store.ts';
import { makeAuthority, makeCrl, manyEntries } from '../../../bench/crl-generator.ts';
import { NOW, ask, days, newFolder } from './store.ts';

const ca = makeAuthority('Specimen - CA Cittadini');
const stranger = makeAuthority('Another CA');
const issuers = [issuerOf(ca.certificate)];
const fresh = { thisUpdate: days(-1), nextUpdate: days(1), number: 2, entries: [{ serial: Buffer.of(1), reason: 1 }] };

type Answering = (request: IncomingMessage, response: ServerResponse, time: number) => void;

let answers: Record<string, Answering>;
let requests: IncomingMessage[];
const server = createServer((request, response) => {
  const time = requests.filter(({ url }) => url === request.url).length;
  requests.push(request);
  (answers[request.url!] ?? ((_, gone) => gone.writeHead(404).end()))(request, response, time);
});
let base: string;
let folder: string;
let store: CrlStore;
let pauses: number[];

beforeAll(async () => {
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  answers = {};
  requests = [];
  pauses = [];
  folder = newFolder();
  const opened = openStore(folder);
  if (!opened.ok) throw new Error(opened.error);
  store = opened.value;
});

async function fetched(paths: readonly string[] = ['/a'], changes: Partial<RefreshOptions> = {}): Promise<Refreshed> {
  const options: RefreshOptions = {
    folder,
    all: true,
    now: () => NOW,
    limits: { bytes: 10_000_000, ms: 5_000 },
    tries: 3,
    pause: async (ms) => void pauses.push(ms),
    random: () => 0.5,
    signal: new AbortController().signal,
    ...changes,
  };
  const [done] = await refresh(store, [{ issuers, urls: paths.map((path) => `${base}${path}`) }], options);
  return done!;
}

const serving =
  (crl: Uint8Array, headers: Record<string, string> = {}): Answering =>
  (_, response) =>
    response.writeHead(200, headers).end(crl);
const statusOf = (serial: string): string => ask(folder, ca, serial).status;

it('brings a CRL into the store', async () => {
  answers['/a'] = serving(makeCrl(ca, fresh));
  expect(await fetched()).toMatchObject({ result: 'imported', problems: [] });
  expect([statusOf('01'), statusOf('02')]).toEqual(['revoked', 'good']);
});

it('asks for it again only if it changed: 304', async () => {
  const crl = makeCrl(ca, fresh);
  answers['/a'] = (request, response) => {
    if (request.headers['if-none-match'] === '"v1"') response.writeHead(304).end();
    else response.writeHead(200, { etag: '"v1"', 'last-modified': 'Sun, 14 Jun 2026 10:00:00 GMT' }).end(crl);
  };
  await fetched();
  expect(await fetched()).toMatchObject({ result: 'unchanged', problems: [] });
  expect(requests[1]!.headers).toMatchObject({ 'if-none-match': '"v1"', 'if-modified-since': 'Sun, 14 Jun 2026 10:00:00 GMT' });
  expect(statusOf('01')).toBe('revoked');
});

/** Sends a part of the body and, once some of it stands in a file, breaks off; whoever asks for the rest gets it. */
function breakingOff(crl: Buffer, etag: () => string): Answering {
  return (request, response, time) => {
    const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
    const rest = from > 0 && request.headers['if-range'] === etag() ? crl.subarray(from) : crl;
    const headers = {
      etag: etag(),
      'content-length': rest.length,
      ...(rest === crl ? {} : { 'content-range': `bytes ${from}-${crl.length - 1}/${crl.length}` }),
    };
    response.writeHead(rest === crl ? 200 : 206, headers);
    if (time > 0) {
      response.end(rest);
      return;
    }
    response.write(rest.subarray(0, 200_000));
    const arrived = (): boolean => readdirSync(folder).some((name) => name.endsWith('.part') && statSync(join(folder, name)).size > 0);
    void vi.waitUntil(arrived, { timeout: 4_000, interval: 2 }).finally(() => response.destroy());
  };
}

it('goes on where a body broke off', async () => {
  answers['/a'] = breakingOff(makeCrl(ca, { ...fresh, encoded: manyEntries(20_000) }), () => '"v1"');
  expect(await fetched()).toMatchObject({ result: 'imported' });
  expect(Number(/\d+/.exec(requests[1]!.headers.range!)![0])).toBeGreaterThan(0);
  expect(pauses).toHaveLength(1);
});

it('begins anew where the CRL is another one by then', async () => {
  const crl = makeCrl(ca, { ...fresh, encoded: manyEntries(20_000) });
  answers['/a'] = breakingOff(crl, () => `"v${requests.length}"`);
  expect(await fetched()).toMatchObject({ result: 'imported' });
  expect(requests[1]!.headers.range).toBeDefined();
});

it('waits longer before each further try, never as long as the next kiosk', async () => {
  answers['/a'] = (_, response) => response.writeHead(503).end();
  expect(await fetched(['/a'], { tries: 4 })).toMatchObject({ result: 'unreachable' });
  expect(pauses).toEqual([1500, 3000, 6000]);
  pauses = [];
  await fetched(['/a'], { tries: 2, random: () => 0 });
  expect(pauses).toEqual([1000]);
});

it.each<[string, () => void, RegExp]>([
  ['a redirect loop', () => (answers['/a'] = (_, response) => response.writeHead(302, { location: '/a' }).end()), /redirected more than/],
  [
    'a redirect to a file',
    () => (answers['/a'] = (_, response) => response.writeHead(302, { location: 'file:///etc/passwd' }).end()),
    /redirected to file:/,
  ],
  [
    'a page instead of a CRL',
    () => (answers['/a'] = serving(Buffer.from('<html>down</html>'), { 'content-type': 'text/html' })),
    /neither DER nor the PEM/,
  ],
  ['a CRL of another issuer', () => (answers['/a'] = serving(makeCrl(stranger, fresh))), /issuer is not known/],
  ['an older CRL', () => (answers['/a'] = serving(makeCrl(ca, { ...fresh, thisUpdate: days(-5), number: 1, entries: [] }))), /older/],
  [
    'a truncated CRL',
    () => (answers['/a'] = serving(makeCrl(ca, { ...fresh, thisUpdate: days(0), number: 3 }).subarray(0, 150))),
    /runs past|cut short/,
  ],
  ['too large a body', () => (answers['/a'] = serving(Buffer.alloc(11_000_000))), /larger than/],
  [
    'too large a body of unknown length',
    () =>
      (answers['/a'] = (_, response) => {
        response.on('error', () => undefined);
        for (let piece = 0; piece < 11; piece += 1) response.write(Buffer.alloc(1_000_000));
        response.end();
      }),
    /larger than/,
  ],
  [
    'a body without an end, drop by drop',
    () =>
      (answers['/a'] = (_, response) => {
        const drip = setInterval(() => response.write('0'), 20);
        response.on('close', () => clearInterval(drip));
      }),
    /not done after 300 ms/,
  ],
  ['nobody', () => (answers['/a'] = (request) => request.destroy()), /./],
])('%s leaves the store as it was, and the second point is asked', async (_, arrange, problem) => {
  answers['/held'] = serving(makeCrl(ca, { ...fresh, thisUpdate: days(-2) }));
  await fetched(['/held']);
  arrange();
  const limits = { bytes: 10_000_000, ms: problem.source.includes('not done') ? 300 : 20_000 };
  const alone = await fetched(['/a'], { limits, tries: 1 });
  expect(['refused', 'unreachable']).toContain(alone.result);
  expect(alone.problems.join()).toMatch(problem);
  expect(statusOf('01')).toBe('revoked');
  answers['/b'] = serving(makeCrl(ca, { ...fresh, entries: [{ serial: Buffer.of(2), reason: 1 }] }));
  expect(await fetched(['/a', '/b'], { limits, tries: 1 })).toMatchObject({ result: 'imported' });
  expect(statusOf('02')).toBe('revoked');
});

it('that does not answer keeps no other waiting', async () => {
  let imported = (): void => undefined;
  const otherImported = new Promise<void>((resolve) => (imported = resolve));
  answers['/hanging'] = (_, response) => void otherImported.then(() => response.writeHead(404).end());
  answers['/a'] = serving(makeCrl(ca, fresh));
  const options: RefreshOptions = {
    ...usualRefresh(folder, new AbortController().signal),
    all: true,
    now: () => NOW,
    tries: 1,
    onImported: imported,
  };
  const sets = ['/hanging', '/a'].map((path) => ({ issuers, urls: [`${base}${path}`] }));
  const done = await refresh(store, sets, options);
  expect(done.map(({ result }) => result)).toEqual(['unreachable', 'imported']);
});

it('is due several times in the life of a CRL, soon after its end, and when the clock went back', async () => {
  answers['/a'] = serving(makeCrl(ca, fresh));
  const set = { issuers, urls: [`${base}/a`] };
  const hours = (count: number): Date => new Date(NOW.getTime() + count * 3_600_000);
  expect(isDue(store, set, NOW)).toBe(true);
  expect(await fetched(['/a'], { all: false })).toMatchObject({ result: 'imported' });
  expect(isDue(store, set, hours(1))).toBe(false);
  expect(await fetched(['/a'], { all: false })).toMatchObject({ result: 'not-due' });
  expect(isDue(store, set, hours(6.1))).toBe(true);
  expect(isDue(store, set, days(1))).toBe(true);
  expect(isDue(store, set, hours(-1))).toBe(true);
});

it('is asked once when the clock went back, though another of its points was asked in what is now the future', async () => {
  answers['/b'] = serving(makeCrl(ca, { ...fresh, thisUpdate: days(-3) }));
  const set = { issuers, urls: [`${base}/a`, `${base}/b`] };
  expect(await fetched(['/a', '/b'], { tries: 1 })).toMatchObject({ result: 'imported' });
  answers['/a'] = answers['/b'];
  const back = (seconds: number): Date => new Date(days(-2).getTime() + seconds * 1000);
  expect(isDue(store, set, back(0))).toBe(true);
  expect(await fetched(['/a', '/b'], { now: () => back(0), all: false })).toMatchObject({ result: 'unchanged' });
  expect(isDue(store, set, back(5))).toBe(false);
});

it('of the future is refused and told, and one of yesterday that comes after the clock went back changes nothing', async () => {
  const refused: (number | null)[] = [];
  const onRefused: RefreshOptions['onRefused'] = ({ futureThisUpdate }) => void refused.push(futureThisUpdate);
  answers['/a'] = serving(makeCrl(ca, fresh));
  await fetched();
  answers['/a'] = serving(makeCrl(ca, { ...fresh, thisUpdate: days(2), nextUpdate: days(4), number: 3, entries: [] }));
  expect(await fetched(['/a'], { onRefused })).toMatchObject({ result: 'refused' });
  answers['/a'] = serving(makeCrl(ca, { ...fresh, thisUpdate: days(-4), number: 1, entries: [] }));
  expect(await fetched(['/a'], { onRefused, now: () => days(-4) })).toMatchObject({ result: 'refused' });
  expect(refused).toEqual([days(2).getTime() / 1000, null]);
  expect(statusOf('01')).toBe('revoked');
});

it('is asked every five minutes shortly before its end, and at boot unless it was just asked', async () => {
  answers['/a'] = serving(makeCrl(ca, fresh));
  await fetched();
  const set = { issuers, urls: [`${base}/a`] };
  const at = (seconds: number): Date => new Date(NOW.getTime() + seconds * 1000);
  expect([isDue(store, set, at(299), 0), isDue(store, set, at(301), 0)]).toEqual([false, true]);
  expect(isDue(store, set, at(301))).toBe(false);
  // A share of six hours, which is the most that is waited.
  expect([isDue(store, set, at(4 * 3600), 0.8), isDue(store, set, at(5 * 3600), 0.8)]).toEqual([false, true]);
  await fetched(['/a'], { now: () => at(22.9 * 3600) });
  expect([isDue(store, set, at(22.9 * 3600 + 299)), isDue(store, set, at(23.1 * 3600))]).toEqual([false, true]);
});

it('is asked more seldom the longer it fails', async () => {
  const set = { issuers, urls: [`${base}/a`] };
  const after = (seconds: number): Date => new Date(NOW.getTime() + seconds * 1000);
  await fetched(['/a'], { tries: 1 });
  expect([isDue(store, set, after(59)), isDue(store, set, after(61))]).toEqual([false, true]);
  for (let more = 0; more < 12; more += 1) await fetched(['/a'], { tries: 1 });
  expect([isDue(store, set, after(3599)), isDue(store, set, after(3601))]).toEqual([false, true]);
});
