import { type ChildProcess, spawn } from 'node:child_process';
import { X509Certificate, createVerify } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { encodePersonalData } from '../../../devices/card/personal-data.ts';
import { startCardHost } from '../../../devices/card/remote.ts';
import type { VirtualCardOptions } from '../../../devices/card/virtual/card.ts';
import { specimens } from '../../../devices/card/virtual/specimen.ts';
import { VpcdSlot } from '../../../devices/card/virtual/vpcd.ts';
import { processEntry, projectRoot } from '../../../kiosk/project.ts';
import { type Pcscd, startPcscd } from '../../harness/pcscd.ts';
import { specimenCard, specimenCertificate, untilStatus } from './cards.ts';

/** The virtual card seen by a client that nobody here wrote: OpenSC's itacns driver, through a real pcscd. */
let pcscd: Pcscd;
let folder: string;
let card: ChildProcess | undefined;
let slot: VpcdSlot | undefined;

beforeAll(async () => {
  pcscd = await startPcscd();
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'opensc-'));
});
afterEach(async () => {
  await end('SIGTERM');
  await slot?.remove();
  slot = undefined;
  expect(readdirSync(folder)).not.toContain('opensc');
  rmSync(folder, { recursive: true });
});
afterAll(async () => {
  await pcscd.close();
});

interface Ended {
  readonly code: number | null;
  /** What it printed, on either stream. */
  readonly text: string;
}

async function run(program: string, ...args: readonly string[]): Promise<Ended> {
  const env = { ...process.env, ...pcscd.env, XDG_CACHE_HOME: folder };
  const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'], timeout: 20_000, cwd: folder });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes: Buffer) => (text += bytes.toString('latin1')));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, text };
}

const pkcs15 = (...args: readonly string[]): Promise<Ended> => run('pkcs15-tool', '--reader', '0', ...args);
const verify = (pin: string, id = '01'): Promise<Ended> => pkcs15('--verify-pin', '--auth-id', id, '--pin', pin);
const unblock = (puk: string, pin: string): Promise<Ended> => pkcs15('--unblock-pin', '--auth-id', '01', '--puk', puk, '--new-pin', pin);

