import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { commandEntry, processEntry, projectRoot } from '../../kiosk/project.ts';
import { makeAuthority, makeCrl, manyEntries, pemOf, serialOfEntry } from './crl-generator.ts';
import { columns, count, leaveReport, progress, round } from './figures.ts';
import { heldBy } from './processes.ts';

const sizes = [1_000, 100_000, 1_000_000] as const;
/** A peer that has not answered by then does not. */
const PATIENCE_MS = 120_000;

const ca = makeAuthority('Specimen - CA Cittadini', 'rsa');
const holder = makeAuthority('Specimen', 'rsa', ca);
const folder = mkdtempSync(join(tmpdir(), 'sportello-crl-bench-'));
const at = (name: string): string => join(folder, name);
const caPem = at('ca.pem');
const holderPem = at('holder.pem');

beforeAll(() => {
  writeFileSync(caPem, pemOf('CERTIFICATE', ca.certificate, '\n'));
  writeFileSync(holderPem, pemOf('CERTIFICATE', holder.certificate, '\n'));
  for (const size of sizes) {
    const crl = makeCrl(ca, { encoded: manyEntries(size) });
    writeFileSync(at(`${size}.crl`), crl);
    writeFileSync(at(`${size}.pem`), pemOf('X509 CRL', crl, '\n'));
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Ended {
  readonly ms: number;
  readonly peakMB: number;
  readonly out: string;
}

/** A whole process, from its start to its end. `null`: it failed, or took too long. */
async function whole(command: string, args: readonly string[]): Promise<Ended | null> {
  const began = performance.now();
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'ignore'], cwd: projectRoot() });
  let peakMB = 0;
  let out = '';
  child.stdout.on('data', (piece) => (out += String(piece)));
  // The highest so far stands in /proc until the process ends: the last look is the one that counts.
  const look = setInterval(() => (peakMB = heldBy(child.pid!)?.highestMB || peakMB), 4);
  const patience = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
  const [code] = (await once(child, 'close')) as [number | null];
  clearInterval(look);
  clearTimeout(patience);
  return code === 0 ? { ms: performance.now() - began, peakMB, out } : null;
}

const node = process.execPath;
const cli = commandEntry();
const module = (source: string): string => JSON.stringify(pathToFileURL(processEntry(source)).href);
const script = (text: string): readonly string[] => ['--input-type=module', '-e', text];

/** Reads, parses, verifies and looks one serial up, with what pkijs does by default. */
const withPkijs = (size: number): string => `
  import { readFileSync } from 'node:fs';
  import * as pkijs from 'pkijs';
  const ca = pkijs.Certificate.fromBER(Buffer.from(readFileSync(${JSON.stringify(caPem)}, 'latin1').split('-----')[2], 'base64'));
  const crl = pkijs.CertificateRevocationList.fromBER(readFileSync(${JSON.stringify(at(`${size}.crl`))}));
  if (!(await crl.verify({ issuerCertificate: ca }))) process.exit(1);
  crl.isCertificateRevoked(ca);`;

/** The same with node-forge, which has no CRLs: the tree of its DER, the signature over the tree's head, and the list searched through. */
const withForge = (size: number): string => `
  import { readFileSync } from 'node:fs';
  import forge from 'node-forge';
  const ca = forge.pki.certificateFromPem(readFileSync(${JSON.stringify(caPem)}, 'latin1'));
  const [tbs, , signature] = forge.asn1.fromDer(readFileSync(${JSON.stringify(at(`${size}.crl`))}, 'latin1')).value;
  const hash = forge.md.sha256.create().update(forge.asn1.toDer(tbs).getBytes());
  if (!ca.publicKey.verify(hash.digest().getBytes(), (signature.bitStringContents ?? signature.value).slice(1))) process.exit(1);
  const serial = Buffer.from('${serialOfEntry(size - 2).toString('hex')}', 'hex').toString('latin1');
  const entries = tbs.value.filter(({ type }) => type === forge.asn1.Type.SEQUENCE)[2].value;
  if (!entries.some(({ value: [own] }) => own.value === serial)) process.exit(1);`;

