import { createHash } from 'node:crypto';
import type { Certificate } from '../x509/certificate.ts';

/** What the parts of a card certificate's CN say: `<codice fiscale>/<ID_Carta>.<base64 SHA-1 of EF.Dati_personali>` (AgID's CNS profile; trust.md 3). */
export interface CnsName {
  readonly fiscalCode: string;
  readonly cardId: string;
  readonly personalDataHash: string;
}

export const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';
const COMMON_NAME = '2.5.4.3';
/** CNS authentication, and what Lombardy's CRS/SISS cards have in its place. */
const cnsPolicies: readonly string[] = ['1.3.76.16.2.1', '1.3.159.6.1.3.2.10', '1.3.76.12.1.1.10.2.2.10'];
const shape = /^([A-Z0-9]{16}|\d{11})\/(\d{16})\.([A-Za-z0-9+/]{27}=)$/;

/** From the one commonName of the subject; a `/` or `=` in it is content, not syntax. */
export function cnsName({ subject }: Certificate): CnsName | null {
  const names = subject.attributes.filter(({ type }) => type === COMMON_NAME);
  const [, fiscalCode, cardId, personalDataHash] = shape.exec((names.length === 1 ? names[0]?.text : null) ?? '') ?? [];
  if (fiscalCode === undefined || cardId === undefined || personalDataHash === undefined) return null;
  return { fiscalCode, cardId, personalDataHash };
}

/** Why this is not the authentication certificate of a CNS, `null` if it is. */
export function whyNotCns(certificate: Certificate): string | null {
  const { basicConstraints, keyUsage, extKeyUsage, policies } = certificate;
  if (cnsName(certificate) === null) return 'the name is not that of a CNS';
  if (keyUsage?.digitalSignature !== true) return 'keyUsage lacks digitalSignature';
  if (keyUsage.nonRepudiation) return 'keyUsage has nonRepudiation: a signature certificate';
  if (basicConstraints?.ca === true) return 'the certificate of an authority';
  if (extKeyUsage?.includes(CLIENT_AUTH) !== true) return 'extended key usage lacks clientAuth';
  return cnsPolicies.some((policy) => policies?.has(policy)) ? null : 'no CNS authentication policy';
}

/** Is this the card's EF.Dati_personali? `file` with or without its padding: which of them the hash covers is nowhere written down (docs/decisions/0011). */
export function bindsPersonalData({ personalDataHash }: CnsName, file: Uint8Array, length: number): boolean {
  return [file, file.subarray(0, length)].some((bytes) => createHash('sha1').update(bytes).digest('base64') === personalDataHash);
}
