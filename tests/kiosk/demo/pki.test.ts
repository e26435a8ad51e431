import { execFile } from 'node:child_process';
import { X509Certificate, randomUUID } from 'node:crypto';
import { mkdtemp, readFile, readdir, rm, stat, truncate, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, createServer } from 'node:tls';
import { promisify } from 'node:util';
import { CompactSign, compactVerify, importJWK } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { issueCnsCertificate } from '../../../devices/card/virtual/certificate.ts';
import { specimens } from '../../../devices/card/virtual/specimen.ts';
import { type Pki, makePki, readPki } from '../../../kiosk/demo/pki.ts';

const run = promisify(execFile);
const DAY = 86_400_000;
let folder: string;
let pki: Pki;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sportello-pki-'));
  pki = await makePki(folder);
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** What the server says of a client that comes with this certificate: its name, or why it was sent away. */
async function handshake(clientCertificate: string, clientKey: string): Promise<string> {
  const server = createServer({
    cert: await readFile(pki.files.cmsServer),
    key: await readFile(pki.files.cmsServerKey),
    ca: await readFile(pki.files.kioskCa),
    requestCert: true,
    rejectUnauthorized: true,
    minVersion: 'TLSv1.3',
  });
  const verdict = new Promise<string>((resolve) => {
    server.on('secureConnection', (socket) => {
      resolve(`${socket.getProtocol() ?? ''} ${String(socket.getPeerCertificate().subject.CN)}`);
      socket.end();
    });
    server.on('tlsClientError', (error) => resolve(`refused: ${error.message}`));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const [ca, cert, key] = await Promise.all([readFile(pki.files.cmsCa), readFile(clientCertificate), readFile(clientKey)]);
  const socket = connect({ host: '127.0.0.1', port, ca, cert, key, minVersion: 'TLSv1.3' });
  let trusted = false;
  socket.on('secureConnect', () => (trusted = socket.authorized));
  const closed = new Promise<void>((resolve) => socket.on('error', () => undefined).on('close', () => resolve()));
  socket.resume();
  const said = await verdict;
  await closed;
  expect(trusted).toBe(true);
  server.close();
  return said;
}

describe('the throw-away PKI', () => {
  it('is what openssl takes it for', async () => {
    const { files } = pki;
    await run('openssl', ['verify', '-x509_strict', '-CAfile', files.cnsCa, files.cnsCa]);
    await run('openssl', [
      'verify',
      '-x509_strict',
      '-purpose',
      'sslserver',
      '-verify_ip',
      '127.0.0.1',
      '-CAfile',
      files.cmsCa,
      files.cmsServer,
    ]);
    await run('openssl', ['verify', '-x509_strict', '-verify_hostname', 'localhost', '-CAfile', files.cmsCa, files.cmsServer]);
    await run('openssl', ['verify', '-x509_strict', '-purpose', 'sslclient', '-CAfile', files.kioskCa, files.kioskClient]);
    await expect(run('openssl', ['verify', '-CAfile', files.cmsCa, files.kioskClient])).rejects.toThrow();
    const { stdout } = await run('openssl', ['x509', '-in', files.cnsCa, '-noout', '-text']);
    expect(stdout).toContain('sha256WithRSAEncryption');
    expect(stdout).toContain('Public-Key: (2048 bit)');
    expect(stdout).toMatch(/X509v3 Key Usage: critical\s+Certificate Sign, CRL Sign/);
    expect(stdout).toMatch(/C = IT, O = Sportello Specimen, OU = .+, CN = Regione Specimen - CA Cittadini/);
  });

  it('lets the kiosk and its CMS meet over mutual TLS 1.3, and nobody else', async () => {
    expect(await handshake(pki.files.kioskClient, pki.files.kioskClientKey)).toBe('TLSv1.3 sportello-demo');
    expect(await handshake(pki.files.cmsServer, pki.files.cmsServerKey)).toMatch(/^refused: /);
  });

  it('writes a CRL that openssl verifies, with the cards that were revoked and suspended', async () => {
    const serials = { revoked: 'f0123456789abcdef0', suspended: '07' };
    const now = new Date();
    await pki.writeCrl({
      revoked: [
        { serial: serials.revoked, reason: 'keyCompromise', date: now },
        { serial: serials.suspended, reason: 'certificateHold', date: now },
      ],
      thisUpdate: now,
      nextUpdate: new Date(now.getTime() + DAY),
      number: 300,
    });
    const { stdout, stderr } = await run('openssl', ['crl', '-in', pki.files.cnsCrl, '-CAfile', pki.files.cnsCa, '-text', '-noout']);
    expect(stderr).toContain('verify OK');
    expect(stdout).toMatch(/X509v3 CRL Number:\s+300/);
    expect(stdout).toMatch(/Serial Number: F0123456789ABCDEF0[\s\S]+?Key Compromise/);
    expect(stdout).toMatch(/Serial Number: 07[\s\S]+?Certificate Hold/);
  });

  it('issues specimen cards that its CRL can revoke', async () => {
    const now = new Date();
    const period = { notBefore: new Date(now.getTime() - DAY), notAfter: new Date(now.getTime() + 300 * DAY) };
    const card = await issueCnsCertificate({ ...specimens.adult, issuer: pki.cnsCa, serialNumber: '1a2b', ...period });
    const file = join(folder, 'card.pem');
    await writeFile(file, new X509Certificate(card.certificate).toString());
    const crlFile = join(folder, 'card-ca-crl.pem');
    const crl = { thisUpdate: now, nextUpdate: new Date(now.getTime() + DAY) };
    const verify = async () => {
      await run('openssl', ['crl', '-inform', 'DER', '-in', pki.files.cnsCrl, '-out', crlFile]);
      return await run('openssl', ['verify', '-purpose', 'sslclient', '-crl_check', '-CRLfile', crlFile, '-CAfile', pki.files.cnsCa, file]);
    };
    await pki.writeCrl({ ...crl, revoked: [], number: 301 });
    expect((await verify()).stdout).toContain('OK');
    await pki.writeCrl({ ...crl, revoked: [{ serial: '1A2B', reason: 'certificateHold', date: now }], number: 302 });
    await expect(verify()).rejects.toThrow('certificate revoked');
  });

  it('signs with the CMS key what the public key verifies', async () => {
    const read = async (file: string) => await importJWK(JSON.parse(await readFile(file, 'utf8')) as Parameters<typeof importJWK>[0]);
    const jws = await new CompactSign(new TextEncoder().encode('ricevuta'))
      .setProtectedHeader({ alg: 'ES256' })
      .sign(await read(pki.files.cmsSigningKey));
    const { payload } = await compactVerify(jws, await read(pki.files.cmsSigningPublicKey));
    expect(new TextDecoder().decode(payload)).toBe('ricevuta');
    expect(await readFile(pki.files.cmsSigningPublicKey, 'utf8')).not.toContain('"d"');
  });

  it('keeps its keys to their owner', async () => {
    for (const file of [pki.files.cnsCaKey, pki.files.cmsServerKey, pki.files.kioskClientKey, pki.files.cmsSigningKey]) {
      expect((await stat(file)).mode & 0o777).toBe(0o600);
    }
    expect((await stat(pki.files.cnsCa)).mode & 0o777).toBe(0o644);
  });
});

describe('a later start', () => {
  const fresh = async (): Promise<string> => join(folder, randomUUID());
  const authority = async (at: string): Promise<string> => new X509Certificate(await readFile(join(at, 'cns-ca.pem'))).fingerprint256;

  it('finds the PKI that was made, and leaves no temporary file', async () => {
    const at = await fresh();
    await makePki(at);
    const first = await authority(at);
    await makePki(at);
    expect(await authority(at)).toBe(first);
    expect((await readPki(at))?.cnsCa.privateKey).toBe(await readFile(join(at, 'cns-ca.key.pem'), 'utf8'));
    expect((await readdir(at)).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  it('makes a new one when it has expired', async () => {
    const at = await fresh();
    await makePki(at, new Date(Date.now() - 120 * DAY));
    const old = await authority(at);
    expect(await readPki(at)).toBeNull();
    await makePki(at);
    expect(await authority(at)).not.toBe(old);
    const { validTo } = new X509Certificate(await readFile(join(at, 'cms-server.pem')));
    expect(Date.parse(validTo)).toBeGreaterThan(Date.now());
  });

  it.each(['pki.json', 'cns-ca.pem', 'kiosk-client.key.pem', 'cns-ca.crl'])(
    'makes a new one when %s is missing or cut short',
    async (name) => {
      const at = await fresh();
      await makePki(at);
      const old = await authority(at);
      if (name === 'cns-ca.crl') await rm(join(at, name));
      else await truncate(join(at, name), 40);
      expect(await readPki(at)).toBeNull();
      await makePki(at);
      expect(await authority(at)).not.toBe(old);
    },
  );
});
