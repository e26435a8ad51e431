import { type Result, err, ok } from '../../../devices/result.ts';
import { readList } from './reading.ts';
import { verifyEnveloped } from './signature.ts';
import { type Pins, sha256 } from './signers.ts';
import { type HeldList, keep, readHeld } from './store.ts';
import { parseXml } from './xml.ts';

export interface ImportedList {
  readonly held: HeldList;
  /** `unchanged`: the same list was held already. */
  readonly result: 'imported' | 'unchanged';
}

export interface ListSource {
  readonly bytes: Uint8Array;
  readonly etag?: string | null;
  readonly lastModified?: string | null;
}

/** Milliseconds by which a clock may be behind that of the list's makers. */
const CLOCK_TOLERANCE = 300_000;

/**
 * Verifies a list and puts it in the place of the one held. A list that is not signed by one who is pinned, of another country, or older (its number
 * falls, or stays and its bytes differ) is refused, and the old one stays.
 */
export function importList(folder: string, source: ListSource, pins: Pins, now: Date): Result<ImportedList, string> {
  const held = readHeld(folder);
  if (!held.ok) return held;
  const xml = parseXml(source.bytes);
  if (!xml.ok) return xml;
  const signed = verifyEnveloped(xml.value, pins);
  if (!signed.ok) return signed;
  const read = readList(signed.value.document);
  if (!read.ok) return read;
  const list = read.value;
  const digest = sha256(source.bytes);
  const before = held.value;
  if (before !== null && before.digest !== digest) {
    const backwards = goesBack(list, before.list);
    if (backwards !== null) return err(backwards);
  }
  if (new Date(list.issued).getTime() > now.getTime() + CLOCK_TOLERANCE)
    return err(`of the future (${list.issued}): is this machine’s clock right?`);
  const next: HeldList = {
    version: 1,
    list,
    digest,
    signer: signed.value.signer,
    importedAt: now.toISOString(),
    etag: source.etag ?? null,
    lastModified: source.lastModified ?? null,
  };
  keep(folder, next);
  return ok({ held: next, result: before?.digest === digest ? 'unchanged' : 'imported' });
}

/** Why a list may not take the place of the one held (TS 119 612, 5.3.2: the number rises at each issue). */
function goesBack(list: HeldList['list'], held: HeldList['list']): string | null {
  if (list.territory !== held.territory) return `the list of ${list.territory}, where that of ${held.territory} is held`;
  if (list.sequenceNumber < held.sequenceNumber)
    return `older than the one that is held: number ${list.sequenceNumber} after ${held.sequenceNumber}`;
  if (list.sequenceNumber === held.sequenceNumber) return `another list of the number ${held.sequenceNumber} that is held`;
  return new Date(list.issued) < new Date(held.issued) ? 'of a higher number, but issued before the one that is held' : null;
}
