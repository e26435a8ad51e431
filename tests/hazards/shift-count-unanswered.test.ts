/**
 * Hazard: the CMS cannot be reached when a shift is counted, and the kiosk is started anew before it can.
 * Promise: the CMS gets the count and the seed by itself, as they were at the count; the next shift waits for nothing of it.
 */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { specimens } from '../../devices/card/virtual/specimen.ts';
import { countShift, receiveEnvelopes } from '../../flows/operations/shift.ts';
import type { EnvelopeCms } from '../../flows/ports/envelopes.ts';
import { startReconciliation } from '../../kiosk/cms/reconciliation.ts';
import { type Records, openRecords } from '../../kiosk/records/records.ts';
import { type CmsSurroundings, type TestCms, clientAt, cmsSurroundings, signal, startCms } from '../harness/cms.ts';
import { batch, benchCard, desk, envelopes, specimensFile } from '../harness/relay-bench.ts';
import { SimulatedClock } from '../harness/simulated-clock.ts';

let surroundings: CmsSurroundings;
let cms: TestCms;
beforeAll(async () => {
  surroundings = await cmsSurroundings();
  const file = specimensFile(surroundings.folder, [await benchCard('cns', specimens.adult)]);
  cms = await startCms(surroundings, { envelopes: { specimens: file, profiles: ['sardegna'] } });
});
afterAll(async () => {
  await cms.close();
  await surroundings.close();
});

function recordsIn(folder: string): Records {
  const opened = openRecords({ folder });
  if (!opened.ok) throw new Error(JSON.stringify(opened.error));
  return opened.value;
}

const portsOf = (records: Records, client: EnvelopeCms) => ({
  envelopes: records.envelopes,
  cms: client,
  digest: (jws: string) => createHash('sha256').update(jws).digest('hex'),
});

/** One round; what it logged of counts. */
async function reconcile(records: Records): Promise<string[]> {
  const told: string[] = [];
  const clock = new SimulatedClock();
  let waits = 0;
  clock.mayPass = () => {
    waits += 1;
    return false;
  };
  const log = { event: (name: string, fields: object) => void told.push([name, ...Object.values(fields)].join(' ')) };
  const running = startReconciliation({ cms: cms.client, desk, records, log, clock });
  await vi.waitUntil(() => waits > 0, { timeout: 10_000, interval: 5 });
  await running.close();
  return told.filter((line) => line.startsWith('shift-count'));
}

test('the count is asked again after a restart, as it was, and only until it is answered', async () => {
  const folder = mkdtempSync(join(surroundings.folder, 'records-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  let records = recordsIn(folder);
  expect(await receiveEnvelopes(portsOf(records, cms.client), 'operator-1', desk, signal)).toEqual({ ok: true, value: 3 });

  cms.cms.faults.set({ mode: 'unreachable' });
  const cutOff = clientAt(cms.cms.url, surroundings, { clock: new SimulatedClock() });
  const ended = await countShift(portsOf(records, cutOff), 'operator-1', 3, desk, signal);
  await cutOff.close();
  if (!ended.ok) throw new Error(ended.error.kind);
  const { shift, seed } = ended.value.count;
  expect(ended.value.differences).toBeNull();
  expect(cms.cms.store.envelopes.seedOf(shift)).toBeNull();
  records.close();

  cms.cms.faults.set({ mode: 'normal' });
  records = recordsIn(folder);
  onTestFinished(() => records.close());
  // The next shift has its lists, and goes on: what is counted must not move with it.
  expect(await receiveEnvelopes(portsOf(records, cms.client), 'operator-1', desk, signal)).toEqual({ ok: true, value: 0 });
  expect(records.envelopes.put(envelopes.second.number, 'spoiled', 'torn').ok).toBe(true);
  const atTheCount = records.owedCounts();
  expect(atTheCount).toMatchObject([{ shift, batch, seed }]);
  expect(atTheCount[0]?.envelopes.map(({ state }) => state)).toEqual(['assigned', 'assigned', 'assigned']);

  expect(await reconcile(records)).toEqual([`shift-count-answered ${shift} ${batch} 0`]);
  expect(cms.cms.store.envelopes.seedOf(shift)).toBe(seed);
  expect(records.owedCounts()).toEqual([]);
  expect(await reconcile(records)).toEqual([]);

  // One that was answered at the screen is the same question, and brings the same answer.
  const next = await countShift(portsOf(records, cms.client), 'operator-1', 2, desk, signal);
  if (!next.ok) throw new Error(next.error.kind);
  expect(next.value.differences).toEqual([]);
  expect(await reconcile(records)).toEqual([`shift-count-answered ${next.value.count.shift} ${batch} 0`]);
});

test('an answer with differences is an incident of the shift, once, whoever asked', async () => {
  const folder = mkdtempSync(join(surroundings.folder, 'records-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const records = recordsIn(folder);
  onTestFinished(() => records.close());
  expect((await receiveEnvelopes(portsOf(records, cms.client), 'operator-1', desk, signal)).ok).toBe(true);
  cms.cms.store.envelopes.withdraw(envelopes.first.number);
  const ended = await countShift(portsOf(records, cms.client), 'operator-1', 3, desk, signal);
  if (!ended.ok) throw new Error(ended.error.kind);
  const { shift } = ended.value.count;
  expect(ended.value.differences?.map(({ number }) => number)).toContain(envelopes.first.number);
  await reconcile(records);
  await reconcile(records);
  expect(records.incidents()).toMatchObject([{ kind: 'envelopes-differ', operationId: shift }]);
});
