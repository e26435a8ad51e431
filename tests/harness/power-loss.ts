import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type FileOperation, recordOperations } from './system-calls.ts';

/**
 * Power loss by replay (reliability.md, 1.5, T3). `recordSession` runs a program under strace; `crashStates` rebuilds what a disk may hold had the
 * power gone after each of its system calls; the test reopens each state, and says what must hold.
 *
 * The model of a disk: what was written and not yet synced may be there in whole, in part, or not at all, in any order; a name (made, removed,
 * renamed) is sure once its folder was synced, and names are lost in order, the last first, as a journalling file system loses them. What is
 * written through shared memory (`-shm`) is not seen, so it is always lost. Not modelled: a drive that lies about its cache.
 */
export interface Session {
  /** Files as they were, relative to the folder, all of them durable. */
  readonly before: ReadonlyMap<string, Buffer>;
  readonly operations: readonly FileOperation[];
}

export interface CrashState {
  /** Operations done when the power went, and what became of those that no sync had made sure. */
  readonly after: number;
  readonly loss: Loss;
  /** What the program had said to its standard output by then: what it acknowledged. */
  readonly said: string;
  readonly files: ReadonlyMap<string, Buffer>;
}

const losses = ['nothing-kept', 'all-kept', 'names-kept', 'some-kept', 'torn'] as const;
type Loss = (typeof losses)[number];

/** `command` works on `folder`, which is left as it is at its end. */
export async function recordSession(command: readonly string[], folder: string): Promise<Session> {
  const before = filesIn(folder);
  return { before, operations: await recordOperations(command, folder) };
}

function filesIn(folder: string): Map<string, Buffer> {
  const files = new Map<string, Buffer>();
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }))
    if (statSync(join(folder, name)).isFile()) files.set(name, readFileSync(join(folder, name)));
  return files;
}

type Change = Extract<FileOperation, { kind: 'write' | 'truncate' }>;
class Inode {
  private pending: readonly Change[] = [];
  private durable: Buffer;

  constructor(durable: Buffer) {
    this.durable = durable;
  }

  change(operation: Change): void {
    this.pending = [...this.pending, operation];
  }

  sync(): void {
    this.durable = this.content((change) => change);
    this.pending = [];
  }

  content(kept: (change: Change, last: boolean) => Change | null): Buffer {
    return this.pending.reduce((bytes, change, index) => {
      const left = kept(change, index === this.pending.length - 1);
      return left === null ? bytes : applied(bytes, left);
    }, this.durable);
  }
}

function applied(bytes: Buffer, change: Change): Buffer {
  if (change.kind === 'truncate') {
    const cut = Buffer.alloc(change.length);
    bytes.copy(cut);
    return cut;
  }
  const grown = Buffer.alloc(Math.max(bytes.length, change.at + change.bytes.length));
  bytes.copy(grown);
  change.bytes.copy(grown, change.at);
  return grown;
}

type Names = Map<string, Inode>;
interface NameChange {
  readonly folders: readonly string[];
  apply(names: Names): void;
}

/** Every state that differs from those before it, for every prefix of the session. `seed` chooses what is kept in part; the same seed, the same states. */
export function* crashStates({ before, operations }: Session, seed: number): Generator<CrashState> {
  const names: Names = new Map([...before].map(([name, bytes]) => [name, new Inode(bytes)]));
  const durableNames: Names = new Map(names);
  let pendingNames: readonly NameChange[] = [];
  let said = '';
  const seen = new Set<string>();
  const random = randomFrom(seed);

  const rename = (change: NameChange): void => {
    change.apply(names);
    pendingNames = [...pendingNames, change];
  };

  function perform(operation: FileOperation): void {
    switch (operation.kind) {
      case 'said':
        said += operation.text;
        return;
      case 'create': {
        if (names.has(operation.name)) return;
        const inode = new Inode(Buffer.alloc(0));
        rename({ folders: [dirname(operation.name)], apply: (all) => void all.set(operation.name, inode) });
        return;
      }
      case 'unlink':
        rename({ folders: [dirname(operation.name)], apply: (all) => void all.delete(operation.name) });
        return;
      case 'rename': {
        const inode = names.get(operation.name);
        if (inode === undefined) throw new Error(`${operation.name} is not known`);
        rename({
          folders: [dirname(operation.name), dirname(operation.to)],
          apply: (all) => {
            all.delete(operation.name);
            all.set(operation.to, inode);
          },
        });
        return;
      }
      case 'sync':
      case 'syncFolder': {
        const inode = names.get(operation.name);
        if (inode !== undefined) {
          inode.sync();
          return;
        }
        // A folder: what was done to names up to the last change in it is sure, for a journal is written in order.
        const folder = operation.name === '' ? '.' : operation.name;
        const last = pendingNames.findLastIndex(({ folders }) => folders.includes(folder));
        for (const change of pendingNames.slice(0, last + 1)) change.apply(durableNames);
        pendingNames = pendingNames.slice(last + 1);
        return;
      }
      case 'makeFolder':
        return;
      case 'write':
      case 'truncate':
        return names.get(operation.name)?.change(operation);
    }
  }

  function stateOf(loss: Loss): ReadonlyMap<string, Buffer> {
    const all: Names = new Map(durableNames);
    const sureNames =
      loss === 'nothing-kept' ? 0 : loss === 'some-kept' ? Math.floor(random() * (pendingNames.length + 1)) : pendingNames.length;
    for (const change of pendingNames.slice(0, sureNames)) change.apply(all);
    const kept = (change: Change, last: boolean): Change | null => {
      if (loss === 'all-kept') return change;
      if (loss === 'torn') return last && change.kind === 'write' ? torn(change, random) : change;
      return loss === 'some-kept' && random() < 0.5 ? torn(change, random) : null;
    };
    return new Map([...all].map(([name, inode]) => [name, inode.content(kept)]));
  }

  for (let after = 0; after <= operations.length; after += 1) {
    if (after > 0) perform(operations[after - 1] as FileOperation);
    for (const loss of losses) {
      const files = stateOf(loss);
      const key = digestOf(files, said);
      if (seen.has(key)) continue;
      seen.add(key);
      yield { after, loss, said, files };
    }
  }
}

const SECTOR = 512;
/** A write of which only some sectors reached the disk, from either end. */
function torn(change: Change, random: () => number): Change | null {
  if (change.kind === 'truncate') return change;
  const cut = Math.floor((random() * change.bytes.length) / SECTOR) * SECTOR;
  const first = random() < 0.5;
  if (cut === 0) return first ? null : change;
  return first
    ? { ...change, bytes: change.bytes.subarray(0, cut) }
    : { ...change, at: change.at + cut, bytes: change.bytes.subarray(cut) };
}

function digestOf(files: ReadonlyMap<string, Buffer>, said: string): string {
  const digest = createHash('sha1').update(said);
  for (const [name, bytes] of [...files].sort(([one], [other]) => (one < other ? -1 : 1)))
    digest.update(`\0${name}\0${bytes.length}\0`).update(bytes);
  return digest.digest('base64');
}

/** Mulberry32: small, and the same everywhere. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** Lays a state out in a folder of its own, in memory where the machine has such a place, gives it to `look`, and removes it. */
export function reopened<T>({ files }: CrashState, look: (folder: string) => T): T {
  const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'crashed-'));
  try {
    for (const [name, bytes] of files) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), bytes);
    }
    return look(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
