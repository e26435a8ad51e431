import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import type { CardReading } from '../../devices/card/contract.ts';
import { personalDataLength } from '../../devices/card/personal-data.ts';
import { type Result, ok } from '../../devices/result.ts';
import type { CrlAge, RevocationState, Trust, TrustVerdict } from '../../flows/ports/trust.ts';
import type { Log } from '../log/log.ts';
import { type AnchorError, readAnchors, readIntermediates, usableAnchors } from './anchors.ts';
import { type CardCertificate, readCardCertificate } from './card-certificate.ts';
import type { ClockWatch } from './clock.ts';
import { endOf } from './crl/answer.ts';
import { type CrlStore, openStoreReadOnly } from './crl/store.ts';
import { storedCrls } from './crl/stored-revocation.ts';
import { CLIENT_AUTH, type CnsName, bindsPersonalData } from './path/cns.ts';
import type { RevocationAnswer } from './path/revocation.ts';
import { type Question, type Verdict, verifyCertificate } from './verify.ts';
import type { AnchorCertificate, Certificate } from './x509/certificate.ts';
import { displayName } from './x509/name.ts';

export interface TrustOptions {
  /** Files of issuers' certificates, DER or PEM; `intermediates` stand between the cards and the anchors. */
  readonly anchors: readonly string[];
  readonly intermediates?: readonly string[];
  /** Further issuers' certificates, DER, of the national trusted list. */
  readonly listed?: readonly Buffer[];
  /** Folder of the store of CRLs, which another process fills. */
  readonly store: string;
  /** Seconds from thisUpdate in which a CRL's silence counts at most; `null`: as long as it says itself. */
  readonly maxCrlAge: number | null;
  readonly clock: Pick<ClockWatch, 'fault'>;
  readonly log: Log;
}

export interface CardTrust extends Trust {
  revocationState(at: Date): RevocationState;
  /** Takes these, DER, in the place of what the national trusted list gave so far. */
  useListed(certificates: readonly Buffer[]): void;
}

/** Milliseconds: a reader waits for a writer only while the store is made or mended after a kill, and the desk must not stand still. */
const READ_PATIENCE_MS = 1_000;
const ANY_POLICY = '2.5.29.32.0';
/** Certificates between a card and its anchor: Italian cards have none. */
const MOST_BETWEEN = 4;

/**
 * The local answer to "is this card's certificate good": a path to an anchor, and what the store of CRLs says of each certificate in it. Nothing is fetched
 * and nothing is waited for. An anchor that cannot be used ends it; a CRL that cannot be read counts as absent.
 */
export function createTrust(options: TrustOptions): Result<CardTrust, AnchorError> {
  const anchors = readAnchors(options.anchors);
  if (!anchors.ok) return anchors;
  const intermediates = readIntermediates(options.intermediates ?? []);
  if (!intermediates.ok) return intermediates;
  const { maxCrlAge, clock, log } = options;
  let trusted: Trusted;
  const useListed = (certificates: readonly Buffer[]): void => {
    trusted = { anchors: [...anchors.value, ...usableAnchors(certificates)], intermediates: intermediates.value };
  };
  useListed(options.listed ?? []);

  /** Asks the store. What is amiss with it is told to the log, and as good as an empty one. */
  function withStore<T>(ask: (store: CrlStore | null) => T): T {
    // Before the first import there is not even the folder.
    if (!existsSync(options.store)) return ask(null);
    const opened = openStoreReadOnly(options.store, READ_PATIENCE_MS);
    if (!opened.ok) {
      log.event('crl-store-unreadable', { problem: opened.error });
      return ask(null);
    }
    try {
      return ask(opened.value);
    } catch (error) {
      log.event('crl-store-unreadable', { problem: error instanceof Error ? error.message : String(error) });
      return ask(null);
    } finally {
      opened.value?.close();
    }
  }

  function ageOf(crl: NonNullable<RevocationAnswer['crl']>, at: Date): CrlAge {
    const seconds = (iso: string): number => Date.parse(iso) / 1000;
    const { thisUpdate, nextUpdate } = crl;
    const end = endOf({ thisUpdate: seconds(thisUpdate), nextUpdate: nextUpdate === null ? null : seconds(nextUpdate) }, maxCrlAge);
    const now = at.getTime() / 1000;
    return { ...crl, ageSeconds: Math.floor(now - seconds(thisUpdate)), secondsPastEnd: Math.floor(now - end) };
  }

  return ok({
    useListed,
    async checkCard(reading, at) {
      const der = Buffer.from(reading.certificate, 'base64');
      const told = { since: null, fiscalCode: '', certificateDigest: createHash('sha256').update(der).digest('hex'), crl: null };
      const read = readCardCertificate(der);
      if (!read.ok) return { ...told, status: 'invalid', reason: read.error.reason, fiscalCode: read.error.name?.fiscalCode ?? '' };
      const card = read.value;
      const named = { ...told, fiscalCode: card.name.fiscalCode };
      const { notAfter } = card.certificate;
      if (at > notAfter && pathOf(card, trusted, notAfter, null).valid)
        return { ...named, status: 'expired', reason: `expired at ${notAfter.toISOString()}` };
      const { verdict, newest } = withStore((store) => ({
        verdict: pathOf(card, trusted, at, () => storedCrls(store, maxCrlAge)),
        newest: newestOf(store),
      }));
      if (verdict.status === 'invalid') return { ...named, status: 'invalid', reason: verdict.reason };
      const amiss = notOfThisCard(card.name, reading);
      if (amiss !== null) return { ...named, status: 'invalid', reason: amiss };
      return { ...named, ...judged(card, verdict, (crl) => ageOf(crl, at), clock.fault(newest)) };
    },
    revocationState: (at) =>
      withStore((store) => ({
        lists: listsOf(store).map(({ issuer, ...crl }) => ({ issuer, ...ageOf(crl, at) })),
        clockFault: clock.fault(newestOf(store)),
      })),
  });
}

