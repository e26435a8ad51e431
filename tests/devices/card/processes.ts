import { readFileSync, readdirSync } from 'node:fs';

/** The card processes that are children of `parent`. */
export function cardHostsOf(parent: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => stat(pid)?.parent === parent && isCardHost(pid));
}

export function isAlive(cardHost: number): boolean {
  return isCardHost(cardHost) && stat(cardHost)?.state !== 'Z';
}

function isCardHost(pid: number): boolean {
  return procFile(pid, 'cmdline').includes('pcsc-host');
}

function stat(pid: number): { state: string; parent: number } | undefined {
  const [, state, parent] = /\) (\S) (\d+)/.exec(procFile(pid, 'stat')) ?? [];
  return state === undefined ? undefined : { state, parent: Number(parent) };
}

function procFile(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8');
  } catch {
    return '';
  }
}
