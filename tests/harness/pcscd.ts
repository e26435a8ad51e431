import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, watch, writeFileSync } from 'node:fs';
import { type Server, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const driver = '/usr/lib/pcsc/drivers/serial/libifdvpcd.so';
const startLimitMs = 10_000;

export interface Pcscd {
  /** What a client needs to reach this pcscd and no other. */
  readonly env: { readonly PCSCLITE_CSOCK_NAME: string };
  /** The vpcd port of each reader, in the order of their names. */
  readonly ports: readonly number[];
  readonly readers: readonly string[];
  /** `kill -9`; returns when it is gone. */
  kill(): Promise<void>;
  /** Starts it, after `kill` or in the first place. */
  start(): Promise<void>;
  /** Kills it and starts it with these readers: vpcd knows no other way to plug and unplug them. One that stays keeps its ports. */
  plug(names: readonly string[]): Promise<void>;
  /** Stops it in its tracks: it lives and answers nobody, until `thaw`. */
  freeze(): void;
  thaw(): void;
  close(): Promise<void>;
}

export interface PcscdOptions {
  /** Readers wanted; vpcd makes them in pairs, so there may be one more. */
  readonly readers?: number;
  /** Names of readers, in the place of `readers`: each makes two, `NAME 00 00` and `NAME 00 01`. */
  readonly names?: readonly string[];
  /** `false`: prepared, and not running until `start`. */
  readonly running?: boolean;
}

/** A stanza of the configuration; those that share a library share its slots, so each has a copy. */
interface Pair {
  readonly port: number;
  readonly library: string;
}

/**
 * A real pcscd with vpcd readers, for one test: its own mount namespace with a folder of ours on /run/pcscd (the daemon knows no other place),
 * its own configuration, its own ports. It dies with this process, however this process dies.
 */
export async function startPcscd({ readers: wanted = 1, names = namesFor(wanted), running = true }: PcscdOptions = {}): Promise<Pcscd> {
  const base = mkdtempSync(join(tmpdir(), 'pcscd-'));
  const run = join(base, 'run');
  const config = join(base, 'reader.conf.d');
  mkdirSync(run);
  mkdirSync(config);
  const pairs = new Map<string, Pair>();
  const ports: number[] = [];
  const readers: string[] = [];
  const configure = async (plugged: readonly string[]): Promise<void> => {
    for (const file of readdirSync(config)) rmSync(join(config, file));
    ports.length = 0;
    readers.length = 0;
    for (const [index, name] of plugged.entries()) {
      const { port, library } = pairs.get(name) ?? (await newPair(base, pairs.size));
      pairs.set(name, { port, library });
      const channel = `0x${port.toString(16)}`;
      writeFileSync(
        join(config, `vpcd-${index}`),
        `FRIENDLYNAME "${name}"\nDEVICENAME /dev/null:${channel}\nLIBPATH ${library}\nCHANNELID ${channel}\n`,
      );
      ports.push(port, port + 1);
      readers.push(`${name} 00 00`, `${name} 00 01`);
    }
  };

  let daemon: ChildProcess | undefined;
  const kill = async (): Promise<void> => {
    if (daemon !== undefined && daemon.exitCode === null && daemon.signalCode === null) {
      const gone = once(daemon, 'exit');
      daemon.kill('SIGKILL');
      await gone;
    }
    daemon = undefined;
  };
  const start = async (): Promise<void> => {
    for (const stale of readdirSync(run)) rmSync(join(run, stale), { force: true });
    daemon = spawnDaemon(run, config);
    await socketIn(run, daemon);
  };
  await configure(names);
  if (running) await start();
  return {
    env: { PCSCLITE_CSOCK_NAME: join(run, 'pcscd.comm') },
    ports,
    readers,
    kill,
    start,
    plug: async (plugged) => {
      await kill();
      await configure(plugged);
      await start();
    },
    freeze: () => daemon?.kill('SIGSTOP'),
    thaw: () => daemon?.kill('SIGCONT'),
    close: async () => {
      await kill();
      rmSync(base, { recursive: true, force: true });
    },
  };
}

function namesFor(readers: number): readonly string[] {
  return Array.from({ length: Math.ceil(readers / 2) }, (_, pair) => (pair === 0 ? 'Virtual PCD' : `Virtual PCD ${pair}`));
}

async function newPair(base: string, index: number): Promise<Pair> {
  const library = join(base, `libifdvpcd-${index}.so`);
  copyFileSync(driver, library);
  return { port: await freePair(), library };
}

/** Everything is exec'd in one process, so that the signal of the parent's death reaches pcscd itself. */
function spawnDaemon(run: string, config: string): ChildProcess {
  const asRoot = process.getuid?.() === 0;
  const inside = 'mkdir -p /run/pcscd && mount --bind "$1" /run/pcscd && exec pcscd --foreground --critical --config "$2"';
  const path = `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`;
  return spawn('unshare', [asRoot ? '-m' : '-Urm', 'setpriv', '--pdeathsig', 'KILL', 'sh', '-c', inside, 'sh', run, config], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, PATH: path },
  });
}

async function socketIn(run: string, daemon: ChildProcess): Promise<void> {
  const socket = join(run, 'pcscd.comm');
  await new Promise<void>((resolve, reject) => {
    const finish = (error?: Error): void => {
      watcher.close();
      clearTimeout(limit);
      daemon.off('exit', ended);
      if (error === undefined) resolve();
      else reject(error);
    };
    const ended = (code: number | null): void => finish(new Error(`pcscd ended with ${code}`));
    const look = (): void => (existsSync(socket) ? finish() : undefined);
    const watcher = watch(run, look);
    const limit = setTimeout(() => finish(new Error('pcscd does not open its socket')), startLimitMs);
    daemon.once('exit', ended);
    look();
  });
}

/** Two neighbouring free ports: a vpcd reader has two slots, on its port and the next. */
async function freePair(): Promise<number> {
  for (;;) {
    const first = await listen(0);
    const port = portOf(first);
    const second = await listen(port + 1).catch(() => undefined);
    await Promise.all([first, second].map(async (server) => server && (await new Promise((resolve) => server.close(resolve)))));
    if (second !== undefined && port < 0xffff) return port;
  }
}

async function listen(port: number): Promise<Server> {
  const server = createServer();
  return await new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '0.0.0.0', () => resolve(server));
  });
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('not a TCP server');
  return address.port;
}
