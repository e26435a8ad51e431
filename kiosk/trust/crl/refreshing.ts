import { type ChildProcess, fork } from 'node:child_process';
import type { Log } from '../../log/log.ts';
import { processEntry } from '../../project.ts';
import { type RefreshSettings, fromRefresher } from './refresh-messages.ts';

export interface RefreshingOptions extends RefreshSettings {
  readonly log: Log;
  /** A CRL was refused for being of the future: its thisUpdate, seconds since 1970. */
  readonly onFuture: (thisUpdate: number) => void;
  /** The trusted list that is held; said at first and when it changes. */
  readonly onList: (version: string) => void;
}

export interface Refreshing {
  /** Resolves once everything that was due was looked at, or after `limitMs`: what does not answer keeps nobody waiting. */
  firstRound(limitMs: number): Promise<void>;
  close(): Promise<void>;
}

const firstPauseMs = 500;
const lastPauseMs = 60_000;
/** A process that lived this long was well: the next pause is short again. */
const wellAfterMs = 60_000;

/** Starts the process that fills the store of CRLs and keeps the trusted list, and another whenever it ends by itself. Where there is nothing to keep none is started. */
export function startRefreshing({ log, onFuture, onList, ...settings }: RefreshingOptions): Refreshing {
  let child: ChildProcess | null = null;
  let restart: NodeJS.Timeout | undefined;
  let pauseMs = firstPauseMs;
  let closed = false;
  let done = (): void => undefined;
  const first = new Promise<void>((resolve) => (done = resolve));

  function hear(raw: unknown): void {
    const message = fromRefresher.safeParse(raw);
    if (!message.success) {
      child?.kill('SIGKILL');
      return;
    }
    switch (message.data.type) {
      case 'imported': {
        const { issuer, thisUpdate, nextUpdate, entries, ms } = message.data;
        log.event('crl-imported', { issuer, thisUpdate, nextUpdate, entries, ms });
        return;
      }
      case 'problem':
        log.event('crl-unusable', { problem: message.data.problem });
        return;
      case 'list-problem':
        log.event('trusted-list-not-refreshed', { problem: message.data.problem });
        return;
      case 'list':
        onList(message.data.version);
        return;
      case 'future':
        onFuture(message.data.thisUpdate);
        return;
      case 'round-done':
        done();
    }
  }

  function start(): void {
    const startedAt = performance.now();
    // Standard output belongs to the answers of commands.
    const started = fork(processEntry('kiosk/trust/crl/refresh-process.ts'), [], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      execArgv: [],
    });
    child = started;
    started.on('message', hear);
    started.on('error', () => undefined); // Said again by 'close'.
    started.once('close', (code, signal) => {
      child = null;
      if (closed) return;
      log.event('crl-refresh-restarted', { reason: String(signal ?? code ?? 'not started') });
      if (performance.now() - startedAt > wellAfterMs) pauseMs = firstPauseMs;
      restart = setTimeout(start, pauseMs);
      pauseMs = Math.min(pauseMs * 2, lastPauseMs);
    });
    started.send(settings, () => undefined);
  }

  if (settings.files.length + settings.points.length > 0 || settings.list !== null) start();
  else done();

  return {
    async firstRound(limitMs) {
      let limit: NodeJS.Timeout | undefined;
      await Promise.race([first, new Promise<void>((resolve) => (limit = setTimeout(resolve, limitMs)))]);
      clearTimeout(limit);
    },
    async close() {
      closed = true;
      clearTimeout(restart);
      const last = child;
      if (last === null) return;
      // Whatever it is at: what is not committed never was.
      await new Promise<void>((resolve) => {
        last.once('close', () => resolve());
        last.kill('SIGKILL');
      });
    },
  };
}
