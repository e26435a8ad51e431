import Database from 'better-sqlite3';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { processEntry } from '../../kiosk/project.ts';
import { Sportello } from '../harness/sportello.ts';
import { columns, count, figure, leaveReport, progress, round, slope, tableOf } from './figures.ts';
import { type Held, childrenOf, heldBy } from './processes.ts';

/** Sessions after which what only grows at first (heaps, caches, the databases' pages) has grown. */
const warmUp = Math.min(200, Math.floor(count / 2));
const between = Math.max(1, Math.min(100, Math.floor(count / 10)));
/** A print worker lives for a few hundred milliseconds; its highest memory stands in /proc until it ends. */
const workerLookMs = 20;

interface Sample {
  readonly sessions: number;
  readonly core: Held;
  readonly card: Held;
}

let world: Sportello;
let look: NodeJS.Timeout;
const workers = new Map<number, number>();

beforeAll(async () => {
  world = await Sportello.start({ reader: 'in-process', msPerLine: 0, nodeOptions: serviceNodeOptions() });
  look = setInterval(() => {
    for (const { pid } of workersOf(world.kioskPid)) workers.set(pid, heldBy(pid)?.highestMB ?? workers.get(pid) ?? 0);
  }, workerLookMs);
});
afterAll(async () => {
  clearInterval(look);
  await world.close();
});

test('soak', async () => {
  await world.client.on('welcome');
  const samples = [sample(0)];
  const times: number[] = [];
  for (let session = 1; session <= count; session += 1) {
    const began = performance.now();
    await wholeSession(session);
    times.push(performance.now() - began);
    if (session % between !== 0 && session !== count) continue;
    const now = sample(session);
    samples.push(now);
    const { core, card } = now;
    progress(
      `${session} sessions: core ${round(core.residentMB)} MB ${core.files} files, card ${round(card.residentMB)} MB ${card.files} files`,
    );
  }

  await vi.waitUntil(() => workersOf(world.kioskPid).length === 0, { timeout: 10_000 });
  expect(childrenOf(world.kioskPid)).toHaveLength(1);
  expect(world.rows.filter((kind) => kind === 'CLOSED')).toHaveLength(count);
  expect(statesAtCms()).toEqual([{ state: 'CONFIRMED', operations: count }]);
  expect(workers.size).toBe(count);

  const grown = samples.filter(({ sessions }) => sessions >= warmUp);
  const perThousand = (of: (sample: Sample) => number): number =>
    round(
      1000 *
        slope(
          grown.map(({ sessions }) => sessions),
          grown.map(of),
        ),
    );
  const slopes = {
    coreResidentMB: perThousand(({ core }) => core.residentMB),
    cardResidentMB: perThousand(({ card }) => card.residentMB),
    coreFiles: perThousand(({ core }) => core.files),
    cardFiles: perThousand(({ card }) => card.files),
  };
  const figures = [figure('highest memory of a print worker', 'MB', [...workers.values()]), figure('whole session', 'ms', times)];
  const line = ({ sessions, core, card }: Sample): string[] =>
    [sessions, round(core.residentMB), round(core.highestMB), core.files, round(card.residentMB), round(card.highestMB), card.files].map(
      String,
    );
  const table = [
    columns([['sessions', 'core MB', 'highest', 'files', 'card MB', 'highest', 'files'], ...samples.map(line)]),
    `growth in 1,000 sessions, after the first ${warmUp}: ${Object.entries(slopes)
      .map(([name, value]) => `${name} ${value}`)
      .join(', ')}`,
    tableOf(figures),
  ].join('\n\n');
  leaveReport('soak', { sessions: count, warmUp, samples, slopes, figures }, table);
});

/** Card in, codes handed over, card out; over when both mails are there and the CMS's receipt is in the journal. */
async function wholeSession(session: number): Promise<void> {
  await world.activateAgain();
  await world.card('remove');
  // Once the card is out, a touch ends the last screen, which else stays for ten seconds.
  await vi.waitUntil(() => world.client.citizenDoes({ type: 'stay' }), { timeout: 5_000, interval: 5 });
  await world.client.on('welcome');
  await vi.waitUntil(() => world.rows.at(-1) === 'CLOSED' && world.mailbox.messages().length === 2 * session, {
    timeout: 15_000,
    interval: 5,
  });
}

/** As the service starts its Node. */
function serviceNodeOptions(): readonly string[] {
  const unit = readFileSync('provisioning/sportello.service', 'utf8');
  const [, options] = /^ExecStart=\S+ ((?:--\S+ )*)\/opt/m.exec(unit) ?? [];
  if (options === undefined) throw new Error('the unit does not start Node');
  return options.split(' ').filter((word) => word !== '');
}

function workersOf(pid: number): ReturnType<typeof childrenOf> {
  return childrenOf(pid).filter(({ words }) => words.includes(processEntry('kiosk/printing/worker.ts')));
}

function sample(sessions: number): Sample {
  const host = childrenOf(world.kioskPid).find(({ words }) => words.includes(processEntry('tests/processes/card-host.ts')));
  const [core, card] = [heldBy(world.kioskPid), heldBy(host?.pid ?? 0)];
  if (core === null || card === null) throw new Error('a process of the kiosk is not there');
  return { sessions, core, card };
}

function statesAtCms(): unknown[] {
  const database = new Database(join(world.folder, 'cms.db'), { readonly: true });
  try {
    return database.prepare('select state, count(*) as operations from operations group by state').all();
  } finally {
    database.close();
  }
}
