import { createHash } from 'node:crypto';
import { Malformed } from '../x509/der.ts';
import { reason } from './reader.ts';
import type { Serial } from './serial.ts';

/**
 * The exact index of a CRL: its serials in buckets by a hash, each bucket one BLOB of records.
 * Record: length of what follows up to the time; flags (low four bits the reason, then negative, then of a foreign issuer); for a foreign issuer the
 * SHA-256 of its name; the serial's octets; five octets of seconds since the year 0.
 */
export interface Entry {
  /** CRLReason, or `reason.none`. */
  readonly reason: number;
  /** Seconds since 1970. */
  readonly seconds: number;
}

const NEGATIVE = 0x10;
const FOREIGN = 0x20;
const YEAR_0 = 62_167_219_200;
const TIME = 5;
const LONGEST_SERIAL = 200;

/** Some blocks to a bucket of the usual size: larger ones stay emptier, smaller ones are more pieces to put together. */
const BLOCK = 1024;
const SEGMENT_BLOCKS = 1024;
const SEGMENT = BLOCK * SEGMENT_BLOCKS;
/** Of each block that is full: where in the arena its bucket's records before it end. */
const HEAD = 4;

/** About how many octets of a CRL go to a bucket: several BLOBs then share a page of the store. */
const OCTETS_A_BUCKET = 8192;
const MOST_BUCKETS = 65_536;

export function bucketCount(entriesBytes: number): number {
  let count = 1;
  while (count < MOST_BUCKETS && count * OCTETS_A_BUCKET < entriesBytes) count *= 2;
  return count;
}

/** A bucket by all octets of the serial, since some authorities count in the first ones and some in the last. */
function bucketOf(octets: Buffer, start: number, end: number, count: number): number {
  let hash = end - start;
  let at = start;
  for (; at + 4 <= end; at += 4)
    hash = mixed(hash ^ ((octets[at] ?? 0) | ((octets[at + 1] ?? 0) << 8) | ((octets[at + 2] ?? 0) << 16) | ((octets[at + 3] ?? 0) << 24)));
  for (; at < end; at += 1) hash = mixed(hash ^ (octets[at] ?? 0));
  return (hash >>> 8) & (count - 1);
}

function mixed(hash: number): number {
  const product = Math.imul(hash, 0x9e3779b1);
  return product ^ (product >>> 15);
}

/**
 * Collects the records while a CRL is walked, in blocks of one arena, chained bucket by bucket: nothing is copied or sorted afterwards. A place in the
 * arena is an offset over all its segments; where a bucket's next record goes says how full its newest block is.
 */
export class BucketBuilder {
  readonly count: number;
  readonly #segments: Buffer[] = [];
  #blocks = 0;
  /** Of each bucket, the place behind its last record; 0: none. */
  readonly #ends: Uint32Array;
  #scratch = Buffer.alloc(16 * 1024);
  #issuer: string | null = null;
  #issuerHash: Buffer = Buffer.alloc(0);

  constructor(entriesBytes: number) {
    this.count = bucketCount(entriesBytes);
    this.#ends = new Uint32Array(this.count);
  }

  add(bytes: Buffer, start: number, end: number, code: number, seconds: number, issuer: string | null): void {
    let from = start;
    let flags = code;
    const first = bytes[start] ?? 0;
    if (first >= 0x80) flags |= NEGATIVE;
    else if (first === 0 && end - start > 1) from += 1;
    if (end - from > LONGEST_SERIAL) throw new Malformed(`a serial number of more than ${LONGEST_SERIAL} octets`);
    if (issuer !== null) {
      flags |= FOREIGN;
      if (issuer !== this.#issuer) {
        this.#issuerHash = issuerHash(issuer);
        this.#issuer = issuer;
      }
    }
    const issuerLength = issuer === null ? 0 : this.#issuerHash.length;
    const length = 1 + issuerLength + end - from;
    const bucket = bucketOf(bytes, from, end, this.count);
    const place = this.#placeFor(this.#ends[bucket] ?? 0, 1 + length + TIME);
    const segment = this.#segment(place);
    let at = place % SEGMENT;
    segment[at++] = length;
    segment[at++] = flags;
    for (let octet = 0; octet < issuerLength; octet += 1) segment[at++] = this.#issuerHash[octet] ?? 0;
    for (let octet = from; octet < end; octet += 1) segment[at++] = bytes[octet] ?? 0;
    const time = seconds + YEAR_0;
    segment[at++] = Math.floor(time / 0x1_0000_0000);
    segment[at++] = time >>> 24;
    segment[at++] = time >>> 16;
    segment[at++] = time >>> 8;
    segment[at++] = time;
    this.#ends[bucket] = place + 1 + length + TIME;
  }

