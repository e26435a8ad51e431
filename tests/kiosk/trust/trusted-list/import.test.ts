import { readFileSync, writeFileSync } from 'node:fs';
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { X509Certificate } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { importList } from '../../../../kiosk/trust/trusted-list/import.ts';
import { anchorsOf, identityServices, isStale } from '../../../../kiosk/trust/trusted-list/list.ts';
import { listedAnchors } from '../../../../kiosk/trust/trusted-list/listed.ts';
import { type RefreshedList, refreshList } from '../../../../kiosk/trust/trusted-list/refresh.ts';
import { digestsOf, readPins } from '../../../../kiosk/trust/trusted-list/signers.ts';
import { readHeld } from '../../../../kiosk/trust/trusted-list/store.ts';
import { makeAuthority, pemOf } from '../../../bench/crl-generator.ts';
import { NOW, fileOf, newFolder } from '../crl/store.ts';
import { IDV, type MadeList, QC, signedList } from './making.ts';

const signer = makeAuthority('Specimen - AgID');
const next = makeAuthority('Specimen - AgID 2');
const ca = makeAuthority('Specimen - CA Cittadini');
const other = makeAuthority('Specimen - CA Cittadini 2');
const pins = new Set([signer, next].map(({ certificate }) => digestsOf(new X509Certificate(certificate)).certificate));

let folder: string;
beforeEach(() => (folder = newFolder()));

function imported(list: MadeList, by = signer, now = NOW): string {
  const done = importList(folder, { bytes: signedList(list, by) }, pins, now);
  return done.ok ? done.value.result : done.error;
}

function held(): NonNullable<ReturnType<typeof readHeld> & { ok: true }>['value'] {
  const read = readHeld(folder);
  if (!read.ok) throw new Error(read.error);
  return read.value;
}

function anchors(at = NOW): readonly string[] {
  const list = held()?.list;
  return list === undefined ? [] : anchorsOf(list, identityServices, at).map(({ certificate }) => new X509Certificate(certificate).subject);
}
const named = (...commonNames: readonly string[]): readonly string[] => commonNames.map((name) => `C=IT\nCN=${name}`);

it('gives the certificates of identity services that are granted or recognised at national level, and of no others', () => {
  const names = ['granted', 'recognised', 'withdrawn', 'deprecated', 'other', 'tomorrow'].map((name) => makeAuthority(name));
  const [granted, recognised, withdrawn, deprecated, qualified, tomorrow] = names as [
    typeof ca,
    typeof ca,
    typeof ca,
    typeof ca,
    typeof ca,
    typeof ca,
  ];
  const services = [
    { authority: granted, status: 'granted' },
    { authority: recognised, status: 'recognisedatnationallevel' },
    { authority: withdrawn, status: 'withdrawn' },
    { authority: deprecated, status: 'deprecatedatnationallevel' },
    { authority: qualified, type: QC },
    { authority: tomorrow, since: '2026-06-16T00:00:00Z' },
  ];
  expect(imported({ services })).toBe('imported');
  expect(anchors()).toEqual(named('granted', 'recognised'));
  expect(anchors(new Date('2026-06-17T00:00:00Z'))).toEqual(named('granted', 'recognised', 'tomorrow'));
  const selection = { types: [IDV, QC], statuses: ['http://uri.etsi.org/TrstSvc/TrustedList/Svcstatus/withdrawn'] };
  expect(anchorsOf(held()!.list, selection, NOW)).toHaveLength(1);
});

it('gives no certificate of which the list says yes and no', () => {
  imported({ services: [{ authority: ca }, { authority: ca, status: 'withdrawn' }, { authority: other }] });
  expect(anchors()).toEqual(named('Specimen - CA Cittadini 2'));
});

it.each<[string, MadeList, RegExp]>([
  ['of a lower number', { number: 39 }, /older than the one that is held: number 39 after 40/],
  ['of the same number with other services', { services: [{ authority: other }] }, /another list of the number 40/],
  ['of a higher number that was issued before', { number: 41, issued: '2026-05-31T10:00:00Z' }, /issued before/],
  ['of another country', { number: 41, territory: 'FR' }, /the list of FR/],
  ['of the future', { number: 41, issued: '2026-06-15T10:06:00Z' }, /clock/],
])('a list %s leaves the old anchors', (_, list, problem) => {
  expect(imported({ services: [{ authority: ca }] })).toBe('imported');
  expect(imported(list)).toMatch(problem);
  expect(held()?.list.sequenceNumber).toBe(40);
  expect(anchors()).toEqual(named('Specimen - CA Cittadini'));
});

it('a new list takes the place of the old one, also signed by the next signer; the same again is unchanged', () => {
  const bytes = signedList({ services: [{ authority: ca }] }, signer);
  const results = [1, 2].map(() => importList(folder, { bytes }, pins, NOW));
  expect(results.map((done) => done.ok && done.value.result)).toEqual(['imported', 'unchanged']);
  expect(imported({ number: 41, issued: '2026-06-10T10:00:00Z', services: [{ authority: other }] }, next)).toBe('imported');
  expect(anchors()).toEqual(named('Specimen - CA Cittadini 2'));
});

