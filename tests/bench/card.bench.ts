import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { X509Certificate } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { CardReader } from '../../devices/card/contract.ts';
import { startCardHost } from '../../devices/card/remote.ts';
import { type VirtualCardOptions, VirtualCnsCard } from '../../devices/card/virtual/card.ts';
import { issueCnsCertificate, selfMadeIssuer } from '../../devices/card/virtual/certificate.ts';
import { type CardTiming, realTiming } from '../../devices/card/virtual/slot.ts';
import { specimens } from '../../devices/card/virtual/specimen.ts';
import { VpcdSlot } from '../../devices/card/virtual/vpcd.ts';
import { Secret } from '../../devices/secret.ts';
import { processEntry } from '../../kiosk/project.ts';
import { untilStatus } from '../devices/card/cards.ts';
import { type Pcscd, startPcscd } from '../harness/pcscd.ts';
import { columns, count, figure, leaveReport, progress, round, tableOf } from './figures.ts';

/**
 * A whole reading as the kiosk does it (ATR, identity, personal data, certificate; by its card process) beside OpenSC's `pkcs15-tool` for the
 * certificate alone (uncached, from its start as a process to its end), turn by turn on the same virtual cards in one pcscd.
 */
const mostApdus = 12;
const mostOfTheirTime = 1 / 2;

interface Setup {
  readonly name: string;
  readonly card: Partial<VirtualCardOptions>;
  readonly timing?: CardTiming;
}
const setups: readonly Setup[] = [
  { name: 'CNS 1.1 without padding, as slow as a real card', card: { tight: true }, timing: realTiming },
  { name: 'CNS 1.1 with padding, as slow as a real card', card: {}, timing: realTiming },
  {
    name: 'CNS 1.0 without padding, as slow as a real card',
    card: { atr: '3BFF1800008131FE55006B02090703010101434E5310318066', extendedLength: false, tight: true },
    timing: realTiming,
  },
  { name: 'CNS 1.1 without padding, taking no time', card: { tight: true } },
];

/** Counts what goes over the wire to and from the card. */
class CountedCard extends VirtualCnsCard {
  apdus = 0;
  bytes = 0;

  override transmit(command: Uint8Array): Uint8Array {
    const answer = super.transmit(command);
    this.apdus += 1;
    this.bytes += command.length + answer.length;
    return answer;
  }

  /** What was counted since the last time. */
  take(): { readonly apdus: number; readonly bytes: number } {
    const { apdus, bytes } = this;
    this.apdus = 0;
    this.bytes = 0;
    return { apdus, bytes };
  }
}

let pcscd: Pcscd;
let certificate: Uint8Array;
const cache = mkdtempSync(join(tmpdir(), 'bench-card-'));
beforeAll(async () => {
  pcscd = await startPcscd({ readers: setups.length });
  const period = { notBefore: new Date('2023-01-01T00:00:00Z'), notAfter: new Date('2033-01-01T00:00:00Z') };
  const issuer = await selfMadeIssuer(period);
  // As long as a real one: their CRL's place is an LDAP name.
  const crlUrl = `ldap://crl.invalid/${'cn=CDP1,ou=CRL CA Cittadini,o=Specimen,c=IT?certificateRevocationList;'.repeat(5)}`;
  ({ certificate } = await issueCnsCertificate({ ...specimens.adult, issuer, serialNumber: '5A01', crlUrl, ...period }));
});
afterAll(async () => {
  await pcscd.close();
  rmSync(cache, { recursive: true });
});

