import { withDeadline } from '../devices/deadline.ts';
import { spawn } from 'node:child_process';
import { existsSync, rmSync, statfsSync } from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';
import type { CardStatus } from '../devices/card/contract.ts';
import { startCardHost } from '../devices/card/remote.ts';
import type { PrinterStatus } from '../devices/printer/contract.ts';
import { type Result, err, unreachable } from '../devices/result.ts';
import type { CmsError } from '../flows/ports/cms.ts';
import { type CmsHealth, createCmsClient } from '../kiosk/cms/client.ts';
import type { Configuration } from '../kiosk/configuration.ts';
import type { Log } from '../kiosk/log/log.ts';
import { processEntry } from '../kiosk/project.ts';

/** What one look found; `advice` tells a technician what to do, and is `""` where nothing needs doing. */
export interface Finding {
  readonly ok: boolean;
  readonly detail: string;
  readonly advice: string;
}

// What could crash on a machine that is not well (native code, the database) is loaded when looked at, not before.

const silent: Log = { event: () => undefined };

function well(detail: string): Finding {
  return { ok: true, detail, advice: '' };
}

function amiss(detail: string, advice: string): Finding {
  return { ok: false, detail, advice };
}

/** The oldest Node that everything here runs on, as package.json says it. */
const leastNode = { major: 20, minor: 19 };

export async function nodeNewEnough(version: string): Promise<Finding> {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
  const enough = major > leastNode.major || (major === leastNode.major && minor >= leastNode.minor);
  return enough ? well(version) : amiss(version, `install Node ${leastNode.major}.${leastNode.minor} or later`);
}

/** Each native part with the least program that makes it work. */
const nativeParts: Readonly<Record<string, string>> = {
  'better-sqlite3': `new (require('better-sqlite3'))(':memory:').prepare('select 1').get()`,
  pcsclite: `require('pcsclite')`,
  serialport: `require('serialport')`,
};

