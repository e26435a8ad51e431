import type { ChildProcess } from 'node:child_process';
import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openPrinter } from '../../../devices/printer/esc-pos.ts';
import { err } from '../../../devices/result.ts';
import type { PrintReport, ReleasePaperPart, Slip } from '../../../flows/ports/printing.ts';
import { CANARY, type Desk, FOOTER, isAlive, openDesk, part, releasing, slip, until, untilStatus } from './desk.ts';

const never = new AbortController().signal;
let desk: Desk;

/** No part of a code in what the core heard, logged or answered; and no worker left. */
function expectNothingTold(report: PrintReport): void {
  for (const told of [JSON.stringify(desk.heard.messages), desk.logLines(), JSON.stringify(report)]) {
    for (const digits of [
      part().toString(),
      `PIN ${CANARY.pin}`,
      `PUK ${CANARY.puk}`,
      CANARY.puk,
      CANARY.puk.split('').join(' '),
      'decrypt',
    ]) {
      expect(told).not.toContain(digits);
    }
    expect(told).not.toContain(Buffer.from(CANARY.puk).toString('hex'));
    expect(told).not.toContain(Buffer.from(CANARY.puk).toString('base64').slice(0, 5));
  }
  for (const worker of desk.heard.workers) expect(isAlive(worker.pid ?? 0)).toBe(false);
}

/** The printer is in order and holds nothing back: another operation's slip comes out whole, and nothing of the first one's end. */
async function expectNothingHeldBack(): Promise<void> {
  await untilStatus(desk.printing, 'ready');
  const other: Slip = { ...slip, operationId: '0198c2a4-7a31-7c55-9d02-6f1c00000002' };
  const report = await desk.printing.print(
    other,
    releasing(() => part('11', '2222')),
    never,
  );
  expect(report).toMatchObject({ evidence: { class: 'E2' }, failure: null });
  expect(desk.paper()).toContain('00000002/1');
  expect(desk.paper()).not.toContain(FOOTER);
  // Whatever hung from the printer was cut off before: the next person's slip is only that person's.
  expect(
    desk.printer
      .slips()
      .at(-1)
      ?.text.match(/TESSERA SANITARIA/g),
  ).toHaveLength(1);
}

afterEach(async () => {
  vi.restoreAllMocks();
  await desk.close();
});