test('card', async () => {
  const theirStart = await milliseconds(() => openSc('--version'));
  const results = [];
  for (const [index, setup] of setups.entries()) results.push(await measured(setup, index));
  const figures = results.flatMap(({ name, ours, theirs }) => [
    figure(`${name}: our whole reading`, 'ms', ours.ms),
    figure(`${name}: OpenSC, certificate`, 'ms', theirs.ms),
  ]);
  const rows = results.map(({ name, ours, theirs }, index) => {
    const share = figures[2 * index]!.median / figures[2 * index + 1]!.median;
    return {
      name,
      apdus: ours.apdus,
      bytes: ours.bytes,
      openScApdus: theirs.apdus,
      openScBytes: theirs.bytes,
      shareOfOpenScTime: round(100 * share) / 100,
    };
  });
  const table = [
    tableOf(figures),
    columns([
      ['', 'APDUs', 'bytes', 'OpenSC: APDUs', 'bytes', 'our time / theirs'],
      ...rows.map(({ name, apdus, bytes, openScApdus, openScBytes, shareOfOpenScTime }) =>
        [name, apdus, bytes, openScApdus, openScBytes, shareOfOpenScTime].map(String),
      ),
    ]),
    `certificate: ${certificate.length} bytes; OpenSC's process alone (--version): ${round(theirStart)} ms`,
  ].join('\n\n');
  leaveReport('card', { runs: count, certificateBytes: certificate.length, openScStartMs: round(theirStart), cards: rows, figures }, table);
  for (const [index, { name, apdus, shareOfOpenScTime }] of rows.entries()) {
    expect(apdus, name).toBeLessThanOrEqual(mostApdus);
    // Without the card's time, what is left is the machine's, and its load.
    if (setups[index]?.timing !== undefined) expect(shareOfOpenScTime, name).toBeLessThanOrEqual(mostOfTheirTime);
  }
});

interface Measured {
  readonly ms: number[];
  readonly apdus: number;
  readonly bytes: number;
}

async function measured(
  { name, card: options, timing }: Setup,
  index: number,
): Promise<{ name: string; ours: Measured; theirs: Measured }> {
  const codes = { pin: Secret.fromText('12345'), puk: Secret.fromText('12345678') };
  const card = new CountedCard({ ...specimens.adult, ...codes, certificate, ...options });
  const slot = new VpcdSlot(card, { host: '127.0.0.1', port: pcscd.ports[index]! }, timing);
  const reader = startCardHost({ entry: processEntry('devices/card/pcsc-host.ts'), env: pcscd.env, reader: pcscd.readers[index] });
  try {
    await slot.insert();
    await untilStatus(reader, 'present');
    await read(reader); // The first one loads code.
    const ours: Measured[] = [];
    const theirs: Measured[] = [];
    for (let run = 1; run <= count; run += 1) {
      card.take();
      ours.push({ ms: [await milliseconds(() => read(reader))], ...card.take() });
      theirs.push({ ms: [await milliseconds(() => readCertificate(index))], ...card.take() });
      progress(`${name}: ${run} of ${count}`);
    }
    return { name, ours: together(ours), theirs: together(theirs) };
  } finally {
    await reader.close();
    await slot.remove();
  }
}

/** Counts that differ between runs would be a finding of their own: the largest are told. */
function together(runs: readonly Measured[]): Measured {
  return {
    ms: runs.flatMap(({ ms }) => ms),
    apdus: Math.max(...runs.map(({ apdus }) => apdus)),
    bytes: Math.max(...runs.map(({ bytes }) => bytes)),
  };
}

async function read(reader: CardReader): Promise<void> {
  const reading = await reader.read(AbortSignal.timeout(20_000));
  if (!reading.ok) throw new Error(JSON.stringify(reading.error));
  expect(reading.value.personalData).toEqual(specimens.adult.personalData);
  expect(Buffer.from(reading.value.certificate, 'base64').equals(certificate)).toBe(true);
}

async function openSc(...args: readonly string[]): Promise<{ readonly code: number | null; readonly printed: string }> {
  const child = spawn('pkcs15-tool', args, {
    env: { ...process.env, ...pcscd.env, XDG_CACHE_HOME: cache },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let printed = '';
  child.stdout.on('data', (bytes: Buffer) => (printed += bytes.toString('latin1')));
  child.stderr.resume();
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, printed };
}

async function readCertificate(reader: number): Promise<void> {
  const { code, printed } = await openSc('--reader', String(reader), '--read-certificate', '01');
  if (code !== 0) throw new Error(`pkcs15-tool ends with ${code}`);
  expect(new X509Certificate(printed).raw.equals(certificate)).toBe(true);
}

async function milliseconds(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}
