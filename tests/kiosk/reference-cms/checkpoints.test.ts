import { type KeyObject, generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { publicJwk, publicJwkOf, publicKeyOf } from '../../../kiosk/jws.ts';
import { digestOf, signCheckpoint, verifyCountersignature } from '../../../kiosk/records/checkpoint.ts';
import type { UncountersignedCheckpoint } from '../../../kiosk/records/checkpoints.ts';
import { type CmsSurroundings, type TestCms, cmsSurroundings, newOperationId, signal, startCms } from '../../harness/cms.ts';

let surroundings: CmsSurroundings;
let cms: TestCms;
let device: KeyObject;
beforeAll(async () => {
  surroundings = await cmsSurroundings();
  cms = await startCms(surroundings);
  device = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
});
afterAll(async () => {
  await cms.close();
  await surroundings.close();
});

function checkpoint(
  sequence: number,
  before: UncountersignedCheckpoint | null,
  { hash = 'a', key = device }: { hash?: string; key?: KeyObject } = {},
): UncountersignedCheckpoint {
  const operationId = newOperationId();
  const previous = before === null ? null : digestOf(before.jws);
  const claims = { sequence, hash: hash.repeat(64), operationId, previous, at: '2026-11-22T19:00:00.000Z' };
  return { sequence, operationId, jws: signCheckpoint(key, claims), key: publicJwkOf(key) };
}

const alarms = (): unknown[] =>
  cms.lines.map((line) => JSON.parse(line) as Record<string, unknown>).filter(({ event }) => event === 'cms-checkpoint-alarm');

test('a journal that only grows is countersigned; one that was put back, or went another way, is refused and an alarm', async () => {
  const { client } = cms;
  const first = checkpoint(9, null);
  const second = checkpoint(18, first);
  const signed = await client.countersign(first, signal);
  if (!signed.ok) throw new Error(JSON.stringify(signed.error));
  const cmsKey = publicKeyOf(publicJwk.parse(JSON.parse(readFileSync(surroundings.pki.files.cmsSigningPublicKey, 'utf8'))));
  expect(verifyCountersignature(signed.value, cmsKey)).toMatchObject({
    sequence: 9,
    hash: 'a'.repeat(64),
    checkpoint: digestOf(first.jws),
  });
  expect(await client.countersign(second, signal)).toMatchObject({ ok: true });
  // What was said before has its answer, also where it is no longer the last.
  expect(await client.countersign(first, signal)).toEqual(signed);
  expect(alarms()).toEqual([]);

  const refused = async (brought: UncountersignedCheckpoint): Promise<string> => {
    const answer = await client.countersign(brought, signal);
    return answer.ok ? 'countersigned' : answer.error.kind === 'refused' ? answer.error.type : answer.error.kind;
  };
  expect(await refused(checkpoint(18, first, { hash: 'b' }))).toBe('checkpoint-forked');
  expect(await refused(checkpoint(12, first))).toBe('checkpoint-rolled-back');
  expect(await refused(checkpoint(27, first))).toBe('checkpoint-forked');
  expect(await refused(checkpoint(27, null))).toBe('checkpoint-forked');
  expect(alarms()).toMatchObject([
    { sequence: 18, problem: 'checkpoint-forked' },
    { sequence: 12, problem: 'checkpoint-rolled-back' },
    { sequence: 27, problem: 'checkpoint-forked' },
    { sequence: 27, problem: 'checkpoint-forked' },
  ]);

  const stranger = generateKeyPairSync('ed25519').privateKey;
  expect(await refused(checkpoint(27, second, { key: stranger }))).toBe('checkpoint-refused');
  expect(await refused({ ...checkpoint(27, second), operationId: newOperationId() })).toBe('checkpoint-refused');
  expect(await client.countersign(checkpoint(27, second), signal)).toMatchObject({ ok: true });
});

test('the answer that was lost comes again, and a key that is none is refused', async () => {
  const other = await startCms(surroundings);
  try {
    const brought = checkpoint(3, null);
    other.cms.faults.set({ mode: 'lose-answer', times: 1 });
    expect(await other.client.countersign(brought, signal)).toMatchObject({ ok: false, error: { kind: 'unreachable' } });
    expect(await other.client.countersign(brought, signal)).toMatchObject({ ok: true });
    const nowhere = { ...checkpoint(4, brought), key: { kty: 'EC' as const, crv: 'P-256' as const, x: 'AA', y: 'AA' } };
    const fresh = await startCms(surroundings);
    expect(await fresh.client.countersign(nowhere, signal)).toMatchObject({ error: { type: 'checkpoint-refused' } });
    await fresh.close();
  } finally {
    await other.close();
  }
});
