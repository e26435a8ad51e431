import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { closeSync, constants, lstatSync, openSync, rmSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';

/** A pseudo-terminal whose other end is ours: a host opens `link` as it would open a serial port. */
export interface Pty {
  readonly link: string;
  write(bytes: Uint8Array): void;
  /** Takes the line away: whoever has it open sees the device vanish. */
  close(): Promise<void>;
}

const OPEN_LIMIT_MS = 5_000;
const LINE_WAITING_BYTES = 65_536;

/**
 * Opens a pseudo-terminal by `socat`, linked at `link`. socat dies with this process: its standard input ends and, should that
 * not be enough, the kernel kills it (`setpriv --pdeathsig`).
 */
export async function openPty(link: string, received: (bytes: Uint8Array) => void): Promise<Pty> {
  removeLeftover(link);
  const escapedLink = link.replaceAll(/[^A-Za-z0-9/_.-]/g, '\\$&');
  const socat = spawn('setpriv', ['--pdeathsig', 'KILL', 'socat', '-d', '-d', '-', `pty,raw,echo=0,link=${escapedLink}`], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const exited = new Promise<void>((resolve) => socat.once('close', () => resolve()));
  socat.stdout.on('data', received);
  socat.stdin.on('error', () => undefined);
  await started(socat);
  // While nobody else has the terminal open, its other end reads an error: this keeps it open. Nothing is read here.
  const held = openSync(link, constants.O_RDWR | constants.O_NOCTTY);
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    socat.kill('SIGKILL');
    await exited;
    closeSync(held);
    removeLeftover(link);
  };
  return {
    link,
    write: (bytes) => {
      // Nobody listens to a line that is full: what a printer says to nobody is lost.
      if (socat.stdin.writable && socat.stdin.writableLength < LINE_WAITING_BYTES) socat.stdin.write(bytes);
    },
    close: () => (closing ??= close()),
  };
}

function started(socat: ChildProcessByStdio<Writable, Readable, Readable>): Promise<void> {
  return new Promise((resolve, reject) => {
    let told = '';
    const timer = setTimeout(() => fail('socat did not start in time'), OPEN_LIMIT_MS);
    const fail = (why: string): void => {
      clearTimeout(timer);
      socat.kill('SIGKILL');
      reject(new Error(why));
    };
    socat.once('error', (error) => fail(`socat cannot be run (Debian package socat): ${error.message}`));
    socat.once('exit', () => fail(`socat ended: ${told.trim().split('\n').at(-1) ?? ''}`));
    socat.stderr.setEncoding('utf8').on('data', (text: string) => {
      told = (told + text).slice(-4_096);
      if (!told.includes('starting data transfer loop')) return;
      clearTimeout(timer);
      socat.removeAllListeners('exit');
      resolve();
    });
  });
}

/** A link that an earlier run left behind; anything else at that path is not ours to remove. */
function removeLeftover(link: string): void {
  const there = lstatSync(link, { throwIfNoEntry: false });
  if (there === undefined) return;
  if (!there.isSymbolicLink()) throw new Error(`${link} exists and is not a link of a virtual device`);
  rmSync(link, { force: true });
}
