import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { commandEntry } from '../../../../kiosk/project.ts';
import { makeAuthority, makeCrl, pemOf } from '../../../bench/crl-generator.ts';
import { fileOf, newFolder } from './store.ts';

const ca = makeAuthority('Specimen - CA Cittadini');
const caFile = fileOf(pemOf('CERTIFICATE', ca.certificate));
const hours = (count: number): Date => new Date(Math.floor(Date.now() / 1000) * 1000 + count * 3_600_000);
const entries = [
  { serial: Buffer.of(0x0a, 1), reason: 1, at: new Date('2026-01-15T08:00:00Z') },
  { serial: Buffer.of(0x0a, 2), reason: 6, at: new Date('2026-01-16T08:00:00Z') },
];
const contents = { thisUpdate: hours(-1), nextUpdate: hours(24), number: 41, entries };
const times = { number: 41, thisUpdate: contents.thisUpdate.toISOString(), nextUpdate: contents.nextUpdate.toISOString() };

let store: string;
beforeEach(() => {
  store = newFolder();
});

async function crl(args: readonly string[], input = ''): Promise<{ code: number; out: string; err: string }> {
  const child = spawn(process.execPath, [commandEntry(), 'trust', 'crl', ...args]);
  let out = '';
  let err = '';
  child.stdout.on('data', (piece) => (out += String(piece)));
  child.stderr.on('data', (piece) => (err += String(piece)));
  child.stdin.on('error', () => undefined).end(input);
  const [code] = (await once(child, 'close')) as [number];
  return { code, out, err };
}

const importing = (...more: readonly string[]) => crl(['import', '--store', store, ...more]);
const looking = (serials: readonly string[], input?: string) => crl(['lookup', '--store', store, '--issuer', caFile, ...serials], input);

it('import and lookup answer as promised', async () => {
  const bytes = makeCrl(ca, contents);
  const imported = await importing('--issuer', caFile, fileOf(bytes));
  expect(imported).toMatchObject({ code: 0, err: '' });
  expect(JSON.parse(imported.out)).toEqual([
    { issuer: 'CN=Specimen - CA Cittadini, C=IT', ...times, entries: 2, bytes: bytes.length, ms: expect.any(Number) },
  ]);
  const answers = await looking(['0A01', '0a02', '0a03']);
  expect(answers).toMatchObject({ code: 0, err: '' });
  const on = { ...times, stale: false };
  expect(JSON.parse(answers.out)).toEqual([
    { serial: '0A01', status: 'revoked', reason: 'keyCompromise', since: '2026-01-15T08:00:00.000Z', crl: on },
    { serial: '0a02', status: 'suspended', reason: 'certificateHold', since: '2026-01-16T08:00:00.000Z', crl: on },
    { serial: '0a03', status: 'good', crl: on },
  ]);
  const read = await looking(['--serials', '-'], '0a01\r\n\n0a03\n');
  expect(JSON.parse(read.out)).toMatchObject([{ status: 'revoked' }, { status: 'good' }]);
});

it('what is refused leaves the store as it was, with one line and no trace', async () => {
  await importing('--issuer', caFile, fileOf(makeCrl(ca, contents)));
  const older = await importing(fileOf(makeCrl(ca, { ...contents, thisUpdate: hours(-5), number: 42, entries: [] })));
  expect(older).toMatchObject({ code: 1, out: '' });
  expect(older.err).toMatch(/^sportello: .*older than the one that is held\n$/);
  expect((await importing(fileOf('<html></html>'))).code).toBe(1);
  expect(JSON.parse((await looking(['0a01'])).out)).toMatchObject([{ status: 'revoked' }]);
});

it('before any import all is unknown', async () => {
  expect(JSON.parse((await looking(['0a01'])).out)).toEqual([{ serial: '0a01', status: 'unknown', crl: null }]);
});

it.each([
  ['no serial number', () => looking([])],
  ['what is no serial number', () => looking(['xyz'])],
  ['a store that is not there', () => crl(['lookup', '--store', join(store, 'nowhere'), '--issuer', caFile, '01'])],
  ['an issuer that is not there', () => crl(['lookup', '--store', store, '--issuer', join(store, 'nobody.pem'), '01'])],
  ['a CRL that is not there', () => importing('--issuer', caFile, join(store, 'nothing.crl'))],
  ['an odd time', () => looking(['01', '--at', 'yesterday'])],
])('%s cannot be used', async (_, call) => {
  const answer = await call();
  expect(answer).toMatchObject({ code: 2, out: '' });
  expect(answer.err).toMatch(/^sportello: [^\n]+\n$/);
});

it('refresh fetches from the points of the configuration', async () => {
  const bytes = makeCrl(ca, contents);
  const server = createServer((_, response) => response.end(bytes)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/LatestCRL.crl`;
  const config = join(store, 'config.json');
  const unread = 'unread.pem';
  writeFileSync(
    config,
    JSON.stringify({
      site: { id: 'specimen', name: 'Sportello', desk: 'pharmacy', profile: 'emilia-romagna' },
      cms: { url: 'https://127.0.0.1:1', ca: unread, clientCertificate: unread, clientKey: unread, signingKey: unread },
      trust: { anchors: [caFile], points: [{ issuer: caFile, urls: [url] }] },
      printer: { device: 'serial:/dev/null' },
      operators: 'operators.json',
      state: store,
    }),
  );
  const done = await crl(['refresh', '--config', config]);
  expect(done).toMatchObject({ code: 0, err: '' });
  expect(JSON.parse(done.out)).toEqual([{ urls: [url], result: 'imported', problems: [] }]);
  const again = await crl(['refresh', '--config', config]);
  expect(JSON.parse(again.out)).toMatchObject([{ result: 'not-due' }]);
  store = join(store, 'crl');
  expect(JSON.parse((await looking(['0a02'])).out)).toMatchObject([{ status: 'suspended' }]);
  server.close();
});
