/**
 * The process that fills the store of CRLs: imports the files of the configuration when they change, and asks the distribution points at boot and whenever
 * they are due. The core only reads. It lives no longer than the core: when the channel breaks, it ends; a transaction that was open never was.
 */
import { statSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { type ImportError, type Imported, importCrls } from './import.ts';
import { type CrlIssuer, issuerOf, readIssuers } from './issuer.ts';
import { type FromRefresher, type RefreshSettings, refreshSettings } from './refresh-messages.ts';
import { type RefreshOptions, refresh, usualRefresh } from './refresh.ts';
import { type CrlStore, openStore } from './store.ts';

/** Milliseconds between two looks at what changed and what is due. */
const ROUND_MS = 5_000;

const ended = new AbortController();
process.once('disconnect', () => {
  ended.abort();
  process.exit(0);
});
process.once('message', (raw) => void rounds(refreshSettings.parse(raw)));

function tell(message: FromRefresher): void {
  if (process.connected) process.send?.(message, () => undefined);
}

function iso(seconds: number): string {
  return new Date(seconds * 1000).toISOString();
}

const imported = ({ issuer, thisUpdate, nextUpdate, entries, ms, note }: Imported): void => {
  if (note === 'held already') return;
  tell({ type: 'imported', issuer, thisUpdate: iso(thisUpdate), nextUpdate: nextUpdate === null ? '' : iso(nextUpdate), entries, ms });
};
const refused = ({ futureThisUpdate }: ImportError): void => {
  if (futureThisUpdate !== null) tell({ type: 'future', thisUpdate: futureThisUpdate });
};

async function rounds(settings: RefreshSettings): Promise<void> {
  const usual: RefreshOptions = { ...usualRefresh(settings.folder, ended.signal), onImported: imported, onRefused: refused };
  const seen = new Map<string, string>();
  for (let share = 0; ; share = usual.share ?? 1) {
    await round(settings, { ...usual, share }, seen);
    tell({ type: 'round-done' });
    await setTimeout(ROUND_MS, undefined, { signal: ended.signal });
  }
}

async function round(settings: RefreshSettings, options: RefreshOptions, seen: Map<string, string>): Promise<void> {
  const opened = openStore(settings.folder);
  if (!opened.ok) {
    tellOnce(seen, settings.folder, `the store ${settings.folder} cannot be used: ${opened.error}`);
    return;
  }
  const store = opened.value;
  try {
    const anchors = [...settings.anchors.flatMap((file) => issuersIn(file, seen)), ...settings.listed.flatMap(usable)];
    for (const file of settings.files) importIfChanged(store, file, anchors, seen);
    const sets = settings.points.map(({ issuer, urls }) => ({ issuers: issuersIn(issuer, seen), urls }));
    for (const { problems } of await refresh(store, sets, options)) for (const problem of problems) tell({ type: 'problem', problem });
  } finally {
    store.close();
  }
}

/** Those of the national list that cannot be used are nobody's here. */
function usable(der: string): readonly CrlIssuer[] {
  try {
    return [issuerOf(Buffer.from(der, 'base64'))];
  } catch {
    return [];
  }
}

/** What goes on being wrong is said once, until it changes. */
function tellOnce(seen: Map<string, string>, about: string, problem: string): void {
  if (seen.get(about) === problem) return;
  seen.set(about, problem);
  tell({ type: 'problem', problem });
}

function issuersIn(file: string, seen: Map<string, string>): readonly CrlIssuer[] {
  const read = readIssuers(file);
  if (read.ok) return read.value;
  tellOnce(seen, file, `${file}: ${read.error}`);
  return [];
}

function importIfChanged(store: CrlStore, file: string, issuers: readonly CrlIssuer[], seen: Map<string, string>): void {
  const problem = (detail: string): void => tellOnce(seen, `problem of ${file}`, detail);
  let version: string;
  try {
    const { mtimeMs, size, ino } = statSync(file);
    version = `${mtimeMs} ${size} ${ino}`;
  } catch (error) {
    problem(`${file}: ${error instanceof Error && 'code' in error ? String(error.code) : String(error)}`);
    return;
  }
  if (seen.get(file) === version) return;
  const done = importCrls(store, [file], { issuers, now: new Date(), allowSha1: false, allowRsa1024: false });
  // One of the future is good later: it is looked at again.
  if (done.ok || done.error.futureThisUpdate === null) seen.set(file, version);
  if (done.ok) done.value.forEach(imported);
  else {
    refused(done.error);
    problem(`${done.error.file}: ${done.error.detail}`);
  }
}
