import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { openRecords } from '../../../kiosk/records/records.ts';
import { startOutbox } from '../../../kiosk/records/outbox.ts';
import type { OutcomeReport } from '../../../flows/ports/cms.ts';
import {
  type CmsSurroundings,
  type TestCms,
  clientAt,
  cmsSurroundings,
  handedOver,
  keptLog,
  newOperationId,
  released,
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
afterAll(async () => {
  await cms.close();
  await surroundings.close();
});

const notHandedOver = (operationId: string): OutcomeReport => ({
  operationId,
  attempt: 1,
  outcome: 'not-handed-over',
  evidence: { class: 'E0', raw: '' },
  exposed: false,
  reason: 'cancelled',
});

test('many outcomes at once are each answered as alone, again and again, and one that is refused spoils no other', async () => {
  const [first, second] = [await released(cms), await released(cms)];
  const good = await handedOver(cms, first.operationId);
  const alone = await cms.client.reportOutcome(good, signal);
  const unproved = { ...(await handedOver(cms, second.operationId)), evidence: { class: 'E1' as const, raw: '' } };
  const together = [good, unproved, notHandedOver(newOperationId()), { ...good, reason: 'another' }];
  const answers = await cms.client.reportOutcomes(together, signal);
  expect(answers).toMatchObject({
    ok: true,
    value: [
      alone,
      { ok: false, error: { kind: 'refused', type: 'evidence-insufficient' } },
      { ok: true, value: { state: 'VOIDED' } },
      { ok: false, error: { kind: 'refused', type: 'idempotency-mismatch' } },
    ],
  });
  expect(await cms.client.reportOutcomes(together, signal)).toEqual(answers);
  expect(await cms.client.reportOutcome(unproved, signal)).toMatchObject({ error: { type: 'evidence-insufficient' } });
  expect(await cms.client.reportOutcomes([], signal)).toEqual({ ok: true, value: [] });
});

test('a confirm that comes too late among many brings the receipt of what stands', async () => {
  const { operationId } = await released(cms);
  expect(await cms.client.reportOutcome(notHandedOver(operationId), signal)).toMatchObject({ value: { state: 'VOIDED' } });
  const answers = await cms.client.reportOutcomes([await handedOver(cms, operationId), notHandedOver(newOperationId())], signal);
  expect(answers).toMatchObject({ ok: true, value: [{ ok: true, value: { operationId, state: 'VOIDED' } }, { ok: true }] });
});

test('a failure before the commit leaves none of many done, a lost answer all; the next try is answered', async () => {
  for (const mode of ['fail-before-commit', 'lose-answer'] as const) {
    const reports = Array.from({ length: 3 }, () => notHandedOver(newOperationId()));
    const once = clientAt(cms.cms.url, surroundings, { limits: { tries: 1 } });
    cms.cms.faults.set({ mode, call: 'outcomes', times: 1 });
    expect(await once.reportOutcomes(reports, signal)).toMatchObject({ error: { kind: 'unreachable' } });
    const states = reports.map(({ operationId }) => cms.cms.store.operation(operationId)?.state ?? 'NONE');
    expect(states).toEqual(mode === 'lose-answer' ? ['VOIDED', 'VOIDED', 'VOIDED'] : ['NONE', 'NONE', 'NONE']);
    expect(await once.reportOutcomes(reports, signal)).toMatchObject({ ok: true, value: [{ ok: true }, { ok: true }, { ok: true }] });
    await once.close();
  }
});

test('an outage: all calls of the kiosk together ask at most once a second; when it ends, the backlog drains at once', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sportello-outage-'));
  const opened = openRecords({ folder });
  if (!opened.ok) throw new Error(JSON.stringify(opened.error));
  const records = opened.value;
  const backlog = Array.from({ length: 500 }, () => newOperationId());
  for (const operationId of backlog) {
    const digest = records.digest('holder', operationId);
    records.append(operationId, {
      kind: 'OP_OPEN',
      operation: 'activation',
      case: 'adult',
      profile: 'p',
      profileVersion: '1',
      operator: 'op-1',
      holder: digest,
      card: digest,
    });
    records.append(operationId, { kind: 'RESERVE_INTENT' });
    records.appendOutcome(notHandedOver(operationId));
  }

  // Every connection is refused; simulated time passes only while nothing else is under way.
  const connections: number[] = [];
  const clock = new SimulatedClock();
  const { log } = keptLog();
  const client = clientAt(cms.cms.url, surroundings, { clock, log: { event: (name, fields) => log.event(name, fields) } });
  cms.cms.faults.set({ mode: 'unreachable' });
  const told = vi.spyOn(cms.cms.faults, 'deaf').mockImplementation(() => {
    connections.push(clock.now());
    return true;
  });
  clock.mayPass = () => clock.now() < 60_000;
  const outbox = startOutbox({ cms: client, records, log, clock });
  const stop = client.onReconnected(() => outbox.reconnected());
  const citizens = Array.from({ length: 5 }, () => client.operations([newOperationId()], signal));
  expect((await Promise.all(citizens)).every((answer) => !answer.ok)).toBe(true);
  await vi.waitUntil(() => clock.now() >= 60_000, { timeout: 20_000 });
  // What was already on its way when the first failure was heard was no retry.
  const retries = connections.filter((at) => at > 0);
  expect(retries.length).toBeGreaterThan(10);
  expect(retries.length).toBeLessThanOrEqual(60);

  told.mockRestore();
  cms.cms.faults.set({ mode: 'normal' });
  clock.mayPass = () => true;
  const begun = performance.now();
  expect(await client.health(signal)).toMatchObject({ ok: true });
  await vi.waitUntil(() => records.outbox().length === 0, { timeout: 20_000, interval: 5 });
  const seconds = (performance.now() - begun) / 1_000;
  process.stderr.write(`a backlog of ${backlog.length} drains at ${Math.round(backlog.length / seconds)} operations a second\n`);
  expect(backlog.length / seconds).toBeGreaterThan(50);
  expect(records.open()).toEqual([]);
  stop();
  await outbox.close();
  await client.close();
  records.close();
  rmSync(folder, { recursive: true });
});

