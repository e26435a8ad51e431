import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startVirtualScanner } from '../../devices/barcode/virtual/virtual-scanner.ts';
import { type VirtualPrinter, startVirtualPrinter } from '../../devices/printer/virtual/virtual-printer.ts';
import { type Configuration, readConfiguration } from '../../kiosk/configuration.ts';
import { makePki } from '../../kiosk/demo/pki.ts';
import { projectRoot } from '../../kiosk/project.ts';
import { importCrls } from '../../kiosk/trust/crl/import.ts';
import { readIssuers } from '../../kiosk/trust/crl/issuer.ts';
import { openStore } from '../../kiosk/trust/crl/store.ts';
import {
  type Finding,
  clockAgrees,
  cmsHealth,
  cmsReached,
  crlsFresh,
  durable,
  nativePartsLoad,
  nodeNewEnough,
  printerAnswers,
  readerSeen,
  scannerThere,
} from '../../provisioning/checks.ts';
import { type Check, checksFor, examine } from '../../provisioning/doctor.ts';
import { type CmsSurroundings, type TestCms, cmsSurroundings, signal, startCms } from '../harness/cms.ts';
import { type Pcscd, startPcscd } from '../harness/pcscd.ts';

/** A whole machine that is well: PC/SC service with a reader, printer, CMS, anchors and CRLs. Each test breaks one thing of it. */
let surroundings: CmsSurroundings;
let cms: TestCms;
let printer: VirtualPrinter;
let pcscd: Pcscd;
let folder: string;
let file: string;
let configuration: Configuration;

/** As a technician writes it; `changes` replaces whole members. */
function write(name: string, changes: Record<string, unknown> = {}): string {
  const { files } = surroundings.pki;
  const { cmsCa: ca, kioskClient: clientCertificate, kioskClientKey: clientKey, cmsSigningPublicKey: signingKey } = files;
  const whole = {
    site: { id: 'test', name: 'Test', desk: 'health-authority', profile: 'emilia-romagna' },
    cms: { url: cms.cms.url, ca, clientCertificate, clientKey, signingKey },
    trust: { anchors: [files.cnsCa], crls: [files.cnsCrl] },
    printer: { device: printer.address },
    operators: 'operators.json',
    state: 'state',
    ...changes,
  };
  writeFileSync(join(folder, name), JSON.stringify(whole));
  return join(folder, name);
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'doctor-'));
  mkdirSync(join(folder, 'state'));
  surroundings = await cmsSurroundings();
  [cms, printer, pcscd] = await Promise.all([
    startCms(surroundings),
    startVirtualPrinter({ link: join(folder, 'printer'), out: join(folder, 'slips') }),
    startPcscd(),
  ]);
  file = write('sportello.json');
  const read = readConfiguration(file);
  if (!read.ok) throw new Error(read.error.detail);
  configuration = read.value;
  const store = openStore(join(configuration.state, 'crl'));
  const issuers = readIssuers(surroundings.pki.files.cnsCa);
  if (!store.ok || !issuers.ok) throw new Error('no store');
  const taken = { issuers: issuers.value, now: new Date(), allowSha1: false, allowRsa1024: false };
  expect(importCrls(store.value, configuration.trust.crls, taken).ok).toBe(true);
  store.value.close();
});

afterAll(async () => {
  await Promise.all([cms.close(), printer.close(), pcscd.close()]);
  await surroundings.close();
  rmSync(folder, { recursive: true });
});

/** What is amiss must say what, and what to do. */
function expectAmiss(finding: Finding, detail: RegExp, advice: RegExp): void {
  expect(finding).toEqual({ ok: false, detail: expect.stringMatching(detail), advice: expect.stringMatching(advice) });
}

function expectWell(finding: Finding, detail: RegExp): void {
  expect(finding).toEqual({ ok: true, detail: expect.stringMatching(detail), advice: '' });
}

/** Beside this process, which has the CMS and the printer in it. */
async function sportelloWith(env: Record<string, string>, ...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const bin = join(projectRoot(), 'bin/sportello.js');
  return await new Promise((resolve) => {
    execFile(process.execPath, [bin, ...args], { env: { ...process.env, ...env } }, (error, out, err) =>
      resolve({ code: error === null ? 0 : Number(error.code), out, err }),
    );
  });
}

const sportello = (...args: string[]) => sportelloWith(pcscd.env, ...args);

