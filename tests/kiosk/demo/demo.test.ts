import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { projectRoot } from '../../../kiosk/project.ts';
import { ScreenClient } from '../../harness/screen-client.ts';
import { BenchClient, ask } from './bench-client.ts';
import { DemoProcess, temporaryState } from './demo-process.ts';

let demo: DemoProcess | undefined;
let page: ScreenClient | undefined;
const open = async (...args: readonly string[]): Promise<DemoProcess> => (demo = await DemoProcess.start(...args));

afterEach(async () => {
  page?.close();
  page = undefined;
  await demo?.stop();
  demo = undefined;
});

/** A port whose neighbour is free as well, a moment ago. */
async function freePair(): Promise<number> {
  for (;;) {
    const listening = createServer();
    await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', () => resolve()));
    const { port } = listening.address() as AddressInfo;
    const neighbour = createServer();
    const free = await new Promise<boolean>((resolve) =>
      neighbour.once('error', () => resolve(false)).listen(port + 1, '127.0.0.1', () => resolve(true)),
    );
    await Promise.all([listening, free ? neighbour : []].flat().map((each) => new Promise((resolve) => each.close(resolve))));
    if (free) return port;
  }
}

test('the demo starts, its bench puts a card in, the kiosk reads it, and SIGTERM ends everything', { timeout: 60_000 }, async () => {
  const port = await freePair();
  const { addresses, child } = await open('--port', String(port));
  expect(addresses).toMatchObject({
    screen: `http://127.0.0.1:${port}/`,
    bench: `http://127.0.0.1:${port + 1}/`,
    operator: { id: 'operatore' },
  });
  const bench = await BenchClient.open(port + 1);
  page = await ScreenClient.open(port);
  await page.on('welcome');
  await bench.until(({ reader, kiosk }) => reader.connected && kiosk?.screen === addresses.screen);

  expect(await bench.act({ type: 'insert', card: 'mario' })).toBeNull();
  expect(await page.on('recognised')).toMatchObject({ greeting: 'MARIO R.' });
  expect(await bench.act({ type: 'insert', card: 'anna' })).toMatch(/già una tessera/);
  expect(await bench.act({ type: 'remove' })).toBeNull();
  await page.until(({ screen }) => screen === 'welcome' || screen === 'stopped');

  child.kill('SIGTERM');
  expect(await demo?.exit()).toEqual({ code: 0, stderr: '' });
  await demo?.nothingLeft();
  expect(existsSync(addresses.state)).toBe(false);
});

test('each kind of card on the bench meets its own answer', { timeout: 120_000 }, async () => {
  await open('--port', '0');
  const bench = await BenchClient.open(demo?.benchPort ?? 0);
  page = await ScreenClient.open(demo?.screenPort ?? 0);
  const { cards } = await bench.until(({ reader }) => reader.connected);
  const met: Record<string, string> = {};
  for (const { id } of cards) {
    await page.on('welcome');
    expect(await bench.act({ type: 'insert', card: id })).toBeNull();
    const status = await page.until(({ screen }) => screen === 'recognised' || screen === 'stopped');
    met[id] = status.screen === 'stopped' ? status.reason : status.screen;
    expect(await bench.act({ type: 'remove' })).toBeNull();
    await page.until((now) => now.screen === 'stopped' && !now.cardIn);
    await page.citizenDoes({ type: 'stay' }); // One touch ends the last screen.
  }
  expect(met).toEqual({
    mario: 'recognised',
    anna: 'recognised',
    minore: 'recognised',
    scaduta: 'card-expired',
    revocata: 'card-revoked',
    sospesa: 'card-suspended',
    'altra-regione': 'card-not-verifiable',
    'non-cns': 'card-not-a-cns',
  });
});

test(
  'what a person does to the printer is what the kiosk sees, and a card outlives the process that reads it',
  { timeout: 60_000 },
  async () => {
    await open('--port', '0');
    const bench = await BenchClient.open(demo?.benchPort ?? 0);
    page = await ScreenClient.open(demo?.screenPort ?? 0);
    await page.on('welcome');
    for (const [fault, repair] of [
      [
        { type: 'paper', paper: 'near-end' },
        { type: 'paper', paper: 'full' },
      ],
      [
        { type: 'cable', plugged: false },
        { type: 'cable', plugged: true },
      ],
    ] as const) {
      expect(await bench.act(fault)).toBeNull();
      expect(await page.on('out-of-service')).toMatchObject({ reason: 'printer' });
      expect(await bench.act(repair)).toBeNull();
      await page.on('welcome');
    }

    await bench.act({ type: 'insert', card: 'anna' });
    await page.on('recognised');
    process.kill(demo?.process('kiosk/demo/card-host.ts') ?? 0, 'SIGKILL');
    await bench.until(({ reader }) => !reader.connected);
    const back = await bench.until(({ reader }) => reader.connected);
    expect(back.reader).toMatchObject({ card: 'anna', mute: false });
  },
);

