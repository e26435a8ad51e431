import { createHash } from 'node:crypto';
import type { CardReading } from '../../devices/card/contract.ts';
import { personalDataLength } from '../../devices/card/personal-data.ts';
import { type Result, ok } from '../../devices/result.ts';
import type { Trust, TrustVerdict } from '../../flows/ports/trust.ts';
import type { Log } from '../log/log.ts';
import { type Anchor, type AnchorError, readAnchors } from './anchors.ts';
import { type CardCertificate, readCardCertificate } from './card-certificate.ts';
import { type Crl, covers, isFresh } from './crl.ts';
import { type LoadedCrls, createCrlFiles } from './crl-files.ts';
import { CLIENT_AUTH, type CnsName, bindsPersonalData } from './path/cns.ts';
import { type Verdict, verifyCertificate } from './verify.ts';

export interface TrustOptions {
  /** Files of issuers' certificates and of CRLs, DER or PEM. */
  readonly anchors: readonly string[];
  readonly crls: readonly string[];
  /** Further issuers' certificates, DER, of the national trusted list. */
  readonly listed?: readonly Buffer[];
  /** Seconds past nextUpdate in which "not listed" still counts. */
  readonly grace: number;
  readonly log: Log;
}

/** How old the local cache is, for the technician's eyes. */
export interface CrlState {
  readonly issuer: string;
  readonly thisUpdate: string;
  readonly nextUpdate: string;
  readonly ageSeconds: number;
  readonly stale: boolean;
}

export type CardTrust = Trust & { crlStates(at: Date): Promise<readonly CrlState[]> };

/**
 * The local answer to "is this card's certificate good": a path of two, the card and its anchor, which is the Italian norm (trust.md, 3), and the
 * CRLs in the files of the configuration. Nothing is fetched. An anchor that cannot be used ends it; a CRL that cannot be used counts as absent.
 */
export function createTrust({ anchors: files, crls, listed, grace, log }: TrustOptions): Result<CardTrust, AnchorError> {
  const anchors = readAnchors(files, listed);
  if (!anchors.ok) return anchors;
  const crlFiles = createCrlFiles(crls, anchors.value, log);

  return ok({
    async checkCard(reading, at) {
      const der = Buffer.from(reading.certificate, 'base64');
      const certificateDigest = createHash('sha256').update(der).digest('hex');
      const verdict = (status: TrustVerdict['status'], reason: string, name: CnsName | null, crl: Crl | null = null): TrustVerdict => ({
        status,
        reason,
        fiscalCode: name?.fiscalCode ?? '',
        certificateDigest,
        crl: crl === null ? null : age(crl, at),
      });
      const read = readCardCertificate(der);
      if (!read.ok) return verdict('invalid', read.error.reason, read.error.name);
      const card = read.value;
      const issuer = anchors.value.find((anchor) => pathTo(anchor, card, at).valid);
      if (issuer === undefined) {
        const { notAfter, issuer: named } = card.certificate;
        if (at > notAfter && anchors.value.some((anchor) => pathTo(anchor, card, notAfter).valid)) {
          return verdict('expired', `expired at ${notAfter.toISOString()}`, card.name);
        }
        const namesake = anchors.value.find(({ ofPaths }) => ofPaths.name.key === named.key);
        return verdict('invalid', namesake === undefined ? 'its issuer is no trust anchor' : pathTo(namesake, card, at).reason, card.name);
      }
      const amiss = notOfThisCard(card.name, reading);
      if (amiss !== null) return verdict('invalid', amiss, card.name);
      const loaded = await crlFiles.load();
      const crl = loaded.crls.filter((each) => covers(each, card, issuer) && each.thisUpdate <= at).reduce(newer, null);
      if (crl === null) return verdict('unknown', noCrl(loaded), card.name);
      const listed = crl.listed.get(card.serial);
      if (listed !== undefined) return verdict(listed, `listed by the CRL of ${crl.thisUpdate.toISOString()}`, card.name, crl);
      if (!isFresh(crl, at, grace)) return verdict('unknown', `the CRL ended at ${crl.nextUpdate.toISOString()}`, card.name, crl);
      return verdict('good', '', card.name, crl);
    },
    async crlStates(at) {
      const { crls: all } = await crlFiles.load();
      return all.map((crl) => ({ issuer: crl.issuerName, ...age(crl, at), stale: !isFresh(crl, at, grace) }));
    },
  });
}

/** The path of a card: from this anchor at once, for client authentication. Revocation is asked of the CRLs that are kept. */
function pathTo(anchor: Anchor, { certificate }: CardCertificate, at: Date): Verdict {
  return verifyCertificate({
    target: certificate,
    anchors: [anchor.ofPaths],
    intermediates: [],
    crls: [],
    at,
    policies: new Set(['2.5.29.32.0']),
    requireExplicitPolicy: false,
    inhibitPolicyMapping: false,
    inhibitAnyPolicy: false,
    eku: CLIENT_AUTH,
    maxDepth: 0,
    maxCrlAge: null,
    allowSha1: false,
    allowRsa1024: false,
    checkRevocation: false,
  });
}

function newer(best: Crl | null, crl: Crl): Crl {
  return best === null || crl.thisUpdate > best.thisUpdate ? crl : best;
}

function noCrl({ problems }: LoadedCrls): string {
  return ['no CRL answers for it', ...problems].join('; ');
}

function age({ thisUpdate, nextUpdate }: Crl, at: Date): NonNullable<TrustVerdict['crl']> {
  return {
    thisUpdate: thisUpdate.toISOString(),
    nextUpdate: nextUpdate.toISOString(),
    ageSeconds: Math.floor((at.getTime() - thisUpdate.getTime()) / 1000),
  };
}

/** The certificate's name must speak of the card that was read: fiscal code, card number, personal data. */
function notOfThisCard(name: CnsName, reading: CardReading): string | null {
  if (name.fiscalCode !== reading.personalData.fiscalCode) return 'the fiscal code is not that of the personal data';
  if (name.cardId !== reading.cardId) return 'the card number is not that of the card';
  const file = Buffer.from(reading.personalDataFile, 'base64');
  const length = personalDataLength(file);
  const bound = bindsPersonalData(name, file, length.ok ? length.value : file.length);
  return bound ? null : 'the personal data are not those that the certificate binds';
}
