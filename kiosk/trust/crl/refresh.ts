import { rmSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { type DownloadLimits, download } from './download.ts';
import { type ImportError, type Imported, importCrls } from './import.ts';
import type { CrlIssuer } from './issuer.ts';
import { downloadByLdap } from './ldap.ts';
import { limits } from './reader.ts';
import type { CrlStore, PointState } from './store.ts';

/** Distribution points of one CRL, in the order in which they are asked. */
export interface PointSet {
  readonly issuers: readonly CrlIssuer[];
  readonly urls: readonly string[];
}

export interface Refreshed {
  readonly urls: readonly string[];
  /** `imported` or `unchanged`; `not-due`; `refused`: what came cannot be used; `unreachable`: nothing came. */
  readonly result: 'imported' | 'unchanged' | 'not-due' | 'refused' | 'unreachable';
  /** What went wrong on the way, a line for each. */
  readonly problems: readonly string[];
}

export interface RefreshOptions {
  readonly folder: string;
  readonly now: () => Date;
  /** Ask though it is not due. */
  readonly all: boolean;
  /** What part of the usual time between two questions to wait: 0 at boot, where little stands against asking; else another for each kiosk; 1 without it. */
  readonly share?: number;
  readonly limits: DownloadLimits;
  /** Tries a URL. */
  readonly tries: number;
  /** Waits so many milliseconds. */
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
  /** From 0 up to 1: what keeps many kiosks from asking at the same moment. */
  readonly random: () => number;
  readonly signal: AbortSignal;
  readonly onImported?: (imported: Imported) => void;
  readonly onRefused?: (error: ImportError) => void;
}

/** As it is done outside of tests. */
export function usualRefresh(folder: string, signal: AbortSignal): RefreshOptions {
  return {
    folder,
    all: false,
    share: 0.8 + Math.random() / 5,
    now: () => new Date(),
    limits: { bytes: limits.bytes, ms: 300_000 },
    tries: 4,
    pause: async (ms, ended) => setTimeout(ms, undefined, { signal: ended }),
    random: Math.random,
    signal,
  };
}

/** Milliseconds before a second try; twice as long before each further one. */
const FIRST_PAUSE_MS = 2_000;
/** Seconds. */
const MOST_BETWEEN = 6 * 3600;
const LEAST_BETWEEN = 300;
/** Before the end of a CRL in which its point is asked every five minutes. */
const MOST_BEFORE_END = 3600;
const LONGEST_BACKOFF = 3600;

/** How many CRLs are fetched at the same time. They are imported one by one. */
export const AT_ONCE = 3;

/** Fetches what is due, each CRL from the first of its points that gives one that can be used. The store answers all the while. */
export async function refresh(store: CrlStore, sets: readonly PointSet[], options: RefreshOptions): Promise<readonly Refreshed[]> {
  const done: Refreshed[] = [];
  const waiting = sets.entries();
  const askInTurn = async (): Promise<void> => {
    for (const [place, set] of waiting)
      done[place] =
        options.all || isDue(store, set, options.now(), options.share)
          ? { urls: set.urls, ...(await refreshOne(store, set, options)) }
          : { urls: set.urls, result: 'not-due', problems: [] };
  };
  await Promise.all(Array.from({ length: AT_ONCE }, askInTurn));
  return done;
}

async function refreshOne(store: CrlStore, { issuers, urls }: PointSet, options: RefreshOptions): Promise<Omit<Refreshed, 'urls'>> {
  const problems: string[] = [];
  let came = false;
  for (const url of urls) {
    const before = store.point(url);
    const fetched = await fetchWithPatience(url, before, options, problems);
    const now = Math.floor(options.now().getTime() / 1000);
    const failed = (): void =>
      store.keepPoint(url, {
        etag: before?.etag ?? null,
        lastModified: before?.lastModified ?? null,
        checkedAt: now,
        failures: (before?.failures ?? 0) + 1,
      });
    if (fetched === null) {
      failed();
      continue;
    }
    if (fetched.kind === 'unchanged') {
      store.keepPoint(url, { etag: before?.etag ?? null, lastModified: before?.lastModified ?? null, checkedAt: now, failures: 0 });
      return { result: 'unchanged', problems };
    }
    came = true;
    const { file, etag, lastModified } = fetched;
    const imported = importCrls(store, [file], { issuers, issuersOnly: true, now: options.now(), allowSha1: false, allowRsa1024: false });
    rmSync(file, { force: true });
    if (imported.ok) {
      for (const one of imported.value) options.onImported?.(one);
      store.keepPoint(url, { etag, lastModified, checkedAt: now, failures: 0 });
      return { result: imported.value.every(({ note }) => note === 'held already') ? 'unchanged' : 'imported', problems };
    }
    problems.push(`${url}: ${imported.error.detail}`);
    options.onRefused?.(imported.error);
    failed();
  }
  return { result: came ? 'refused' : 'unreachable', problems };
}

async function fetchWithPatience(url: string, held: PointState | null, options: RefreshOptions, problems: string[]) {
  for (let attempt = 1; ; attempt += 1) {
    const fetched = isLdap(url)
      ? await downloadByLdap(url, options.folder, options.limits, options.signal)
      : await download(url, options.folder, held, options.limits, options.signal);
    if (fetched.ok) return fetched.value;
    problems.push(`${url}: ${fetched.error.detail}`);
    if (fetched.error.final || attempt >= options.tries) return null;
    await options.pause(FIRST_PAUSE_MS * 2 ** (attempt - 1) * (0.5 + options.random() / 2), options.signal);
  }
}

const isLdap = (url: string): boolean => /^ldap:/i.test(url);

/**
 * Several times within the life of a CRL, again shortly before its end and soon after it; after failures ever more seldom. A clock that went back makes all
 * due. `share`: see RefreshOptions.
 */
export function isDue(store: CrlStore, { issuers, urls }: PointSet, at: Date, share = 1): boolean {
  const now = at.getTime() / 1000;
  const states = urls.map((url) => store.point(url)).filter((state) => state !== null && state.checkedAt <= now) as readonly PointState[];
  if (states.length === 0) return true;
  const good = states.filter(({ failures }) => failures === 0);
  if (good.length === 0) {
    const failures = Math.min(...states.map((state) => state.failures));
    return now >= Math.max(...states.map(({ checkedAt }) => checkedAt)) + Math.min(LONGEST_BACKOFF, 30 * 2 ** failures);
  }
  const last = Math.max(...good.map(({ checkedAt }) => checkedAt));
  const keys = issuers.map(({ keyDigest }) => keyDigest);
  const known = store.issuers().filter(({ keyDigest }) => keys.includes(keyDigest));
  const lists = store.lists().filter(({ issuer }) => known.some(({ id }) => id === issuer));
  const ends = lists.map(({ nextUpdate, thisUpdate }) => nextUpdate ?? thisUpdate + 86_400);
  const lives = lists.map(({ thisUpdate }, place) => (ends[place] ?? thisUpdate) - thisUpdate);
  // Authorities mostly issue the next CRL some time before the last one ends.
  const nearEnd = lists.length === 0 || ends.some((end, place) => end - Math.min(MOST_BEFORE_END, (lives[place] ?? 0) / 10) <= now);
  const between = Math.min(MOST_BETWEEN, ...lives.map((life) => life / 4)) * share;
  return now >= last + (nearEnd ? LEAST_BETWEEN : Math.max(LEAST_BETWEEN, between));
}
