import { type ChildProcess, spawn } from 'node:child_process';
import { X509Certificate, createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type Socket, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { CardReader, CardReading } from '../../../devices/card/contract.ts';
import { startCardHost } from '../../../devices/card/remote.ts';
import { specimens } from '../../../devices/card/virtual/specimen.ts';
import { processEntry, projectRoot } from '../../../kiosk/project.ts';
import { type Pcscd, startPcscd } from '../../harness/pcscd.ts';
import { noAbort, untilStatus } from './cards.ts';

/** `sportello card virtual` told on its control socket to misbehave, and read through a real pcscd. */
let pcscd: Pcscd;
let folder: string;
let card: ChildProcess;
let control: Socket;
let answers: AsyncIterator<string>;
let reader: CardReader;

const virtual = ['card', 'virtual'] as const;
const sportello = join(projectRoot(), 'bin', 'sportello.js');

beforeAll(async () => {
  pcscd = await startPcscd();
});
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vpcd-'));
  const path = join(folder, 'control');
  const where = ['--vpcd', `127.0.0.1:${pcscd.ports[0]}`, '--control', path, '--state', join(folder, 'state')] as const;
  card = spawn(process.execPath, [sportello, ...virtual, ...where], { stdio: ['ignore', 'ignore', 'pipe'] });
  if (card.stderr === null) throw new Error('no pipe');
  await Promise.race([once(card.stderr, 'data'), once(card, 'exit')]);
  control = connect(path);
  answers = createInterface({ input: control })[Symbol.asyncIterator]();
  reader = startCardHost({ entry: processEntry('devices/card/pcsc-host.ts'), env: pcscd.env });
  await untilStatus(reader, 'present');
});
afterEach(async () => {
  control.destroy();
  await reader.close();
  const gone = once(card, 'exit');
  card.kill('SIGTERM');
  expect(await gone).toEqual([0, null]);
  rmSync(folder, { recursive: true });
});
afterAll(async () => {
  await pcscd.close();
});

async function tell(line: string): Promise<string> {
  control.write(`${line}\n`);
  return (await answers.next()).value as string;
}

test('a card that gives files in short pieces is read whole, in more commands', async () => {
  const usual = await reader.read(noAbort);
  expect(await tell('short 100')).toBe('ok');
  const short = await reader.read(noAbort);
  if (!usual.ok || !short.ok) throw new Error(JSON.stringify([usual, short]));
  expect({ ...short.value, timing: null }).toEqual({ ...usual.value, timing: null });
  expect(short.value.timing.apdus).toBeGreaterThan(usual.value.timing.apdus + 5);
  expect(await tell('short 0')).toBe('ok');
  expect(await reader.read(noAbort)).toMatchObject({ ok: true, value: { timing: { apdus: usual.value.timing.apdus } } });
});

test('a card that is slow is read all the same, and takes its time', async () => {
  expect(await tell('slow 50')).toBe('ok');
  const slow = await reader.read(noAbort);
  if (!slow.ok) throw new Error(JSON.stringify(slow));
  expect(slow.value.timing.totalMs).toBeGreaterThan(50 * slow.value.timing.apdus);
  expect(await tell('slow 0')).toBe('ok');
});

test('a card that lies at any one command is unreadable, or read right, or contradicted by its own certificate', async () => {
  const usual = await reader.read(noAbort);
  if (!usual.ok) throw new Error(JSON.stringify(usual));
  expect(contradiction(usual.value)).toBeUndefined();
  const { cardId, personalData, certificate } = usual.value;
  let caught = 0;
  for (let nth = 1; nth <= usual.value.timing.apdus; nth += 1) {
    for (const lie of ['9000', '3030303030309000', `${'41'.repeat(128)}9000`, '6110']) {
      expect(await tell(`lie ${nth} ${lie}`)).toBe('ok');
      const reading = await reader.read(noAbort);
      if (reading.ok && contradiction(reading.value) === undefined)
        expect(reading.value).toMatchObject({ cardId, personalData, certificate });
      else caught += 1;
    }
  }
  expect(caught).toBeGreaterThan(usual.value.timing.apdus);
}, 60_000);

