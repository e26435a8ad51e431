import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { X509Certificate } from 'node:crypto';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { CardStatus } from '../../../devices/card/contract.ts';
import { startCardHost } from '../../../devices/card/remote.ts';
import { type SeriesTable, builtInSeries } from '../../../devices/card/series.ts';
import { specimens } from '../../../devices/card/virtual/specimen.ts';
import { processEntry, projectRoot } from '../../../kiosk/project.ts';
import { type Pcscd, startPcscd } from '../../harness/pcscd.ts';
import { specimenCertificate, untilStatus } from './cards.ts';

const sportello = join(projectRoot(), 'bin', 'sportello.js');
const folder = mkdtempSync(join(tmpdir(), 'card-commands-'));
const running: ChildProcess[] = [];
let pcscd: Pcscd;

beforeAll(async () => {
  pcscd = await startPcscd({ readers: 4 });
});
afterEach(async () => {
  await Promise.all(
    running.splice(0).map(async (child) => {
      const gone = once(child, 'exit');
      child.kill('SIGTERM');
      expect(await gone).toEqual([0, null]);
    }),
  );
});
afterAll(async () => {
  await pcscd.close();
  rmSync(folder, { recursive: true });
});

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

async function run(args: readonly string[], env: Readonly<Record<string, string>> = pcscd.env): Promise<Ended> {
  const child = spawn(process.execPath, [sportello, ...args], { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  const [out, err] = ['', ''].map((text) => ({ text }));
  child.stdout.on('data', (bytes: Buffer) => (out ? (out.text += bytes.toString()) : undefined));
  child.stderr.on('data', (bytes: Buffer) => (err ? (err.text += bytes.toString()) : undefined));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, out: out?.text ?? '', err: err?.text ?? '' };
}

/** Runs `card virtual` until it says that the card is in. */
async function virtual(...args: readonly string[]): Promise<void> {
  const child = spawn(process.execPath, [sportello, 'card', 'virtual', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  running.push(child);
  await Promise.race([once(child.stderr, 'data'), once(child, 'exit').then(() => Promise.reject(new Error('card virtual ended')))]);
}

/** Waits until the reader itself says so. */
async function untilReader(name: string | undefined, state: CardStatus['state']): Promise<void> {
  const reader = startCardHost({ entry: processEntry('devices/card/pcsc-host.ts'), env: pcscd.env, reader: name });
  try {
    await untilStatus(reader, state, 10_000);
  } finally {
    await reader.close();
  }
}

test('list names the readers and what is in them', async () => {
  const { code, out, err } = await run(['card', 'list', '--json']);
  expect([code, err]).toEqual([0, '']);
  expect(JSON.parse(out)).toEqual(pcscd.readers.map((reader) => ({ reader, state: 'empty' })));
});

test('virtual puts the specimen in, read reads it as JSON and nothing else', async () => {
  await virtual('--vpcd', `127.0.0.1:${pcscd.ports[2]}`);
  await untilReader(pcscd.readers[2], 'present');
  const { code, out, err } = await run(['card', 'read', '--json']);
  expect([code, err]).toEqual([0, '']);
  const { personalData, cardId } = specimens.adult;
  expect(JSON.parse(out)).toEqual({
    reader: pcscd.readers[2],
    atr: expect.stringMatching(/^3B[0-9A-F]+$/) as string,
    cardId,
    personalData,
    certificate: {
      pem: expect.stringMatching(/^-----BEGIN CERTIFICATE-----\n/) as string,
      subject: expect.stringContaining(`CN=RSSMRA72L09H501S/${cardId}.`) as string,
      issuer: expect.stringContaining('CN=Specimen - CA Cittadini') as string,
      serialNumber: cardId,
      notBefore: '2023-05-02T00:00:00.000Z',
      notAfter: '2029-05-01T23:59:59.000Z',
      fiscalCode: 'RSSMRA72L09H501S',
    },
    pin: { triesLeft: null },
    puk: { triesLeft: null },
    timing: { totalMs: expect.any(Number) as number, apdus: expect.any(Number) as number },
  });
  expect((await run(['card', 'read', '--reader', pcscd.readers[0] ?? '', '--json'])).code).toBe(1);
  expect((await run(['card', 'read', '--reader', 'No Such Reader', '--json'])).code).toBe(3);
  const second = await run(['card', 'virtual', '--vpcd', `127.0.0.1:${pcscd.ports[2]}`]);
  expect(second).toMatchObject({ code: 3, out: '' });
});

test('virtual takes a person with a certificate and key of their own', async () => {
  const { certificate, privateKey } = await specimenCertificate();
  const pem = new X509Certificate(certificate).toString();
  const person = join(folder, 'person.json');
  writeFileSync(person, JSON.stringify({ ...specimens.secondAdult, pin: '54321', puk: '87654321', certificate: pem, privateKey }));
  await virtual('--vpcd', `127.0.0.1:${pcscd.ports[0]}`, '--person', person);
  await untilReader(pcscd.readers[0], 'present');
  const { out } = await run(['card', 'read', '--json']);
  expect(JSON.parse(out)).toMatchObject({ ...specimens.secondAdult, certificate: { pem, fiscalCode: 'RSSMRA72L09H501S' } });
});

test('read takes what it knows of cards from a table of series, where one is given', async () => {
  const table = join(folder, 'series.json');
  const read = async (series: SeriesTable['series']): Promise<Ended> => {
    writeFileSync(table, JSON.stringify({ ...builtInSeries, series }));
    return await run(['card', 'read', '--series', table, '--json']);
  };
  await virtual('--vpcd', `127.0.0.1:${pcscd.ports[0]}`);
  await untilReader(pcscd.readers[0], 'present');
  const free = await read(builtInSeries.series.map((series) => ({ ...series, askingTries: 'free' })));
  expect(JSON.parse(free.out)).toMatchObject({ pin: { triesLeft: 3 }, puk: { triesLeft: 3 } });
  expect(await read(builtInSeries.series.filter(({ id }) => id === 'cns-1.0'))).toMatchObject({
    code: 1,
    out: '',
    err: expect.stringMatching(/unknown series: ATR 3B[0-9A-F]+/) as string,
  });
  expect(await read([])).toMatchObject({ code: 2, out: '', err: expect.stringContaining('series') as string });
});

test('the control socket moves the card and makes it fail', async () => {
  const path = join(folder, 'control');
  await virtual('--vpcd', `127.0.0.1:${pcscd.ports[0]}`, '--control', path);
  const socket = connect(path);
  const answers = createInterface({ input: socket })[Symbol.asyncIterator]();
  const tell = async (line: string): Promise<string> => {
    socket.write(`${line}\n`);
    return (await answers.next()).value as string;
  };
  await untilReader(pcscd.readers[0], 'present');
  expect(await tell('fail 3 6F00')).toBe('ok');
  expect(await run(['card', 'read', '--json'])).toMatchObject({ code: 1, out: '', err: expect.stringContaining('6F00') as string });
  expect(await tell('remove')).toBe('ok');
  await untilReader(pcscd.readers[0], 'empty');
  expect(await tell('mute')).toBe('ok');
  await untilReader(pcscd.readers[0], 'mute');
  expect(JSON.parse((await run(['card', 'list', '--json'])).out)).toContainEqual({ reader: pcscd.readers[0], state: 'mute' });
  expect(await tell('insert')).toBe('ok');
  await untilReader(pcscd.readers[0], 'present');
  for (const line of ['fail', 'fail 0 6F00', 'fail 1 6F', 'fail 1 6F00 1', 'eject', '', 'insert now'])
    expect(await tell(line), line).toMatch(/^error ./);
  expect((await run(['card', 'read', '--json'])).code).toBe(0);
  socket.destroy();
});

test.each([
  ['no address', ['--vpcd', 'nowhere'], 2],
  ['a port beyond all', ['--vpcd', '127.0.0.1:99999'], 2],
  ['nobody there', ['--vpcd', '127.0.0.1:1'], 3],
  ['no person file', ['--vpcd', '127.0.0.1:1', '--person', '/nonexistent'], 2],
  ['a person without codes', ['--vpcd', '127.0.0.1:1', '--person', 'PERSON {"personalData":{}}'], 2],
  [
    'a person whose date is none',
    ['--vpcd', '127.0.0.1:1', '--person', 'PERSON {"personalData":{"birthDate":"2023-02-30"},"pin":"12345","puk":"12345678"}'],
    2,
  ],
  [
    'a certificate that is none',
    ['--vpcd', '127.0.0.1:1', '--person', 'PERSON {"personalData":{},"pin":"12345","puk":"12345678","certificate":"x"}'],
    2,
  ],
] as const)('virtual refuses %s in one line', async (_what, args, expected) => {
  const file = join(folder, 'refused.json');
  const given = args.map((arg) => {
    if (!arg.startsWith('PERSON ')) return arg;
    writeFileSync(file, arg.slice('PERSON '.length));
    return file;
  });
  const { code, out, err } = await run(['card', 'virtual', ...given]);
  expect([code, out, err.trim().split('\n').length]).toEqual([expected, '', 1]);
});

test('without the service, list and read say so', async () => {
  const nowhere = { PCSCLITE_CSOCK_NAME: join(folder, 'no-pcscd') };
  for (const command of ['list', 'read'])
    expect(await run(['card', command, '--json'], nowhere)).toMatchObject({
      code: 3,
      out: '',
      err: expect.stringMatching(/^[^\n]+\n$/) as string,
    });
});