describe('a quick printer', () => {
  beforeEach(async () => {
    desk = await openDesk();
    await untilStatus(desk.printing, 'ready');
  });

  it('prints a slip and proves it', async () => {
    const report = await desk.printing.print(slip, releasing(), never);
    expect(report).toMatchObject({ evidence: { class: 'E2', buffer: 'printed', status: { state: 'ready' } }, failure: null });
    expect(report.evidence.raw).toMatch(/3722[0-9a-f]{8}00/);
    expect(desk.heard.messages).toMatchObject([{ type: 'key' }, { type: 'sending' }, { type: 'ended', reason: 'printed' }]);
    const [printed, ...more] = desk.printer.slips();
    expect(more).toEqual([]);
    expect(printed?.text).toMatch(/PIN - 2 di 5\n\s*7 3 _ _ _\n/);
    expect(printed?.text).toMatch(/PUK - 4 di 8\n\s*8 2 6 4 _ _ _ _\n/);
    expect(printed?.text).toContain(FOOTER);
    expectNothingTold(report);
    await untilStatus(desk.printing, 'ready');
  });

  it('keeps the worker without core dumps, inspector or environment', async () => {
    const seen: { limits: string; environment: string; command: string }[] = [];
    const sockets: number[] = [];
    const about = (name: string): string => `/proc/${desk.heard.workers[0]?.pid}/${name}`;
    const openSockets = (): number => readdirSync(about('fd')).filter((fd) => readlinkSync(about(`fd/${fd}`)).startsWith('socket:')).length;
    // Where Node's inspector listened to the signal, it would have its socket by the time the worker announces the first byte.
    desk.heard.onMessage = (type) => {
      if (type === 'sending') sockets.push(openSockets());
    };
    const report = await desk.printing.print(
      slip,
      async (key, signal) => {
        const read = (name: string): string => readFileSync(about(name), 'utf8');
        seen.push({ limits: read('limits'), environment: read('environ'), command: read('cmdline') });
        sockets.push(openSockets());
        process.kill(desk.heard.workers[0]?.pid ?? 0, 'SIGUSR1');
        return await releasing()(key, signal);
      },
      never,
    );
    expect(sockets).toEqual([1, 1]);
    expect(report.failure).toBeNull();
    expect(seen[0]?.limits).toMatch(/Max core file size\s+0\s+0/);
    expect(seen[0]?.command).not.toContain('--inspect');
    const names = seen[0]?.environment.split('\0').map((pair) => pair.split('=')[0]) ?? [];
    expect(names.filter((name) => !['', 'PWD', '_', 'OLDPWD', 'SHLVL'].includes(name ?? '') && !name?.startsWith('NODE_CHANNEL'))).toEqual(
      [],
    );
  });

  it.each([
    ['refused', { kind: 'refused', type: 'too-many-releases', title: 'released already' }],
    ['unreachable', { kind: 'unreachable', detail: 'no answer' }],
  ] as const)('prints nothing when the release is %s', async (_, error) => {
    const report = await desk.printing.print(slip, () => Promise.resolve(err(error)), never);
    expect(report).toMatchObject({ evidence: { class: 'E0', buffer: 'needless' }, failure: { kind: 'paper-part', error } });
    expect(desk.paper().trim()).toBe('');
    expectNothingTold(report);
    await expectNothingHeldBack();
  });

  it.each([
    ['sealed to another key', () => Promise.resolve('eyJhbGciOiJFQ0RILUVTIn0..AAAA.AAAA.AAAA')],
    ['not of its format', async (...[key]: Parameters<ReleasePaperPart>) => sealedText(key, `PIN ${CANARY.pin}\n`)],
    ['of bytes that command the printer', async (...[key]: Parameters<ReleasePaperPart>) => sealedText(key, `PIN \x1b@\x1dV 3\n`)],
    ['empty', async (...[key]: Parameters<ReleasePaperPart>) => sealedText(key, '')],
  ])('prints nothing of a part %s', async (_, jwe) => {
    const release: ReleasePaperPart = async (key, signal) => ({ ok: true, value: { attempt: 1, jwe: await jwe(key, signal) } });
    const report = await desk.printing.print(slip, release, never);
    expect(report).toMatchObject({
      evidence: { class: 'E0', buffer: 'needless' },
      failure: { kind: 'paper-part', error: { kind: 'unreachable' } },
    });
    expect(desk.paper().trim()).toBe('');
    expectNothingTold(report);
  });

  it('asks for no part when the printer has no paper', async () => {
    await desk.printer.control('paper-out');
    let asked = 0;
    const report = await desk.printing.print(slip, (key, signal) => (asked++, releasing()(key, signal)), never);
    expect(report).toMatchObject({
      evidence: { class: 'E0', buffer: 'needless' },
      failure: { kind: 'printer', status: { state: 'paper-out' } },
    });
    expect(asked).toBe(0);
    await untilStatus(desk.printing, 'paper-out');
    await desk.printer.control('paper-ok');
    await expectNothingHeldBack();
  });

  it('tells of an unplugged printer, and finds it again', async () => {
    const seen: string[] = [];
    desk.printing.onStatus(({ state }) => seen.push(state));
    await desk.printer.control('unplug');
    await untilStatus(desk.printing, 'disconnected');
    const report = await desk.printing.print(slip, releasing(), never);
    expect(report).toMatchObject({ evidence: { class: 'E0' }, failure: { kind: 'printer', status: { state: 'disconnected' } } });
    await desk.printer.control('plug');
    await untilStatus(desk.printing, 'ready');
    expect(seen.filter((state, index) => state !== seen[index - 1])).toEqual(['disconnected', 'ready']);
  });

  it('does not begin when it was aborted before', async () => {
    const report = await desk.printing.print(slip, releasing(), AbortSignal.abort());
    expect(report).toMatchObject({ evidence: { class: 'E0', buffer: 'needless' }, failure: { kind: 'aborted' } });
    expect(desk.heard.workers).toEqual([]);
  });

  it('ends when it is aborted while the part is being released', async () => {
    const abort = new AbortController();
    const release: ReleasePaperPart = (_, signal) => {
      abort.abort();
      return new Promise((resolve) => signal.addEventListener('abort', () => resolve(err({ kind: 'aborted' }))));
    };
    const report = await desk.printing.print(slip, release, abort.signal);
    expect(report).toMatchObject({ evidence: { class: 'E0', buffer: 'needless' }, failure: { kind: 'aborted' } });
    await expectNothingHeldBack();
  });

  it.each([
    ['before its key', 'spawn'],
    ['after its key', 'key'],
  ])('prints nothing when the worker is killed %s', async (_, stage) => {
    if (stage === 'spawn') desk.heard.onSpawn = (worker) => void worker.kill('SIGKILL');
    const release: ReleasePaperPart = async (key, signal) => {
      const [worker] = desk.heard.workers;
      worker?.kill('SIGKILL');
      await until('worker gone', () => !isAlive(worker?.pid ?? 0));
      return await releasing()(key, signal);
    };
    const report = await desk.printing.print(slip, release, never);
    expect(report).toMatchObject({ evidence: { class: 'E0', raw: '', buffer: 'needless' }, failure: { kind: 'worker-lost' } });
    expect(desk.paper().trim()).toBe('');
    expectNothingTold(report);
    desk.heard.onSpawn = () => undefined;
    await expectNothingHeldBack();
  });

  it('can tell what may have happened when the worker is killed with the sealed part in hand', async () => {
    const release: ReleasePaperPart = async (key, signal) => {
      setImmediate(() => setImmediate(() => desk.heard.workers[0]?.kill('SIGKILL')));
      return await releasing()(key, signal);
    };
    const report = await desk.printing.print(slip, release, never);
    const announced = desk.heard.messages.some((message) => (message as { type: string }).type === 'sending');
    expect(report.evidence).toMatchObject(announced ? { class: 'E1', buffer: 'cleared' } : { class: 'E0', buffer: 'needless' });
    expect(report.failure?.kind).toBe('worker-lost');
    expectNothingTold(report);
    await expectNothingHeldBack();
  });
});

