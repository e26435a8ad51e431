import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { CardReader } from '../../../devices/card/contract.ts';
import { type CardHostOptions, startCardHost } from '../../../devices/card/remote.ts';
import { VpcdSlot } from '../../../devices/card/virtual/vpcd.ts';
import { processEntry, projectRoot } from '../../../kiosk/project.ts';
import { type Pcscd, startPcscd } from '../../harness/pcscd.ts';
import { noAbort, specimenCard, untilStatus } from './cards.ts';
import { cardHostsOf, isAlive } from './processes.ts';

const entry = processEntry('devices/card/pcsc-host.ts');
let pcscd: Pcscd;
let slot: VpcdSlot;
const open: CardReader[] = [];

beforeEach(async () => {
  pcscd = await startPcscd();
  slot = new VpcdSlot(await specimenCard(), { host: '127.0.0.1', port: pcscd.ports[0] ?? 0 });
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((reader) => reader.close()));
  await slot.remove();
  await pcscd.close();
});

function host(options: Partial<CardHostOptions> = {}): CardReader {
  const reader = startCardHost({ entry, env: pcscd.env, ...options });
  open.push(reader);
  return reader;
}

test.each([
  ['is killed', 'SIGKILL', 'SIGKILL', 2_000],
  ['crashes in native code', 'SIGSEGV', 'SIGSEGV', 2_000],
  ['blocks, and hears nothing any more', 'SIGSTOP', 'SIGKILL', 6_000],
] as const)('the process that %s is replaced, and that is told', async (_what, signal, endedBy, limitMs) => {
  const reasons: string[] = [];
  const reader = host({ onRestart: (reason) => reasons.push(reason) });
  await slot.insert();
  await untilStatus(reader, 'present');
  const [before = 0] = cardHostsOf(process.pid);
  process.kill(before, signal);
  await untilStatus(reader, 'service-lost', limitMs);
  await untilStatus(reader, 'present', 2_000);
  expect((await reader.read(noAbort)).ok).toBe(true);
  expect(reasons).toEqual([`the card process ended (${endedBy})`]);
  expect(cardHostsOf(process.pid)).not.toContain(before);
});

test('a card that never answers costs its process and nothing more', async () => {
  const reader = host({ readLimitMs: 1_500 });
  await slot.insert();
  await untilStatus(reader, 'present');
  slot.fail(3, { kind: 'stall' });
  const began = performance.now();
  expect(await reader.read(noAbort)).toEqual({ ok: false, error: { kind: 'timeout', afterMs: 1_500 } });
  await untilStatus(reader, 'service-lost');
  // The card is still in, and its slot still hangs in it: that is what the new process says.
  await untilStatus(reader, 'present');
  expect(performance.now() - began).toBeLessThan(1_500 + 2_000);
  await slot.remove();
  await untilStatus(reader, 'empty');
  await slot.insert();
  await untilStatus(reader, 'present');
  expect((await reader.read(noAbort)).ok).toBe(true);
});

test('a card process whose core is killed while it speaks ends without a word', async () => {
  const orphan = processEntry('tests/processes/orphaned-card-host.ts');
  const script = `
    const { fork } = await import('node:child_process');
    fork(${JSON.stringify(orphan)}, [], { stdio: ['ignore', 'ignore', 'inherit', 'ipc', 'pipe'], execArgv: [] }).send({ type: 'start' });
    setInterval(() => undefined, 1_000);`;
  const core = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'ignore', 'pipe'] });
  // It has standard error from its core, and so its end is the end of both.
  expect(await text(core.stderr)).toBe('');
});

test.each(['idle', 'hanging in a transmit'])('a core that is killed leaves no card process behind (%s)', async (when) => {
  const remote = pathToFileURL(join(projectRoot(), 'dist/devices/card/remote.js')).href;
  const script = `
    const { startCardHost } = await import(${JSON.stringify(remote)});
    const reader = startCardHost({ entry: ${JSON.stringify(entry)} });
    reader.onStatus(({ state }) => console.log(state));
    process.stdin.on('data', () => void reader.read(new AbortController().signal));`;
  const core = spawn(process.execPath, ['--input-type=module', '-e', script], {
    env: { ...process.env, ...pcscd.env },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: core.stdout })[Symbol.asyncIterator]();
  await slot.insert();
  for (let line = await lines.next(); line.value !== 'present'; line = await lines.next()) expect(line.done).not.toBe(true);
  if (when !== 'idle') {
    slot.fail(3, { kind: 'stall' });
    core.stdin.write('read\n');
    await slot.met();
  }
  const children = cardHostsOf(core.pid ?? 0);
  expect(children).toHaveLength(1);
  core.kill('SIGKILL');
  const limit = Date.now() + 5_000;
  while (children.some(isAlive) && Date.now() < limit) await delay(10);
  expect(children.filter(isAlive)).toEqual([]);
});

test('a card process whose core is gone before it listens ends by itself, and leaves the card to the next', async () => {
  const core = `const { fork } = require('node:child_process');
    console.log(fork(process.argv[1], { stdio: ['ignore', 'ignore', 'ignore', 'ipc', 'pipe'] }).pid);
    process.kill(process.pid, 'SIGKILL');`;
  const told = spawn(process.execPath, ['-e', core, entry], {
    env: { ...process.env, ...pcscd.env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const pid = Number(await text(told.stdout));
  expect(pid).toBeGreaterThan(0);
  await expect.poll(() => isAlive(pid), { timeout: 5_000 }).toBe(false);
});