/** `sportello card virtual` with the specimen's card, put in. */
async function virtual(...args: readonly string[]): Promise<void> {
  const { certificate, privateKey } = await specimenCertificate();
  const person = join(folder, 'person.json');
  const { adult } = specimens;
  const pem = new X509Certificate(certificate).toString();
  writeFileSync(person, JSON.stringify({ ...adult, pin: '12345', puk: '12345678', certificate: pem, privateKey }));
  const command = [join(projectRoot(), 'bin', 'sportello.js'), 'card', 'virtual', '--vpcd', `127.0.0.1:${pcscd.ports[0]}`];
  const child = spawn(process.execPath, [...command, '--person', person, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
  card = child;
  const [said] = (await Promise.race([once(child.stderr, 'data'), once(child, 'exit')])) as [unknown];
  expect(String(said)).toMatch(/^inserted/);
  await seen();
}

async function end(signal: NodeJS.Signals): Promise<void> {
  const child = card;
  card = undefined;
  if (child === undefined) return;
  const gone = once(child, 'exit');
  child.kill(signal);
  await gone;
}

/** The same card in this process, where a series differs. */
async function series(options: Partial<VirtualCardOptions>): Promise<void> {
  slot = new VpcdSlot(await specimenCard(options), { host: '127.0.0.1', port: pcscd.ports[0] ?? 0 });
  await slot.insert();
  await seen();
}

/** OpenSC's own waiting can miss an insertion. */
async function seen(): Promise<void> {
  const reader = startCardHost({ entry: processEntry('devices/card/pcsc-host.ts'), env: pcscd.env });
  try {
    await untilStatus(reader, 'present', 10_000);
  } finally {
    await reader.close();
  }
}

const hello = Buffer.from('hello');
async function isSignature(file: string): Promise<boolean> {
  const { publicKey } = new X509Certificate((await specimenCertificate()).certificate);
  return createVerify('sha256')
    .update(hello)
    .verify(publicKey, readFileSync(join(folder, file)));
}

test('it is listed as a CNS, and dumped with holder, PIN, PUK, key, certificate and files', async () => {
  await virtual();
  expect((await run('opensc-tool', '--reader', '0', '-n')).text).toContain('CNS card');
  const { code, text } = await pkcs15('-D');
  expect(code).toBe(0);
  for (const part of [
    'PKCS#15 Card [MARIO ROSSI]',
    `Serial number  : ${specimens.adult.cardId}`,
    'PIN [PIN CNS0]',
    'PIN [PUK CNS0]',
    'Private RSA Key [CNS0]',
    'ModLength      : 2048',
    'X.509 Certificate [CNS0]',
  ])
    expect(text).toContain(part);
  expect(text.match(/^Data object 'EF_/gm)).toHaveLength(10);
});

test('certificate and personal data are read byte for byte', async () => {
  await virtual();
  expect((await pkcs15('--read-certificate', '01', '--output', 'certificate.pem')).code).toBe(0);
  const certificate = new X509Certificate(readFileSync(join(folder, 'certificate.pem')));
  expect(certificate.raw).toEqual(Buffer.from((await specimenCertificate()).certificate));
  const { code } = await pkcs15('--read-data-object', 'EF_DatiPersonali', '--raw', '--output', 'personal-data');
  expect(code).toBe(0);
  const expected = Buffer.alloc(400);
  expected.set(encodePersonalData(specimens.adult.personalData));
  expect(readFileSync(join(folder, 'personal-data'))).toEqual(expected);
});

test('what lies behind the PIN is read after it alone, and the access conditions say so', async () => {
  await series({ behindPin: [0x1201] });
  const read = ['-s', '00A40800041200120100', '-s', '00B0000004'] as const;
  const closed = await run('opensc-tool', '--reader', '0', ...read, '-s', '00200010083132333435FFFFFF', ...read.slice(2));
  expect(closed.text.match(/SW1=0x\w\w, SW2=0x\w\w/g)).toEqual([
    'SW1=0x90, SW2=0x00',
    'SW1=0x69, SW2=0x82',
    'SW1=0x90, SW2=0x00',
    'SW1=0x90, SW2=0x00',
  ]);
  expect(closed.text).toContain('86 09 10 FF FF');
});

test('the PIN is verified, changed, blocked by three wrong ones, and set anew with the PUK; three wrong PUKs are for good', async () => {
  await virtual();
  expect(await verify('12345')).toMatchObject({ code: 0 });
  expect(await pkcs15('--change-pin', '--auth-id', '01', '--pin', '12345', '--new-pin', '5432100')).toMatchObject({ code: 0 });
  expect(await verify('5432100')).toMatchObject({ code: 0 });
  for (let count = 0; count < 3; count += 1) expect((await verify('12345')).text).toContain('PIN code or key incorrect');
  expect((await verify('5432100')).text).toContain('Authentication method blocked');
  expect(await unblock('12345678', '67890')).toMatchObject({ code: 0 });
  expect(await verify('67890')).toMatchObject({ code: 0 });
  expect(await verify('12345678', 'a0')).toMatchObject({ code: 0 });
  for (const left of [2, 1, 0]) expect((await unblock('99999999', '11111')).text).toContain(`tries left: ${left}`);
  expect((await unblock('12345678', '11111')).code).not.toBe(0);
  expect(await verify('67890')).toMatchObject({ code: 0 });
}, 30_000);

test('it signs with pkcs15-crypt and pkcs11-tool, and passes the test of pkcs11-tool', async () => {
  await virtual();
  writeFileSync(join(folder, 'data'), hello);
  writeFileSync(join(folder, 'hash'), Buffer.from('2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824', 'hex'));
  const crypt = ['pkcs15-crypt', '--reader', '0', '-s', '-k', '01', '--sha-256', '--pkcs1', '-i', 'hash'] as const;
  expect((await run(...crypt, '-o', 'none', '--pin', '99999')).code).not.toBe(0);
  expect(readdirSync(folder)).not.toContain('none');
  expect(await run(...crypt, '-o', 'by-pkcs15', '--pin', '12345')).toMatchObject({ code: 0 });
  expect(await isSignature('by-pkcs15')).toBe(true);
  const login = ['--login', '--pin', '12345'] as const;
  const sign = ['--sign', '-m', 'SHA256-RSA-PKCS', '--id', '01', '-i', 'data', '-o', 'by-pkcs11'] as const;
  expect(await run('pkcs11-tool', ...login, ...sign)).toMatchObject({ code: 0 });
  expect(await isSignature('by-pkcs11')).toBe(true);
  const { code, text } = await run('pkcs11-tool', ...login, '--test');
  expect([code, /RSA-PKCS: OK/.test(text), text.trim().endsWith('No errors')]).toEqual([0, true, true]);
}, 30_000);

test.each([
  ['STIncard, which finds PIN and PUK with backtracking alone', { references: 'backtracking' }],
  ['another mask', { atr: '3BFF1800008131FE45006B05052000012101434E5311318078' }],
  ['GET RESPONSE for every answer to data', { answers: '61xx' }],
  ['the exact length alone', { tooMuchAsked: '6Cxx' }],
  ['the end of a file as in 2025', { endOfFile: 'real' }],
] as const)(
  'a series that differs serves as well: %s',
  async (_what, options) => {
    await series(options);
    expect((await pkcs15('--read-certificate', '01', '--output', 'certificate.pem')).code).toBe(0);
    expect(await verify('12345')).toMatchObject({ code: 0 });
    expect(await unblock('12345678', '67890')).toMatchObject({ code: 0 });
    writeFileSync(join(folder, 'data'), hello);
    const sign = ['--sign', '-m', 'SHA256-RSA-PKCS', '--id', '01', '-i', 'data', '-o', 'signature'] as const;
    expect(await run('pkcs11-tool', '--login', '--pin', '67890', ...sign)).toMatchObject({ code: 0 });
    expect(await isSignature('signature')).toBe(true);
  },
  30_000,
);

test('stock of 2025, which hides its files in an application, is none that this version of OpenSC knows', async () => {
  await series({ atr: '3B80800101', application: { aid: 'A000000530000B104001021A', paths: 'from-application' } });
  const { code, text } = await pkcs15('-D');
  expect(code).not.toBe(0);
  expect(text).toMatch(/[Uu]nsupported card|Card is invalid/);
});

test('PIN and counters outlive the process that is killed, in a file that only its owner reads', async () => {
  const state = join(folder, 'card.state');
  await virtual('--state', state);
  expect(await pkcs15('--change-pin', '--auth-id', '01', '--pin', '12345', '--new-pin', '55555')).toMatchObject({ code: 0 });
  for (let count = 0; count < 2; count += 1) expect((await verify('12345')).code).not.toBe(0);
  expect(statSync(state).mode & 0o777).toBe(0o600);
  await end('SIGKILL');
  await virtual('--state', state);
  expect((await verify('12345')).text).toContain('PIN code or key incorrect');
  expect((await verify('55555')).text).toContain('Authentication method blocked');
  expect(await unblock('12345678', '66666')).toMatchObject({ code: 0 });
  expect(await verify('66666')).toMatchObject({ code: 0 });
}, 30_000);
