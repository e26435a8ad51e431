import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, isAbsolute, join, resolve } from 'node:path';

/** What a program did to the files of one folder, in order. Names are relative to the folder; `said` is what it wrote to its standard output. */
export type FileOperation =
  | { readonly kind: 'create' | 'unlink' | 'sync' | 'syncFolder' | 'makeFolder'; readonly name: string }
  | { readonly kind: 'write'; readonly name: string; readonly at: number; readonly bytes: Buffer }
  | { readonly kind: 'truncate'; readonly name: string; readonly length: number }
  | { readonly kind: 'rename'; readonly name: string; readonly to: string }
  | { readonly kind: 'said'; readonly text: string };

const traced =
  'openat,open,creat,close,write,pwrite64,writev,pwritev,pwritev2,lseek,read,ftruncate,truncate,fallocate,fsync,fdatasync,' +
  'rename,renameat,renameat2,unlink,unlinkat,rmdir,mkdir,mkdirat,link,linkat,sendfile,copy_file_range';

/** The words before a command that have its calls, and those of whatever it starts, written into `trace`. */
export function straceInto(trace: string): readonly string[] {
  return ['strace', '-f', '-qq', '-xx', '-y', '-s', '16777216', '-e', `trace=${traced}`, '-e', 'signal=none', '-o', trace];
}

/** Runs a command under strace to its end, and answers what it did to the files under `folder`. Throws for what this model does not know. */
export async function recordOperations(command: readonly string[], folder: string): Promise<readonly FileOperation[]> {
  const notes = mkdtempSync(join(tmpdir(), 'strace-'));
  const trace = join(notes, 'trace');
  try {
    const [program = '', ...words] = [...straceInto(trace), ...command];
    const child = spawn(program, words, { stdio: ['ignore', 'ignore', 'inherit'], env: { ...process.env, UV_USE_IO_URING: '0' } });
    const [code] = (await once(child, 'exit')) as [number | null];
    if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}`);
    return operationsIn(readFileSync(trace, 'latin1'), resolve(folder));
  } finally {
    rmSync(notes, { recursive: true });
  }
}

const unhex = (text: string): Buffer => Buffer.from(text.replaceAll('\\x', ''), 'hex');
const call = /^(\d+) +(\w+)\((.*)\) += (-?\d+)/;
/** `23<\x2f\x74…>` of -y with -xx. */
const descriptor = /^(\d+|AT_FDCWD)(?:<([^>]*)>)?/;

export function operationsIn(trace: string, folder: string): readonly FileOperation[] {
  const done: FileOperation[] = [];
  const positions = new Map<string, number>();
  for (const line of wholeLines(trace)) {
    const [, , name = '', words = '', answer = ''] = call.exec(line) ?? [];
    const result = Number(answer);
    if (answer !== '' && result >= 0) done.push(...operation(name, words.split(', '), result, folder, positions));
  }
  return done;
}

/** strace splits a call during which another thread did something; it counts from its end. */
function* wholeLines(trace: string): Generator<string> {
  const unfinished = new Map<string, string>();
  for (const line of trace.split('\n')) {
    const thread = line.slice(0, line.indexOf(' '));
    if (line.endsWith('<unfinished ...>')) unfinished.set(thread, line.slice(0, -'<unfinished ...>'.length));
    else if (line.includes(' resumed>')) yield (unfinished.get(thread) ?? '') + line.slice(line.indexOf(' resumed>') + ' resumed>'.length);
    else yield line;
  }
}

function operation(
  name: string,
  words: readonly string[],
  result: number,
  folder: string,
  positions: Map<string, number>,
): readonly FileOperation[] {
  const [number = '', path = ''] = descriptor.exec(words[0] ?? '')?.slice(1) ?? [];
  const open = path.includes('\\x') ? unhex(path).toString() : path;
  const inside = (file: string): string | null =>
    file === folder ? '' : file.startsWith(`${folder}/`) ? file.slice(folder.length + 1) : null;
  const named = (word = '', base = open): string | null => {
    const given = unhex(word.replaceAll('"', '')).toString();
    // strace tells the working folder of `openat` and its kin alone.
    if (base === '/' && !isAbsolute(given)) throw new Error(`${name} of a name that is not absolute is not followed: ${given}`);
    return inside(resolve(base === '' ? '/' : base, given));
  };
  const own = inside(open);
  const bytesOf = (word = ''): Buffer => {
    if (word.endsWith('...')) throw new Error('strace cut a string short');
    return unhex(word.replaceAll('"', '')).subarray(0, result);
  };
  switch (name) {
    case 'openat':
    case 'open': {
      const [file, flags = ''] = name === 'openat' ? [named(words[1]), words[2]] : [named(words[0], '/'), words[1]];
      if (file === null) return [];
      positions.set(String(result), 0);
      if (flags.includes('O_APPEND')) throw new Error(`${file}: appending is not followed`);
      return [
        ...(flags.includes('O_CREAT') ? [{ kind: 'create', name: file } as const] : []),
        ...(flags.includes('O_TRUNC') ? [{ kind: 'truncate', name: file, length: 0 } as const] : []),
      ];
    }
    case 'write': {
      if (number === '1') return [{ kind: 'said', text: bytesOf(words[1]).toString() }];
      if (own === null) return [];
      const at = positions.get(number) ?? 0;
      positions.set(number, at + result);
      return [{ kind: 'write', name: own, at, bytes: bytesOf(words[1]) }];
    }
    case 'read':
      if (own !== null) positions.set(number, (positions.get(number) ?? 0) + result);
      return [];
    case 'lseek':
      if (own !== null) positions.set(number, result);
      return [];
    case 'pwrite64':
      return own === null ? [] : [{ kind: 'write', name: own, at: Number(words[3]), bytes: bytesOf(words[1]) }];
    case 'ftruncate':
      return own === null ? [] : [{ kind: 'truncate', name: own, length: Number(words[1]) }];
    case 'fsync':
    case 'fdatasync':
      if (own === null) return [];
      return [{ kind: 'sync', name: own }];
    case 'mkdir':
    case 'mkdirat': {
      const file = name === 'mkdir' ? named(words[0], '/') : named(words[1]);
      return file === null || file === '' ? [] : [{ kind: 'makeFolder', name: file }];
    }
    case 'unlink':
    case 'unlinkat': {
      const file = name === 'unlink' ? named(words[0], '/') : named(words[1]);
      return file === null ? [] : [{ kind: 'unlink', name: file }];
    }
    case 'rename':
    case 'renameat':
    case 'renameat2': {
      const at = name !== 'rename';
      const from = at ? named(words[1]) : named(words[0], '/');
      const to = at ? named(words[3], unhex(descriptor.exec(words[2] ?? '')?.[2] ?? '').toString()) : named(words[1], '/');
      if (from === null && to === null) return [];
      if (from === null || to === null) throw new Error('a file that is moved over the edge of the folder is not followed');
      return [{ kind: 'rename', name: from, to }];
    }
    case 'close':
      return [];
    default:
      if (own === null) return [];
      throw new Error(`${name} on ${dirname(open)} is not followed`);
  }
}
