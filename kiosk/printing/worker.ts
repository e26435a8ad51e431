/**
 * The print worker: a process of its own for each print, and the only one that ever sees the paper part (reliability.md, 2). It prints for
 * a parent that is there: when the parent goes before the first byte it prints nothing, when it goes later the printer's buffers are cleared.
 */
import { openPrinter } from '../../devices/printer/esc-pos.ts';
import { type PrintEvidence, type Printer, mayPrint } from '../../devices/printer/contract.ts';
import type { Secret } from '../../devices/secret.ts';
import { type FromWorker, type ToWorker, toWorker } from './messages.ts';
import { makeOneUseKey } from './one-use-key.ts';
import { readPaperPart } from './paper-part.ts';
import { composeSlip } from './slip.ts';

type Ended = Extract<FromWorker, { type: 'ended' }>;
type Begin = Extract<ToWorker, { type: 'begin' }>;

const stop = new AbortController();
process.once('disconnect', () => stop.abort());
// A service being stopped signals all its processes: the worker ends as on an abort, with the buffers cleared.
process.on('SIGTERM', () => stop.abort());
process.on('SIGINT', () => stop.abort());
// Node opens its inspector on SIGUSR1 unless somebody listens.
process.on('SIGUSR1', () => undefined);
// A bug ends in silence: a report would carry what stood in memory. The core sees a lost worker and clears the printer.
process.setUncaughtExceptionCaptureCallback(() => process.exit(70));

const told = { begin: (_: Begin): void => undefined, sealed: (_: string): void => undefined };
const begin = new Promise<Begin>((resolve) => (told.begin = resolve));
const sealed = new Promise<string>((resolve) => (told.sealed = resolve));
process.on('message', (message) => {
  const read = toWorker.safeParse(message);
  if (!read.success) process.exit(65);
  switch (read.data.type) {
    case 'begin':
      told.begin(read.data);
      break;
    case 'sealed':
      told.sealed(read.data.jwe);
      break;
    case 'abort':
      stop.abort();
      break;
  }
});

const job = await orStop(begin);
if (job !== null) await say(await print(job));
process.exit(0);

async function print({ device, slip, limitMs }: Begin): Promise<Ended> {
  const limit = setTimeout(() => stop.abort(), limitMs);
  const opened = await openPrinter(device, stop.signal);
  if (!opened.ok) {
    if (opened.error.kind === 'aborted') return nothingSent('aborted', { state: 'disconnected', detail: 'not opened' });
    return nothingSent('printer', { state: 'disconnected', detail: opened.error.detail });
  }
  const printer = opened.value;
  try {
    const status = await printer.status(stop.signal);
    if (!mayPrint(status)) return nothingSent('printer', status);
    const key = makeOneUseKey();
    await say({ type: 'key', key: key.publicKey });
    const jwe = await orStop(sealed);
    if (jwe === null) return nothingSent('aborted', status);
    const part = key.unseal(jwe);
    if (!part.ok) return nothingSent('paper-part-unusable', status, part.error.detail);
    return await printPart(printer, slip, part.value);
  } finally {
    clearTimeout(limit);
    await printer.close();
  }
}

async function printPart(printer: Printer, slip: Begin['slip'], part: Secret): Promise<Ended> {
  let job: Buffer | null = null;
  try {
    const codes = readPaperPart(part);
    if (!codes.ok) return nothingSent('paper-part-unusable', { state: 'ready' }, codes.error.detail);
    job = composeSlip(slip, codes.value);
    part.wipe();
    const evidence = await printer.print(job, stop.signal, () => say({ type: 'sending' }));
    const reason = evidence.class === 'E2' ? 'printed' : stop.signal.aborted ? 'aborted' : 'printer';
    return { type: 'ended', evidence, reason, detail: '' };
  } finally {
    part.wipe();
    job?.fill(0);
  }
}

function nothingSent(reason: Ended['reason'], status: PrintEvidence['status'], detail = ''): Ended {
  return { type: 'ended', evidence: { class: 'E0', raw: '', status, buffer: 'needless' }, reason, detail };
}

/** Says it and waits until it is written. With no parent left to hear it, nothing may follow. */
async function say(message: FromWorker): Promise<void> {
  await new Promise<void>((resolve) => {
    if (process.send === undefined || !process.connected) {
      stop.abort();
      resolve();
      return;
    }
    process.send(message, undefined, undefined, (error) => {
      if (error !== null) stop.abort();
      resolve();
    });
  });
}

async function orStop<T>(promise: Promise<T>): Promise<T | null> {
  return await new Promise((resolve) => {
    if (stop.signal.aborted) resolve(null);
    stop.signal.addEventListener('abort', () => resolve(null), { once: true });
    void promise.then(resolve);
  });
}