test('the clocks are compared at each read; more than a second apart is told, and told again once it is over', async () => {
  const kept = keptLog();
  const client = clientAt(cms.cms.url, surroundings, { log: kept.log });
  expect(client.clockOffset()).toBeNull();
  await client.operations([newOperationId()], signal);
  expect(client.clockOffset()).toMatchObject({ apart: false });
  cms.clock.aheadMs += 5_000;
  await client.countDay('2026-11-26', signal);
  await client.health(signal);
  const offset = client.clockOffset();
  expect(offset?.apart).toBe(true);
  expect(Math.abs((offset?.aheadMs ?? 0) - cms.clock.aheadMs)).toBeLessThanOrEqual((offset?.uncertaintyMs ?? 0) + 5);
  // A stored answer has the clock of its first time: it does not count.
  const report = notHandedOver(newOperationId());
  await client.reportOutcome(report, signal);
  cms.clock.aheadMs -= 5_000;
  await client.health(signal);
  await client.reportOutcome(report, signal);
  expect(client.clockOffset()?.apart).toBe(false);
  const told = kept.lines.map((line) => (JSON.parse(line) as { event: string }).event).filter((event) => event.startsWith('cms-clock'));
  expect(told).toEqual(['cms-clock-apart', 'cms-clock-agrees']);
  await client.close();
});

test('the count of a day names each release of that day, and of this kiosk only', async () => {
  const { operationId } = await released(cms);
  const today = new Date(cms.clock.now()).toISOString().slice(0, 10);
  const count = await cms.client.countDay(today, signal);
  if (!count.ok) throw new Error('refused');
  expect(count.value.releases).toContainEqual({ operationId, attempt: 1, at: expect.any(String) as string });
  expect(await cms.client.countDay('2020-02-29', signal)).toEqual({ ok: true, value: { day: '2020-02-29', releases: [] } });
  expect(cms.cms.store.releasesBetween('another', 0, Number.MAX_SAFE_INTEGER)).toEqual([]);
});