interface Answer {
  ok: boolean;
  checks: { id: string; title: string; ok: boolean; detail: string; advice: string; ms: number }[];
}

describe('the command', () => {
  test('on a machine that is well, all is well', async () => {
    const { code, out, err } = await sportello('doctor', '--config', file, '--json');
    expect(err).toBe('');
    const { ok, checks } = JSON.parse(out) as Answer;
    expect(checks.map(({ id }) => id)).toEqual(['node', 'native-parts', 'readers', 'durability', 'printer', 'cms', 'clock', 'crl']);
    expect(checks.filter((check) => !check.ok)).toEqual([]);
    expect(checks.every(({ title, detail, advice, ms }) => title !== '' && detail !== '' && advice === '' && ms >= 0)).toBe(true);
    expect({ ok, code }).toEqual({ ok: true, code: 0 });
  });

  test('what is amiss makes it exit with 1, with advice', async () => {
    const broken = write('broken.json', { printer: { device: 'usb:/dev/usb/lp-none' }, state: 'none' });
    const { code, out, err } = await sportello('doctor', '--config', broken, '--json');
    expect({ code, err }).toEqual({ code: 1, err: '' });
    const { ok, checks } = JSON.parse(out) as Answer;
    expect(ok).toBe(false);
    expect(checks.filter(({ advice }) => advice !== '').map(({ id }) => id)).toEqual(['durability', 'printer', 'crl']);
  });

  test('without a configuration it checks the machine itself', async () => {
    const { code, out, err } = await sportello('doctor', '--json');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect((JSON.parse(out) as Answer).checks.map(({ id }) => id)).toEqual(['node', 'native-parts', 'readers']);
  });

  test('for a person it is a line a check, with the advice under what is amiss', async () => {
    const away = { printer: { device: 'usb:/dev/usb/lp-none' }, barcode: { device: 'serial:/dev/ttyACM-none' } };
    const { code, out } = await sportello('doctor', '--config', write('away.json', away));
    expect(code).toBe(1);
    expect(out).toMatch(/^ok {5}Node {2,}v\d/m);
    expect(out).toMatch(/^AMISS {2}Printer .*\n {20,}\S/m);
    expect(out).toMatch(/^AMISS {2}Barcode scanner .*ttyACM-none.*\n {20,}\S/m);
  });

  test.each([
    ['that is not there', 'none.json', null],
    ['that is no JSON', 'torn.json', '{"site":'],
    ['with an unknown member', 'more.json', '{"sit":{}}'],
  ])('a configuration %s is one line and exit 2', async (_what, name, content) => {
    if (content !== null) writeFileSync(join(folder, name), content);
    const { code, out, err } = await sportello('doctor', '--config', join(folder, name), '--json');
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toMatch(new RegExp(`^sportello: [^\n]*${name}[^\n]*\n$`));
  });

  test('discover without a PC/SC service says so, and lists the rest', async () => {
    const { code, out, err } = await sportelloWith({ PCSCLITE_CSOCK_NAME: join(folder, 'no-pcscd.comm') }, 'discover', '--json');
    expect({ code, err }).toEqual({ code: 0, err: 'sportello: the PC/SC service cannot be reached; card readers are not listed\n' });
    expect(JSON.parse(out)).toBeInstanceOf(Array);
  });

  test('discover lists the readers of the PC/SC service', async () => {
    const { code, out, err } = await sportello('discover', '--json');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const readers = (JSON.parse(out) as { kind: string; stablePath: string }[]).filter(({ kind }) => kind === 'card-reader');
    expect(readers.map(({ stablePath }) => stablePath)).toEqual(pcscd.readers);
  });
});

test('a whole machine that is well is well', async () => {
  const withReader: Check = { id: 'readers', title: '', look: (limit) => readerSeen(undefined, limit, pcscd.env) };
  const checks = checksFor(configuration).map((check) => (check.id === 'readers' ? withReader : check));
  const { ok, checks: found } = await examine(checks);
  expect(found.filter((check) => !check.ok)).toEqual([]);
  expect(ok).toBe(true);
});

test('a check that throws, and one that never ends, are findings and hinder nobody', async () => {
  const checks: Check[] = [
    { id: 'throws', title: 'throws', look: () => Promise.reject(new Error('no such part')) },
    { id: 'hangs', title: 'hangs', look: () => new Promise(() => undefined) },
    { id: 'well', title: 'well', look: () => Promise.resolve({ ok: true, detail: 'fine', advice: '' }) },
  ];
  const { ok, checks: found } = await examine(checks, 50);
  expect(ok).toBe(false);
  expect(found.map(({ id, ok: well }) => [id, well])).toEqual([
    ['throws', false],
    ['hangs', false],
    ['well', true],
  ]);
  expect(found[0]?.detail).toContain('no such part');
  expect(found[1]?.detail).toContain('0.05 s');
});