describe('a slow printer', () => {
  beforeEach(async () => {
    desk = await openDesk({ msPerLine: 60 });
    await untilStatus(desk.printing, 'ready');
  });
  const printing = (): Promise<void> => until('paper', () => desk.printer.hanging().includes('PIN'));

  it('is cleared by the core when the worker is killed at the first byte', async () => {
    desk.heard.onMessage = killedWhenSending;
    const report = await desk.printing.print(slip, releasing(), never);
    expect(report).toMatchObject({ evidence: { class: 'E1', buffer: 'cleared' }, failure: { kind: 'worker-lost' } });
    expect(desk.paper()).not.toContain(FOOTER);
    expectNothingTold(report);
    desk.heard.onMessage = () => undefined;
    await expectNothingHeldBack();
  });

  it('is cleared by the core when the worker is killed in the middle of the slip', async () => {
    const printed = desk.printing.print(slip, releasing(), never);
    await printing();
    desk.heard.workers[0]?.kill('SIGKILL');
    const report = await printed;
    expect(report).toMatchObject({
      evidence: { class: 'E1', buffer: 'cleared' },
      failure: { kind: 'worker-lost', detail: expect.stringContaining('SIGKILL') },
    });
    expect(desk.paper()).not.toContain(FOOTER);
    expectNothingTold(report);
    await expectNothingHeldBack();
  });

  it('is cleared by the worker on an abort', async () => {
    const abort = new AbortController();
    const printed = desk.printing.print(slip, releasing(), abort.signal);
    await printing();
    abort.abort();
    const report = await printed;
    expect(report).toMatchObject({ evidence: { class: 'E1', buffer: 'cleared' }, failure: { kind: 'aborted' } });
    expect(desk.heard.messages.at(-1)).toMatchObject({ type: 'ended', reason: 'aborted' });
    expectNothingTold(report);
    await expectNothingHeldBack();
  });

  it.each(['SIGTERM', 'SIGINT'] as const)('is cleared by the worker on %s, as when the service is stopped', async (signal) => {
    const printed = desk.printing.print(slip, releasing(), never);
    await printing();
    desk.heard.workers[0]?.kill(signal);
    const report = await printed;
    expect(report).toMatchObject({ evidence: { class: 'E1', buffer: 'cleared' } });
    await expectNothingHeldBack();
  });

  it('is cleared when the core closes', async () => {
    const printed = desk.printing.print(slip, releasing(), never);
    await printing();
    await desk.printing.close();
    expect(await printed).toMatchObject({ evidence: { class: 'E1', buffer: 'cleared' }, failure: { kind: 'aborted' } });
    expect(desk.printer.slips()).toEqual([]);
    expect(desk.paper()).not.toContain(FOOTER);
  });

  it('gives evidence of less than a slip when the paper ends in it, and prints nothing more with new paper', async () => {
    const printed = desk.printing.print(slip, releasing(), never);
    await printing();
    await desk.printer.control('paper-out');
    const report = await printed;
    expect(report).toMatchObject({
      evidence: { class: 'E1', buffer: 'cleared', status: { state: 'paper-out' } },
      failure: { kind: 'printer', status: { state: 'paper-out' } },
    });
    expectNothingTold(report);
    await desk.printer.control('paper-ok');
    await expectNothingHeldBack();
  });

  it('is locked when it was unplugged in the middle of the slip, until it acknowledges that it is empty', async () => {
    const printed = desk.printing.print(slip, releasing(), never);
    await printing();
    await desk.printer.control('unplug');
    const report = await printed;
    expect(report).toMatchObject({
      evidence: { class: 'E1', buffer: 'locked', status: { state: 'disconnected' } },
      failure: { kind: 'printer' },
    });
    expectNothingTold(report);
    const refused = await desk.printing.print(slip, releasing(), never);
    expect(refused).toMatchObject({ evidence: { class: 'E0', buffer: 'needless' }, failure: { kind: 'printer' } });
    expect(desk.heard.workers).toHaveLength(1);
    // The printer itself kept its power, and prints on; only an acknowledged clearing makes it ready again.
    await desk.printer.control('power-cycle');
    await desk.printer.control('plug');
    await expectNothingHeldBack();
  });
});