it('a list past its next update, or the last of its scheme, is stale and used', () => {
  imported({ services: [{ authority: ca }] });
  const { list } = held()!;
  expect([isStale(list, NOW), isStale(list, new Date('2026-12-01T00:00:00Z'))]).toEqual([false, true]);
  expect(imported({ number: 41, next: null, services: [{ authority: ca }] })).toBe('imported');
  expect(isStale(held()!.list, NOW)).toBe(true);
  expect(anchors()).toHaveLength(1);
});

it('signers are pinned by a file, or by the digest of a certificate or of its key; once pinned no longer, their list gives nothing', () => {
  imported({ services: [{ authority: ca }] });
  const { certificate, key } = digestsOf(new X509Certificate(signer.certificate));
  const forms = [
    [fileOf(signer.certificate)],
    [fileOf(pemOf('CERTIFICATE', signer.certificate))],
    [`sha256:${certificate}`],
    [`SHA256:${key.toUpperCase()}`],
  ];
  for (const signers of forms) {
    expect(listedAnchors(folder, identityServices, signers, NOW)).toMatchObject({ ok: true, value: { sequenceNumber: 40, stale: false } });
    expect(readPins(signers)).toMatchObject({ ok: true });
  }
  expect(listedAnchors(folder, identityServices, [fileOf(next.certificate)], NOW)).toMatchObject({ ok: false });
  for (const bad of [[], ['/nowhere'], [fileOf('no certificate')], ['sha256:12']]) expect(readPins(bad)).toMatchObject({ ok: false });
});

it('a held list that was damaged on the disk gives nothing, and says so', () => {
  imported({ services: [{ authority: ca }] });
  const file = join(folder, 'trusted-list.json');
  const text = readFileSync(file, 'utf8');
  for (const damaged of [text.slice(0, 400), '', '{}', text.replace('"version":1', '"version":2')]) {
    writeFileSync(file, damaged);
    expect(listedAnchors(folder, identityServices, null, NOW)).toMatchObject({ ok: false });
  }
});

type Answering = (request: IncomingMessage, response: ServerResponse) => void;
let answer: Answering;
const server = createServer((request, response) => answer(request, response));
let url: string;
beforeAll(async () => {
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/TSL-IT.xml`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

async function refreshed(ms = 5_000): Promise<RefreshedList> {
  const pause = async (): Promise<void> => await Promise.resolve();
  return await refreshList(url, { folder, pins, now: () => NOW, ms, tries: 2, pause, signal: new AbortController().signal });
}

it('is fetched once, and again only if it changed', async () => {
  const asked: (string | undefined)[] = [];
  const bytes = signedList({ services: [{ authority: ca }] }, signer);
  answer = (request, response) => {
    asked.push(request.headers['if-none-match']);
    if (request.headers['if-none-match'] === '"v1"') response.writeHead(304).end();
    else response.writeHead(200, { etag: '"v1"' }).end(bytes);
  };
  expect(await refreshed()).toMatchObject({ result: 'imported', problems: [] });
  expect(await refreshed()).toMatchObject({ result: 'unchanged', problems: [] });
  expect(asked).toEqual([undefined, '"v1"']);
});

it.each<[string, Answering, RefreshedList['result'], RegExp]>([
  ['an older list', (_, response) => response.end(signedList({ number: 39 }, signer)), 'refused', /older/],
  ['a list of a stranger', (_, response) => response.end(signedList({ number: 41 }, ca)), 'refused', /nobody who is pinned/],
  ['a page', (_, response) => response.end('<html><body>Torniamo subito</body></html>'), 'refused', /not signed/],
  ['half a list', (_, response) => response.end(signedList({ number: 41 }, signer).subarray(0, 900)), 'refused', /cut short/],
  ['a list without end', (_, response) => drip(response), 'unreachable', /not done after 300 ms/],
  ['more than is read', (_, response) => response.writeHead(200, { 'content-length': 20_000_000 }).end(), 'unreachable', /larger than/],
  ['an error', (_, response) => response.writeHead(503).end(), 'unreachable', /503/],
  ['nothing', (request) => request.destroy(), 'unreachable', /./],
])('%s leaves the old anchors', async (_, serve, result, problem) => {
  imported({ services: [{ authority: ca }] });
  answer = serve;
  const done = await refreshed(300);
  expect(done.result).toBe(result);
  expect(done.problems.join()).toMatch(problem);
  expect(anchors()).toEqual(named('Specimen - CA Cittadini'));
});

function drip(response: ServerResponse): void {
  const timer = setInterval(() => response.write(' '), 20);
  response.on('close', () => clearInterval(timer));
}
