import { type Result, err, ok } from '../../../devices/result.ts';
import { type Algorithm, algorithmOf } from '../x509/algorithm.ts';
import { certificateIssuerOf, oid } from '../x509/crl-extensions.ts';
import { DerReader, Malformed, constructed, countOf, elementAt, octetsOfBitString, tag, whole } from '../x509/der.ts';
import { type Extensions, extensionsOf } from '../x509/extensions.ts';
import { type Name, nameOf } from '../x509/name.ts';
import { refuseAnother } from '../x509/signed.ts';
import { secondsOf } from '../x509/time.ts';
import { type Statement, statementOf } from './scope.ts';
import type { Source } from './source.ts';

/** What stands before the entries. Times in seconds since 1970. */
export interface CrlHead {
  readonly algorithm: Algorithm;
  readonly issuer: Name;
  readonly thisUpdate: number;
  readonly nextUpdate: number | null;
  /** Octets of all entries together. */
  readonly entriesBytes: number;
}

export interface CrlTail extends Statement {
  readonly entries: number;
  /** Octets of the whole DER. */
  readonly bytes: number;
  readonly signature: Uint8Array;
}

/** CRLReason (RFC 5280, 5.3.1). */
export const reason = { certificateHold: 6, removeFromCrl: 8, none: 15 } as const;

export interface CrlReading {
  /** Takes the head, before any entry. */
  head(head: CrlHead): void;
  /** Takes the signed bytes (TBSCertList with its head), piece by piece and in order; a piece is only good until this returns. */
  signed(piece: Buffer): void;
  /**
   * Takes one entry: the serial number's content octets, from `start` to `end` of bytes that are only good until this returns; CRLReason, or
   * `reason.none`; seconds since 1970; the key of the certificate issuer's name, `null` where it is the CRL's own issuer.
   */
  entry(bytes: Buffer, start: number, end: number, reason: number, seconds: number, issuer: string | null): void;
}

export interface CrlLimits {
  readonly bytes: number;
  readonly entries: number;
}

export const limits: CrlLimits = { bytes: 512 * 1024 * 1024, entries: 8_000_000 };

const WINDOW = 256 * 1024;
/** Longest of what must be at hand at once: head, one entry, all extensions. */
const LONGEST = 128 * 1024;
/** Longer than any entry with a date and a reason and nothing else. */
const COMMON = 192;

/**
 * Walks the bytes of one CRL once, strictly as DER, and keeps none of them: memory is bounded whatever is fed. Nothing that was told on the way may be
 * believed before this returns `ok` and the signature holds.
 */
export function readCrl(source: Source, reading: CrlReading, { bytes: mostBytes, entries: mostEntries } = limits): Result<CrlTail, string> {
  try {
    return ok(walk(new Window(source, reading), reading, mostBytes, mostEntries));
  } catch (error) {
    if (error instanceof Malformed) return err(error.message);
    throw error;
  }
}

/** A part of the source that slides over it. What lies in the signed part is handed on before it is let go. */
class Window {
  readonly bytes = Buffer.allocUnsafe(WINDOW);
  at = 0;
  end = 0;
  /** Place in the source of `bytes[0]`. */
  #base = 0;
  /** Up to where the signed bytes were handed on; -1 outside of them. */
  #signedFrom = -1;
  readonly #source: Source;
  readonly #reading: CrlReading;

  constructor(source: Source, reading: CrlReading) {
    this.#source = source;
    this.#reading = reading;
  }

  get place(): number {
    return this.#base + this.at;
  }

  /** Sees to `length` bytes from `at` on, as far as the source has them. */
  has(length: number): boolean {
    if (this.end - this.at >= length) return true;
    if (this.at + length > this.bytes.length) this.#slide();
    while (this.end - this.at < length) {
      const read = this.#source.read(this.bytes, this.end, this.bytes.length - this.end);
      if (read === 0) return false;
      this.end += read;
    }
    return true;
  }

  #slide(): void {
    this.handOn();
    this.bytes.copyWithin(0, this.at, this.end);
    this.#base += this.at;
    this.end -= this.at;
    this.at = 0;
    if (this.#signedFrom >= 0) this.#signedFrom = 0;
  }

  beginSigned(): void {
    this.#signedFrom = this.at;
  }

