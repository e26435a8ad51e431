import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { checkIds } from '../../../../kiosk/cms/check/check.ts';
import { commandEntry } from '../../../../kiosk/project.ts';
import { specimens } from '../../../../devices/card/virtual/specimen.ts';
import { startCmsBench } from '../../../harness/cms-bench.ts';
import { type TextGateway, startTextGateway } from '../../../../kiosk/reference-cms/text-gateway.ts';
import { mario, specimensFile as registerFile } from '../../../harness/services.ts';
import { benchCard, specimensFile } from '../../../harness/relay-bench.ts';
import { type CmsSurroundings, type TestCms, cmsSurroundings, startCms } from '../../../harness/cms.ts';

let surroundings: CmsSurroundings;
let cms: TestCms;
let gateway: TextGateway;
const token = 'gettone-di-prova';
let bench: Awaited<ReturnType<typeof startCmsBench>>;
let files: string[];
beforeAll(async () => {
  surroundings = await cmsSurroundings();
  const card = await benchCard('cns', specimens.adult);
  const envelopes = { specimens: specimensFile(surroundings.folder, [card]), profiles: ['sardegna'] };
  gateway = await startTextGateway(surroundings.mailbox, token);
  const sms = { url: gateway.url, token };
  const { cardId, certificateDigest } = card;
  // Beside the card that services are asked of, and before it in time.
  const services = { specimens: registerFile(surroundings.folder, [{ cardId, certificateDigest, ...mario, expiresOn: '2039-01-01' }]) };
  const { cnsCa: certificate, cnsCaKey: key } = surroundings.pki.files;
  cms = await startCms(surroundings, { envelopes, sms, services, signatures: { certificate, key } });
  bench = await startCmsBench(surroundings, card, { remote: true, signature: true });
  const { kioskClient, kioskClientKey, cmsCa } = surroundings.pki.files;
  files = ['--client-cert', kioskClient, '--client-key', kioskClientKey, '--ca', cmsCa];
  writeFileSync(benchFile(), JSON.stringify(bench.bench));
});
afterAll(async () => {
  bench.close();
  await cms.close();
  await gateway.close();
  await surroundings.close();
});

const benchFile = (): string => join(surroundings.folder, 'bench.json');

async function check(...args: readonly string[]): Promise<{ code: number; out: string; err: string }> {
  const child = spawn(process.execPath, [commandEntry(), 'cms', 'check', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close') as Promise<[number]>]);
  return { code, out, err };
}

test('the reference CMS keeps the contract, every check of it', async () => {
  const signingKey = surroundings.pki.files.cmsSigningPublicKey;
  const { code, out } = await check(cms.cms.url, ...files, '--signing-key', signingKey, '--bench', benchFile(), '--json');
  const report = JSON.parse(out) as { ok: boolean; checks: { id: string; title: string; ok: boolean; detail: string }[]; left: string[] };
  expect(report.checks.filter(({ ok }) => !ok)).toEqual([]);
  expect({ code, ok: report.ok, left: report.left }).toEqual({ code: 0, ok: true, left: [] });
  expect(report.checks.map(({ id }) => id).toSorted()).toEqual(checkIds.toSorted());
  for (const { title, detail } of report.checks) expect([title, detail].every((words) => words.length > 2)).toBe(true);
});

test('without a bench it runs what needs none, and names the rest', async () => {
  const { code, out } = await check(cms.cms.url, ...files);
  expect(code).toBe(0);
  expect(out).toMatch(/^ok {4}tls-1\.3 +TLS 1\.3 and nothing older\n {30}TLS 1\.2 is refused$/m);
  expect(out).toMatch(/(\d+) of \1 hold; \d+ more need --bench: .*confirmed-is-final/);
});

test('silence that is short enough to wait for is waited for', async () => {
  const short = await startCms(surroundings, { ttl: { reservedMs: 1_000 } });
  const { code, out } = await check(short.cms.url, ...files, '--bench', benchFile(), '--only', 'reserve', '--json');
  expect({ code, out }).toMatchObject({ code: 0, out: expect.stringContaining('then silence voids it') as string });
  await short.close();
});

test('what cannot be used is exit code 2 and one line, what cannot be reached 3', async () => {
  const { cmsSigningPublicKey, kioskClient, kioskCa } = surroundings.pki.files;
  const notABench = join(surroundings.folder, 'not-a-bench.json');
  writeFileSync(notABench, '{"operator": {"id": "x"}}');
  const cases: readonly [number, readonly string[]][] = [
    [2, ['http://localhost:1']],
    [2, ['nonsense']],
    [2, []],
    [2, [cms.cms.url, '--client-cert', kioskClient]],
    [2, [cms.cms.url, '--client-cert', kioskClient, '--client-key', cmsSigningPublicKey]],
    [2, [cms.cms.url, '--ca', '/nonexistent.pem']],
    [2, [cms.cms.url, ...files, '--bench', notABench]],
    [2, [cms.cms.url, ...files, '--signing-key', kioskClient]],
    [2, [cms.cms.url, ...files, '--only', 'nothing']],
    [3, ['https://127.0.0.1:1']],
    [3, [cms.cms.url, ...files, '--ca', kioskCa]],
  ];
  for (const [code, args] of cases) {
    const said = await check(...args, '--json');
    expect({ args, code: said.code, out: said.out }).toEqual({ args, code, out: '' });
    expect(said.err.trimEnd().split('\n')).toHaveLength(1);
    expect(said.err).not.toContain('    at ');
  }
  expect(readFileSync(notABench, 'utf8')).toContain('operator');
});
