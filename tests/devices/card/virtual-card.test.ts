import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { X509Certificate } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { VirtualCnsCard } from '../../../devices/card/virtual/card.ts';
import { startCardHost } from '../../../devices/card/remote.ts';
import { VpcdSlot } from '../../../devices/card/virtual/vpcd.ts';
import { processEntry } from '../../../kiosk/project.ts';
import { startPcscd } from '../../harness/pcscd.ts';
import { specimenCard, specimenCertificate, untilStatus } from './cards.ts';

const ask = (card: VirtualCnsCard, apdu: string): string =>
  Buffer.from(card.transmit(Buffer.from(apdu.replaceAll(' ', ''), 'hex')))
    .toString('hex')
    .toUpperCase();
const padded = (code: string): string => Buffer.from(code.padEnd(8, '\xff'), 'latin1').toString('hex');
const verify = (code: string, reference = '10'): string => `002000${reference}08${padded(code)}`;

test('a wrong PIN counts down, three block, and a right one fills the counter again', async () => {
  const card = await specimenCard();
  expect(ask(card, verify('99999'))).toBe('63C2');
  expect(ask(card, verify('12345'))).toBe('9000');
  expect(ask(card, '00200010')).toBe('9000');
  card.reset();
  expect(ask(card, '00200010')).toBe('63C3');
  expect(['1', '2', '3', '4'].map((digit) => ask(card, verify(`9999${digit}`)))).toEqual(['63C2', '63C1', '63C0', '6983']);
  expect(ask(card, verify('12345'))).toBe('6983');
});

test('the PUK sets a new PIN and unblocks; three wrong PUKs are for good', async () => {
  const card = await specimenCard();
  for (let count = 0; count < 3; count += 1) ask(card, verify('99999'));
  expect(ask(card, `002C001010${padded('12345678')}${padded('55555')}`)).toBe('9000');
  expect(ask(card, verify('55555'))).toBe('9000');
  expect(ask(card, `0024001010${padded('55555')}${padded('777777')}`)).toBe('9000');
  expect(ask(card, `0024001110${padded('12345678')}${padded('87654321')}`)).toBe('6982');
  expect(ask(card, '002C0310')).toBe('6982');
  expect([1, 2, 3, 4].map(() => ask(card, `002C001010${padded('00000000')}${padded('55555')}`))).toEqual(['63C2', '63C1', '63C0', '6983']);
  expect(ask(card, verify('777777'))).toBe('9000');
});

test.each([
  ['an application it has not', '00A4040007A0000003080000', '6A82'],
  ['an instruction it knows not', '00CA0101', '6D00'],
  ['another class', '80CA0000', '6E00'],
  ['a file that is not there', '00A4080C0411009999', '6A82'],
  ['reading where nothing is selected', '00B0000010', '6986'],
  ['a new PIN that is none', `002C001010${padded('12345678')}4142434445FFFFFF`, '6A80'],
  ['lengths that do not add up', '00A408000511', '6700'],
] as const)('%s is refused as a CNS refuses it', async (_what, apdu, answer) => {
  expect(ask(await specimenCard(), apdu)).toBe(answer);
});

test('SELECT gives the FCI only where it is asked for and wished for', async () => {
  const card = await specimenCard();
  expect(ask(card, '00A40800041100110200')).toMatch(/^6F..8002019082010183021102850101.*9000$/);
  expect(ask(card, '00A408000411001102')).toBe('9000');
  expect(ask(card, '00A4080C041100110200')).toBe('9000');
});

test('GET CHALLENGE is new each time', async () => {
  const card = await specimenCard();
  expect(ask(card, '0084000008')).toMatch(/^[0-9A-F]{16}9000$/);
  expect(ask(card, '0084000008')).not.toBe(ask(card, '0084000008'));
});

test('any bytes at all get a status word', async () => {
  const card = await specimenCard();
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      expect(card.transmit(bytes).length).toBeGreaterThanOrEqual(2);
    }),
    { numRuns: 500 },
  );
});

test('OpenSC, which nobody here wrote, takes it for a CNS and reads the same certificate', async () => {
  const pcscd = await startPcscd();
  const slot = new VpcdSlot(await specimenCard(), { host: '127.0.0.1', port: pcscd.ports[0] ?? 0 });
  const cache = mkdtempSync(join(tmpdir(), 'opensc-'));
  try {
    await slot.insert();
    const reader = startCardHost({ entry: processEntry('devices/card/pcsc-host.ts'), env: pcscd.env });
    await untilStatus(reader, 'present');
    await reader.close();
    const out = join(cache, 'certificate.pem');
    const code = await run('pkcs15-tool', ['--reader', '0', '--read-certificate', '01', '--output', out], {
      ...pcscd.env,
      XDG_CACHE_HOME: cache,
    });
    expect(code).toBe(0);
    expect(new X509Certificate(readFileSync(out)).raw).toEqual(Buffer.from((await specimenCertificate()).certificate));
  } finally {
    await slot.remove();
    await pcscd.close();
    rmSync(cache, { recursive: true });
  }
});

async function run(program: string, args: readonly string[], env: Readonly<Record<string, string>>): Promise<number | null> {
  const child = spawn(program, args, { env: { ...process.env, ...env }, stdio: 'ignore', timeout: 20_000 });
  return await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
}
