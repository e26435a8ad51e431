import { type ChildProcess, spawn } from 'node:child_process';
import type { PrintEvidence } from '../../devices/printer/contract.ts';
import type { CmsError } from '../../flows/ports/cms.ts';
import type { ReleasePaperPart, Slip } from '../../flows/ports/printing.ts';
import { type FromWorker, type ToWorker, fromWorker } from './messages.ts';

export interface WorkerJob {
  readonly entry: string;
  readonly device: string;
  readonly slip: Slip;
  readonly release: ReleasePaperPart;
  readonly signal: AbortSignal;
  /** Milliseconds for the whole print, the release of the part with it. */
  readonly limitMs: number;
  /** Milliseconds in which a worker told to stop clears the printer; then it is killed. */
  readonly graceMs: number;
}

/** How a worker came to its end. `lost`: without its report; `sending` says whether it may have printed. */
export type WorkerEnd =
  | { readonly kind: 'printed'; readonly evidence: PrintEvidence }
  | { readonly kind: 'printer'; readonly evidence: PrintEvidence }
  | { readonly kind: 'paper-part'; readonly evidence: PrintEvidence; readonly error: CmsError }
  | { readonly kind: 'stopped'; readonly evidence: PrintEvidence }
  | { readonly kind: 'lost'; readonly sending: boolean; readonly detail: string };

type Ended = Extract<FromWorker, { type: 'ended' }>;

/** What the core has seen of a worker; `fault`: why the core itself ended it. */
interface Seen {
  ended: Ended | null;
  sending: boolean;
  releaseError: CmsError | null;
  fault: string;
}

/** Runs one print worker to its end: hands it the job, fetches the part sealed to its key, stops it on `signal` or when its time is up. */
export async function runWorker({ entry, device, slip, release, signal, limitMs, graceMs }: WorkerJob): Promise<WorkerEnd> {
  const worker = start(entry);
  const stop = new AbortController();
  const seen: Seen = { ended: null, sending: false, releaseError: null, fault: '' };

  let killer: NodeJS.Timeout | undefined;
  const halt = (): void => {
    stop.abort();
    tell(worker, { type: 'abort' });
    killer ??= setTimeout(() => worker.kill('SIGKILL'), graceMs);
  };
  const kill = (why: string): void => {
    seen.fault = why;
    worker.kill('SIGKILL');
  };
  const limit = setTimeout(() => {
    seen.fault = `no end within ${limitMs} ms`;
    halt();
  }, limitMs);
  signal.addEventListener('abort', halt, { once: true });

  worker.on('message', (message) => {
    const read = fromWorker.safeParse(message);
    if (!read.success) {
      // Not even the shape of it is told: it is not known what it holds.
      kill('it said what no worker says');
      return;
    }
    switch (read.data.type) {
      case 'key':
        void release(read.data.key, AbortSignal.any([signal, stop.signal])).then(
          (part) => {
            if (part.ok) {
              tell(worker, { type: 'sealed', jwe: part.value.jwe });
            } else {
              seen.releaseError = part.error;
              halt();
            }
          },
          () => kill('the release of the paper part threw'),
        );
        break;
      case 'sending':
        seen.sending = true;
        break;
      case 'ended':
        seen.ended = read.data;
        break;
    }
  });

  tell(worker, { type: 'begin', device, slip, limitMs: limitMs + graceMs / 2 });
  if (signal.aborted) halt();
  const exit = await end(worker);
  clearTimeout(limit);
  clearTimeout(killer);
  signal.removeEventListener('abort', halt);
  stop.abort();
  if (seen.ended === null) return { kind: 'lost', sending: seen.sending, detail: seen.fault === '' ? exit : seen.fault };
  return told(seen.ended, seen.releaseError);
}

function told({ reason, evidence, detail }: Ended, releaseError: CmsError | null): WorkerEnd {
  switch (reason) {
    case 'printed':
    case 'printer':
      return { kind: reason, evidence };
    case 'paper-part-unusable':
      return { kind: 'paper-part', evidence, error: { kind: 'unreachable', detail: `paper part unusable: ${detail}` } };
    case 'aborted':
      return releaseError === null ? { kind: 'stopped', evidence } : { kind: 'paper-part', evidence, error: releaseError };
  }
}

/**
 * No core dump (the shell's limit is kept over `exec`), no environment, no standard streams, none of this process's own Node options:
 * an inspector open here is not open there.
 */
function start(entry: string): ChildProcess {
  return spawn('/bin/sh', ['-c', 'ulimit -c 0; exec "$0" "$@"', process.execPath, '--disable-proto=delete', '--jitless', entry], {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    env: {},
    cwd: '/',
  });
}

function tell(worker: ChildProcess, message: ToWorker): void {
  // A worker that is gone is seen by its end; what could not be said to it needs no other report.
  if (worker.connected) worker.send(message, () => undefined);
}

/** Waits until the worker is gone and all it said has been read: its channel is closed after its last message. */
async function end(worker: ChildProcess): Promise<string> {
  const exited = new Promise<string>((resolve) => {
    worker.once('error', (error) => resolve(`not started: ${error.message}`));
    worker.once('exit', (code, signal) => resolve(signal === null ? `exit code ${code ?? ''}` : `killed by ${signal}`));
  });
  const silent = new Promise<void>((resolve) => {
    if (worker.connected) worker.once('disconnect', resolve);
    else resolve();
  });
  const how = await exited;
  await silent;
  return how;
}
