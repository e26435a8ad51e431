import { readFileSync, rmSync } from 'node:fs';
import { download } from '../crl/download.ts';
import { type ImportedList, importList } from './import.ts';
import type { Pins } from './signers.ts';
import { readHeld } from './store.ts';
import { limits } from './xml.ts';

export interface RefreshedList {
  readonly url: string;
  /** `unchanged`: nothing newer is there; `refused`: what came cannot be used; `unreachable`: nothing came. */
  readonly result: ImportedList['result'] | 'refused' | 'unreachable';
  readonly problems: readonly string[];
}

export interface RefreshListOptions {
  readonly folder: string;
  readonly pins: Pins;
  readonly now: () => Date;
  /** Milliseconds for one try. */
  readonly ms: number;
  readonly tries: number;
  /** Waits so many milliseconds. */
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly signal: AbortSignal;
}

/** Milliseconds before a second try; twice as long before each further one. */
const FIRST_PAUSE_MS = 2_000;

/** Fetches the list if it changed. Whatever comes or does not, the list that is held stays until a newer one that holds takes its place. */
export async function refreshList(url: string, options: RefreshListOptions): Promise<RefreshedList> {
  const { folder, pins, now, ms, tries, pause, signal } = options;
  const held = readHeld(folder);
  // What cannot be read has no validators, and must come whole.
  const validators = held.ok ? held.value : null;
  const problems: string[] = [];
  for (let attempt = 1; ; attempt += 1) {
    const fetched = await download(url, folder, validators, { bytes: limits.bytes, ms }, signal);
    if (!fetched.ok) {
      problems.push(fetched.error.detail);
      if (fetched.error.final || attempt >= tries) return { url, result: 'unreachable', problems };
      await pause(FIRST_PAUSE_MS * 2 ** (attempt - 1), signal);
      continue;
    }
    if (fetched.value.kind === 'unchanged') return { url, result: 'unchanged', problems };
    const { file, etag, lastModified } = fetched.value;
    const imported = importList(folder, { bytes: readFileSync(file), etag, lastModified }, pins, now());
    rmSync(file, { force: true });
    return imported.ok
      ? { url, result: imported.value.result, problems }
      : { url, result: 'refused', problems: [...problems, imported.error] };
  }
}
