import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { checkCms, checkIds } from '../../../../kiosk/cms/check/check.ts';
import { signingKeyOf } from '../../../../kiosk/cms/signed.ts';
import { processEntry } from '../../../../kiosk/project.ts';
import { startCmsBench } from '../../../harness/cms-bench.ts';
import { type CmsSurroundings, clientAt, cmsSurroundings, released, reserveRequest, signal } from '../../../harness/cms.ts';
import { specimensFile } from '../../../harness/services.ts';

let surroundings: CmsSurroundings;
let bench: Awaited<ReturnType<typeof startCmsBench>>;
const children: ChildProcess[] = [];
beforeAll(async () => {
  surroundings = await cmsSurroundings();
  bench = await startCmsBench(surroundings, null);
});
afterAll(async () => {
  bench.close();
  for (const child of children) child.kill('SIGKILL');
  await surroundings.close();
});

async function start(source: string, ...args: readonly string[]): Promise<{ child: ChildProcess; url: string }> {
  const child = spawn(process.execPath, [processEntry(source), ...args], { stdio: ['ignore', 'pipe', 'ignore'] });
  children.push(child);
  const [line] = (await once(createInterface(child.stdout), 'line', { signal: AbortSignal.timeout(15_000) })) as [string];
  return { child, url: (JSON.parse(line) as { url: string }).url };
}

test('a connector in front of a CMS that seals, signs and repeats nothing keeps the contract; nothing of a code stays in it', async () => {
  const legacy = await start('tests/processes/legacy-cms.ts', String(surroundings.mailbox.port));
  const configuration = surroundings.configuration({ services: { specimens: specimensFile(surroundings.folder) } });
  const file = `${configuration.database}.json`;
  writeFileSync(file, JSON.stringify(configuration));
  const connector = await start('tests/processes/connector.ts', file, legacy.url);

  const { files } = surroundings.pki;
  const text = (name: string): string => readFileSync(name, 'utf8');
  const report = await checkCms({
    url: new URL(connector.url),
    identity: { ca: text(files.cmsCa), cert: text(files.kioskClient), key: text(files.kioskClientKey) },
    bench: bench.bench,
    signingKey: signingKeyOf(JSON.parse(text(files.cmsSigningPublicKey))),
  });
  if (!report.ok) throw new Error(report.error);
  expect(report.value.checks.filter(({ ok }) => !ok)).toEqual([]);
  expect([...report.value.checks.map(({ id }) => id), ...report.value.left].toSorted()).toEqual(checkIds.toSorted());
  // It has codes to send, no envelopes and no certificates, and gives nothing at a distance.
  const remote = ['remote-issue-once', 'remote-issue-void', 'remote-issue-needs-operator'];
  const envelopes = ['envelope-lists', 'card-known', 'relay-binds', 'relay-card-says-no', 'envelope-count'];
  expect(report.value.left).toEqual([...envelopes, ...remote, 'signature-not-loaded']);

  // Killed between the legacy CMS's yes and its own, it asks nothing twice.
  const client = clientAt(connector.url, surroundings);
  const around = { client, mailbox: surroundings.mailbox, operatorKey: surroundings.operatorKey };
  const request = await reserveRequest(around);
  await fetch(`${legacy.url}/pratiche/${request.operationId}`, { method: 'POST', body: JSON.stringify({ recapito: 'x@example.it' }) });
  expect(await client.reserve(request, signal)).toMatchObject({ ok: true, value: { state: 'RESERVED' } });

  const { operationId, paper } = await released(around);
  const [, pin = '', puk = ''] = /^PIN (\d{2}) 3\nPUK (\d{4}) 4\n$/.exec(paper) ?? [];
  const first = (await (await fetch(`${legacy.url}/pratiche/${operationId}/prima-parte`)).json()) as { pin: string; puk: string };
  expect({ pin, puk }).toEqual(first);
  await client.close();

  // The legacy CMS gone: not now, and nothing is reserved.
  const late = clientAt(connector.url, surroundings, { limits: { tries: 1 } });
  const next = await reserveRequest({ ...around, client: late });
  legacy.child.kill('SIGKILL');
  await once(legacy.child, 'exit');
  expect(await late.reserve(next, signal)).toMatchObject({ error: { kind: 'unreachable' } });
  expect(await late.operations([next.operationId], signal)).toMatchObject({ value: [{ state: 'NONE' }] });
  await late.close();
});