/** Tells how often a second a peer, once it has parsed the list, looks one up in it. */
const askedAgain = (look: string): string => `
  const began = performance.now();
  let asked = 0;
  do {
    ${look};
    asked += 1;
  } while (performance.now() - began < 1000);
  console.log(asked / (performance.now() - began) * 1000);`;
const pkijsLookups = (size: number): string => withPkijs(size) + askedAgain('crl.isCertificateRevoked(ca)');
const forgeLookups = (size: number): string => withForge(size) + askedAgain('entries.some(({ value: [own] }) => own.value === serial)');

/** Hash alone, and our walk with its hash and the signature: both of the file as it comes from the disk's cache, without Node's start. */
const scanning = (size: number): string => `
  import { createHash } from 'node:crypto';
  import { openSync, readSync, closeSync } from 'node:fs';
  const { readCrl } = await import(${module('kiosk/trust/crl/reader.ts')});
  const { openCrlFile } = await import(${module('kiosk/trust/crl/source.ts')});
  const { readIssuers } = await import(${module('kiosk/trust/crl/issuer.ts')});
  const { schemeOf } = await import(${module('kiosk/trust/x509/algorithm.ts')});
  const { signatureCheck } = await import(${module('kiosk/trust/crl/signature.ts')});
  const file = ${JSON.stringify(at(`${size}.crl`))};
  const issuer = readIssuers(${JSON.stringify(caPem)}).value[0];
  const hashMs = () => {
    const began = performance.now();
    const fd = openSync(file), hash = createHash('sha256'), buffer = Buffer.allocUnsafe(262144);
    for (let read; (read = readSync(fd, buffer, 0, buffer.length)) > 0; ) hash.update(buffer.subarray(0, read));
    hash.digest(); closeSync(fd);
    return performance.now() - began;
  };
  const scanMs = () => {
    const began = performance.now();
    const source = openCrlFile(file);
    let check;
    const tail = readCrl(source, { head: (head) => (check = signatureCheck(schemeOf(head.algorithm), { allowSha1: false, allowRsa1024: false })), signed: (piece) => check.update(piece), entry() {} });
    source.close();
    if (!tail.ok || !check.isSignedBy(issuer.key, tail.value.signature)) process.exit(1);
    return performance.now() - began;
  };
  const first = scanMs();
  console.log(JSON.stringify({ first, hash: Math.min(hashMs(), hashMs(), hashMs()), scan: Math.min(scanMs(), scanMs(), scanMs()) }));`;

const lookups = (store: string, size: number): string => `
  const { openStoreReadOnly } = await import(${module('kiosk/trust/crl/store.ts')});
  const { askAbout } = await import(${module('kiosk/trust/crl/answer.ts')});
  const { readIssuers } = await import(${module('kiosk/trust/crl/issuer.ts')});
  const { serialOfHex } = await import(${module('kiosk/trust/crl/serial.ts')});
  const store = openStoreReadOnly(${JSON.stringify(store)}).value;
  const ask = askAbout(store, { issuers: readIssuers(${JSON.stringify(caPem)}).value, kind: 'user', points: [], crlIssuers: [] }, new Date(), { grace: 0, maxAge: null });
  const serials = ${JSON.stringify(Array.from({ length: 500 }, (_, place) => serialOfEntry(Math.floor((place * size) / 500)).toString('hex')))}.map(serialOfHex);
  for (const serial of serials) if (ask(serial).status === 'good') process.exit(1);
  const began = performance.now();
  let asked = 0;
  while (performance.now() - began < 1000) for (const serial of serials) { ask(serial); asked += 1; }
  console.log(asked / (performance.now() - began) * 1000);`;

