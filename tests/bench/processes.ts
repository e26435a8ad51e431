import { readFileSync, readdirSync } from 'node:fs';

/** What a process holds now: memory in MB (proc(5): VmRSS, and VmHWM, its highest so far), its open files, its threads. */
export interface Held {
  readonly residentMB: number;
  readonly highestMB: number;
  readonly files: number;
  readonly threads: number;
}

/** `null`: it is gone. */
export function heldBy(pid: number): Held | null {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const megabytes = (field: string): number => Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]) / 1024;
    const entries = (folder: string): number => readdirSync(`/proc/${pid}/${folder}`).length;
    return { residentMB: megabytes('VmRSS'), highestMB: megabytes('VmHWM'), files: entries('fd'), threads: entries('task') };
  } catch {
    return null;
  }
}

/** The processes that `pid` started and that still are, with their words. */
export function childrenOf(pid: number): readonly { readonly pid: number; readonly words: readonly string[] }[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
    .split(' ')
    .filter((word) => word !== '');
  return children.flatMap((child) => {
    try {
      return [{ pid: Number(child), words: readFileSync(`/proc/${child}/cmdline`, 'utf8').split('\0') }];
    } catch {
      return [];
    }
  });
}
