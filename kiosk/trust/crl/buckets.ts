import { createHash } from 'node:crypto';
import { reason } from './reader.ts';
import type { Serial } from './serial.ts';
import { Malformed } from './tlv.ts';

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

const BLOCK = 256;
const SEGMENT_BLOCKS = 4096;
/** Of each block: where the bucket's block before it is, and how much of this one is used. */
const HEAD = 6;

/** About how many octets of a CRL go to a bucket: two BLOBs then share a page of SQLite. */
const OCTETS_A_BUCKET = 4096;
const MOST_BUCKETS = 65_536;

export function bucketCount(entriesBytes: number): number {
  let count = 1;
  while (count < MOST_BUCKETS && count * OCTETS_A_BUCKET < entriesBytes) count *= 2;
  return count;
}

/** FNV-1a: a bucket by all octets of the serial, since some authorities count in the first ones and some in the last. */
function bucketOf(octets: Buffer, start: number, end: number, count: number): number {
  let hash = 0x811c9dc5;
  for (let at = start; at < end; at += 1) hash = Math.imul(hash ^ (octets[at] ?? 0), 0x01000193);
  return (hash ^ (hash >>> 15)) & (count - 1);
}

/** Collects the records while a CRL is walked, in blocks of one arena, chained bucket by bucket: nothing is copied or sorted afterwards. */
export class BucketBuilder {
  readonly count: number;
  readonly #segments: Buffer[] = [];
  #blocks = 0;
  /** Newest block of each bucket, plus one; 0: none. */
  readonly #newest: Uint32Array;
  #issuer: string | null = null;
  #issuerHash: Buffer = Buffer.alloc(0);

  constructor(entriesBytes: number) {
    this.count = bucketCount(entriesBytes);
    this.#newest = new Uint32Array(this.count);
  }

  add(bytes: Buffer, start: number, end: number, code: number, seconds: number, issuer: string | null): void {
    let from = start;
    let flags = code;
    const first = bytes[start] ?? 0;
    if (first >= 0x80) flags |= NEGATIVE;
    else if (first === 0 && end - start > 1) from += 1;
    const serialLength = end - from;
    if (serialLength > LONGEST_SERIAL) throw new Malformed(`a serial number of more than ${LONGEST_SERIAL} octets`);
    if (issuer !== null) {
      flags |= FOREIGN;
      if (issuer !== this.#issuer) {
        this.#issuerHash = issuerHash(issuer);
        this.#issuer = issuer;
      }
    }
    const issuerLength = issuer === null ? 0 : this.#issuerHash.length;
    const length = 1 + issuerLength + serialLength;
    const block = this.#blockFor(bucketOf(bytes, from, end, this.count), 1 + length + TIME);
    const segment = this.#segments[Math.floor(block / SEGMENT_BLOCKS)];
    if (segment === undefined) throw new Error('a block without its segment');
    const base = (block % SEGMENT_BLOCKS) * BLOCK;
    let at = base + HEAD + segment.readUInt16LE(base + 4);
    segment[at++] = length;
    segment[at++] = flags;
    for (let place = 0; place < issuerLength; place += 1) segment[at++] = this.#issuerHash[place] ?? 0;
    for (let place = from; place < end; place += 1) segment[at++] = bytes[place] ?? 0;
    const time = seconds + YEAR_0;
    segment[at++] = Math.floor(time / 0x1_0000_0000);
    segment.writeUInt32BE(time >>> 0, at);
    segment.writeUInt16LE(at + 4 - base - HEAD, base + 4);
  }

  /** The block of the bucket with room for so many octets more. */
  #blockFor(bucket: number, octets: number): number {
    const newest = this.#newest[bucket] ?? 0;
    if (newest !== 0) {
      const segment = this.#segments[Math.floor((newest - 1) / SEGMENT_BLOCKS)];
      const used = segment?.readUInt16LE(((newest - 1) % SEGMENT_BLOCKS) * BLOCK + 4) ?? BLOCK;
      if (used + octets <= BLOCK - HEAD) return newest - 1;
    }
    const block = this.#blocks;
    this.#blocks += 1;
    if (block % SEGMENT_BLOCKS === 0) this.#segments.push(Buffer.alloc(BLOCK * SEGMENT_BLOCKS));
    this.#segments.at(-1)?.writeUInt32LE(newest, (block % SEGMENT_BLOCKS) * BLOCK);
    this.#newest[bucket] = block + 1;
    return block;
  }

  /** The records of one bucket; empty if there are none. */
  bucket(number: number): Buffer {
    const pieces: Buffer[] = [];
    for (let next = this.#newest[number] ?? 0; next !== 0;) {
      const segment = this.#segments[Math.floor((next - 1) / SEGMENT_BLOCKS)];
      if (segment === undefined) throw new Error('a block without its segment');
      const base = ((next - 1) % SEGMENT_BLOCKS) * BLOCK;
      pieces.push(segment.subarray(base + HEAD, base + HEAD + segment.readUInt16LE(base + 4)));
      next = segment.readUInt32LE(base);
    }
    return Buffer.concat(pieces);
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
    if (length === wanted.length + 1 && (flags & 0xf0) === marks && bucket.compare(wanted, 0, wanted.length, at + 2, end) === 0) {
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
