import { createHash } from 'node:crypto';
import { chmod, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { exportJWK, generateKeyPair } from 'jose';
import { z } from 'zod';
import type { Certified } from '../../devices/card/virtual/certificate.ts';
import { type RevokedCard, derOf, issueCrl } from '../reference-cms/crl-signing.ts';
import { issueAuthority, issueTlsCertificate, makeKeyPair } from './x509.ts';

/**
 * The throw-away PKI of demo and tests: who issues the specimen cards, who the CMS is, who the kiosk is. Certificates are PEM,
 * keys PKCS #8 in PEM (mode 0600), the CRL is DER, the CMS's signing key a JWK (ES256). It identifies nobody outside its folder.
 */
export interface Pki {
  readonly folder: string;
  readonly files: PkiFiles;
  /** The CA of the specimen cards (RSA-2048, SHA-256). */
  readonly cnsCa: Certified;
  /** Replaces the CA's CRL. `number` must be higher than the last one's. */
  writeCrl(crl: CrlContents): Promise<void>;
}

export interface CrlContents {
  readonly revoked: readonly RevokedCard[];
  readonly thisUpdate: Date;
  readonly nextUpdate: Date;
  readonly number: number;
}

const names = {
  cnsCa: 'cns-ca.pem',
  cnsCaKey: 'cns-ca.key.pem',
  cnsCrl: 'cns-ca.crl',
  cmsCa: 'cms-ca.pem',
  cmsServer: 'cms-server.pem',
  cmsServerKey: 'cms-server.key.pem',
  kioskCa: 'kiosk-ca.pem',
  kioskClient: 'kiosk-client.pem',
  kioskClientKey: 'kiosk-client.key.pem',
  cmsSigningKey: 'cms-signing.jwk',
  cmsSigningPublicKey: 'cms-signing.public.jwk',
} as const;

/** Absolute paths. */
export type PkiFiles = Readonly<Record<keyof typeof names, string>>;

const secretFiles: readonly string[] = [names.cnsCaKey, names.cmsServerKey, names.kioskClientKey, names.cmsSigningKey];

/** Stands in the folder once everything else does: what was made, until when it serves, and the digest of each file but the CRL. */
const seal = z.strictObject({ format: z.literal(1), notAfter: z.iso.datetime(), sha256: z.record(z.string(), z.string()) });
const SEAL = 'pki.json';

const DAY = 86_400_000;
const YEAR = 365 * DAY;
const TLS_DAYS = 90;

/** The PKI of `folder`: the one that is there, or a new one where none is, where it is damaged, or where it has expired at `now`. */
export async function makePki(folder: string, now = new Date()): Promise<Pki> {
  const found = await readPki(folder, now);
  if (found !== null) return found;

  await mkdir(folder, { recursive: true, mode: 0o700 });
  await rm(join(folder, SEAL), { force: true });
  const contents = await generate(now);
  const sha256: Record<string, string> = {};
  for (const [name, text] of Object.entries(contents)) {
    await replace(folder, name, text);
    sha256[name] = digest(text);
  }
  const pki = pkiOf(folder, contents[names.cnsCa], contents[names.cnsCaKey]);
  await pki.writeCrl({ revoked: [], thisUpdate: now, nextUpdate: new Date(now.getTime() + 7 * DAY), number: 1 });
  const notAfter = new Date(now.getTime() + (TLS_DAYS - 1) * DAY).toISOString();
  await replace(folder, SEAL, `${JSON.stringify({ format: 1, notAfter, sha256 } satisfies z.infer<typeof seal>)}\n`);
  return pki;
}

/** The PKI that stands in `folder`; `null` where there is none, where a file is missing or altered, or where it has expired at `now`. */
export async function readPki(folder: string, now = new Date()): Promise<Pki | null> {
  const text = await readFile(join(folder, SEAL), 'utf8').catch(() => null);
  if (text === null) return null;
  const sealed = seal.safeParse(parseJson(text));
  if (!sealed.success || new Date(sealed.data.notAfter) <= now) return null;
  const found: Partial<Record<string, string>> = {};
  for (const name of Object.values(names)) {
    const content = await readFile(join(folder, name), 'utf8').catch(() => null);
    if (content === null) return null;
    if (name !== names.cnsCrl && digest(content) !== sealed.data.sha256[name]) return null;
    found[name] = content;
  }
  return pkiOf(folder, found[names.cnsCa] ?? '', found[names.cnsCaKey] ?? '');
}

function pkiOf(folder: string, certificatePem: string, privateKey: string): Pki {
  const cnsCa = { certificate: derOf(certificatePem), privateKey };
  return {
    folder,
    files: Object.fromEntries(Object.entries(names).map(([part, name]) => [part, join(folder, name)])) as PkiFiles,
    cnsCa,
    async writeCrl(crl) {
      await replace(folder, names.cnsCrl, await issueCrl(cnsCa, crl));
    },
  };
}

type GeneratedFile = Exclude<(typeof names)[keyof typeof names], 'cns-ca.crl'>;

async function generate(now: Date): Promise<Record<GeneratedFile, string>> {
  // Cards outlive the desk's certificates: their CA was there before the oldest specimen card, and stays after the newest.
  const longLived = { notBefore: new Date(now.getTime() - 12 * YEAR), notAfter: new Date(now.getTime() + 12 * YEAR) };
  // An hour back: the demo must start on a machine whose clock is about to be set.
  const shortLived = { notBefore: new Date(now.getTime() - 3_600_000), notAfter: new Date(now.getTime() + TLS_DAYS * DAY) };
  const specimen = (organizationalUnit: string, commonName: string) => ({
    organization: 'Sportello Specimen',
    organizationalUnit,
    commonName,
  });

  const [cnsKeys, cmsCaKeys, cmsKeys, kioskCaKeys, kioskKeys, signing] = await Promise.all([
    makeKeyPair('RSA-2048'),
    makeKeyPair('P-256'),
    makeKeyPair('P-256'),
    makeKeyPair('P-256'),
    makeKeyPair('P-256'),
    generateKeyPair('ES256', { extractable: true }),
  ]);
  const cnsCa = await issueAuthority(specimen('Servizi di certificazione', 'Regione Specimen - CA Cittadini'), cnsKeys, longLived);
  const cmsCa = await issueAuthority(specimen('CMS', 'Regione Specimen - CA CMS'), cmsCaKeys, shortLived);
  const kioskCa = await issueAuthority(specimen('Sportelli', 'Regione Specimen - CA Sportelli'), kioskCaKeys, shortLived);
  const cmsServer = await issueTlsCertificate(
    { certificatePem: cmsCa, keys: cmsCaKeys },
    specimen('CMS', 'localhost'),
    cmsKeys,
    'serverAuth',
    { dns: ['localhost'], ip: ['127.0.0.1'] },
    shortLived,
  );
  const kioskClient = await issueTlsCertificate(
    { certificatePem: kioskCa, keys: kioskCaKeys },
    specimen('Sportelli', 'sportello-demo'),
    kioskKeys,
    'clientAuth',
    { dns: [], ip: [] },
    shortLived,
  );
  const jwk = async (key: Parameters<typeof exportJWK>[0]): Promise<string> =>
    `${JSON.stringify({ ...(await exportJWK(key)), alg: 'ES256', use: 'sig', kid: 'cms-demo' })}\n`;
  return {
    'cns-ca.pem': cnsCa,
    'cns-ca.key.pem': cnsKeys.privateKeyPem,
    'cms-ca.pem': cmsCa,
    'cms-server.pem': cmsServer,
    'cms-server.key.pem': cmsKeys.privateKeyPem,
    'kiosk-ca.pem': kioskCa,
    'kiosk-client.pem': kioskClient,
    'kiosk-client.key.pem': kioskKeys.privateKeyPem,
    'cms-signing.jwk': await jwk(signing.privateKey),
    'cms-signing.public.jwk': await jwk(signing.publicKey),
  };
}

/** A reader sees the old file or the new one, whole, whenever this stops. */
async function replace(folder: string, name: string, content: string | Uint8Array): Promise<void> {
  const temporary = join(folder, `.${name}.new`);
  const mode = secretFiles.includes(name) ? 0o600 : 0o644;
  const file = await open(temporary, 'w', mode);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  await chmod(temporary, mode);
  await rename(temporary, join(folder, name));
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