test('nothing of the bench is on the kiosk’s port, and the kiosk’s pages are not on the bench’s', { timeout: 60_000 }, async () => {
  await open('--port', '0');
  const [screenPort, benchPort] = [demo?.screenPort ?? 0, demo?.benchPort ?? 0];
  const cookie = (await ask(screenPort, 'GET', '/')).headers['set-cookie']?.[0]?.split(';')[0] ?? '';
  const asPage = { cookie, origin: `http://127.0.0.1:${screenPort}`, 'content-type': 'application/json' };
  const assets = readdirSync(join(projectRoot(), 'dist/bench/assets')).filter((name) => /^index-.*\.(js|css)$/.test(name));
  expect(assets.length).toBeGreaterThanOrEqual(2);
  for (const asset of assets) {
    expect((await ask(benchPort, 'GET', `/assets/${asset}`)).status).toBe(200);
    expect((await ask(screenPort, 'GET', `/assets/${asset}`, asPage)).status).toBe(404);
  }
  for (const path of ['/slips/1.png', '/bench', '/bench/', '/command'])
    expect((await ask(screenPort, 'GET', path, asPage)).status).toBe(404);
  expect((await ask(screenPort, 'POST', '/command', asPage, '{"type":"remove"}')).status).toBe(404);
  expect((await ask(screenPort, 'GET', '/')).body.toString()).not.toMatch(/bench|banco/i);
  for (const path of ['/operator', '/operator/events', '/session/command']) expect((await ask(benchPort, 'GET', path)).status).toBe(404);
});

test('kill -9 of the demo leaves nothing running', { timeout: 60_000 }, async () => {
  const { folder, remove } = await temporaryState();
  await open('--port', '0', '--state', folder);
  expect(demo?.processes().length).toBeGreaterThanOrEqual(4);
  demo?.child.kill('SIGKILL');
  await demo?.nothingLeft();
  await remove();
});

test.each([
  ['kiosk/demo/world-process.ts', /the demo's world .* ended: SIGKILL/],
  ['kiosk/demo/kiosk-process.ts', /the kiosk ended: SIGKILL/],
])('when %s dies, the demo says so and ends with all the rest', { timeout: 60_000 }, async (source, message) => {
  await open('--port', '0');
  process.kill(demo?.process(source) ?? 0, 'SIGKILL');
  const { code, stderr } = (await demo?.exit()) ?? { code: null, stderr: '' };
  expect(code).toBe(3);
  expect(stderr).toMatch(message);
  expect(stderr.trim().split('\n')).toHaveLength(1);
  await demo?.nothingLeft();
});

test('a state folder is taken up again: same PKI, same cards, same operator', { timeout: 60_000 }, async () => {
  const { folder, remove } = await temporaryState();
  await open('--port', '0', '--state', folder);
  const before = fingerprints(folder);
  await demo?.stop();
  await open('--port', '0', '--state', folder);
  expect(fingerprints(folder)).toEqual(before);
  await demo?.stop();
  await remove();
});

function fingerprints(folder: string): readonly string[] {
  return ['pki/cns-ca.pem', 'pki/kiosk-client.pem', 'cards.json', 'operators.json'].map((name) => readFileSync(join(folder, name), 'utf8'));
}

test('a port that is taken is named, and nothing is left', { timeout: 60_000 }, async () => {
  const port = await freePair();
  for (const taken of [port, port + 1]) {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(taken, '127.0.0.1', () => resolve()));
    await expect(open('--port', String(port))).rejects.toThrow(String(taken));
    await new Promise((resolve) => other.close(resolve));
  }
});

test.each(['-1', '65535', 'x', '8080.5', ''])('--port %s is refused in one line', async (port) => {
  await expect(open(`--port=${port}`)).rejects.toThrow(/^the demo ended with 2: sportello: --port: [^\n]+\n$/);
});