  /** Where so many octets go behind a bucket's records so far: into their block, or into a new one that is chained to it. */
  #placeFor(end: number, octets: number): number {
    // A block that is filled to its last octet ends where the next one begins.
    if (end !== 0 && ((end - 1) % BLOCK) + octets < BLOCK) return end;
    const block = this.#blocks;
    this.#blocks += 1;
    if (block % SEGMENT_BLOCKS === 0) this.#segments.push(Buffer.alloc(SEGMENT));
    const place = block * BLOCK;
    this.#segment(place).writeUInt32LE(end, place % SEGMENT);
    return place + HEAD;
  }

  #segment(place: number): Buffer {
    const segment = this.#segments[Math.floor(place / SEGMENT)];
    if (segment === undefined) throw new Error('a place outside of the arena');
    return segment;
  }

  /** The records of one bucket, empty if there are none; good until the next is asked for. */
  bucket(number: number): Buffer {
    let length = 0;
    for (let end = this.#ends[number] ?? 0; end !== 0;) {
      const block = Math.floor((end - 1) / BLOCK) * BLOCK;
      const segment = this.#segment(block);
      const at = block % SEGMENT;
      if (length + BLOCK > this.#scratch.length) this.#scratch = Buffer.concat([this.#scratch], this.#scratch.length * 2);
      length += segment.copy(this.#scratch, length, at + HEAD, at + end - block);
      end = segment.readUInt32LE(at);
    }
    return this.#scratch.subarray(0, length);
  }
}

export function issuerHash(issuer: string): Buffer {
  return createHash('sha256').update(issuer).digest();
}

/** The bucket in which a serial is, if it is listed. */
export function bucketNumber({ octets }: Serial, count: number): number {
  return bucketOf(octets, 0, octets.length, count);
}

/** What a bucket says of a serial; `issuer` as in `issuerHash`, `null` for the CRL's own. The gravest where it stands twice: a hold revokes nothing. */
export function findIn(bucket: Buffer, { octets, negative }: Serial, issuer: Buffer | null): Entry | null {
  const wanted = issuer === null ? octets : Buffer.concat([issuer, octets]);
  const marks = (negative ? NEGATIVE : 0) | (issuer === null ? 0 : FOREIGN);
  let found: Entry | null = null;
  for (let at = 0; at < bucket.length;) {
    const length = bucket[at] ?? 0;
    const flags = bucket[at + 1] ?? 0;
    const end = at + 1 + length;
    // Most records differ in the first octet or the last already: a call of `compare` for each costs more than all the rest.
    const alike =
      length === wanted.length + 1 && (flags & 0xf0) === marks && bucket[at + 2] === wanted[0] && bucket[end - 1] === wanted.at(-1);
    if (alike && bucket.compare(wanted, 0, wanted.length, at + 2, end) === 0) {
      const entry = { reason: flags & 0x0f, seconds: bucket.readUIntBE(end, TIME) - YEAR_0 };
      if (found === null || gravity(entry) > gravity(found)) found = entry;
    }
    at = end + TIME;
  }
  return found;
}

function gravity(entry: Entry): number {
  return entry.reason === reason.removeFromCrl ? 0 : entry.reason === reason.certificateHold ? 1 : 2;
}