describe('Node', () => {
  test.each(['v18.20.4', 'v20.18.9', '16', 'nonsense'])('%s is too old', async (version) => {
    expectAmiss(await nodeNewEnough(version), /./, /Node 20\.19/);
  });
  test.each(['v20.19.0', 'v20.20.2', 'v22.1.0'])('%s is new enough', async (version) => {
    expectWell(await nodeNewEnough(version), /^v2/);
  });
});

describe('native parts', () => {
  test('all load', async () => {
    expectWell(await nativePartsLoad(projectRoot(), signal), /better-sqlite3, pcsclite, serialport/);
  });
  test('one that is missing is named', async () => {
    expectAmiss(
      await nativePartsLoad(folder, signal, { pcsclite: `require('pcsclite')` }),
      /pcsclite: .*Cannot find module/,
      /npm run setup/,
    );
  });
  test('one that crashes is named, and takes nobody along', async () => {
    const parts = { 'better-sqlite3': 'process.kill(process.pid, "SIGSEGV"); setInterval(() => {}, 1e3)' };
    expectAmiss(await nativePartsLoad(projectRoot(), signal, parts), /better-sqlite3: crashed \(SIGSEGV\)/, /npm rebuild/);
  });
});

describe('durability', () => {
  test('holds on a disk, and leaves nothing behind', async () => {
    const { state } = configuration;
    expectWell(await durable(state, 0), /settings hold after a write; a commit takes \d+\.\d\d ms/);
    expect(readdirSync(state)).toEqual(['crl']);
  });
  test('commits faster than a disk can write are flagged', async () => {
    expectAmiss(await durable(configuration.state, 1e6), /faster than a disk can write/, /lies about flushing/);
  });
  test('a folder in memory is not durable', async () => {
    expect(existsSync('/dev/shm')).toBe(true);
    expectAmiss(await durable('/dev/shm', 0), /lies in memory \(tmpfs\)/, /on a disk/);
  });
  test('a folder that is not there', async () => {
    expectAmiss(await durable(join(folder, 'none'), 0), /is not there/, /install -d -m 700/);
  });
  test('a folder that takes no files', async () => {
    expectAmiss(await durable('/proc/self', 0), /cannot be written/, /has room/);
  });
});

describe('card reader', () => {
  test('is seen', async () => {
    expectWell(await readerSeen(undefined, signal, pcscd.env), /Virtual PCD 00 00, no card in/);
    expectWell(await readerSeen(pcscd.readers[1], signal, pcscd.env), /Virtual PCD 00 01/);
  });
  test('one that is wanted by name and not there', async () => {
    expectAmiss(await readerSeen('ACS ACR39U 00 00', signal, pcscd.env), /no reader called ACS ACR39U 00 00/, /sportello discover/);
  });
  test('no PC/SC service', async () => {
    const nowhere = { PCSCLITE_CSOCK_NAME: join(folder, 'no-pcscd.comm') };
    expectAmiss(await readerSeen(undefined, signal, nowhere), /PC\/SC service/, /systemctl enable --now pcscd\.socket/);
  });
});

describe('printer', () => {
  test('answers', async () => {
    expectWell(await printerAnswers(printer.address, signal), /ready$/);
  });
  test.each([
    ['paper-out', 'paper-ok', /paper-out/, /new roll/],
    ['paper-near-end', 'paper-ok', /paper-near-end/, /new roll/],
    ['cover-open', 'cover-close', /cover-open/, /close its cover/],
    ['offline', 'online', /offline/, /button/],
  ])('%s is told, and over after %s', async (fault, remedy, detail, advice) => {
    expect(await printer.control(fault)).toBe('ok');
    expectAmiss(await printerAnswers(printer.address, signal), detail, advice);
    expect(await printer.control(remedy)).toBe('ok');
    expectWell(await printerAnswers(printer.address, signal), /ready$/);
  });
  test('unplugged', async () => {
    expect(await printer.control('unplug')).toBe('ok');
    expectAmiss(await printerAnswers(printer.address, signal), /printer/, /cable and power/);
    expect(await printer.control('plug')).toBe('ok');
  });
  test('an address that is none', async () => {
    expectAmiss(await printerAnswers('tcp:printer.example:9100', signal), /only 127\.0\.0\.1/, /printer\.device/);
  });
});

