import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, openSync } from 'node:fs';

/** The far end of a pseudo-terminal, worked by hand: what a device on it receives, says and refuses to read. */
export interface FarEnd {
  readonly link: string;
  /** All that came from the host and was read. */
  received(): Buffer;
  say(bytes: Uint8Array): void;
  /** Stops reading: the kernel's buffers fill, and the host's writes wait. */
  stall(): void;
  resume(): void;
  close(): Promise<void>;
}

/** Opens a pseudo-terminal linked at `link`; `hear` is called with each piece that the host sends. */
export async function openFarEnd(link: string, hear: (bytes: Buffer, farEnd: FarEnd) => void = () => undefined): Promise<FarEnd> {
  const socat = spawn('setpriv', ['--pdeathsig', 'KILL', 'socat', '-d', '-d', '-', `pty,raw,echo=0,link=${link}`], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const exited = once(socat, 'close');
  let told = '';
  await new Promise<void>((resolve, reject) => {
    socat.once('exit', () => reject(new Error(`socat ended: ${told}`)));
    socat.stderr.setEncoding('utf8').on('data', (text: string) => {
      told += text;
      if (told.includes('starting data transfer loop')) resolve();
    });
  });
  // While the host has not opened it, or between two hosts, the terminal must not hang up.
  const held = openSync(link, constants.O_RDWR | constants.O_NOCTTY);
  const pieces: Buffer[] = [];
  const farEnd: FarEnd = {
    link,
    received: () => Buffer.concat(pieces),
    say: (bytes) => void socat.stdin.write(bytes),
    stall: () => void socat.stdout.pause(),
    resume: () => void socat.stdout.resume(),
    close: async () => {
      socat.kill('SIGKILL');
      socat.stdout.destroy();
      await exited;
      closeSync(held);
    },
  };
  socat.stdout.on('data', (bytes: Buffer) => {
    pieces.push(bytes);
    hear(bytes, farEnd);
  });
  socat.stdin.on('error', () => undefined);
  return farEnd;
}
