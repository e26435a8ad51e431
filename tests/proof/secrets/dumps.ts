import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, readSync, writeSync } from 'node:fs';
import { vi } from 'vitest';

const LIMIT_MS = 60_000;

/** A core dump of a living process, which goes on after it (gdb's gcore). */
export async function dump(pid: number, file: string): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    const commands = ['-p', String(pid), '-ex', `gcore ${file}`, '-ex', 'detach'];
    execFile('gdb', ['-q', '-nx', '-batch', ...commands], { timeout: LIMIT_MS, killSignal: 'SIGKILL' }, (error, out, err) => {
      if (existsSync(file)) resolve();
      else reject(new Error(`no core dump of ${pid}: ${error?.message ?? ''} ${out} ${err}`));
    });
  });
  return file;
}

/** A process that will be stopped at its end, before the kernel takes its memory, and dumped there. */
export interface LastDump {
  /** Settles when the dump is written. */
  readonly written: Promise<string>;
}

/** Waits at the process's own call for its end (exit_group), after all that it wipes. Settles when that is arranged: the process stands still until then. */
export async function dumpAtEnd(pid: number, file: string): Promise<LastDump> {
  const gdb: ChildProcess = spawn(
    'gdb',
    [
      ['-q', '-nx', '-batch', '-p', String(pid)],
      ['-ex', 'handle all nostop noprint pass', '-ex', 'catch syscall exit_group', '-ex', `shell touch ${file}.armed`],
      ['-ex', 'continue', '-ex', `gcore ${file}`, '-ex', 'detach'],
    ].flat(),
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let told = '';
  for (const stream of [gdb.stdout, gdb.stderr]) stream?.setEncoding('utf8').on('data', (text: string) => (told += text));
  const ended = new Promise<void>((resolve) => gdb.once('exit', () => resolve()));
  await vi.waitUntil(() => existsSync(`${file}.armed`) || gdb.exitCode !== null, { timeout: LIMIT_MS, interval: 5 });
  return {
    written: ended.then(() => {
      if (!existsSync(file) || !told.includes('exit_group')) throw new Error(`no core dump at the end of ${pid}: ${told}`);
      return file;
    }),
  };
}

const PAGE = 4_096;
/** Pages asked about at once. */
const PAGES = 65_536;

/**
 * The memory of a browser's process that is there or in swap, page by page (proc(5): smaps, pagemap, mem). gcore writes out what Chromium only
 * reserves too: 45 GB for one process.
 */
export function copyMemory(pid: number, file: string): string {
  const [memory, pagemap, out] = [openSync(`/proc/${pid}/mem`, 'r'), openSync(`/proc/${pid}/pagemap`, 'r'), openSync(file, 'w', 0o600)];
  const entries = Buffer.alloc(8 * PAGES);
  const page = Buffer.alloc(PAGE);
  try {
    for (const { start, end } of residentRegions(pid)) {
      for (let at = start; at < end; at += PAGE * PAGES) {
        const pages = Math.min(PAGES, (end - at) / PAGE);
        readSync(pagemap, entries, 0, 8 * pages, (at / PAGE) * 8);
        for (let n = 0; n < pages; n += 1) {
          // Bit 63: there; bit 62: in swap.
          if ((entries[8 * n + 7]! & 0xc0) === 0) continue;
          try {
            readSync(memory, page, 0, PAGE, at + n * PAGE);
            writeSync(out, page);
          } catch {
            // Unmapped since, or a device's.
          }
        }
      }
    }
  } finally {
    for (const each of [memory, pagemap, out]) closeSync(each);
  }
  return file;
}

/** Parts of a process's memory that can be read and of which something is there. */
function residentRegions(pid: number): { readonly start: number; readonly end: number }[] {
  const regions = readFileSync(`/proc/${pid}/smaps`, 'latin1').split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m);
  return regions.flatMap((text) => {
    const [, start, end] = /^([0-9a-f]+)-([0-9a-f]+) r/.exec(text) ?? [];
    const there = [/^Rss:\s+(\d+)/m, /^Swap:\s+(\d+)/m].some((line) => Number(line.exec(text)?.[1] ?? 0) > 0);
    // The kernel's own pages are nobody's, and lie where numbers lose their last digits.
    return start === undefined || end === undefined || !there || text.includes('[vsyscall]')
      ? []
      : [{ start: Number.parseInt(start, 16), end: Number.parseInt(end, 16) }];
  });
}
