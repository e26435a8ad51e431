import { statSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { listedAnchors } from '../trusted-list/listed.ts';
import { heldVersion } from '../trusted-list/store.ts';
import { type ImportError, type Imported, importCrls } from './import.ts';
import { type CrlIssuer, readIssuers, usableIssuers } from './issuer.ts';
import type { Keeping, RefreshSettings } from './refresh-messages.ts';
import { AT_ONCE, type PointSet, isDue, refresh, usualRefresh } from './refresh.ts';
import { type CrlStore, openStore } from './store.ts';

/** Milliseconds between two looks at what changed and what is due. */
const ROUND_MS = 5_000;
/** Milliseconds after which a point no longer counts among those that are asked at once: one that hangs, or is large, holds up no other. */
const SLOW_MS = 20_000;

/** Keeps the store filled: imports the files of the configuration when they change, and asks the distribution points at boot and whenever they are due. */
export async function keepCrls(settings: RefreshSettings, { tell, firstRoundDone, signal }: Keeping): Promise<never> {
  const { folder, list } = settings;
  const points = settings.points.map((point) => ({ ...point, startedAt: -Infinity, asking: null as Promise<void> | null }));
  const files = new Map<string, string>();
  const said = new Map<string, string>();
  const usual = { ...usualRefresh(folder, signal), onImported: imported, onRefused: refused };
  let listed: { readonly version: string; readonly issuers: readonly CrlIssuer[] } = { version: '', issuers: [] };

  /** What goes on being wrong is said once, until it changes. */
  function sayOnce(about: string, problem: string): void {
    if (said.get(about) === problem) return;
    said.set(about, problem);
    tell({ type: 'problem', problem });
  }

  function imported({ issuer, thisUpdate, nextUpdate, entries, ms, note }: Imported): void {
    if (note === 'held already') return;
    tell({ type: 'imported', issuer, thisUpdate: iso(thisUpdate), nextUpdate: nextUpdate === null ? '' : iso(nextUpdate), entries, ms });
  }

  function refused({ futureThisUpdate }: ImportError): void {
    if (futureThisUpdate !== null) tell({ type: 'future', thisUpdate: futureThisUpdate });
  }

  function issuersIn(file: string): readonly CrlIssuer[] {
    const read = readIssuers(file);
    if (read.ok) return read.value;
    sayOnce(file, `${file}: ${read.error}`);
    return [];
  }

  function lookAtList(): void {
    const version = list === null ? '' : heldVersion(list.folder);
    if (list === null || version === listed.version) return;
    const read = listedAnchors(list.folder, list, list.signers, new Date());
    listed = { version, issuers: read.ok ? usableIssuers(read.value.certificates) : [] };
  }

  function importIfChanged(store: CrlStore, file: string): void {
    const problem = (detail: string): void => sayOnce(`problem of ${file}`, detail);
    let version: string;
    try {
      const { mtimeMs, size, ino } = statSync(file);
      // Another list may know the issuer of a CRL that was refused.
      version = `${mtimeMs} ${size} ${ino} ${listed.version}`;
    } catch (error) {
      problem(`${file}: ${error instanceof Error && 'code' in error ? String(error.code) : String(error)}`);
      return;
    }
    if (files.get(file) === version) return;
    const issuers = [...settings.anchors.flatMap(issuersIn), ...listed.issuers];
    const done = importCrls(store, [file], { issuers, now: new Date(), allowSha1: false, allowRsa1024: false });
    // One of the future is good later: it is looked at again.
    if (done.ok || done.error.futureThisUpdate === null) files.set(file, version);
    if (done.ok) done.value.forEach(imported);
    else {
      refused(done.error);
      problem(`${done.error.file}: ${done.error.detail}`);
    }
  }

  /** Starts asking those that are due, a few at once. */
  function askDue(store: CrlStore): void {
    const now = performance.now();
    for (const point of points) {
      const atOnce = points.filter(({ asking, startedAt }) => asking !== null && now - startedAt < SLOW_MS).length;
      if (atOnce >= AT_ONCE) return;
      if (point.asking !== null || now - point.startedAt < ROUND_MS) continue;
      const set = { issuers: issuersIn(point.issuer), urls: point.urls };
      if (!isDue(store, set, new Date(), point.startedAt === -Infinity ? 0 : usual.share)) continue;
      point.startedAt = now;
      point.asking = ask(set).finally(() => (point.asking = null));
    }
  }

  async function ask(set: PointSet): Promise<void> {
    await withStore(async (store) => {
      for (const { problems } of await refresh(store, [set], { ...usual, all: true }))
        for (const problem of problems) tell({ type: 'problem', problem });
    });
  }

  /** A connection for each who asks: one that is waited on must not be closed under it. Imports run one after the other, since nothing in them waits. */
  async function withStore(work: (store: CrlStore) => void | Promise<void>): Promise<void> {
    const opened = openStore(folder);
    if (!opened.ok) {
      sayOnce(folder, `the store ${folder} cannot be used: ${opened.error}`);
      return;
    }
    try {
      await work(opened.value);
    } finally {
      opened.value.close();
    }
  }

  for (;;) {
    await withStore((store) => {
      lookAtList();
      for (const file of settings.files) importIfChanged(store, file);
      askDue(store);
    });
    const asked = points.flatMap(({ asking }) => asking ?? []);
    if (asked.length === 0) firstRoundDone();
    await Promise.race([setTimeout(ROUND_MS), ...asked]);
  }
}

function iso(seconds: number): string {
  return new Date(seconds * 1000).toISOString();
}
