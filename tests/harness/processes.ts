import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { createInterface } from 'node:readline';

/** Every process there is, by its words and its parent (proc(5)). One that ends while we look is left out. */
export function processes(): { pid: number; parent: number; words: string[] }[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
      return [{ pid: Number(name), parent, words: readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0') }];
    } catch {
      return [];
    }
  });
}

/** Ends a child, and returns when it is gone. */
export async function kill(child: ChildProcess | null, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
  if (child === null || child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill(signal);
  await gone;
}

/** The first JSON line on its standard output that is wanted. */
export async function firstLine(child: ChildProcess, wanted: (line: Record<string, unknown>) => boolean): Promise<Record<string, unknown>> {
  return await new Promise((resolve, reject) => {
    createInterface({ input: child.stdout! }).on('line', (line) => {
      const told = JSON.parse(line) as Record<string, unknown>;
      if (wanted(told)) resolve(told);
    });
    child.once('exit', (code) => reject(new Error(`ended with ${code ?? 'a signal'} before it was ready`)));
  });
}

/** One line to a control socket, and its answer. */
export async function controlLine(path: string, line: string): Promise<string> {
  return await new Promise((resolve, reject) => {
    const socket = createConnection(path, () => socket.write(`${line}\n`));
    socket.on('error', reject);
    createInterface({ input: socket }).once('line', (answer) => {
      socket.destroy();
      resolve(answer);
    });
  });
}
