import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { processEntry } from '../../../../kiosk/project.ts';
import { type Refreshing, type RefreshingOptions, startRefreshing } from '../../../../kiosk/trust/crl/refreshing.ts';
import { makeAuthority, makeCrl, manyEntries, pemOf } from '../../../bench/crl-generator.ts';
import { processes } from '../../../harness/processes.ts';
import { ask, newFolder } from './store.ts';

const ca = makeAuthority('Specimen - CA Cittadini');
const hours = (count: number): Date => new Date(Date.now() + count * 3_600_000);
const fresh = { thisUpdate: hours(-1), nextUpdate: hours(24), number: 2, entries: [{ serial: Buffer.of(1), reason: 1 }] };
const patience = { timeout: 20_000, interval: 10 };

let folder: string;
let anchor: string;
let told: string[];
let futures: number[];
let running: Refreshing[];
let closing: (() => void)[];

beforeEach(() => {
  folder = newFolder();
  anchor = join(folder, 'ca.pem');
  writeFileSync(anchor, pemOf('CERTIFICATE', ca.certificate, '\n'));
  [told, futures, running, closing] = [[], [], [], []];
});
afterEach(async () => {
  for (const each of running) await each.close();
  for (const close of closing) close();
});

function start(changes: Partial<RefreshingOptions>): Refreshing {
  const started = startRefreshing({
    folder: join(folder, 'store'),
    files: [],
    anchors: [anchor],
    points: [],
    list: null,
    log: { event: (name, fields) => void told.push([name, ...Object.values(fields)].join(' ')) },
    onFuture: (thisUpdate) => void futures.push(thisUpdate),
    onList: () => undefined,
    ...changes,
  });
  running.push(started);
  return started;
}

const statusOf = (serial: string): string => ask(join(folder, 'store'), ca, serial, {}, new Date()).status;

/** The processes that this one started and that are still there. */
function refreshers(): readonly number[] {
  const entry = processEntry('kiosk/trust/crl/refresh-process.ts');
  return processes().flatMap(({ pid, parent, words }) => (parent === process.pid && words.includes(entry) ? [pid] : []));
}