/** What a certificate that names card and data (card.md, 1.5) says against what was read. */
function contradiction({ cardId, personalData, personalDataFile, certificate }: CardReading): string | undefined {
  const { subject } = new X509Certificate(Buffer.from(certificate, 'base64')).toLegacyObject();
  const hash = createHash('sha1').update(Buffer.from(personalDataFile, 'base64')).digest('base64');
  const name = `${personalData.fiscalCode}/${cardId}.${hash}`;
  return (subject as unknown as { CN: string }).CN === name ? undefined : name;
}

test('power that goes away once a command is done, or instead of one, is a card that was removed', async () => {
  for (const line of ['lose 2', 'pull 2']) {
    expect(await tell(line)).toBe('ok');
    expect(await reader.read(noAbort)).toEqual({ ok: false, error: { kind: 'card-removed' } });
    await untilStatus(reader, 'empty');
    expect(await tell('insert')).toBe('ok');
    await untilStatus(reader, 'present');
  }
});

test('a write that power cuts off is in the state or not, and reading goes on', async () => {
  expect(await tell('tear 1')).toBe('ok');
  await reader.close();
  const verify = ['--verify-pin', '--auth-id', '01', '--pin', '12345'] as const;
  expect(await opensc(...verify)).not.toBe(0);
  expect(existsSync(join(folder, 'state'))).toBe(true);
  expect(await tell('insert')).toBe('ok');
  reader = startCardHost({ entry: processEntry('devices/card/pcsc-host.ts'), env: pcscd.env });
  await untilStatus(reader, 'present');
  expect(await reader.read(noAbort)).toMatchObject({ ok: true, value: { cardId: specimens.adult.cardId } });
  await reader.close();
  expect(await opensc(...verify)).toBe(0);
});

test('a line that says too little, too much or nonsense is refused in one line, and changes nothing', async () => {
  const lines = ['tear', 'tear 0', 'tear x', 'tear 1 2', 'slow', 'slow -1', 'slow 1000000000', 'short', 'short 1.5', 'lie 1', 'lie 1 9'];
  for (const line of [...lines, 'lie 1 900', 'lie 0 9000', 'lose', 'stall 0', 'toString', '__proto__ 1'])
    expect(await tell(line), line).toMatch(/^error ./);
  expect((await reader.read(noAbort)).ok).toBe(true);
});

test.each([
  ['of another card', JSON.stringify({ cardId: '6080100000000024', memory: Buffer.alloc(39).toString('base64') })],
  ['none', 'garbage'],
])('a state that is %s is refused in one line', async (_what, content) => {
  const state = join(folder, 'other');
  writeFileSync(state, content);
  const args = [sportello, ...virtual, '--vpcd', `127.0.0.1:${pcscd.ports[1]}`, '--state', state];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes: Buffer) => (said += bytes.toString()));
  expect(await once(child, 'close')).toEqual([2, null]);
  expect(said).toMatch(/^[^\n]*other: [^\n]+\n$/);
});

test('help names every control line', async () => {
  const child = spawn(process.execPath, [sportello, ...virtual, '--help'], { stdio: ['ignore', 'pipe', 'inherit'] });
  let help = '';
  child.stdout.on('data', (bytes: Buffer) => (help += bytes.toString()));
  await once(child, 'close');
  const named = [...help.matchAll(/^ {2}([a-z]+)(?: [A-Z ]+)? {2,}\S/gm)].map(([, word]) => word);
  expect(named).toEqual(
    expect.arrayContaining(['insert', 'remove', 'mute', 'fail', 'lie', 'stall', 'pull', 'lose', 'tear', 'slow', 'short']),
  );
  // A line that the socket does not know is refused as unknown; each that is named is known.
  for (const word of named) expect(await tell(`${word} too many words here`)).not.toBe('error unknown command');
});

async function opensc(...args: readonly string[]): Promise<number | null> {
  const env = { ...process.env, ...pcscd.env, XDG_CACHE_HOME: folder };
  const child = spawn('pkcs15-tool', ['--reader', '0', ...args], { env, stdio: 'ignore', timeout: 20_000 });
  const [code] = (await once(child, 'close')) as [number | null];
  return code;
}
