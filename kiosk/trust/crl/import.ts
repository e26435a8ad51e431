import { basename } from 'node:path';
import { type Result, err, ok } from '../../../devices/result.ts';
import { type SignaturePolicy, hindrance, schemeOf } from '../x509/algorithm.ts';
import { Malformed, sameBytes } from '../x509/der.ts';
import { displayName } from '../x509/name.ts';
import { BucketBuilder } from './buckets.ts';
import type { CrlIssuer } from './issuer.ts';
import { type CrlHead, type CrlTail, readCrl } from './reader.ts';
import { scopeKey } from './scope.ts';
import { type SignatureCheck, signatureCheck } from './signature.ts';
import { type CrlFile, openCrlFile } from './source.ts';
import type { CrlStore, StoredCrl } from './store.ts';

export interface Imported {
  readonly issuer: string;
  readonly number: bigint | null;
  readonly thisUpdate: number;
  readonly nextUpdate: number | null;
  readonly entries: number;
  readonly bytes: number;
  readonly ms: number;
  /** Something an operator may want to know, though it is no fault. */
  readonly note: string | null;
}

/** `unreadable`: the file; `refused`: what is in it. */
export interface ImportError {
  readonly kind: 'unreadable' | 'refused';
  readonly file: string;
  readonly detail: string;
  /** Of a CRL that is whole and well signed, but of the future: one of the two clocks is wrong. Seconds since 1970. */
  readonly futureThisUpdate: number | null;
}

export interface ImportOptions extends SignaturePolicy {
  /** Issuers that are new to the store; those of earlier imports it knows. */
  readonly issuers: readonly CrlIssuer[];
  /** Take CRLs of these alone. */
  readonly issuersOnly?: boolean;
  readonly now: Date;
}

/** Seconds by which a clock may be behind that of the authority. */
const CLOCK_TOLERANCE = 300;
/** Keys of one name: each costs a hash of the whole CRL. */
const MOST_KEYS = 8;

/** Imports CRLs from files, all or none. Nothing is written before a CRL's signature holds; what is refused leaves the store as it was. */
export function importCrls(store: CrlStore, files: readonly string[], options: ImportOptions): Result<readonly Imported[], ImportError> {
  return store.together(() => {
    const imported: Imported[] = [];
    for (const file of files) {
      const one = importFile(store, file, options);
      if (!one.ok) return one;
      imported.push(one.value);
    }
    return ok(imported);
  });
}

