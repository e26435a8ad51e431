import { createPrivateKey, generateKeyPairSync, webcrypto } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as asn1js from 'asn1js';
import * as pkijs from 'pkijs';
import { type Certified, issueCnsCertificate } from '../../../devices/card/virtual/certificate.ts';
import { specimens } from '../../../devices/card/virtual/specimen.ts';
import type { CardReading } from '../../../devices/card/contract.ts';
import { encodePersonalData } from '../../../devices/card/personal-data.ts';
import { type KeyKind, issueAuthority, makeKeyPair } from '../../../kiosk/demo/x509.ts';
import { derOf } from '../../../kiosk/reference-cms/crl-signing.ts';

export const NOW = new Date('2026-06-15T10:00:00Z');
export const at = (days: number): Date => new Date(NOW.getTime() + days * 86_400_000);

/** A card's own key; it signs nothing here, so one serves all. */
const cardKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

export async function authority(commonName = 'Specimen - CA Cittadini', kind: KeyKind = 'RSA-2048'): Promise<Certified> {
  const keys = await makeKeyPair(kind);
  const pem = await issueAuthority({ organization: 'Specimen', commonName }, keys, { notBefore: at(-1000), notAfter: at(1000) });
  return { certificate: new Uint8Array(derOf(pem)), privateKey: keys.privateKeyPem };
}

export const holder = specimens.adult;

export async function card(
  issuer: Certified,
  changes: { serial?: string; notBefore?: Date; notAfter?: Date; crlUrl?: string } = {},
): Promise<Uint8Array> {
  const { certificate } = await issueCnsCertificate({
    personalData: holder.personalData,
    cardId: holder.cardId,
    issuer,
    serialNumber: changes.serial ?? '0a01',
    notBefore: changes.notBefore ?? at(-100),
    notAfter: changes.notAfter ?? at(100),
    privateKey: cardKey,
    ...(changes.crlUrl === undefined ? {} : { crlUrl: changes.crlUrl }),
  });
  return certificate;
}

/** The same certificate with something changed, signed again by `issuer`. */
export async function altered(der: Uint8Array, issuer: Certified, change: (certificate: pkijs.Certificate) => void): Promise<Uint8Array> {
  const certificate = pkijs.Certificate.fromBER(Buffer.from(der));
  change(certificate);
  await certificate.sign(await signingKey(issuer), 'SHA-256');
  return new Uint8Array(certificate.toSchema(true).toBER());
}

export interface CrlContents {
  readonly listed?: readonly { readonly serial: string; readonly reason?: number }[];
  readonly thisUpdate?: Date;
  readonly nextUpdate?: Date | null;
  readonly extensions?: readonly pkijs.Extension[];
}

export async function crl(
  issuer: Certified,
  { listed = [], thisUpdate = at(-1), nextUpdate = at(1), extensions = [] }: CrlContents = {},
): Promise<Uint8Array> {
  const list = new pkijs.CertificateRevocationList({ version: 1 });
  list.issuer = pkijs.Certificate.fromBER(Buffer.from(issuer.certificate)).subject;
  list.thisUpdate = new pkijs.Time({ value: thisUpdate });
  if (nextUpdate !== null) list.nextUpdate = new pkijs.Time({ value: nextUpdate });
  if (listed.length > 0) {
    list.revokedCertificates = listed.map(({ serial, reason }) => {
      const entry = new pkijs.RevokedCertificate({
        userCertificate: asn1js.Integer.fromBigInt(BigInt(`0x${serial}`)),
        revocationDate: new pkijs.Time({ value: thisUpdate }),
      });
      if (reason !== undefined) {
        entry.crlEntryExtensions = new pkijs.Extensions({
          extensions: [extension('2.5.29.21', false, new asn1js.Enumerated({ value: reason }))],
        });
      }
      return entry;
    });
  }
  list.crlExtensions = new pkijs.Extensions({
    extensions: [extension('2.5.29.20', false, new asn1js.Integer({ value: 1 })), ...extensions],
  });
  await list.sign(await signingKey(issuer), 'SHA-256');
  return new Uint8Array(list.toSchema(true).toBER());
}

export function extension(extnID: string, critical: boolean, value: { toBER(): ArrayBuffer }): pkijs.Extension {
  return new pkijs.Extension({ extnID, critical, extnValue: value.toBER() });
}

async function signingKey({ privateKey }: Certified): Promise<webcrypto.CryptoKey> {
  const key = createPrivateKey(privateKey);
  const algorithm =
    key.asymmetricKeyType === 'ec' ? { name: 'ECDSA', namedCurve: 'P-256' } : { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
  return await webcrypto.subtle.importKey('pkcs8', key.export({ type: 'pkcs8', format: 'der' }), algorithm, false, ['sign']);
}

export function reading(certificate: Uint8Array, changes: Partial<CardReading> = {}): CardReading {
  return {
    reader: 'specimen',
    atr: '3B00',
    series: 'cns-1.1',
    cardId: holder.cardId,
    personalData: holder.personalData,
    personalDataFile: Buffer.from(encodePersonalData(holder.personalData)).toString('base64'),
    certificate: Buffer.from(certificate).toString('base64'),
    pin: { triesLeft: null },
    puk: { triesLeft: null },
    timing: { totalMs: 1, apdus: 1 },
    ...changes,
  };
}

const folder = mkdtempSync(join(tmpdir(), 'trust-'));
let files = 0;

export function file(bytes: Uint8Array | string, name = 'der'): string {
  const path = join(folder, `${++files}.${name}`);
  writeFileSync(path, bytes);
  return path;
}

export function pem(label: string, der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\r\n');
}