test('the barcode scanner is there, and then it is not', async () => {
  const scanner = await startVirtualScanner({ link: join(folder, 'scanner') });
  expectWell(await scannerThere(scanner.address, signal), /ready$/);
  await scanner.close();
  expectAmiss(await scannerThere(scanner.address, signal), /scanner/, /barcode\.device/);
});

describe('CMS and clock', () => {
  test('reached, and the clocks agree', async () => {
    const health = await cmsHealth(configuration.cms)(signal);
    expectWell(cmsReached(configuration.cms.url, health), /answers in \d+ ms and calls this kiosk \S+/);
    expectWell(clockAgrees(health), /CMS’s/);
  });
  test.each([90_000, -90_000, 86_400_000 * 365])('a clock that differs by %i ms', async (aheadMs) => {
    cms.clock.aheadMs = aheadMs;
    const health = await cmsHealth(configuration.cms)(signal);
    cms.clock.aheadMs = 0;
    expectAmiss(clockAgrees(health), aheadMs > 0 ? /ms behind/ : /ms ahead of/, /set-ntp true/);
  });
  test('nobody listens: the CMS is not reached, the clock cannot be compared', async () => {
    const url = 'https://127.0.0.1:9';
    const health = await cmsHealth({ ...configuration.cms, url })(signal);
    expectAmiss(cmsReached(url, health), /is not reached: ECONNREFUSED/, /port in cms\.url/);
    expectAmiss(clockAgrees(health), /cannot be compared/, /timedatectl/);
  });
  test('a server that another CA vouches for', async () => {
    const health = await cmsHealth({ ...configuration.cms, ca: surroundings.pki.files.cnsCa })(signal);
    expectAmiss(cmsReached(configuration.cms.url, health), /is not reached/, /cms\.ca/);
  });
  test('a kiosk that the CMS does not know', async () => {
    const stranger = await makePki(join(folder, 'stranger'));
    const { kioskClient: clientCertificate, kioskClientKey: clientKey } = stranger.files;
    const health = await cmsHealth({ ...configuration.cms, clientCertificate, clientKey })(signal);
    expectAmiss(cmsReached(configuration.cms.url, health), /is not reached/, /client certificate/);
  });
  test('a file of the link that is missing', async () => {
    const health = await cmsHealth({ ...configuration.cms, clientKey: join(folder, 'none.pem') })(signal);
    expectAmiss(cmsReached(configuration.cms.url, health), /none\.pem/, /clientKey/);
  });
});

describe('CRLs', () => {
  const now = new Date();
  const empty = (): string => mkdtempSync(join(folder, 'state-'));
  test('fresh', async () => {
    expectWell(await crlsFresh(configuration, now), /min old, next due/);
  });
  test('past their nextUpdate', async () => {
    const later = new Date(now.getTime() + 400 * 86_400_000);
    expectAmiss(await crlsFresh(configuration, later), /400 days old/, /trust crl refresh/);
  });
  test('older than the site allows', async () => {
    const policy = { ...configuration.policy, maxCrlAge: 60 };
    expectAmiss(await crlsFresh({ ...configuration, policy }, new Date(now.getTime() + 600_000)), /min old/, /trust crl refresh/);
  });
  test('none, though some are named', async () => {
    expectAmiss(await crlsFresh({ ...configuration, state: empty() }, now), /there is none/, /trust crl refresh/);
  });
  test('none, and none is named', async () => {
    const trust = { ...configuration.trust, crls: [] };
    expectAmiss(await crlsFresh({ ...configuration, trust, state: empty() }, now), /there is none/, /trust\.points/);
  });
  test('a store that cannot be read', async () => {
    const state = empty();
    mkdirSync(join(state, 'crl'));
    writeFileSync(join(state, 'crl', 'crl.db'), 'no store at all, though long enough to be one'.repeat(200));
    expectAmiss(await crlsFresh({ ...configuration, state }, now), /not a database/, /move .* away/);
  });
  test('an anchor that is none', async () => {
    expectAmiss(
      await crlsFresh({ ...configuration, trust: { ...configuration.trust, anchors: [file] } }, now),
      /sportello\.json/,
      /trust\.anchors/,
    );
  });
});
