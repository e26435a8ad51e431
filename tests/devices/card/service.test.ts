import { spawn } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { CardReader } from '../../../devices/card/contract.ts';
import { type CardHostOptions, startCardHost } from '../../../devices/card/remote.ts';
import { VpcdSlot } from '../../../devices/card/virtual/vpcd.ts';
import { processEntry } from '../../../kiosk/project.ts';
import { type Pcscd, startPcscd } from '../../harness/pcscd.ts';
import { noAbort, specimenCard, untilStatus } from './cards.ts';

const entry = processEntry('devices/card/pcsc-host.ts');
let pcscd: Pcscd;
let slot: VpcdSlot;
const open: CardReader[] = [];

beforeEach(async () => {
  pcscd = await startPcscd({ running: false });
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

test('a service that is absent at the start, killed and started again: the status follows, and the card is read again', async () => {
  const reader = host();
  await untilStatus(reader, 'service-lost');
  expect(await reader.read(noAbort)).toMatchObject({ ok: false, error: { kind: 'service-lost' } });
  await pcscd.start();
  await untilStatus(reader, 'empty', 2_000);
  await slot.insert();
  await untilStatus(reader, 'present');
  expect((await reader.read(noAbort)).ok).toBe(true);
  for (let times = 0; times < 2; times += 1) {
    await pcscd.kill();
    await untilStatus(reader, 'service-lost', 2_000);
    await pcscd.start();
    await untilStatus(reader, 'present');
    expect((await reader.read(noAbort)).ok).toBe(true);
  }
});

test('a service that goes in the middle of a reading is service-lost', async () => {
  await pcscd.start();
  const reader = host();
  await slot.insert();
  await untilStatus(reader, 'present');
  slot.fail(4, { kind: 'stall' });
  const reading = reader.read(noAbort);
  await slot.met();
  await pcscd.kill();
  expect(await reading).toMatchObject({ ok: false, error: { kind: 'service-lost' } });
});

test('the process that dies is started again, and says so', async () => {
  await pcscd.start();
  const reasons: string[] = [];
  const reader = host({ onRestart: (reason) => reasons.push(reason) });
  await slot.insert();
  await untilStatus(reader, 'present');
  for (const pid of hosts(process.pid)) process.kill(pid, 'SIGKILL');
  await untilStatus(reader, 'service-lost');
  await untilStatus(reader, 'present');
  expect((await reader.read(noAbort)).ok).toBe(true);
  expect(reasons).toEqual(['the card process ended (SIGKILL)']);
});

test('a card that never answers costs its process and nothing more', async () => {
  await pcscd.start();
  const reader = host({ readLimitMs: 1_500 });
  await slot.insert();
  await untilStatus(reader, 'present');
  slot.fail(3, { kind: 'stall' });
  expect(await reader.read(noAbort)).toEqual({ ok: false, error: { kind: 'timeout', afterMs: 1_500 } });
  await untilStatus(reader, 'service-lost');
  await slot.insert();
  await untilStatus(reader, 'present');
  expect((await reader.read(noAbort)).ok).toBe(true);
});

test('the reader asked for by name is the one that counts', async () => {
  await pcscd.start();
  const reader = host({ reader: pcscd.readers[1] });
  await slot.insert();
  expect(await untilStatus(reader, 'empty')).toEqual({ state: 'empty', reader: pcscd.readers[1] });
  const nobody = host({ reader: 'No Such Reader' });
  await untilStatus(nobody, 'disconnected');
});

test.each(['idle', 'hanging in a transmit'])('a core that is killed leaves no card process behind (%s)', async (when) => {
  await pcscd.start();
  const remote = pathToFileURL(processEntry('devices/card/remote.ts')).href;
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
  const children = hosts(core.pid ?? 0);
  expect(children).toHaveLength(1);
  core.kill('SIGKILL');
  const limit = Date.now() + 5_000;
  while (children.some(isAlive) && Date.now() < limit) await delay(10);
  expect(children.filter(isAlive)).toEqual([]);
});

/** The card processes that are children of `parent`. */
function hosts(parent: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => stat(pid)?.parent === parent && commandLine(pid).includes('pcsc-host'));
}

function isAlive(pid: number): boolean {
  return commandLine(pid).includes('pcsc-host') && stat(pid)?.state !== 'Z';
}

function stat(pid: number): { state: string; parent: number } | undefined {
  const [, state, parent] = /\) (\S) (\d+)/.exec(procFile(pid, 'stat')) ?? [];
  return state === undefined ? undefined : { state, parent: Number(parent) };
}

function commandLine(pid: number): string {
  return procFile(pid, 'cmdline');
}

function procFile(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8');
  } catch {
    return '';
  }
}
