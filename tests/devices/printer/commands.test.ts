import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { projectRoot } from '../../../kiosk/project.ts';
import { slipOf, temporaryFolder, virtualPrinter } from './bench.ts';

const sportello = join(projectRoot(), 'bin/sportello.js');

interface Answer {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** The command in a process of its own; asynchronous, since the virtual printer may live in this one. */
function run(...args: string[]): Promise<Answer> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [sportello, 'printer', ...args], { encoding: 'utf8', timeout: 20_000 }, (_, out, err) =>
      resolve({ code: child.exitCode, out, err }),
    );
  });
}

async function startVirtual(...args: string[]): Promise<{ process: ChildProcess; told: () => string }> {
  const child = spawn(process.execPath, [sportello, 'printer', 'virtual', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  let told = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (told += text));
  await vi.waitUntil(() => told.includes('virtual printer at'), { timeout: 10_000 });
  return { process: child, told: () => told };
}

/** The processes whose command line holds `text`. */
function processesWith(text: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(text);
      } catch {
        return false;
      }
    });
}

describe('printer status', () => {
  test.each([
    ['paper-ok', { state: 'ready' }, 0],
    ['paper-near-end', { state: 'paper-near-end' }, 1],
    ['paper-out', { state: 'paper-out' }, 1],
    ['cover-open', { state: 'cover-open' }, 1],
  ] as const)('%s', async (incident, status, code) => {
    const printer = await virtualPrinter({ tcp: 0 });
    await printer.control(incident);
    const answer = await run('status', '--device', printer.address, '--json');
    expect({ code: answer.code, err: answer.err }).toEqual({ code, err: '' });
    expect(JSON.parse(answer.out)).toEqual(status);
  });

  test('of a printer that is not there, or says nothing, is exit code 3, and still the status', async () => {
    const gone = await run('status', '--device', 'serial:/dev/does-not-exist', '--json');
    expect(gone.code).toBe(3);
    expect(JSON.parse(gone.out)).toMatchObject({ state: 'disconnected' });

    const mute = createServer((host) => host.on('error', () => undefined)).listen(0, '127.0.0.1');
    onTestFinished(() => void mute.close());
    await once(mute, 'listening');
    const address = mute.address();
    const silent = await run('status', '--device', `tcp:127.0.0.1:${typeof address === 'object' ? address?.port : ''}`, '--json');
    expect(silent.code).toBe(3);
    expect(JSON.parse(silent.out)).toEqual({ state: 'silent' });
  });

  test('of something that is not an address is exit code 2 and one line', async () => {
    for (const address of ['tcp:10.0.0.1:9100', 'paper']) {
      const answer = await run('status', '--device', address, '--json');
      expect({ code: answer.code, out: answer.out }).toEqual({ code: 2, out: '' });
      expect(answer.err.trim().split('\n')).toHaveLength(1);
    }
  });
});

describe('printer test', () => {
  test('prints the page and reports the evidence', async () => {
    const printer = await virtualPrinter();
    const answer = await run('test', '--device', printer.address, '--json');
    expect(JSON.parse(answer.out)).toMatchObject({
      class: 'E2',
      buffer: 'printed',
      status: { state: 'ready' },
      raw: expect.stringMatching(/^[0-9a-f]+$/) as string,
    });
    expect(answer.code).toBe(0);
    expect(printer.slips()).toHaveLength(1);
    expect(printer.slips()[0]?.text).toContain('Pagina di prova');
  });

  test('says so where the page did not come out', async () => {
    const printer = await virtualPrinter();
    await printer.control('jam-after 3');
    const answer = await run('test', '--device', printer.address);
    expect(answer.code).toBe(1);
    expect(answer.out).toContain('E1');
    expect(answer.out).toContain('paper-out');
    expect(printer.slips()).toEqual([]);
  });
});

describe('printer virtual', () => {
  test('stands on a pseudo-terminal, takes control lines, draws slips, and leaves nothing behind', async () => {
    const folder = temporaryFolder();
    const [pty, out, control] = [join(folder, 'printer'), join(folder, 'slips'), join(folder, 'control')];
    const virtual = await startVirtual('--pty', pty, '--out', out, '--control', control, '--ms-per-line', '1');
    expect((await run('test', '--device', `serial:${pty}?baud=9600`)).code).toBe(0);
    expect(readdirSync(out).sort()).toEqual(['0001.png', '0001.txt']);

    const socket = connect(control);
    onTestFinished(() => void socket.destroy());
    socket.setEncoding('utf8').write('cover-open\n');
    expect(await once(socket, 'data')).toEqual(['ok\n']);
    expect(JSON.parse((await run('status', '--device', `serial:${pty}`, '--json')).out)).toEqual({ state: 'cover-open' });
    socket.destroy();

    virtual.process.kill('SIGTERM');
    const [code] = (await once(virtual.process, 'exit')) as [number | null];
    expect(code).toBe(0);
    expect(existsSync(pty)).toBe(false);
    expect(existsSync(control)).toBe(false);
    expect(processesWith(pty)).toEqual([]);
  });

  test('stands on a TCP port', async () => {
    const folder = temporaryFolder();
    const virtual = await startVirtual('--tcp', '0', '--out', join(folder, 'slips'));
    const port = Number(/tcp:127\.0\.0\.1:(\d+)/.exec(virtual.told())?.[1]);
    const socket = connect(port, '127.0.0.1');
    onTestFinished(() => void socket.destroy());
    socket.write(slipOf(2));
    await vi.waitUntil(() => existsSync(join(folder, 'slips', '0001.txt')), { timeout: 5_000 });
  });

  test('killed, it leaves no process behind', async () => {
    const pty = join(temporaryFolder(), 'printer');
    const virtual = await startVirtual('--pty', pty, '--out', join(temporaryFolder(), 'slips'));
    expect(processesWith(`link=${pty}`)).not.toEqual([]);
    virtual.process.kill('SIGKILL');
    await vi.waitUntil(() => processesWith(`link=${pty}`).length === 0, { timeout: 5_000 });
  });

  test.each([
    [['--out', '/tmp/x']],
    [['--pty', '/tmp/x', '--tcp', '9100', '--out', '/tmp/x']],
    [['--tcp', 'nine', '--out', '/tmp/x']],
    [['--tcp', '0', '--out', '/dev/null/slips']],
    [['--tcp', '0', '--ms-per-line', '-3', '--out', '/tmp/x']],
  ])('%j is exit code 2 and one line', async (args) => {
    const answer = await run('virtual', ...args);
    expect({ code: answer.code, out: answer.out }).toEqual({ code: 2, out: '' });
    expect(answer.err.trim().split('\n')).toHaveLength(1);
  });
});
