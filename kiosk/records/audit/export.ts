import { type KeyObject, createHash } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readSync, renameSync, rmSync, writeSync } from 'node:fs';
import { z } from 'zod';
import { type Result, err, ok } from '../../../devices/result.ts';
import { type PublicJwk, publicJwk, publicJwkOf, publicKeyOf, signJws, verifiedClaims } from '../../jws.ts';
import { type RecordsError, refusedBySystem } from '../failure.ts';
import type { StoredRecords } from './stored.ts';
import { type Verdict, type VerificationOptions, startVerification } from './verification.ts';

const exportType = 'sportello-export+jwt';
const format = 'sportello-records';

const header = z.object({ export: z.literal(format), version: z.literal(1), at: z.iso.datetime(), key: publicJwk });
const line = z.union([z.object({ row: z.unknown() }), z.object({ checkpoint: z.unknown() }), z.object({ signature: z.string() })]);
const claims = z.object({ digest: z.string(), records: z.int(), at: z.iso.datetime() });

export type ExportError = { readonly kind: 'export-unusable'; readonly file: string; readonly detail: string };

/**
 * Writes records as lines of JSON: a header with the device's public key; each row with its sequence number and hash, each checkpoint after
 * the last row that it covers; at the end the device's signature over every byte before it. The file is there whole, or not at all.
 */
export function exportRecords(
  stored: StoredRecords,
  file: string,
  key: KeyObject,
  at: Date,
): Result<{ readonly records: number }, RecordsError | ExportError> {
  const draft = `${file}.new`;
  let descriptor: number | undefined;
  try {
    descriptor = openSync(draft, 'w', 0o600);
    const output = descriptor;
    const digest = createHash('sha256');
    let records = 0;
    let buffered: string[] = [];
    const flush = (): void => {
      const bytes = Buffer.from(buffered.join(''));
      digest.update(bytes);
      for (let written = 0; written < bytes.length;) written += writeSync(output, bytes, written);
      buffered = [];
    };
    const put = (value: object): void => {
      if (buffered.push(`${JSON.stringify(value)}\n`) === 1_000) flush();
    };
    put({ export: format, version: 1, at: at.toISOString(), key: publicJwkOf(key) });
    const given = stored.give({
      row: (row) => {
        records += 1;
        put({ row });
      },
      checkpoint: (checkpoint) => put({ checkpoint }),
    });
    if (!given.ok) return given;
    flush();
    const signed = signJws(key, exportType, { digest: digest.digest('hex'), records, at: at.toISOString() });
    writeSync(output, `${JSON.stringify({ signature: signed })}\n`);
    fsyncSync(output);
    renameSync(draft, file);
    return ok({ records });
  } catch (error) {
    return err({ kind: 'export-unusable', file, detail: refusedBySystem(error) });
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
    rmSync(draft, { force: true });
  }
}

/** Verifies an export, by the device's key that is known from elsewhere or else by the one that it brings itself. */
export function verifyExport(
  file: string,
  { deviceKey, ...options }: Omit<VerificationOptions, 'deviceKey'> & { readonly deviceKey?: KeyObject },
): Result<Verdict, ExportError> {
  const unusable = (detail: string): Result<never, ExportError> => err({ kind: 'export-unusable', file, detail });
  try {
    const lines = linesOf(file);
    const first = lines.next();
    const head = header.safeParse(first.done === true ? null : jsonOf(first.value));
    if (first.done === true || !head.success) return unusable('not an export of records');
    const key = deviceKey ?? keyOf(head.data.key);
    if (key === null) return unusable('its key is none');
    const verification = startVerification({ deviceKey: key, ...options });
    const digest = createHash('sha256').update(first.value);
    let sequence = 0;
    let signature: string | null = null;
    let held = true;
    for (const bytes of lines) {
      if (signature !== null) return unusable('it goes on after its signature');
      const read = line.safeParse(jsonOf(bytes)).data;
      if (read !== undefined && 'signature' in read) {
        signature = read.signature;
        continue;
      }
      digest.update(bytes);
      if (read === undefined) verification.fault('content', sequence + 1, 'a line that cannot be read');
      else if ('row' in read) {
        verification.row(read.row);
        sequence += 1;
      } else verification.checkpoint(read.checkpoint);
    }
    if (signature === null) verification.fault('truncation', sequence + 1, 'the export ends without its signature');
    else held = claims.safeParse(verifiedClaims(signature, exportType, key)).data?.digest === digest.digest('hex');
    if (!held) verification.fault('signature', sequence, 'the device did not sign this export');
    return ok(verification.finish());
  } catch (error) {
    return unusable(error instanceof Unreadable ? error.message : refusedBySystem(error));
  }
}

function keyOf(jwk: PublicJwk): KeyObject | null {
  try {
    return publicKeyOf(jwk);
  } catch {
    return null;
  }
}

class Unreadable extends Error {}

const longestLine = 512 * 1024;

/** The lines of a file with their ends, one piece at a time. */
function* linesOf(file: string): Generator<Buffer, undefined> {
  const descriptor = openSync(file, 'r');
  try {
    const piece = Buffer.alloc(64 * 1024);
    let rest = Buffer.alloc(0);
    for (;;) {
      const read = readSync(descriptor, piece);
      if (read === 0) break;
      rest = Buffer.concat([rest, piece.subarray(0, read)]);
      let from = 0;
      for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10, from)) {
        yield rest.subarray(from, end + 1);
        from = end + 1;
      }
      rest = rest.subarray(from);
      if (rest.length > longestLine) throw new Unreadable('a line that is too long');
    }
    if (rest.length > 0) yield rest;
    return undefined;
  } finally {
    closeSync(descriptor);
  }
}

function jsonOf(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return null;
  }
}