  handOn(): void {
    if (this.#signedFrom < 0 || this.#signedFrom === this.at) return;
    this.#reading.signed(this.bytes.subarray(this.#signedFrom, this.at));
    this.#signedFrom = this.at;
  }

  endSigned(): void {
    this.handOn();
    this.#signedFrom = -1;
  }

  /** The element at hand, which ends at `limit` in the source at the latest, with all its bytes; goes behind it. */
  whole(limit: number, what: string, longest = LONGEST): DerReader {
    const length = this.length(limit, what);
    if (length > longest) throw new Malformed(`${what} is too long`);
    if (!this.has(length)) throw new Malformed('cut short');
    const reader = new DerReader(this.bytes, this.at, this.at + length);
    this.at += length;
    return reader;
  }

  /** Goes into the SEQUENCE at hand; where it ends in the source. */
  enter(wanted: number, limit: number, what: string): number {
    const length = this.length(limit, what);
    if (this.bytes[this.at] !== wanted) throw new Malformed(`${what} is missing`);
    const place = this.place;
    this.at = elementAt(this.bytes, this.at, this.end, what).start;
    return place + length;
  }

  is(wanted: number, limit: number): boolean {
    return this.place < limit && this.has(1) && this.bytes[this.at] === wanted;
  }

  /** Octets of the element at hand, head and content. */
  length(limit: number, what: string): number {
    this.has(6);
    const { end } = elementAt(this.bytes, this.at, this.end, what);
    const length = end - this.at;
    if (this.place + length > limit) throw new Malformed(`${what} runs past what holds it`);
    return length;
  }
}

function walk(window: Window, reading: CrlReading, mostBytes: number, mostEntries: number): CrlTail {
  const certificateList = window.enter(tag.sequence, Infinity, 'a CRL');
  if (certificateList > mostBytes) throw new Malformed(`longer than ${mostBytes} bytes`);
  // Up to the entries all fits into the window: nothing is handed on before `reading.head` was called.
  window.beginSigned();
  const signedEnd = window.enter(tag.sequence, certificateList, 'the signed part');
  const version = versionOf(window, signedEnd);
  const algorithm = algorithmOf(
    whole(copyOf(window.whole(signedEnd, 'the algorithm', 4096)), tag.sequence, 'the algorithm'),
    'the algorithm',
  );
  const issuer = nameOf(window.whole(signedEnd, 'the issuer', LONGEST / 2).next(tag.sequence, 'the issuer'), 'the issuer');
  const thisUpdate = timeOf(window.whole(signedEnd, 'thisUpdate', 32));
  const hasNext = window.is(tag.utcTime, signedEnd) || window.is(tag.generalizedTime, signedEnd);
  const nextUpdate = hasNext ? timeOf(window.whole(signedEnd, 'nextUpdate', 32)) : null;
  if (nextUpdate !== null && nextUpdate < thisUpdate) throw new Malformed('ends before it begins');
  const entriesEnd = window.is(tag.sequence, signedEnd) ? window.enter(tag.sequence, signedEnd, 'the list') : window.place;
  reading.head({ algorithm, issuer, thisUpdate, nextUpdate, entriesBytes: entriesEnd - window.place });

  const entries = new Entries(window, reading, entriesEnd, mostEntries);
  entries.walk();

  const extensions = window.is(constructed(0), signedEnd) ? crlExtensions(copyOf(window.whole(signedEnd, 'the extensions'))) : none;
  if (window.place !== signedEnd) throw new Malformed('the signed part holds something else');
  if (version === 1 && (extensions.size > 0 || entries.extended)) throw new Malformed('extensions in a CRL of version 1');
  window.endSigned();
  refuseAnother(window.whole(certificateList, 'the outer algorithm', 4096).next(tag.sequence, 'the outer algorithm'), algorithm);
  const signature = signatureOf(window.whole(certificateList, 'the signature', 4096));
  if (window.place !== certificateList) throw new Malformed('the CRL holds something else');
  if (window.has(1)) throw new Malformed('the CRL is followed by more');

  const statement = statementOf(extensions, issuer);
  if (entries.foreign && !statement.scope.indirect) throw new Malformed('certificates of another issuer in a CRL that is not indirect');
  if (entries.removed && statement.deltaBase === null) throw new Malformed('removeFromCRL in a full CRL');
  return { ...statement, entries: entries.count, bytes: certificateList, signature };
}

class Entries {
  count = 0;
  extended = false;
  foreign = false;
  removed = false;
  readonly #window: Window;
  readonly #reading: CrlReading;
  readonly #end: number;
  readonly #most: number;
  /** It holds for the entries that follow too, until another is named (RFC 5280, 5.3.3). */
  #issuer: string | null = null;

  constructor(window: Window, reading: CrlReading, end: number, most: number) {
    this.#window = window;
    this.#reading = reading;
    this.#end = end;
    this.#most = most;
  }

