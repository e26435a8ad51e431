import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type DistributionPoint, startDistributionPoint } from '../../../kiosk/reference-cms/distribution-point.ts';

const folder = mkdtempSync(join(tmpdir(), 'point-'));
const file = join(folder, 'ca.crl');
let point: DistributionPoint;

beforeAll(async () => {
  writeFileSync(file, 'first');
  point = await startDistributionPoint({ file, port: 0 });
});
afterAll(async () => {
  await point.close();
  rmSync(folder, { recursive: true });
});

it('answers with the CRL, and with 304 to who has it, until it is replaced', async () => {
  const first = await fetch(point.url);
  expect([first.status, first.headers.get('content-type'), await first.text()]).toEqual([200, 'application/pkix-crl', 'first']);
  const headers = { 'if-none-match': first.headers.get('etag') ?? '' };
  expect((await fetch(point.url, { headers })).status).toBe(304);
  writeFileSync(file, 'second');
  const second = await fetch(point.url, { headers });
  expect([second.status, await second.text()]).toEqual([200, 'second']);
});

it('has nothing else, takes nothing, and says so while the CRL is not there', async () => {
  expect((await fetch(new URL('/', point.url))).status).toBe(404);
  expect((await fetch(point.url, { method: 'PUT', body: 'x' })).status).toBe(405);
  rmSync(file);
  expect((await fetch(point.url)).status).toBe(503);
});
