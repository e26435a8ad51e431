import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { vi } from 'vitest';
import { commandEntry, processEntry } from '../../../kiosk/project.ts';

interface Addresses {
  readonly screen: string;
  readonly operatorPage: string;
  readonly bench: string;
  readonly operator: { readonly id: string; readonly pin: string };
  readonly state: string;
}

interface Process {
  readonly pid: number;
  readonly parent: number;
  /** In clock ticks since the machine's start: with the id, it names a process for good. */
  readonly startedAt: string;
  readonly command: string;
}

/** `sportello demo`, run as a person runs it, and the processes that come of it. */
export class DemoProcess {
  readonly child: ChildProcess;
  readonly addresses: Addresses;
  readonly #said: { stderr: string };
  readonly #exited: Promise<number | null>;
  readonly #family: readonly Process[];

  private constructor(child: ChildProcess, addresses: Addresses, said: { stderr: string }, exited: Promise<number | null>) {
    this.child = child;
    this.addresses = addresses;
    this.#said = said;
    this.#exited = exited;
    this.#family = descendantsOf(child.pid ?? 0);
  }

  static async start(...args: readonly string[]): Promise<DemoProcess> {
    const child = spawn(process.execPath, [commandEntry(), 'demo', '--json', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    const said = { stderr: '' };
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said.stderr += text));
    const exited = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
    const addresses = await new Promise<Addresses>((resolve, reject) => {
      let text = '';
      child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
        if (text.endsWith('\n')) resolve(JSON.parse(text) as Addresses);
      });
      void exited.then((code) => reject(new Error(`the demo ended with ${code ?? 'a signal'}: ${said.stderr}`)));
    });
    return new DemoProcess(child, addresses, said, exited);
  }

  get screenPort(): number {
    return Number(new URL(this.addresses.screen).port);
  }

  get benchPort(): number {
    return Number(new URL(this.addresses.bench).port);
  }

  /** The demo's own process of this source: `kiosk/demo/world-process.ts`. */
  process(source: string): number {
    const found = this.processes().find(({ command }) => command.includes(processEntry(source)));
    if (found === undefined) throw new Error(`no process of ${source}`);
    return found.pid;
  }

  processes(): readonly Process[] {
    return descendantsOf(this.child.pid ?? 0);
  }

  async exit(): Promise<{ code: number | null; stderr: string }> {
    return { code: await this.#exited, stderr: this.#said.stderr };
  }

  /** Waits until none of the processes that the demo was at its start is left. */
  async nothingLeft(): Promise<void> {
    const left = (): readonly Process[] => this.#family.filter(({ pid, startedAt }) => processOf(pid)?.startedAt === startedAt);
    try {
      await vi.waitUntil(() => left().length === 0, { timeout: 12_000, interval: 20 });
    } catch {
      throw new Error(
        `still running: ${left()
          .map(({ command }) => command)
          .join('; ')}`,
      );
    }
  }

  async stop(): Promise<void> {
    this.child.kill('SIGTERM');
    await this.#exited;
    await this.nothingLeft();
  }
}

/** A folder for a demo's state, gone with the function that takes it away. */
export async function temporaryState(): Promise<{ folder: string; remove: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'sportello-test-'));
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}

function descendantsOf(pid: number): readonly Process[] {
  const all = readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? (processOf(Number(name)) ?? []) : []));
  const children = (parent: number): readonly Process[] =>
    all.filter((each) => each.parent === parent).flatMap((each) => [each, ...children(each.pid)]);
  return children(pid);
}

function processOf(pid: number): Process | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [state, parent, ...more] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (state === 'Z') return undefined;
    return {
      pid,
      parent: Number(parent),
      startedAt: more[17] ?? '',
      command: readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' '),
    };
  } catch {
    return undefined; // It ended while we looked.
  }
}