  walk(): void {
    const window = this.#window;
    while (window.place < this.#end) {
      this.count += 1;
      if (this.count > this.#most) throw new Malformed(`more than ${this.#most} entries`);
      window.has(COMMON);
      if (!this.#common(window)) this.#any(window.whole(this.#end, 'an entry'));
    }
  }

  /** Most entries by far: a serial, a UTCTime, and one reason or none. Anything else is left to `#any`. */
  #common(window: Window): boolean {
    const { bytes, at } = window;
    const length = bytes[at + 1] ?? 0x80;
    const end = at + 2 + length;
    if (length >= 0x80 || end > window.end || window.place + 2 + length > this.#end) return false;
    const serialLength = bytes[at + 3] ?? 0;
    const date = at + 4 + serialLength;
    const rest = end - date - 15;
    if (serialLength === 0 || serialLength >= 0x60 || (rest !== 0 && rest !== 14)) return false;
    if (bytes[at] !== tag.sequence || bytes[at + 2] !== tag.integer || bytes[date] !== tag.utcTime || bytes[date + 1] !== 13) return false;
    let code: number = reason.none;
    if (rest === 14) {
      code = bytes[end - 1] ?? 0;
      if (!isReasonOnly(bytes, date + 15) || !isReason(code)) return false;
      this.extended = true;
      if (code === reason.removeFromCrl) this.removed = true;
    }
    const seconds = secondsOf(bytes, tag.utcTime, date + 2, date + 15);
    this.#reading.entry(bytes, at + 4, date, code, seconds, this.#issuer);
    window.at = end;
    return true;
  }

  #any(outer: DerReader): void {
    const parts = outer.inside(tag.sequence, 'an entry');
    const serial = parts.next(tag.integer, 'a serial number');
    const time = parts.any('a date');
    const seconds = secondsOf(time.bytes, time.tag, time.start, time.end);
    let code: number = reason.none;
    const listed = parts.optional(tag.sequence, 'an entry’s extensions');
    if (listed !== null) {
      this.extended = true;
      for (const [id, { critical, value }] of extensionsOf(listed.content, 'an entry', 'lenient')) {
        if (id === oid.reasonCode) code = reasonOf(value);
        else if (id === oid.invalidityDate) invalidityDate(value);
        else if (id === oid.certificateIssuer) this.#issuer = certificateIssuerOf(value).key;
        else if (critical) throw new Malformed(`an entry with the unknown critical extension ${id}`);
      }
    }
    parts.end('an entry');
    if (serial.start === serial.end) throw new Malformed('an empty serial number');
    if (code === reason.removeFromCrl) this.removed = true;
    if (this.#issuer !== null) this.foreign = true;
    this.#reading.entry(this.#window.bytes, serial.start, serial.end, code, seconds, this.#issuer);
  }
}

/** SEQUENCE { SEQUENCE { 2.5.29.21, OCTET STRING { ENUMERATED … } } }, up to the last octet. */
const reasonOnly = Buffer.from('300c300a0603551d1504030a01', 'hex');

function isReasonOnly(bytes: Buffer, at: number): boolean {
  for (let place = 0; place < 13; place += 1) if (bytes[at + place] !== reasonOnly[place]) return false;
  return true;
}

function isReason(code: number): boolean {
  return code <= 10 && code !== 7;
}

function reasonOf(value: Uint8Array): number {
  const code = countOf(whole(value, tag.enumerated, 'a reason'), 'a reason');
  if (!isReason(code)) throw new Malformed('a reason that does not exist');
  return code;
}

function invalidityDate(value: Uint8Array): void {
  const { bytes, tag: kind, start, end } = whole(value, tag.generalizedTime, 'an invalidity date');
  secondsOf(bytes, kind, start, end);
}

function versionOf(window: Window, limit: number): 1 | 2 {
  if (!window.is(tag.integer, limit)) return 1;
  if (countOf(window.whole(limit, 'the version', 8).any('the version'), 'the version') !== 1)
    throw new Malformed('a version that does not exist');
  return 2;
}

/** The window moves on: what is kept must not lie in it. */
function copyOf(reader: DerReader): Uint8Array {
  return Uint8Array.from(reader.any('what is kept').whole);
}

function timeOf(reader: DerReader): number {
  const { bytes, tag: kind, start, end } = reader.any('a time');
  return secondsOf(bytes, kind, start, end);
}

const none: Extensions = new Map();

function crlExtensions(wrapped: Uint8Array): Extensions {
  const list = whole(whole(wrapped, constructed(0), 'the extensions').content, tag.sequence, 'the extensions');
  return extensionsOf(list.content, 'the extensions', 'lenient');
}

function signatureOf(reader: DerReader): Uint8Array {
  return Uint8Array.from(octetsOfBitString(reader.next(tag.bitString, 'the signature'), 'the signature'));
}
