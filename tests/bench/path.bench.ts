import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { Sportello } from '../harness/sportello.ts';
import { count, figure, leaveReport, progress, round, tableOf } from './figures.ts';

/** ESC @: a job's first two bytes on the printer's line; a question of its status begins otherwise. */
const jobBegins = Buffer.of(0x1b, 0x40);

let world: Sportello;
let firstByteAt = 0;
beforeAll(async () => {
  world = await Sportello.start({
    onPrinterBytes: (bytes) => {
      if (firstByteAt === 0 && Buffer.from(bytes).includes(jobBegins)) firstByteAt = Date.now();
    },
  });
});
afterAll(() => world.close());

const measured = new Map<string, number[]>();
function note(name: string, ms: number): void {
  measured.set(name, [...(measured.get(name) ?? []), ms]);
}

/** Card in to recognised, and the CMS's answer to the first byte: the product's own words in its log give the moments in between. */
test('sessions', async () => {
  // The first session starts the card's process and signs the operator on.
  await world.activateAgain();
  await end();
  for (let run = 1; run <= count; run += 1) {
    await session();
    await end();
    progress(`session ${run} of ${count}`);
  }
});

/** Card out, and a touch that ends the last screen, which else stays for ten seconds. */
async function end(): Promise<void> {
  const logFrom = world.logs.length;
  await world.card('remove');
  await vi.waitUntil(() => said(logFrom, 'card-status', { state: 'empty' }) !== undefined, { timeout: 5_000, interval: 5 });
  await world.client.citizenDoes({ type: 'stay' });
  await world.client.on('welcome');
}

async function session(): Promise<void> {
  const logFrom = world.logs.length;
  const asked = Date.now();
  await world.card('insert');
  const inserted = Date.now();
  await vi.waitUntil(() => world.client.citizen().screen === 'recognised', { timeout: 15_000, interval: 1 });
  const shown = Date.now();
  const detected = at(logFrom, 'card-status', { state: 'present' });
  note('vpcd asks for the card (pcscd looks each 400 ms)', inserted - asked);
  note('card in → PC/SC says so', detected - inserted);
  note('PC/SC says so → recognised', shown - detected);
  note('card in → recognised', shown - inserted);
  note('bare node -e 0', bareNode());

  firstByteAt = 0;
  await world.activateAgain();
  const begun = at(logFrom, 'print-begun', {});
  const released = at(logFrom, 'cms-call', { call: 'paper-part', result: 'ok' });
  const releaseMs = found(logFrom, 'cms-call', { call: 'paper-part', result: 'ok' })['ms'] as number;
  note('print begun → worker has its key', released - releaseMs - begun);
  note('CMS releases the paper part', releaseMs);
  note('CMS answer → first byte at the printer', firstByteAt - released);
  note('print begun → first byte at the printer', firstByteAt - begun);
  await world.closed('CONFIRMED');
}

test('starts', async () => {
  for (let run = 1; run <= count; run += 1) {
    await world.stopKiosk();
    note('bare node -e 0', bareNode());
    const logFrom = world.logs.length;
    const started = Date.now();
    await world.startKiosk();
    await vi.waitUntil(() => world.client.citizen().screen === 'welcome', { timeout: 15_000, interval: 1 });
    note('process start → welcome', Date.now() - started);
    note('process start → ready', at(logFrom, 'kiosk-ready', {}) - started);
    progress(`start ${run} of ${count}`);
  }
});

test('report', () => {
  const figures = [...measured].map(([name, values]) => figure(name, 'ms', values));
  const median = (name: string): number => figures.find((each) => each.name === name)!.median;
  const bare = median('bare node -e 0');
  const inBareStarts = Object.fromEntries(
    figures.filter(({ median: ms }) => ms !== bare).map(({ name, median: ms }) => [name, round(ms / bare)]),
  );
  expect(figures.filter(({ samples }) => samples < count)).toEqual([]);
  const rows = Object.entries(inBareStarts).map(([name, ratio]) => `  ${String(ratio).padStart(5)}  ${name}`);
  const ratios = `medians, as multiples of a bare start of Node in the same run:\n${rows.join('\n')}`;
  leaveReport('path', { runs: count, figures, inBareStarts }, `${tableOf(figures)}\n\n${ratios}`);
});

/** The first line of the kiosk's log from `from` on that says this. */
function said(from: number, event: string, fields: Readonly<Record<string, string>>): Record<string, unknown> | undefined {
  for (const line of world.logs.slice(from)) {
    if (!line.startsWith('core: {')) continue;
    const entry = JSON.parse(line.slice('core: '.length)) as Record<string, unknown>;
    if (entry['event'] === event && Object.entries(fields).every(([name, value]) => entry[name] === value)) return entry;
  }
  return undefined;
}

function found(from: number, event: string, fields: Readonly<Record<string, string>>): Record<string, unknown> {
  const entry = said(from, event, fields);
  if (entry === undefined) throw new Error(`the log does not say ${event} ${JSON.stringify(fields)}`);
  return entry;
}

function at(from: number, event: string, fields: Readonly<Record<string, string>>): number {
  return Date.parse(found(from, event, fields)['time'] as string);
}

/** What any start of a process costs on this machine now. */
function bareNode(): number {
  const before = performance.now();
  spawnSync(process.execPath, ['-e', '0'], { stdio: 'ignore' });
  return performance.now() - before;
}