function importFile(store: CrlStore, file: string, options: ImportOptions): Result<Imported, ImportError> {
  const fault = (kind: ImportError['kind'], detail: string, futureThisUpdate: number | null = null): Result<never, ImportError> =>
    err({ kind, file: basename(file), detail, futureThisUpdate });
  const began = performance.now();
  let source: CrlFile;
  try {
    source = openCrlFile(file);
  } catch (error) {
    return fault('unreadable', codeOf(error));
  }
  try {
    const known = [...options.issuers, ...(options.issuersOnly === true ? [] : store.issuers())];
    const verified = verify(source, known, options);
    if (!verified.ok) return fault('refused', verified.error);
    const { crl, issuer } = verified.value;
    if (crl.thisUpdate > options.now.getTime() / 1000 + CLOCK_TOLERANCE) {
      const since = new Date(crl.thisUpdate * 1000).toISOString();
      return fault('refused', `of the future (${since}): is this machine’s clock right?`, crl.thisUpdate);
    }
    const kept = keep(store, verified.value, options.now);
    if (!kept.ok) return fault('refused', kept.error);
    const { number, thisUpdate, nextUpdate, entries } = crl;
    const ms = Math.round(performance.now() - began);
    return ok({ issuer: displayName(issuer.name), number, thisUpdate, nextUpdate, entries, bytes: source.bytes, ms, note: kept.value });
  } catch (error) {
    if (error instanceof Error && 'syscall' in error) return fault('unreadable', codeOf(error));
    throw error;
  } finally {
    source.close();
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}

type VerifiedCrl = CrlHead & CrlTail;
interface Verified {
  readonly crl: VerifiedCrl;
  readonly issuer: CrlIssuer;
  readonly index: BucketBuilder;
}

/** Walks the CRL once: hashes it for each key that its issuer may have signed it with, and builds its index beside. */
function verify(source: CrlFile, known: readonly CrlIssuer[], policy: SignaturePolicy): Result<Verified, string> {
  let head: CrlHead | undefined;
  let own = '';
  let index = new BucketBuilder(0);
  let checks: readonly { readonly issuer: CrlIssuer; readonly check: SignatureCheck }[] = [];
  const read = readCrl(source, {
    head(found) {
      head = found;
      const name = found.issuer;
      own = name.key;
      const keys = new Map(known.filter((each) => each.name.key === own).map((each) => [each.keyDigest, each]));
      if (keys.size === 0) throw new Malformed(`its issuer is not known: ${displayName(name)}`);
      if (keys.size > MOST_KEYS) throw new Malformed(`more than ${MOST_KEYS} keys of its issuer are known`);
      const scheme = schemeOf(found.algorithm);
      if (scheme === null) throw new Malformed(`signed with an algorithm that is not believed (${found.algorithm.oid})`);
      const issuers = [...keys.values()];
      const hindrances = issuers.map(({ key }) => hindrance(key, scheme, policy));
      if (!hindrances.includes(null)) throw new Malformed(hindrances[0] ?? '');
      checks = issuers
        .filter((_, place) => hindrances[place] === null)
        .map((issuer) => ({ issuer, check: signatureCheck(scheme, policy) }));
      index = new BucketBuilder(found.entriesBytes);
    },
    signed: (piece) => checks.forEach(({ check }) => check.update(piece)),
    // An indirect CRL may also name its own issuer, to come back to it after others.
    entry: (bytes, start, end, reason, seconds, issuer) => index.add(bytes, start, end, reason, seconds, issuer === own ? null : issuer),
  });
  if (!read.ok) return read;
  if (head === undefined) throw new Error('a CRL was read without its head');
  const crl = { ...head, ...read.value };
  const signer = checks.find(({ issuer, check }) => names(crl, issuer) && check.isSignedBy(issuer.key, crl.signature));
  return signer === undefined ? err('its signature is not its issuer’s') : ok({ crl, issuer: signer.issuer, index });
}

/** A CRL that names the key of its issuer is not taken for that of another key, where both say so. */
function names({ authorityKey }: CrlTail, { keyId }: CrlIssuer): boolean {
  return authorityKey === null || keyId === null || authorityKey === keyId;
}

/** Puts it into the store, unless something newer is there; the answer is a note or nothing. */
function keep(store: CrlStore, { crl, issuer, index }: Verified, now: Date): Result<string | null, string> {
  if (crl.deltaBase !== null && (crl.number === null || crl.number < crl.deltaBase)) return err('a delta CRL not above its base');
  const id = store.keepIssuer(issuer);
  const scope = scopeKey(crl.scope);
  const ofScope = store.lists().filter((each) => each.issuer === id && scopeKey(each.scope) === scope);
  const full = ofScope.find(({ deltaBase }) => deltaBase === null);
  const delta = ofScope.find(({ deltaBase }) => deltaBase !== null);
  const held = crl.deltaBase === null ? full : delta;
  if (held !== undefined && sameBytes(held.signature, crl.signature)) return ok('held already');
  const backwards = held === undefined ? null : goesBack(crl, held);
  if (backwards !== null) return err(backwards);
  if (crl.deltaBase !== null && full !== undefined && isBefore(crl, full)) return err('a delta CRL older than the full CRL that is held');
  store.replace({ ...crl, issuer: id }, index, now);
  if (crl.deltaBase === null && delta !== undefined && !isAfter(delta, crl)) store.remove(delta);
  return ok(held !== undefined && crl.number !== null && held.number === crl.number ? 'the number did not rise' : null);
}

type Order = Pick<StoredCrl, 'number' | 'thisUpdate' | 'deltaBase'>;

/** Why a CRL may not take the place of the one held. Numbers need not rise (an authority is known that never raises its own), but may not fall. */
function goesBack(crl: Order, held: Order): string | null {
  if (crl.thisUpdate < held.thisUpdate) return 'older than the one that is held';
  if (crl.number !== null && held.number !== null && crl.number < held.number) return 'of a lower number than the one that is held';
  if (crl.deltaBase !== null && held.deltaBase !== null && crl.deltaBase < held.deltaBase)
    return 'of a smaller base than the one that is held';
  if (crl.thisUpdate === held.thisUpdate && !isHigher(crl, held)) return 'another CRL of the same time and number as the one that is held';
  return null;
}

function isHigher(crl: Order, held: Order): boolean {
  return crl.number !== null && (held.number === null || crl.number > held.number);
}

function isBefore(crl: Order, other: Order): boolean {
  return crl.thisUpdate < other.thisUpdate || (crl.number !== null && other.number !== null && crl.number < other.number);
}

function isAfter(crl: Order, other: Order): boolean {
  return crl.thisUpdate > other.thisUpdate && (crl.number === null || other.number === null || crl.number > other.number);
}
