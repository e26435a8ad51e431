import { readFileSync, writeFileSync } from 'node:fs';
import { type Server, createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { exportJWK, generateKeyPair } from 'jose';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { createCmsClient, usualLimits } from '../../../kiosk/cms/client.ts';
import { makeOneUseKey } from '../../../kiosk/printing/one-use-key.ts';
import {
  type CmsSurroundings,
  type TestCms,
  clientAt,
  cmsSurroundings,
  handedOver,
  keptLog,
  newOperationId,
  released,
  reserveRequest,
  reserved,
  signal,
  startCms,
} from '../../harness/cms.ts';
import { SimulatedClock } from '../../harness/simulated-clock.ts';

let surroundings: CmsSurroundings;
let cms: TestCms;
beforeAll(async () => {
  surroundings = await cmsSurroundings();
  cms = await startCms(surroundings);
});
afterEach(() => cms.cms.faults.set({ mode: 'normal' }));
afterAll(async () => {
  await cms.close();
  await surroundings.close();
});

const unreachable = { ok: false, error: { kind: 'unreachable' } };

test('an answer that was lost is asked for again, and the effect is one', async () => {
  const { operationId } = await released(cms);
  cms.cms.faults.set({ mode: 'lose-answer', call: 'outcome', times: 1 });
  const receipt = await cms.client.reportOutcome(await handedOver(cms, operationId), signal);
  expect(receipt).toMatchObject({ ok: true, value: { state: 'CONFIRMED' } });
  expect(cms.cms.store.receipt(operationId, 'CONFIRMED')?.sequence).toBe(receipt.ok ? receipt.value.sequence : 0);
  expect(cms.lines.some((line) => line.includes('"cms-call"') && line.includes('"outcome"') && line.includes('"tries":2'))).toBe(true);
});

test('a failure before the commit leaves nothing, and is tried again', async () => {
  const request = await reserveRequest(cms);
  cms.cms.faults.set({ mode: 'fail-before-commit', call: 'reserve' });
  expect(await cms.client.reserve(request, signal)).toMatchObject(unreachable);
  expect(cms.cms.store.operation(request.operationId)).toBeNull();
  cms.cms.faults.set({ mode: 'fail-before-commit', call: 'reserve', times: 1 });
  expect(await cms.client.reserve(request, signal)).toMatchObject({ ok: true, value: { state: 'RESERVED' } });
});

test('answers lost each time: the CMS did it, the client does not know', async () => {
  const request = await reserveRequest(cms);
  cms.cms.faults.set({ mode: 'lose-answer', call: 'reserve' });
  expect(await cms.client.reserve(request, signal)).toMatchObject(unreachable);
  expect(cms.cms.store.operation(request.operationId)?.state).toBe('RESERVED');
});

test('a slow CMS is waited for, up to the limit', async () => {
  const hasty = clientAt(cms.cms.url, surroundings, { limits: { tryMs: 300, callMs: 700, pauseMs: 10 }, clock: new SimulatedClock() });
  cms.cms.faults.set({ mode: 'slow', ms: 50 });
  expect(await hasty.operations([newOperationId()], signal)).toMatchObject({ ok: true });
  cms.cms.faults.set({ mode: 'slow', ms: 5_000 });
  const begun = performance.now();
  expect(await hasty.operations([newOperationId()], signal)).toMatchObject(unreachable);
  expect(performance.now() - begun).toBeLessThan(2_000);
  await hasty.close();
});

test('an unreachable CMS, and one that is back', async () => {
  cms.cms.faults.set({ mode: 'unreachable' });
  expect(await cms.client.operations([newOperationId()], signal)).toMatchObject(unreachable);
  expect(await cms.client.health(signal)).toMatchObject(unreachable);
  cms.cms.faults.set({ mode: 'normal' });
  expect(await cms.client.health(signal)).toMatchObject({ ok: true });

  const nobody = clientAt('https://127.0.0.1:1', surroundings, { limits: { pauseMs: 10 }, clock: new SimulatedClock() });
  expect(await nobody.health(signal)).toMatchObject({ error: { kind: 'unreachable', detail: 'ECONNREFUSED' } });
  await nobody.close();
});

test('a call that nobody waits for any more ends at once', async () => {
  cms.cms.faults.set({ mode: 'slow', ms: 10_000, call: 'operations' });
  const leave = new AbortController();
  const call = cms.client.operations([newOperationId()], leave.signal);
  leave.abort();
  expect(await call).toEqual({ ok: false, error: { kind: 'aborted' } });
  expect(await cms.client.operations([newOperationId()], AbortSignal.abort())).toEqual({ ok: false, error: { kind: 'aborted' } });
});

test('many operations are asked for in parts', async () => {
  const known = await reserved(cms);
  const ids = [...Array.from({ length: 230 }, newOperationId), known];
  const views = await cms.client.operations(ids, signal);
  if (!views.ok) throw new Error('refused');
  expect(views.value.map(({ operationId }) => operationId)).toEqual(ids);
  expect(views.value.at(-1)).toEqual({ operationId: known, state: 'RESERVED', releases: 0 });
  expect(await cms.client.operations([], signal)).toEqual({ ok: true, value: [] });
});

test('a receipt or proof by another key is no answer', async () => {
  const other = join(surroundings.folder, 'other.jwk');
  writeFileSync(other, JSON.stringify(await exportJWK((await generateKeyPair('ES256', { extractable: true })).publicKey)));
  const { operationId } = await released(cms);
  const doubting = clientAt(cms.cms.url, surroundings, { signingKey: other, limits: { pauseMs: 10 }, clock: new SimulatedClock() });
  const report = await handedOver(cms, operationId);
  expect(await doubting.reportOutcome(report, signal)).toMatchObject({
    error: { kind: 'unreachable', detail: 'a receipt that does not hold' },
  });
  await doubting.close();
  // The same words in another order, as a journal may give them back.
  const reordered = Object.fromEntries(Object.entries(report).reverse()) as unknown as typeof report;
  expect(await cms.client.reportOutcome(reordered, signal)).toMatchObject({ ok: true });
});

interface Canned {
  readonly status?: number;
  readonly type?: string;
  readonly body: string | Buffer;
  readonly cut?: boolean;
}

/** A server with the CMS's own certificate that says what it likes. */
async function impostor(answer: () => Canned): Promise<{ url: string; server: Server }> {
  const { files } = surroundings.pki;
  const server = createServer({ cert: readFileSync(files.cmsServer), key: readFileSync(files.cmsServerKey) }, (_request, response) => {
    const { status = 200, type = 'application/json', body, cut = false } = answer();
    response.writeHead(status, { 'Content-Type': type, ...(cut ? { 'Content-Length': body.length + 10 } : {}) });
    if (cut) response.write(body, () => response.destroy());
    else response.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `https://localhost:${(server.address() as AddressInfo).port}`, server };
}

test('garbage of every kind counts as no answer', async () => {
  const id = newOperationId();
  const at = new Date().toISOString();
  const { operationId: other } = await released(cms);
  const true_ = await cms.client.reportOutcome(await handedOver(cms, other), signal);
  if (!true_.ok) throw new Error('refused');
  const good = { operationId: id, state: 'CONFIRMED', sequence: 1, at, jws: true_.value.jws };
  const garbage: Canned[] = [
    { body: '' },
    { body: '<html>' },
    { body: 'null' },
    { body: Buffer.from([0xff, 0xfe, 0x00]) },
    { body: JSON.stringify(good).slice(0, -5) },
    { body: JSON.stringify(good), cut: true },
    { body: JSON.stringify(good), type: 'text/html' },
    { body: JSON.stringify(good), status: 202 },
    { body: JSON.stringify({ ...good, state: 'RESERVED' }) },
    { body: JSON.stringify({ ...good, pad: 'x'.repeat(usualLimits.largestAnswer) }) },
    // A true receipt of another operation, as it is and relabelled.
    { body: JSON.stringify(good) },
    { body: JSON.stringify({ ...true_.value, operationId: id }) },
    { body: JSON.stringify(true_.value) },
    { status: 302, body: '' },
    { status: 404, body: 'not found', type: 'text/plain' },
    { status: 409, body: '{"type":"urn:sportello:cms:operation-voided"}', type: 'application/problem+json' },
    { status: 409, body: JSON.stringify({ type: 'about:blank', title: 'x', status: 409, at }), type: 'application/problem+json' },
    {
      status: 409,
      body: JSON.stringify({ type: 'urn:sportello:cms:operation-voided', title: 'x', status: 404, at }),
      type: 'application/problem+json',
    },
    {
      status: 503,
      body: JSON.stringify({ type: 'urn:sportello:cms:internal-error', title: 'x', status: 503, at }),
      type: 'application/problem+json',
    },
  ];
  let next: Canned = { body: '' };
  const { url, server } = await impostor(() => next);
  const client = clientAt(url, surroundings, { limits: { tries: 1 }, clock: new SimulatedClock() });
  const report = await handedOver(cms, id);
  for (const [index, canned] of garbage.entries()) {
    next = canned;
    expect([index, await client.reportOutcome(report, signal)]).toMatchObject([index, unreachable]);
  }
  next = {
    status: 409,
    body: JSON.stringify({ type: 'urn:sportello:cms:operation-voided', title: 'x', status: 409, at, more: 1 }),
    type: 'application/problem+json',
  };
  expect(await client.reportOutcome(report, signal)).toEqual({
    ok: false,
    error: { kind: 'refused', type: 'operation-voided', title: 'x' },
  });

  next = { body: JSON.stringify({ attempt: 2, jwe: 'e30..AAAA.AAAA.AAAA', at }) };
  expect(await client.releasePaperPart({ operationId: id, attempt: 1, key: makeOneUseKey().publicKey }, signal)).toMatchObject(unreachable);
  next = { body: JSON.stringify({ operations: [{ operationId: other, state: 'CONFIRMED', releases: 1 }], at }) };
  expect(await client.operations([id], signal)).toMatchObject(unreachable);
  await client.close();
  server.closeAllConnections();
  server.close();
});

test('files that are none make no client, and say which part is at fault without its content', () => {
  const { files } = surroundings.pki;
  const options = {
    url: cms.cms.url,
    ca: files.cmsCa,
    clientCertificate: files.kioskClient,
    clientKey: files.kioskClientKey,
    signingKey: files.cmsSigningPublicKey,
    log: keptLog().log,
  };
  const broken: Partial<typeof options>[] = [
    { ca: '/nonexistent.pem' },
    { clientKey: files.kioskClient },
    { clientKey: files.cmsServerKey },
    { signingKey: files.cmsCa },
    { url: 'http://localhost:1' },
    { url: 'no url' },
  ];
  for (const change of broken) {
    const made = createCmsClient({ ...options, ...change });
    expect(made).toMatchObject({ ok: false, error: { kind: 'cms-client-unusable' } });
    if (!made.ok) expect(made.error.detail).not.toContain('PRIVATE');
  }
});