interface Row {
  readonly entries: number;
  readonly name: string;
  /** Medians; `null`: refused, failed, or not done in PATIENCE_MS. */
  readonly ms: number | null;
  readonly peakMB: number | null;
}
const rows: Row[] = [];
const inside: Record<string, unknown>[] = [];

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

test('crl', async () => {
  for (const size of sizes) {
    const samples = new Map<string, (Ended | null)[]>();
    const measure = async (name: string, command: string, args: readonly string[]): Promise<Ended | null> => {
      const before = samples.get(name) ?? [];
      // What refused once is not asked again.
      if (before.includes(null)) return null;
      const ended = await whole(command, args);
      samples.set(name, [...before, ended]);
      return ended;
    };
    for (let run = 1; run <= count; run += 1) {
      const store = at(`store-${size}-${run}`);
      const crl = at(`${size}.crl`);
      await measure('bare node -e 0', node, ['-e', '0']);
      expect(
        await measure('ours: import, durable', node, [cli, 'trust', 'crl', 'import', '--store', store, '--issuer', caPem, crl]),
      ).not.toBe(null);
      const serial = serialOfEntry(size - 2).toString('hex');
      const answer = await measure('ours: one lookup, cold', node, [
        cli,
        'trust',
        'crl',
        'lookup',
        '--store',
        store,
        '--issuer',
        caPem,
        serial,
      ]);
      expect(answer?.out).toContain('"status":"revoked"');
      expect(
        await measure('openssl crl -verify', 'openssl', ['crl', '-inform', 'DER', '-in', crl, '-noout', '-verify', '-CAfile', caPem]),
      ).not.toBe(null);
      const crlPem = at(`${size}.pem`);
      expect(
        await measure('openssl verify -crl_check', 'openssl', ['verify', '-crl_check', '-CAfile', caPem, '-CRLfile', crlPem, holderPem]),
      ).not.toBe(null);
      await measure('pkijs: parse, verify, one lookup', node, script(withPkijs(size)));
      await measure('node-forge: parse, verify, one lookup', node, script(withForge(size)));
      if (run === count) {
        const scan = JSON.parse((await whole(node, script(scanning(size))))!.out) as { first: number; hash: number; scan: number };
        const aSecond = Number((await whole(node, script(lookups(store, size))))!.out);
        const peers = [(await whole(node, script(pkijsLookups(size))))?.out, (await whole(node, script(forgeLookups(size))))?.out];
        inside.push({
          entries: size,
          sha256Ms: round(scan.hash),
          firstScanMs: round(scan.first),
          scanAndVerifyMs: round(scan.scan),
          lookupsASecond: Math.round(aSecond),
          ...Object.fromEntries(
            ['pkijs', 'nodeForge'].map((peer, place) => [
              `${peer}LookupsASecond`,
              peers[place] === undefined ? null : round(Number(peers[place])),
            ]),
          ),
        });
      }
      progress(`${size} entries, run ${run} of ${count}`);
    }
    for (const [name, ended] of samples) {
      const good = ended.filter((each) => each !== null);
      const done = good.length > 0 && good.length === ended.length;
      rows.push({
        entries: size,
        name,
        ms: done ? round(median(good.map(({ ms }) => ms))) : null,
        peakMB: done ? round(median(good.map(({ peakMB }) => peakMB))) : null,
      });
    }
  }
  const shown = rows.map(({ entries, name, ms, peakMB }) => [
    `${name}, ${entries}`,
    ms === null ? 'refuses' : String(ms),
    String(peakMB ?? '-'),
  ]);
  const within = inside.map((each) => Object.values(each).map(String));
  leaveReport(
    'crl',
    { runs: count, rows, inside },
    [
      `medians of ${count} whole processes, file to end:`,
      columns([['', 'ms', 'peak MB'], ...shown]),
      '',
      'within a process:',
      columns([['entries', 'SHA-256 ms', 'first scan ms', 'scan+verify ms', 'lookups/s', 'pkijs', 'node-forge'], ...within]),
    ].join('\n'),
  );
});