it('stays locked while it does not acknowledge, and prints nothing until it does', async () => {
  let acknowledges = true;
  desk = await openDesk({
    msPerLine: 60,
    openPrinter: async (address, signal) => {
      const opened = await openPrinter(address, signal);
      if (!opened.ok) return opened;
      const { value: real } = opened;
      const deaf = {
        presenter: real.presenter,
        clear: async () => acknowledges && (await real.clear()),
        status: real.status.bind(real),
        print: real.print.bind(real),
        close: real.close.bind(real),
      };
      return { ok: true, value: deaf };
    },
  });
  await untilStatus(desk.printing, 'ready');
  acknowledges = false;
  desk.heard.onMessage = killedWhenSending;
  expect(await desk.printing.print(slip, releasing(), never)).toMatchObject({
    evidence: { class: 'E1', buffer: 'locked' },
    failure: { kind: 'worker-lost' },
  });
  desk.heard.onMessage = () => undefined;
  expect(await desk.printing.check(never)).toEqual({ state: 'locked' });
  expect(await desk.printing.clear(never)).toBe(false);
  expect(await desk.printing.print(slip, releasing(), never)).toMatchObject({
    evidence: { class: 'E0' },
    failure: { kind: 'printer', status: { state: 'locked' } },
  });
  acknowledges = true;
  expect(await desk.printing.clear(never)).toBe(true);
  await expectNothingHeldBack();
});

it('stops a print whose time is up, and clears the printer', async () => {
  desk = await openDesk({ msPerLine: 400, printLimitMs: 4_000 });
  await untilStatus(desk.printing, 'ready');
  const report = await desk.printing.print(slip, releasing(), never);
  expect(report).toMatchObject({ evidence: { class: 'E1', buffer: 'cleared' }, failure: { kind: 'worker-lost' } });
  expect(desk.paper()).not.toContain(FOOTER);
});

function killedWhenSending(type: unknown, worker: ChildProcess): void {
  if (type === 'sending') worker.kill('SIGKILL');
}

async function sealedText(key: Parameters<ReleasePaperPart>[0], text: string): Promise<string> {
  const sealed = await releasing(() => Buffer.from(text, 'latin1'))(key, never);
  if (!sealed.ok) throw new Error('not sealed');
  return sealed.value.jwe;
}