/** Serves what `crl` answers, and counts how often it was asked. */
async function point(crl: () => Uint8Array): Promise<{ readonly url: string; readonly asked: () => number }> {
  let asked = 0;
  const server = createServer((_, response) => {
    asked += 1;
    response.end(crl());
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/ca.crl`, asked: () => asked };
}

it('imports files and fetches from points at once, in a process of its own, and says so', async () => {
  const file = join(folder, 'ca.crl');
  writeFileSync(file, makeCrl(ca, { ...fresh, thisUpdate: hours(-2), number: 1 }));
  const { url } = await point(() => makeCrl(ca, fresh));
  await start({ files: [file], points: [{ issuer: anchor, urls: [url] }] }).firstRound(20_000);
  expect([statusOf('01'), statusOf('02')]).toEqual(['revoked', 'good']);
  expect(told.filter((line) => line.startsWith('crl-imported'))).toHaveLength(2);
  expect(refreshers()).toHaveLength(1);
});

it('imports a file again when it was changed', async () => {
  const file = join(folder, 'ca.crl');
  writeFileSync(file, makeCrl(ca, fresh));
  await start({ files: [file] }).firstRound(20_000);
  expect(statusOf('02')).toBe('good');
  writeFileSync(
    `${file}.new`,
    makeCrl(ca, { ...fresh, thisUpdate: hours(-0.5), number: 3, entries: [{ serial: Buffer.of(2), reason: 6 }] }),
  );
  renameSync(`${file}.new`, file);
  await vi.waitUntil(() => statusOf('02') === 'suspended', patience);
  expect(statusOf('01')).toBe('good');
});

it('is started again when it dies; the store answers all the while, and the point is not asked again at once', async () => {
  const { url, asked } = await point(() => makeCrl(ca, fresh));
  await start({ points: [{ issuer: anchor, urls: [url] }] }).firstRound(20_000);
  const [first] = refreshers();
  process.kill(first!, 'SIGKILL');
  await vi.waitUntil(() => {
    expect(statusOf('01')).toBe('revoked');
    return refreshers().some((pid) => pid !== first);
  }, patience);
  expect(told).toContain('crl-refresh-restarted SIGKILL');
  expect(asked()).toBe(1);
});

it('killed while it imports, it leaves the store as it was, and the next one imports it', async () => {
  const file = join(folder, 'ca.crl');
  writeFileSync(file, makeCrl(ca, fresh));
  await start({ files: [file] }).firstRound(20_000);
  const large = manyEntries(200_000);
  writeFileSync(`${file}.new`, makeCrl(ca, { ...fresh, thisUpdate: hours(-0.5), number: 3, encoded: large, entries: [] }));
  const [first] = refreshers();
  const read = (): number => Number(/rchar: (\d+)/.exec(readFileSync(`/proc/${first!}/io`, 'utf8'))?.[1] ?? 0);
  const before = read();
  renameSync(`${file}.new`, file);
  await vi.waitUntil(() => read() - before > 1_000_000, { timeout: 20_000, interval: 1 });
  process.kill(first!, 'SIGKILL');
  expect(statusOf('01')).toMatch(/revoked|good/);
  await vi.waitUntil(() => statusOf('01') === 'good', patience);
});

it('what cannot be used is said once, and a CRL of the future is told of', async () => {
  const file = join(folder, 'ca.crl');
  writeFileSync(file, makeCrl(ca, { ...fresh, thisUpdate: hours(2) }));
  await start({ files: [file, join(folder, 'none.crl')] }).firstRound(20_000);
  expect(told.filter((line) => line.includes('none.crl'))).toHaveLength(1);
  expect(told.find((line) => line.includes('ca.crl'))).toMatch(/^crl-unusable .*of the future/);
  expect(Math.abs((futures[0] ?? 0) - hours(2).getTime() / 1000)).toBeLessThan(30);
});

it('keeps nobody waiting for a point that does not answer, and ends at once', async () => {
  const silent = createServer(() => undefined);
  await new Promise<void>((listening) => silent.listen(0, '127.0.0.1', listening));
  closing.push(() => {
    silent.closeAllConnections();
    silent.close();
  });
  const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}/`;
  const started = start({ points: [{ issuer: anchor, urls: [url] }] });
  await started.firstRound(300);
  await started.close();
  expect(refreshers()).toEqual([]);
});

it('a point that does not answer delays no other', async () => {
  const silent = createServer(() => undefined);
  await new Promise<void>((listening) => silent.listen(0, '127.0.0.1', listening));
  closing.push(() => {
    silent.closeAllConnections();
    silent.close();
  });
  const hanging = `http://127.0.0.1:${(silent.address() as AddressInfo).port}/`;
  const { url } = await point(() => makeCrl(ca, fresh));
  const file = join(folder, 'ca.crl');
  start({
    files: [file],
    points: [hanging, `${hanging}2`, url].map((each) => ({ issuer: anchor, urls: [each] })),
  });
  await vi.waitUntil(() => told.some((line) => line.startsWith('crl-imported')), patience);
  expect([statusOf('01'), statusOf('02')]).toEqual(['revoked', 'good']);
  // Nor a file that is put there later.
  writeFileSync(
    `${file}.new`,
    makeCrl(ca, { ...fresh, thisUpdate: hours(-0.5), number: 3, entries: [{ serial: Buffer.of(2), reason: 1 }] }),
  );
  renameSync(`${file}.new`, file);
  await vi.waitUntil(() => statusOf('02') === 'revoked', patience);
});

it('starts no process where there is nothing to import', async () => {
  await start({}).firstRound(20_000);
  expect(refreshers()).toEqual([]);
});
