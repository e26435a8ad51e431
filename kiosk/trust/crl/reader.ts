import { type Result, err, ok } from '../../../devices/result.ts';
import { nameOf } from './name.ts';
import { type Statement, statementOf } from './scope.ts';
import type { Source } from './source.ts';
import { Elements, Malformed, context, extensionsOf, headAt, numberOf, tag } from './tlv.ts';
import { secondsOf } from './time.ts';

/** What stands before the entries. Times in seconds since 1970; names and algorithms as their DER. */
export interface CrlHead {
  readonly algorithm: Buffer;
  readonly issuer: Buffer;
  readonly thisUpdate: number;
  readonly nextUpdate: number | null;
  /** Octets of all entries together. */
  readonly entriesBytes: number;
}

export interface CrlTail extends Statement {
  readonly entries: number;
  /** Octets of the whole DER. */
  readonly bytes: number;
  readonly signature: Buffer;
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
   * `reason.none`; seconds since 1970; the normal form of the certificate issuer's name, `null` where it is the CRL's own issuer.
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
  whole(limit: number, what: string, longest = LONGEST): Elements {
    const length = this.length(limit, what);
    if (length > longest) throw new Malformed(`${what} is too long`);
    if (!this.has(length)) throw new Malformed('cut short');
    const elements = new Elements(this.bytes, this.at, this.at + length);
    this.at += length;
    return elements;
  }

  /** Goes into the SEQUENCE at hand; where it ends in the source. */
  enter(wanted: number, limit: number, what: string): number {
    const length = this.length(limit, what);
    if (this.bytes[this.at] !== wanted) throw new Malformed(`${what} is missing`);
    const place = this.place;
    this.at = headAt(this.bytes, this.at, this.end).start;
    return place + length;
  }

  is(wanted: number, limit: number): boolean {
    return this.place < limit && this.has(1) && this.bytes[this.at] === wanted;
  }

  /** Octets of the element at hand, head and content. */
  length(limit: number, what: string): number {
    this.has(6);
    const { end } = headAt(this.bytes, this.at, this.end);
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
  const algorithm = copyOf(window.whole(signedEnd, 'the algorithm', 4096), tag.sequence, 'the algorithm');
  const issuer = copyOf(window.whole(signedEnd, 'the issuer', LONGEST / 2), tag.sequence, 'the issuer');
  const thisUpdate = timeOf(window.whole(signedEnd, 'thisUpdate', 32));
  const hasNext = window.is(tag.utcTime, signedEnd) || window.is(tag.generalizedTime, signedEnd);
  const nextUpdate = hasNext ? timeOf(window.whole(signedEnd, 'nextUpdate', 32)) : null;
  if (nextUpdate !== null && nextUpdate < thisUpdate) throw new Malformed('ends before it begins');
  const entriesEnd = window.is(tag.sequence, signedEnd) ? window.enter(tag.sequence, signedEnd, 'the list') : window.place;
  reading.head({ algorithm, issuer, thisUpdate, nextUpdate, entriesBytes: entriesEnd - window.place });

  const entries = new Entries(window, reading, entriesEnd, mostEntries);
  entries.walk();

  const extensions = window.is(context(0), signedEnd) ? crlExtensions(window.whole(signedEnd, 'the extensions')) : new Map();
  if (window.place !== signedEnd) throw new Malformed('the signed part holds something else');
  if (version === 1 && (extensions.size > 0 || entries.extended)) throw new Malformed('extensions in a CRL of version 1');
  window.endSigned();
  const outer = copyOf(window.whole(certificateList, 'the outer algorithm', 4096), tag.sequence, 'the outer algorithm');
  if (!outer.equals(algorithm)) throw new Malformed('two signature algorithms');
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

  #any(outer: Elements): void {
    const parts = outer.within(outer.next(tag.sequence, 'an entry'));
    const serial = parts.next(tag.integer, 'a serial number');
    const time = parts.any();
    const seconds = secondsOf(parts.bytes, time.tag, time.start, time.end);
    let code: number = reason.none;
    const listed = parts.optional(tag.sequence);
    if (listed !== null) {
      this.extended = true;
      for (const [oid, { critical, value }] of extensionsOf(parts.within(listed))) {
        if (oid === '2.5.29.21') code = reasonOf(value);
        else if (oid === '2.5.29.24') invalidityDate(value);
        else if (oid === '2.5.29.29') this.#issuer = certificateIssuer(value);
        else if (critical) throw new Malformed(`an entry with the unknown critical extension ${oid}`);
      }
    }
    parts.nothingMore('an entry');
    if (serial.start === serial.end) throw new Malformed('an empty serial number');
    if (code === reason.removeFromCrl) this.removed = true;
    if (this.#issuer !== null) this.foreign = true;
    this.#reading.entry(parts.bytes, serial.start, serial.end, code, seconds, this.#issuer);
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

function reasonOf(value: Buffer): number {
  const code = value[2] ?? 0xff;
  if (value.length !== 3 || value[0] !== tag.enumerated || value[1] !== 1 || !isReason(code))
    throw new Malformed('a reason that does not exist');
  return code;
}

function invalidityDate(value: Buffer): void {
  const elements = new Elements(value);
  const time = elements.next(tag.generalizedTime, 'an invalidity date');
  secondsOf(value, time.tag, time.start, time.end);
  elements.nothingMore('an invalidity date');
}

function certificateIssuer(value: Buffer): string {
  const outer = new Elements(value);
  const names = outer.within(outer.next(tag.sequence, 'a certificate issuer'));
  outer.nothingMore('a certificate issuer');
  while (names.more) {
    const name = names.any();
    if (name.tag === context(4)) return nameOf(names.content(name)).normal;
  }
  throw new Malformed('a certificate issuer without a directory name');
}

function versionOf(window: Window, limit: number): 1 | 2 {
  if (!window.is(tag.integer, limit)) return 1;
  const elements = window.whole(limit, 'the version', 8);
  if (numberOf(elements.content(elements.any())) !== 1n) throw new Malformed('a version that does not exist');
  return 2;
}

function copyOf(elements: Elements, wanted: number, what: string): Buffer {
  return Buffer.from(elements.whole(elements.next(wanted, what)));
}

function timeOf(elements: Elements): number {
  const time = elements.any();
  return secondsOf(elements.bytes, time.tag, time.start, time.end);
}

function crlExtensions(outer: Elements): ReturnType<typeof extensionsOf> {
  const explicit = outer.within(outer.any());
  const list = explicit.within(explicit.next(tag.sequence, 'the extensions'));
  explicit.nothingMore('the extensions');
  const found = extensionsOf(list);
  // The window moves on; what is kept must not lie in it.
  return new Map([...found].map(([oid, { critical, value }]) => [oid, { critical, value: Buffer.from(value) }]));
}

function signatureOf(elements: Elements): Buffer {
  const content = elements.content(elements.next(tag.bitString, 'the signature'));
  if (content[0] !== 0) throw new Malformed('a signature of broken octets');
  return Buffer.from(content.subarray(1));
}