/** Each in a process of its own: a part built for another Node may not throw but crash. */
export async function nativePartsLoad(folder: string, signal: AbortSignal, parts = nativeParts): Promise<Finding> {
  const faults = await Promise.all(
    Object.entries(parts).map(async ([name, program]) => {
      const child = spawn(process.execPath, ['-e', program], { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'], signal });
      let said = '';
      child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
      const [code, killed] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
      if (code === 0) return [];
      return [`${name}: ${killed === null ? (/^.*Error.*$/m.exec(said)?.[0] ?? `exit code ${code ?? ''}`) : `crashed (${killed})`}`];
    }),
  );
  const all = faults.flat();
  return all.length === 0
    ? well(Object.keys(parts).join(', '))
    : amiss(all.join('; '), `npm run setup, then if it goes on: npm rebuild ${Object.keys(parts).join(' ')} with this very Node`);
}

const memoryFileSystems = new Map([
  [0x01021994, 'tmpfs'],
  [0x858458f6, 'ramfs'],
]);
const commits = 20;
/** Milliseconds. A disk that has really written takes longer, unless its cache has a battery (reliability.md, 1.5). */
const fastestHonestCommit = 0.1;

/**
 * A database beside the records, with their very settings, read back after its first write; then some commits, timed. What answers
 * faster than a disk can is flagged: it may only say that it wrote.
 */
export async function durable(folder: string, fastestHonest = fastestHonestCommit): Promise<Finding> {
  if (!existsSync(folder))
    return amiss(`${folder} is not there`, `make it, for the kiosk's user alone: install -d -m 700 -o sportello ${folder}`);
  const memory = memoryFileSystems.get(statfsSync(folder).type);
  if (memory !== undefined)
    return amiss(`${folder} lies in memory (${memory}) and is gone with the power`, 'put the state folder on a disk');
  const { configure, readBack, settings } = await import('../kiosk/records/database.ts');
  const { describeRecordsError, recordsFailure } = await import('../kiosk/records/failure.ts');
  const { default: Database } = await import('better-sqlite3');
  const file = join(folder, `.doctor-${process.pid}.sqlite`);
  try {
    const database = new Database(file);
    try {
      configure(database, settings);
      database.exec('create table probe (at integer) strict');
      const write = database.prepare('insert into probe (at) values (?)');
      const times = Array.from({ length: commits }, (_, at) => {
        const begun = performance.now();
        write.run(at);
        return performance.now() - begun;
      }).sort((a, b) => a - b);
      const asked = readBack(database);
      if (!asked.ok) return amiss(describeRecordsError(asked.error), 'npm rebuild better-sqlite3, then report this line');
      const [median = 0, slowest = 0] = [times[commits / 2], times.at(-1)];
      const detail = `settings hold after a write; a commit takes ${median.toFixed(2)} ms, at most ${slowest.toFixed(2)} ms`;
      const tooFast = `${detail}: faster than a disk can write`;
      const advice =
        'see whether the disk (or the machine that lends it) lies about flushing; use one that does not, or one with power-loss protection';
      return median < fastestHonest ? amiss(tooFast, advice) : well(detail);
    } finally {
      database.close();
    }
  } catch (error) {
    const advice = 'see that the disk has room and is well, and that the folder belongs to the user of the kiosk';
    return amiss(describeRecordsError(recordsFailure(file, error)), advice);
  } finally {
    for (const suffix of ['', '-wal', '-shm']) rmSync(`${file}${suffix}`, { force: true });
  }
}

/** Milliseconds that the PC/SC service and a reader get to show themselves. */
const readerPatience = 3_000;

export async function readerSeen(
  reader: string | undefined,
  signal: AbortSignal,
  env?: Readonly<Record<string, string>>,
): Promise<Finding> {
  const host = startCardHost({ entry: processEntry('devices/card/pcsc-host.ts'), reader, ...(env === undefined ? {} : { env }) });
  const seen = ({ state }: CardStatus): boolean => state === 'empty' || state === 'present' || state === 'mute';
  try {
    await withDeadline(
      readerPatience,
      signal,
      () =>
        new Promise<void>((resolve) => {
          host.onStatus((status) => {
            if (seen(status)) resolve();
          });
          if (seen(host.status())) resolve();
        }),
    );
    return readerFinding(host.status(), reader);
  } finally {
    await host.close();
  }
}

function readerFinding(status: CardStatus, wanted: string | undefined): Finding {
  switch (status.state) {
    case 'empty':
      return well(`${status.reader}, no card in`);
    case 'present':
      return well(`${status.reader}, a card in (ATR ${status.atr})`);
    case 'mute':
      return well(`${status.reader}, a card in that does not answer`);
    case 'disconnected':
      return wanted === undefined
        ? amiss(
            'no reader',
            'plug the reader in; if it is, see lsusb, and whether its driver (libccid) knows it: pcscd --foreground --debug',
          )
        : amiss(
            `no reader called ${wanted}`,
            'plug it in, or take its name as sportello discover tells it into the configuration (card.reader)',
          );
    case 'service-lost':
    case 'starting': {
      const detail =
        status.state === 'starting' ? 'the PC/SC service does not answer' : `the PC/SC service cannot be reached: ${status.detail}`;
      return amiss(detail, 'systemctl enable --now pcscd.socket; the user of the kiosk needs polkit’s org.debian.pcsc-lite.access_pcsc');
    }
    default:
      return unreachable(status);
  }
}

export async function printerAnswers(device: string, signal: AbortSignal): Promise<Finding> {
  const { openPrinter } = await import('../devices/printer/esc-pos.ts');
  const opened = await openPrinter(device, signal);
  if (!opened.ok) {
    const detail = opened.error.kind === 'disconnected' ? opened.error.detail : 'gave no answer';
    const advice =
      'see cable and power, and printer.device in the configuration (sportello discover); a running kiosk holds its printer: stop it first';
    return amiss(`${device}: ${detail}`, advice);
  }
  const printer = opened.value;
  try {
    return printerFinding(device, await printer.status(signal));
  } finally {
    await printer.close();
  }
}

/** Long enough for a scanner that is there to be opened. */
const SCANNER_LIMIT_MS = 3_000;

export async function scannerThere(device: string, signal: AbortSignal): Promise<Finding> {
  const { openScanner } = await import('../devices/barcode/scanner.ts');
  const opened = openScanner(device);
  if (!opened.ok) return amiss(opened.error, 'barcode.device in the configuration (sportello discover)');
  const scanner = opened.value;
  try {
    await withDeadline(SCANNER_LIMIT_MS, signal, async (ended) => {
      if (scanner.status().state !== 'disconnected') return;
      await new Promise<void>((resolve) => {
        scanner.onStatus(({ state }) => state !== 'disconnected' && resolve());
        ended.addEventListener('abort', () => resolve(), { once: true });
      });
    });
    const status = scanner.status();
    if (status.state !== 'disconnected') return well(`${device}: ${status.state}`);
    return amiss(
      `${device}: ${status.detail}`,
      'plug it in, and see barcode.device in the configuration (sportello discover); a running kiosk holds a serial scanner: stop it first',
    );
  } finally {
    await scanner.close();
  }
}

function printerFinding(device: string, status: PrinterStatus): Finding {
  const told = (advice: string): Finding => amiss(`${device}: ${status.state}`, advice);
  switch (status.state) {
    case 'ready':
      return well(`${device}: ready`);
    case 'silent':
      return told(
        'see that it is switched on, that the speed is the one set in the printer, and that it is one that answers DLE EOT (ESC/POS)',
      );
    case 'disconnected':
      return amiss(`${device}: ${status.detail}`, 'see cable and power');
    case 'cover-open':
      return told('close its cover');
    case 'paper-out':
    case 'paper-near-end':
      return told('put a new roll in: no slip is begun that might not come out whole');
    case 'cutter-error':
      return told('open it, free the cutter of paper, switch it off and on');
    case 'hardware-error':
      return told(
        status.recoverable
          ? 'open and close its cover, then switch it off and on'
          : 'switch it off and on; if it comes back, the printer needs service',
      );
    case 'offline':
      return told('press its feed or on-line button; see that its cover is closed');
    case 'slip-in-output':
      return told('take the slip out of its output and destroy it');
    case 'locked':
      return told('switch it off and on: an earlier slip may still stand in its memory');
    default:
      return unreachable(status);
  }
}

export type HealthError = CmsError | { readonly kind: 'cms-client-unusable'; readonly detail: string };
export type Health = Result<CmsHealth, HealthError>;

/** Asks the CMS once for all checks that want its answer. */
export function cmsHealth(cms: Configuration['cms']): (signal: AbortSignal) => Promise<Health> {
  let asked: Promise<Health> | undefined;
  const ask = async (signal: AbortSignal): Promise<Health> => {
    const client = createCmsClient({ ...cms, log: silent });
    if (!client.ok) return err(client.error);
    try {
      return await client.value.health(signal);
    } finally {
      await client.value.close();
    }
  };
  return (signal) => (asked ??= ask(signal));
}

/** What to do about the system's and TLS's own words for "no". */
const networkAdvice: readonly (readonly [says: RegExp, advice: string])[] = [
  [/ENOTFOUND|EAI_AGAIN/, 'see the name server (resolvectl status) and the name in cms.url'],
  [/ECONNREFUSED/, 'the machine is there but no CMS listens: see the port in cms.url, and ask the CMS’s owner'],
  [/EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|ABORT|no answer/i, 'see the cable, the firewall, and IPAddressAllow= of the service'],
  [
    /CERT|SELF_SIGNED|VERIFY|ISSUER|ALTNAME/i,
    'see that cms.ca is the CA of this CMS, that the name in cms.url is the one in its certificate, and the clock',
  ],
  [/SSL|EPROTO|ECONNRESET/i, 'see that the client certificate is enrolled with this CMS and not expired'],
];

export function cmsReached(url: string, health: Health): Finding {
  if (health.ok) return well(`${url} answers in ${health.value.tookMs} ms and calls this kiosk ${health.value.kiosk}`);
  const { error } = health;
  switch (error.kind) {
    case 'cms-client-unusable':
      return amiss(
        `the link cannot be set up: ${error.detail}`,
        'see the files that cms.ca, clientCertificate, clientKey and signingKey name',
      );
    case 'refused':
      return amiss(`${url} refuses: ${error.title}`, 'ask the CMS’s owner whether this kiosk is enrolled');
    case 'unreachable': {
      const advice = networkAdvice.find(([says]) => says.test(error.detail))?.[1] ?? 'ask the CMS’s owner, with this line';
      return amiss(`${url} is not reached: ${error.detail}`, advice);
    }
    case 'aborted':
      return amiss(`${url} does not answer in time`, 'see the cable, the firewall, and IPAddressAllow= of the service');
    default:
      return unreachable(error);
  }
}

/** Milliseconds by which the clocks may differ, beside what the call itself leaves open. */
const clockTolerance = 1_000;

export function clockAgrees(health: Health): Finding {
  if (!health.ok)
    return amiss(
      'cannot be compared: the CMS is not reached',
      'first see to the CMS; timedatectl tells whether the clock is set from the network',
    );
  const { clockAheadMs, tookMs } = health.value;
  const ours = clockAheadMs === 0 ? 'as the CMS’s' : `${Math.abs(clockAheadMs)} ms ${clockAheadMs > 0 ? 'behind' : 'ahead of'} the CMS’s`;
  const detail = `${ours}, give or take ${Math.ceil(tookMs / 2)} ms`;
  const agrees = Math.abs(clockAheadMs) <= clockTolerance + tookMs / 2;
  return agrees ? well(detail) : amiss(detail, 'timedatectl set-ntp true, with a time server that this network reaches; then look again');
}

/** The store in the kiosk's state, as the kiosk would ask it now. */
export async function crlsFresh({ trust, state, policy }: Pick<Configuration, 'trust' | 'state' | 'policy'>, at: Date): Promise<Finding> {
  const { createTrust } = await import('../kiosk/trust/trust.ts');
  const problems: string[] = [];
  const log: Log = {
    event: (name, fields) => {
      if (name === 'crl-store-unreadable' && 'problem' in fields) problems.push(String(fields.problem));
    },
  };
  const { anchors, intermediates } = trust;
  // The clock is a check of its own.
  const clock = { fault: () => null };
  const made = createTrust({ anchors, intermediates, store: join(state, 'crl'), maxCrlAge: policy.maxCrlAge ?? null, clock, log });
  if (!made.ok) return amiss(`${made.error.file}: ${made.error.detail}`, 'put a CA certificate there, or take it out of trust.anchors');
  const { lists } = made.value.revocationState(at);
  const detail = [
    ...lists.map(
      ({ issuer, ageSeconds, nextUpdate }) => `${issuer}: ${age(ageSeconds)} old, next due ${nextUpdate ?? 'at no time it says'}`,
    ),
    ...problems,
  ].join('; ');
  if (problems.length > 0) return amiss(detail, `move ${join(state, 'crl')} away and run: sportello trust crl refresh --config FILE`);
  if (lists.length === 0)
    return amiss(
      'there is none: whether a card is revoked is not known',
      trust.crls.length + trust.points.length === 0
        ? 'name the issuers’ CRLs in trust.points (where they are fetched) or trust.crls (files)'
        : 'sportello trust crl refresh --config FILE says why',
    );
  const stale = lists.some(({ secondsPastEnd }) => secondsPastEnd > 0);
  return stale ? amiss(detail, 'sportello trust crl refresh --config FILE says why; if the CRL is current, see the clock') : well(detail);
}

function age(seconds: number): string {
  return seconds < 7_200
    ? `${Math.round(seconds / 60)} min`
    : seconds < 172_800
      ? `${Math.round(seconds / 3_600)} h`
      : `${Math.round(seconds / 86_400)} days`;
}
