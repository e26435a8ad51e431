import { join } from 'node:path';
import { rmSync } from 'node:fs';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { openChromium } from '../../harness/browser.ts';
import { Sportello } from '../../harness/sportello.ts';
import { dump, dumpAtEnd } from './dumps.ts';
import { Search, ownTemporaryFolder } from './search.ts';
import { scanFiles } from './writings.ts';

/** The canaries: as good as all of the PIN goes on paper, as good as all of the PUK by mail, each longer than what chance could write. */
const codes = [
  { label: 'PIN', length: 16, paperCharacters: 15 },
  { label: 'PUK', length: 16, paperCharacters: 1 },
];

/**
 * Where the codes may be, and so is not searched: the CMS that makes them (its process, its database), the paper (the virtual printer, which lives in
 * this process, and its slips), the mail (the mail server, in this process too). The virtual card and pcscd never come near these codes.
 */
const mayHold = ['cms.db', 'cms.db-wal', 'cms.db-shm', 'slips'];

let world: Sportello;
let leaveFolder: () => void;
beforeEach(() => {
  leaveFolder = ownTemporaryFolder();
});
afterEach(async () => {
  await world.close();
  leaveFolder();
});

async function start(options: { readonly msPerLine?: number } = {}): Promise<Search> {
  world = await Sportello.start({ product: true, codes, ...options });
  return new Search(world, mayHold);
}

function secrets(): Record<string, string> {
  const [pin, puk] = ['PIN', 'PUK'].map((label) => world.ledger.codes(world.operationId).find((code) => code.label === label)!.value);
  return { 'paper part of the PIN': pin!.slice(0, 15), 'second part of the PUK': puk!.slice(1) };
}

/** The print worker, before it has the paper part, held at its end until it is dumped. */
async function untilPrinting({ folder }: Search): Promise<{ readonly pid: number; readonly atEnd: Promise<string> }> {
  const code = await world.toContactCode();
  await world.cms('slow ms=5000 call=paper-part times=1');
  await world.client.citizenDoes({ type: 'contact-code', code });
  await vi.waitUntil(() => world.printWorkers().length > 0, { timeout: 15_000, interval: 2 });
  const [pid] = world.printWorkers();
  const { written } = await dumpAtEnd(pid!, join(folder, 'worker-at-its-end'));
  return { pid: pid!, atEnd: written };
}

test('after a good session: no process of the kiosk, no browser, no file holds a part of a code; the search finds them where they are', async () => {
  const search = await start({ msPerLine: 40 });
  const chromium = await openChromium();
  try {
    for (const path of ['/', '/operator']) {
      const { page } = await chromium.visit();
      await page.goto(`http://127.0.0.1:${world.client.port}${path}`);
    }
    const worker = await untilPrinting(search);
    const atEnd = await worker.atEnd;
    await world.client.on('collect', 30_000);
    world.operationId = world.client.citizen().sessionId!;
    await world.client.operatorDoes({ type: 'hand-over', handedOver: true });
    await world.client.on('done');
    await world.closed('CONFIRMED');
    await world.secondPart();

    const browsers = search.copyBrowsers();
    expect(browsers.length).toBeGreaterThan(3);
    const kiosk = await search.dumpKiosk();
    expect(kiosk.length).toBeGreaterThan(1);
    expect(await search.hits([atEnd, ...kiosk, ...browsers], secrets())).toEqual([]);

    // The same search finds both in the process that may know both.
    const cms = await search.dump(search.process('kiosk/reference-cms/main.ts'));
    const found = await scanFiles([cms, join(world.folder, 'cms.db-wal')], secrets(), search.folder);
    expect(new Set(found.map(({ secret }) => secret))).toEqual(new Set(Object.keys(secrets())));
  } finally {
    await chromium.close();
  }
}, 180_000);

test('the core is killed while the slip prints: the worker’s memory holds the paper part then, and nothing does after its end', async () => {
  const search = await start({ msPerLine: 150 });
  const { pid, atEnd } = await untilPrinting(search);
  await vi.waitUntil(() => world.printer.hanging().includes('PIN'), { timeout: 30_000, interval: 5 });
  await world.killKiosk();
  const file = await atEnd;
  await vi.waitUntil(() => !world.printWorkers().includes(pid), { timeout: 15_000, interval: 10 });
  await world.startKiosk();
  const [operation] = world.operations();
  world.operationId = operation!;
  await world.closed('HELD');
  expect(await search.hits([file, ...(await search.dumpKiosk())], secrets())).toEqual([]);
}, 180_000);

test('a worker that is dumped while it prints gives the paper part away: the search sees what there is to see', async () => {
  const search = await start({ msPerLine: 150 });
  await world.issue();
  await vi.waitUntil(() => world.printer.hanging().includes('PIN'), { timeout: 30_000, interval: 5 });
  const [pid] = world.printWorkers();
  const file = await dump(pid!, join(search.folder, 'worker-while-printing'));
  world.operationId = world.client.citizen().sessionId!;
  const found = await scanFiles([file], secrets(), search.folder);
  expect(found.map(({ secret }) => secret)).toContain('paper part of the PIN');
  expect(found.map(({ secret }) => secret)).not.toContain('second part of the PUK');
  rmSync(file);
}, 120_000);
