import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { processEntry } from '../../../kiosk/project.ts';
import { openChromium } from '../../harness/browser.ts';
import { processes } from '../../harness/processes.ts';
import { Sportello } from '../../harness/sportello.ts';
import { copyMemory, dump, dumpAtEnd } from './dumps.ts';
import { type Hit, scanFiles } from './writings.ts';

/** The canaries: as good as all of the PIN goes on paper, as good as all of the PUK by mail, each longer than what chance could write. */
const codes = [
  { label: 'PIN', length: 16, paperCharacters: 15 },
  { label: 'PUK', length: 16, paperCharacters: 1 },
];

/**
 * Where the codes may be, and so is not searched: the CMS that makes them (its process, its database), the paper (the virtual printer, which lives in
 * this process, and its slips), the mail (the mail server, in this process too). The virtual card and pcscd never come near these codes.
 */
const mayHold = ['cms.db', 'cms.db-wal', 'cms.db-shm', 'slips', 'dumps'];

let world: Sportello;
const { TMPDIR } = process.env;
beforeEach(() => {
  process.env['TMPDIR'] = mkdtempSync(join(tmpdir(), 'secrets-'));
});
afterEach(async () => {
  await world.close();
  rmSync(tmpdir(), { recursive: true });
  if (TMPDIR === undefined) delete process.env['TMPDIR'];
  else process.env['TMPDIR'] = TMPDIR;
});

async function start(options: { readonly msPerLine?: number } = {}): Promise<string> {
  world = await Sportello.start({ product: true, codes, ...options });
  const folder = join(world.folder, 'dumps');
  mkdirSync(folder);
  return folder;
}

function secrets(): Record<string, string> {
  const [pin, puk] = ['PIN', 'PUK'].map((label) => world.ledger.codes(world.operationId).find((code) => code.label === label)!.value);
  return { 'paper part of the PIN': pin!.slice(0, 15), 'second part of the PUK': puk!.slice(1) };
}

/** Every file in the folder for temporary files that all processes of this test were given, the browser's profile among them, and in shared memory. */
function filesWritten(): string[] {
  const excluded = mayHold.map((name) => join(world.folder, name));
  return [tmpdir(), '/dev/shm']
    .flatMap((folder) => readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name)))
    .filter((file) => !excluded.some((place) => file.startsWith(place)))
    .filter((file) => statSync(file, { throwIfNoEntry: false })?.isFile() === true);
}

/** A process and all that it started, and these. */
function familyOf(pid: number): number[] {
  const all = processes();
  const children = (of: number): number[] =>
    all.filter(({ parent }) => parent === of).flatMap((child) => [child.pid, ...children(child.pid)]);
  return [pid, ...children(pid)];
}

async function dumps(pids: readonly number[], folder: string): Promise<string[]> {
  const files: string[] = [];
  for (const pid of pids) files.push(await dump(pid, join(folder, `${pid}`)));
  return files;
}

/** Looks through core dumps, logs and all files; the dumps are gone after it. */
async function hitsIn(dumped: readonly string[], folder: string): Promise<readonly Hit[]> {
  const hits = await scanFiles([...dumped, ...filesWritten()], secrets(), folder);
  const logs = world.logs.filter((line) => Object.values(secrets()).some((digits) => line.includes(digits)));
  for (const file of dumped) rmSync(file);
  return [...hits, ...logs.map(() => ({ file: 'log', secret: 'a code', writing: 'plain' }))];
}

/** The print worker, before it has the paper part, held at its end until it is dumped. */
async function untilPrinting(folder: string): Promise<{ readonly pid: number; readonly atEnd: Promise<string> }> {
  const code = await world.toContactCode();
  await world.cms('slow ms=5000 call=paper-part times=1');
  await world.client.citizenDoes({ type: 'contact-code', code });
  await vi.waitUntil(() => world.printWorkers().length > 0, { timeout: 15_000, interval: 2 });
  const [pid] = world.printWorkers();
  const { written } = await dumpAtEnd(pid!, join(folder, 'worker-at-its-end'));
  return { pid: pid!, atEnd: written };
}

test('after a good session: no process of the kiosk, no browser, no file holds a part of a code; the search finds them where they are', async () => {
  const folder = await start({ msPerLine: 40 });
  const chromium = await openChromium();
  try {
    for (const path of ['/', '/operator']) {
      const { page } = await chromium.visit();
      await page.goto(`http://127.0.0.1:${world.client.port}${path}`);
    }
    const worker = await untilPrinting(folder);
    const atEnd = await worker.atEnd;
    await world.client.on('collect', 30_000);
    world.operationId = world.client.citizen().sessionId!;
    await world.client.operatorDoes({ type: 'hand-over', handedOver: true });
    await world.client.on('done');
    await world.closed('CONFIRMED');
    await world.secondPart();

    const own = new Set(familyOf(process.pid));
    const browsers = processes().filter(({ pid, words }) => own.has(pid) && words[0]?.includes('chromium') === true);
    expect(browsers.length).toBeGreaterThan(3);
    const kiosk = familyOf(world.kioskPid);
    expect(kiosk.length).toBeGreaterThan(1);
    const dumped = [...(await dumps(kiosk, folder)), ...browsers.map(({ pid }) => copyMemory(pid, join(folder, `${pid}`)))];
    expect(await hitsIn([atEnd, ...dumped], folder)).toEqual([]);

    // The same search finds both in the process that may know both.
    const cms = processes().find(({ pid, words }) => own.has(pid) && words.includes(processEntry('kiosk/reference-cms/main.ts')))!;
    const found = await scanFiles([await dump(cms.pid, join(folder, 'cms')), join(world.folder, 'cms.db-wal')], secrets(), folder);
    expect(new Set(found.map(({ secret }) => secret))).toEqual(new Set(Object.keys(secrets())));
  } finally {
    await chromium.close();
  }
}, 180_000);

test('the core is killed while the slip prints: the worker’s memory holds the paper part then, and nothing does after its end', async () => {
  const folder = await start({ msPerLine: 150 });
  const { pid, atEnd } = await untilPrinting(folder);
  await vi.waitUntil(() => world.printer.hanging().includes('PIN'), { timeout: 30_000, interval: 5 });
  await world.killKiosk();
  const file = await atEnd;
  await vi.waitUntil(() => !world.printWorkers().includes(pid), { timeout: 15_000, interval: 10 });
  await world.startKiosk();
  const [operation] = world.operations();
  world.operationId = operation!;
  await world.closed('HELD');
  expect(await hitsIn([file, ...(await dumps(familyOf(world.kioskPid), folder))], folder)).toEqual([]);
}, 180_000);

test('a worker that is dumped while it prints gives the paper part away: the search sees what there is to see', async () => {
  const folder = await start({ msPerLine: 150 });
  await world.issue();
  await vi.waitUntil(() => world.printer.hanging().includes('PIN'), { timeout: 30_000, interval: 5 });
  const [pid] = world.printWorkers();
  const file = await dump(pid!, join(folder, 'worker-while-printing'));
  world.operationId = world.client.citizen().sessionId!;
  const found = await scanFiles([file], secrets(), folder);
  expect(found.map(({ secret }) => secret)).toContain('paper part of the PIN');
  expect(found.map(({ secret }) => secret)).not.toContain('second part of the PUK');
  rmSync(file);
}, 120_000);