/** The path of a card, for client authentication. */
function pathOf({ certificate }: CardCertificate, trusted: Trusted, at: Date, revocation: Question['revocation']): Verdict {
  return verifyCertificate({
    ...trusted,
    target: certificate,
    at,
    policies: new Set([ANY_POLICY]),
    requireExplicitPolicy: false,
    inhibitPolicyMapping: false,
    inhibitAnyPolicy: false,
    eku: CLIENT_AUTH,
    maxDepth: MOST_BETWEEN,
    allowSha1: false,
    allowRsa1024: false,
    revocation,
  });
}

interface Trusted {
  readonly anchors: readonly AnchorCertificate[];
  readonly intermediates: readonly Certificate[];
}

type Judgement = Pick<TrustVerdict, 'status' | 'reason' | 'since' | 'crl'>;

/** What the path's revocation means for the card; silence counts only by a clock that can be believed. */
function judged(
  { certificate }: CardCertificate,
  { status, reason, revocation }: Verdict,
  ageOf: (crl: NonNullable<RevocationAnswer['crl']>) => CrlAge,
  fault: RevocationState['clockFault'],
): Judgement {
  const crl = revocation?.crl == null ? null : ageOf(revocation.crl);
  if (status === 'invalid') throw new Error('a path that does not hold was judged');
  if (status === 'good' && fault !== null)
    return { status: 'unknown', reason: `this machine’s clock cannot be believed (${fault.kind})`, since: null, crl };
  if (status === 'good') return { status, reason: '', since: null, crl };
  if (status === 'unknown') return { status, reason: revocation?.reason ?? reason, since: null, crl };
  const own = revocation?.certificate === displayName(certificate.subject);
  if (!own) return { status: 'invalid', reason: `an authority above it is ${status}: ${reason}`, since: null, crl };
  return { status, reason: revocation.reason, since: revocation.since, crl };
}

function listsOf(store: CrlStore | null): readonly (NonNullable<RevocationAnswer['crl']> & { readonly issuer: string })[] {
  if (store === null) return [];
  const names = new Map(store.issuers().map(({ id, name }) => [id, displayName(name)]));
  const iso = (seconds: number): string => new Date(seconds * 1000).toISOString();
  return store.lists().map(({ issuer, number, thisUpdate, nextUpdate }) => ({
    issuer: names.get(issuer) ?? '',
    number: number?.toString() ?? null,
    thisUpdate: iso(thisUpdate),
    nextUpdate: nextUpdate === null ? null : iso(nextUpdate),
  }));
}

/** Seconds since 1970 of the newest thisUpdate in the store. */
function newestOf(store: CrlStore | null): number | null {
  const times = store?.lists().map(({ thisUpdate }) => thisUpdate) ?? [];
  return times.length === 0 ? null : Math.max(...times);
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
