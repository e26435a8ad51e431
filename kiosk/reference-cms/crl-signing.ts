import { createHash, webcrypto } from 'node:crypto';
import { Enumerated, Integer, OctetString, type Sequence } from 'asn1js';
import {
  AuthorityKeyIdentifier,
  Certificate,
  CertificateRevocationList,
  Extension,
  Extensions,
  type PublicKeyInfo,
  RevokedCertificate,
  Time,
  TimeType,
} from 'pkijs';
import { z } from 'zod';
import type { Certified } from '../../devices/card/virtual/certificate.ts';

/** Full CRLs of the authority of cards (RFC 5280), made with pkijs; and the parts of certificates that are made alike. */

const oid = { crlNumber: '2.5.29.20', reasonCode: '2.5.29.21', authorityKeyIdentifier: '2.5.29.35' } as const;
const rsaSha256 = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' } as const;

/** `certificateHold` is a suspension. */
export const revocationReason = z.enum([
  'unspecified',
  'keyCompromise',
  'affiliationChanged',
  'superseded',
  'cessationOfOperation',
  'certificateHold',
]);
export type RevocationReason = z.infer<typeof revocationReason>;

/** CRLReason (RFC 5280, 5.3.1). */
const reasonCodes: Record<RevocationReason, number> = {
  unspecified: 0,
  keyCompromise: 1,
  affiliationChanged: 3,
  superseded: 4,
  cessationOfOperation: 5,
  certificateHold: 6,
};

export interface RevokedCard {
  /** The certificate's serial number, hexadecimal. */
  readonly serial: string;
  readonly reason: RevocationReason;
  readonly date: Date;
}

/** A full CRL of `authority` (RSA, SHA-256), DER. */
export async function issueCrl(
  authority: Certified,
  crl: { readonly revoked: readonly RevokedCard[]; readonly thisUpdate: Date; readonly nextUpdate: Date; readonly number: number },
): Promise<Uint8Array> {
  const issuer = Certificate.fromBER(new Uint8Array(authority.certificate));
  const list = new CertificateRevocationList({ version: 1 });
  list.issuer = issuer.subject;
  list.thisUpdate = time(crl.thisUpdate);
  list.nextUpdate = time(crl.nextUpdate);
  if (crl.revoked.length > 0) {
    list.revokedCertificates = crl.revoked.map(
      ({ serial, reason, date }) =>
        new RevokedCertificate({
          userCertificate: positiveInteger(Buffer.from(serial.padStart(serial.length + (serial.length % 2), '0'), 'hex')),
          revocationDate: time(date),
          ...(reason === 'unspecified' ? {} : { crlEntryExtensions: reasonOf(reason) }),
        }),
    );
  }
  list.crlExtensions = new Extensions({
    extensions: [
      authorityKeyIdentifier(issuer.subjectPublicKeyInfo),
      extension(oid.crlNumber, false, Integer.fromBigInt(BigInt(crl.number)).toBER()),
    ],
  });
  const key = await webcrypto.subtle.importKey('pkcs8', derOf(authority.privateKey), rsaSha256, false, ['sign']);
  await list.sign(key, 'SHA-256');
  // Its type is `any` in pkijs 4.
  const schema = list.toSchema() as Sequence;
  return new Uint8Array(schema.toBER());
}

/** The bytes inside a PEM text. */
export function derOf(text: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(text.replace(/-----[^-]+-----/g, ''), 'base64'));
}

export function extension(extnID: string, critical: boolean, extnValue: ArrayBuffer): Extension {
  return new Extension({ extnID, critical, extnValue });
}

/** SHA-1 of the key's bits (RFC 5280, 4.2.1.2, method 1). */
export function keyIdentifier(key: PublicKeyInfo): ArrayBuffer {
  return exact(createHash('sha1').update(key.subjectPublicKey.valueBlock.valueHexView).digest());
}

export function authorityKeyIdentifier(key: PublicKeyInfo): Extension {
  const value = new AuthorityKeyIdentifier({ keyIdentifier: new OctetString({ valueHex: keyIdentifier(key) }) });
  return extension(oid.authorityKeyIdentifier, false, value.toSchema().toBER());
}

function reasonOf(reason: RevocationReason): Extensions {
  return new Extensions({ extensions: [extension(oid.reasonCode, false, new Enumerated({ value: reasonCodes[reason] }).toBER())] });
}

/** An INTEGER that is never negative and in its shortest form. */
export function positiveInteger(bytes: Uint8Array): Integer {
  let start = 0;
  while (start < bytes.length - 1 && bytes[start] === 0) start += 1;
  const magnitude = bytes.subarray(start);
  const padded = (magnitude[0] ?? 0) >= 0x80 ? Uint8Array.of(0, ...magnitude) : magnitude;
  return new Integer({ valueHex: exact(padded) });
}

/** RFC 5280, 4.1.2.5: UTCTime through 2049, whole seconds. */
export function time(date: Date): Time {
  const value = new Date(Math.floor(date.getTime() / 1000) * 1000);
  return new Time({ type: value.getUTCFullYear() < 2050 ? TimeType.UTCTime : TimeType.GeneralizedTime, value });
}

function exact(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}
