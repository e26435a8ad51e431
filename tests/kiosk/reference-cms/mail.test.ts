import { afterAll, beforeAll, expect, test } from 'vitest';
import { startMailbox } from '../../../kiosk/reference-cms/mailbox.ts';
import {
  type CmsSurroundings,
  arrival,
  cmsSurroundings,
  handedOver,
  released,
  signal,
  spawnCms,
  spawnCmsWith,
  clientAt,
  startCms,
} from '../../harness/cms.ts';

let surroundings: CmsSurroundings;
beforeAll(async () => {
  surroundings = await cmsSurroundings();
});
afterAll(async () => {
  await surroundings.close();
});

const secondParts = (box: { messages(): readonly { messageId: string }[] }): string[] =>
  box.messages().flatMap(({ messageId }) => /second-part\.([0-9a-f-]{36})@/.exec(messageId)?.[1] ?? []);

test('mail server down, then up: the second part comes once', async () => {
  const before = await startMailbox();
  const cms = await startCms(surroundings, { smtp: { port: before.port } });
  const { operationId } = await released({ ...cms, mailbox: before });
  await before.close();
  expect(await cms.client.reportOutcome(await handedOver(cms, operationId), signal)).toMatchObject({ ok: true });
  await cms.cms.round();
  expect(cms.cms.store.secondPart(operationId)).toMatchObject({ sentAt: null });

  const after = await startMailbox({ port: before.port });
  while (secondParts(after).length === 0) await arrival(after);
  for (let round = 0; round < 5; round += 1) await cms.cms.round();
  expect(secondParts(after)).toEqual([operationId]);
  expect(after.deliveries()).toBe(1);
  expect(cms.cms.store.secondPart(operationId)?.sentAt).not.toBeNull();
  await cms.close();
  await after.close();
});

test('a mail that cannot be sent is given up after its time, with an alarm', async () => {
  const box = await startMailbox();
  const cms = await startCms(surroundings, { smtp: { port: box.port } });
  const { operationId } = await released({ ...cms, mailbox: box });
  await box.close();
  await cms.client.reportOutcome(await handedOver(cms, operationId), signal);
  await cms.cms.round();
  cms.clock.aheadMs += 73 * 3_600_000;
  await cms.cms.round();
  expect(cms.cms.store.dueSecondPart(cms.clock.now())).toBeNull();
  expect(cms.lines.filter((line) => line.includes('cms-mail-given-up') && line.includes(operationId))).toHaveLength(1);
  await cms.close();
});

test('voided and held operations send nothing', async () => {
  const cms = await startCms(surroundings);
  for (const outcome of ['not-handed-over', 'unknown'] as const) {
    const { operationId } = await released(cms);
    const { operatorAssertion: _left, ...report } = await handedOver(cms, operationId);
    await cms.client.reportOutcome({ ...report, outcome }, signal);
    await cms.cms.round();
    expect(cms.cms.store.secondPart(operationId)).toBeNull();
    expect(secondParts(surroundings.mailbox)).not.toContain(operationId);
  }
  await cms.close();
});

test('kill -9 after the commit, with the mail still to go: after the restart the receipt is the same and the mail comes once', async () => {
  const box = await startMailbox();
  const first = await spawnCms(surroundings, { smtp: { port: box.port } });
  const around = { client: clientAt(first.url, surroundings), mailbox: box, operatorKey: surroundings.operatorKey };
  const { operationId } = await released(around);
  await box.close();
  const report = await handedOver(around, operationId);
  const receipt = await around.client.reportOutcome(report, signal);
  await first.kill();
  await around.client.close();

  const again = await startMailbox({ port: box.port });
  const second = await spawnCmsWith(first.file);
  const client = clientAt(second.url, surroundings);
  expect(await client.reportOutcome(report, signal)).toEqual(receipt);
  expect(await client.operations([operationId], signal)).toEqual({ ok: true, value: [{ operationId, state: 'CONFIRMED', releases: 1 }] });
  while (secondParts(again).length === 0) await arrival(again);
  expect(secondParts(again)).toEqual([operationId]);
  await client.close();
  await second.kill();
  await again.close();
});

test(
  'kill -9 at any time while outcomes come in: each is confirmed or not begun, receipts have no gap, each mail comes',
  { timeout: 60_000 },
  async () => {
    const box = await startMailbox();
    let server = await spawnCms(surroundings, { smtp: { port: box.port } });
    const { file } = server;
    const confirmed: { operationId: string; sequence: number }[] = [];
    for (let round = 0; round < 6; round += 1) {
      const client = clientAt(server.url, surroundings);
      const around = { client, mailbox: box, operatorKey: surroundings.operatorKey };
      const operations = [await released(around), await released(around), await released(around)];
      const reports = await Promise.all(operations.map(({ operationId }) => handedOver(around, operationId)));
      const impatient = clientAt(server.url, surroundings, { limits: { tries: 1 } });
      const said = Promise.all(reports.map((report) => impatient.reportOutcome(report, signal)));
      // Not a wait for anything: each round kills at another moment of the work.
      await new Promise((resolve) => setTimeout(resolve, round * 3));
      await server.kill();
      const before = await said;
      await Promise.all([client.close(), impatient.close()]);

      server = { ...server, ...(await spawnCmsWith(file)) };
      const retrying = clientAt(server.url, surroundings);
      for (const [index, report] of reports.entries()) {
        const receipt = await retrying.reportOutcome(report, signal);
        if (!receipt.ok) throw new Error(JSON.stringify(receipt.error));
        // Who had the receipt before the kill gets the very same one.
        const had = before[index];
        if (had?.ok === true) expect(receipt).toEqual(had);
        confirmed.push({ operationId: report.operationId, sequence: receipt.value.sequence });
      }
      await retrying.close();
    }
    while (secondParts(box).length < confirmed.length) await arrival(box);
    expect(secondParts(box).sort()).toEqual(confirmed.map(({ operationId }) => operationId).sort());
    expect(confirmed.map(({ sequence }) => sequence).sort((a, b) => a - b)).toEqual(confirmed.map((_, index) => index + 1));
    await server.kill();
    await box.close();
  },
);
