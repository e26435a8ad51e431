import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { processEntry } from '../../../../kiosk/project.ts';
import { type Refreshing, startRefreshing } from '../../../../kiosk/trust/crl/refreshing.ts';
import { type Asked, isListDue } from '../../../../kiosk/trust/trusted-list/keeping.ts';
import { identityServices } from '../../../../kiosk/trust/trusted-list/list.ts';
import { heldVersion, readHeld } from '../../../../kiosk/trust/trusted-list/store.ts';
import { makeAuthority, makeCrl, pemOf } from '../../../bench/crl-generator.ts';
import { processes } from '../../../harness/processes.ts';
import { ask, newFolder } from '../crl/store.ts';
import { signedList } from './making.ts';

/** The list as the refreshing process keeps it: a server gives one after the other, each with the CA that signs the CRL or without. */
const signer = makeAuthority('Specimen - AgID');
const ca = makeAuthority('Specimen - CA Cittadini');
const hours = (count: number): Date => new Date(Date.now() + count * 3_600_000);
const patience = { timeout: 20_000, interval: 10 };
const listOf = (number: number, by = signer): Buffer =>
  signedList(
    { services: [{ authority: ca }], number, issued: hours(-2 + number / 100).toISOString(), next: hours(1000).toISOString() },
    by,
  );

let served: Buffer;
const server = createServer((_, response) => response.end(served));
let folder: string;
let told: string[];
let versions: string[];
let running: Refreshing | undefined;

beforeAll(async () => new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening)));
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  folder = newFolder();
  [told, versions] = [[], []];
});
afterEach(async () => running?.close());

function start(files: readonly string[] = []): Refreshing {
  const signerFile = join(folder, 'signer.pem');
  writeFileSync(signerFile, pemOf('CERTIFICATE', signer.certificate, '\n'));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/list.xml`;
  running = startRefreshing({
    folder: join(folder, 'crl'),
    files: [...files],
    anchors: [],
    points: [],
    list: {
      folder: join(folder, 'list'),
      url,
      signers: [signerFile],
      types: [...identityServices.types],
      statuses: [...identityServices.statuses],
    },
    log: { event: (name, fields) => void told.push([name, ...Object.values(fields)].join(' ')) },
    onFuture: () => undefined,
    onList: (version) => void versions.push(version),
  });
  return running;
}

const number = (): number | undefined => {
  const read = readHeld(join(folder, 'list'));
  return read.ok ? read.value?.list.sequenceNumber : undefined;
};
function killRefresher(): void {
  const entry = processEntry('kiosk/trust/crl/refresh-process.ts');
  const mine = processes().find(({ parent, words }) => parent === process.pid && words.includes(entry));
  process.kill(mine!.pid, 'SIGKILL');
}

it('is fetched at boot, told of, and its authorities may sign CRLs', async () => {
  served = listOf(7);
  const file = join(folder, 'ca.crl');
  writeFileSync(
    file,
    makeCrl(ca, { thisUpdate: hours(-1), nextUpdate: hours(24), number: 1, entries: [{ serial: Buffer.of(1), reason: 1 }] }),
  );
  await start([file]).firstRound(20_000);
  expect(number()).toBe(7);
  expect(versions.at(-1)).toBe(heldVersion(join(folder, 'list')));
  await vi.waitUntil(() => told.some((line) => line.startsWith('crl-imported')), patience);
  expect(ask(join(folder, 'crl'), ca, '01', {}, new Date()).status).toBe('revoked');
});

it('another is told of, whoever put it there', async () => {
  served = listOf(7);
  await start().firstRound(20_000);
  const first = versions.at(-1);
  served = listOf(8);
  killRefresher();
  await vi.waitUntil(() => number() === 8 && versions.at(-1) === heldVersion(join(folder, 'list')), patience);
  expect(versions.at(-1)).not.toBe(first);
});

it.each([
  ['of a stranger', () => listOf(8, ca), /nobody who is pinned/],
  ['that is older', () => listOf(6), /older/],
])('one %s is refused and said once, and the one that is held stays', async (_, next, problem) => {
  served = listOf(7);
  await start().firstRound(20_000);
  served = next();
  killRefresher();
  await vi.waitUntil(() => told.some((line) => line.startsWith('trusted-list-not-refreshed')), patience);
  expect(told.filter((line) => line.startsWith('trusted-list-not-refreshed')).join()).toMatch(problem);
  expect(number()).toBe(7);
});

it('is asked for at once, daily, hourly when its end is near or past, and after failures more and more seldom', () => {
  const HOUR = 3_600_000;
  const today = new Date('2026-06-15T10:00:00Z');
  const due = (asked: Asked | null, after: number, nextUpdate: string | null): boolean => isListDue(asked, after, { nextUpdate }, today);
  const far = '2026-09-01T00:00:00Z';
  expect(due(null, 0, far)).toBe(true);
  const well = { at: 0, failures: 0 };
  expect([due(well, 23 * HOUR, far), due(well, 24 * HOUR, far)]).toEqual([false, true]);
  for (const near of ['2026-06-16T09:00:00Z', '2026-06-01T00:00:00Z'])
    expect([due(well, 0.9 * HOUR, near), due(well, HOUR, near)]).toEqual([false, true]);
  // The last list of a scheme that was closed has no end.
  expect([due(well, 23 * HOUR, null), due(well, 24 * HOUR, null)]).toEqual([false, true]);
  expect([due({ at: 0, failures: 1 }, 59_000, far), due({ at: 0, failures: 1 }, 60_000, far)]).toEqual([false, true]);
  expect([due({ at: 0, failures: 20 }, 0.9 * HOUR, far), due({ at: 0, failures: 20 }, HOUR, far)]).toEqual([false, true]);
});
