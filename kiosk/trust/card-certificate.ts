import { type Result, err, ok } from '../../devices/result.ts';
import { type CnsName, cnsName, whyNotCns } from './path/cns.ts';
import { type Certificate, readCertificate } from './x509/certificate.ts';

/** What a card's authentication certificate says, once it keeps the CNS profile (AgID; card.md 1.5, trust.md 3). */
export interface CardCertificate {
  readonly certificate: Certificate;
  readonly name: CnsName;
}

export interface NotACardCertificate {
  readonly reason: string;
  /** The name, where at least that could be read. */
  readonly name: CnsName | null;
}

export function readCardCertificate(der: Uint8Array): Result<CardCertificate, NotACardCertificate> {
  const read = readCertificate(der);
  if (!read.ok) return err({ reason: read.error, name: null });
  const certificate = read.value;
  const name = cnsName(certificate);
  const amiss = whyNotCns(certificate);
  if (name === null || amiss !== null) return err({ reason: amiss ?? 'the name is not that of a CNS', name });
  return ok({ certificate, name });
}
