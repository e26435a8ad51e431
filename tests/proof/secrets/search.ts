import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { processEntry } from '../../../kiosk/project.ts';
import { processes } from '../../harness/processes.ts';
import type { Sportello } from '../../harness/sportello.ts';
import { copyMemory, dump } from './dumps.ts';
import { type Hit, scanFiles } from './writings.ts';

/** Gives this process, and all that it starts, a folder of their own for temporary files; answers how to end that. */
export function ownTemporaryFolder(): () => void {
  const { TMPDIR } = process.env;
  process.env['TMPDIR'] = mkdtempSync(join(tmpdir(), 'secrets-'));
  return () => {
    rmSync(tmpdir(), { recursive: true });
    if (TMPDIR === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = TMPDIR;
  };
}

/** A search for what nobody may have kept, in the memory of processes, in files and in logs. */
export class Search {
  /** For dumps. It is not searched as such: each dump is, while it lasts. */
  readonly folder: string;
  readonly #world: Sportello;
  readonly #mayHold: readonly string[];

  /** `mayHold`: files and folders of the world that are those of processes which may know the codes. */
  constructor(world: Sportello, mayHold: readonly string[]) {
    this.#world = world;
    this.folder = join(world.folder, 'dumps');
    this.#mayHold = [...mayHold.map((name) => join(world.folder, name)), this.folder];
    mkdirSync(this.folder);
  }

  /** Core dumps of the kiosk as it is now: the core and all that it started. */
  async dumpKiosk(): Promise<string[]> {
    const files: string[] = [];
    for (const pid of familyOf(this.#world.kioskPid)) files.push(await this.dump(pid));
    return files;
  }

  /** Dumps of the kiosk halted where it is, and then killed: however long they take, no wait of its own ends meanwhile. */
  async dumpAndKillKiosk(): Promise<string[]> {
    const family = familyOf(this.#world.kioskPid);
    for (const pid of family) process.kill(pid, 'SIGSTOP');
    const files = await this.dumpKiosk();
    for (const pid of family) process.kill(pid, 'SIGKILL');
    await this.#world.killKiosk();
    return files;
  }

  async dump(pid: number): Promise<string> {
    const file = join(this.folder, `${pid}`);
    rmSync(file, { force: true });
    return await dump(pid, file);
  }

  /** The memory of every process of the browser that this test opened. */
  copyBrowsers(): string[] {
    const family = new Set(familyOf(process.pid));
    const browsers = processes().filter(({ pid, words }) => family.has(pid) && words[0]?.includes('chromium') === true);
    return browsers.map(({ pid }) => copyMemory(pid, join(this.folder, `${pid}`)));
  }

  /** A process of the world that is not the kiosk's, by its entry. */
  process(entry: string): number {
    const own = new Set(familyOf(process.pid));
    const found = processes().find(({ pid, words }) => own.has(pid) && words.includes(processEntry(entry)));
    if (found === undefined) throw new Error(`no process ${entry}`);
    return found.pid;
  }

  /** Looks through core dumps, logs and all files; the dumps are gone after it. `secrets`: digits by name. */
  async hits(dumped: readonly string[], secrets: Readonly<Record<string, string>>): Promise<readonly Hit[]> {
    const hits = await scanFiles([...dumped, ...this.#filesWritten()], secrets, this.folder);
    const logs = this.#world.logs.filter((line) => Object.values(secrets).some((digits) => line.includes(digits)));
    for (const file of dumped) rmSync(file);
    return [...hits, ...logs.map(() => ({ file: 'log', secret: 'a code', writing: 'plain' }))];
  }

  /** Every file in the folder for temporary files that all processes of this test were given, the browser's profile among them, and in shared memory. */
  #filesWritten(): string[] {
    return [tmpdir(), '/dev/shm']
      .flatMap((folder) => readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name)))
      .filter((file) => !this.#mayHold.some((place) => file.startsWith(place)))
      .filter((file) => statSync(file, { throwIfNoEntry: false })?.isFile() === true);
  }
}

/** A process and all that it started, and these. */
function familyOf(pid: number): number[] {
  const all = processes();
  const children = (of: number): number[] =>
    all.filter(({ parent }) => parent === of).flatMap((child) => [child.pid, ...children(child.pid)]);
  return [pid, ...children(pid)];
}
