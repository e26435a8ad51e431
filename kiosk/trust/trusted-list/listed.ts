import { type Result, err, ok } from '../../../devices/result.ts';
import type { Log } from '../../log/log.ts';
import { type Selection, anchorsOf, isStale } from './list.ts';
import { isPinned, readPins } from './signers.ts';
import { readHeld } from './store.ts';

export interface ListedAnchors {
  /** DER. */
  readonly certificates: readonly Buffer[];
  readonly sequenceNumber: number;
  readonly stale: boolean;
}

/** The anchors that the list in this folder gives, if its signer is pinned still; `signers` is `null` where whoever imported it is believed. */
export function listedAnchors(
  folder: string,
  selection: Selection,
  signers: readonly string[] | null,
  at: Date,
): Result<ListedAnchors, string> {
  const held = readHeld(folder);
  if (!held.ok) return held;
  if (held.value === null) return err('no trusted list was imported yet');
  const { list, signer } = held.value;
  if (signers !== null) {
    const pins = readPins(signers);
    if (!pins.ok) return pins;
    if (!isPinned(signer, pins.value)) return err(`the trusted list that is held is signed by ${signer.subject}, who is pinned no longer`);
  }
  const certificates = anchorsOf(list, selection, at).map(({ certificate }) => certificate);
  return ok({ certificates, sequenceNumber: list.sequenceNumber, stale: isStale(list, at) });
}

/** The same for the kiosk: a list that cannot be used gives no anchors, and is reported; those of the configuration's files stay. */
export function reportedAnchors(
  folder: string,
  source: (Selection & { readonly signers: readonly string[] }) | undefined,
  log: Log,
): readonly Buffer[] {
  if (source === undefined) return [];
  const listed = listedAnchors(folder, source, source.signers, new Date());
  if (!listed.ok) {
    log.event('trusted-list-unusable', { problem: listed.error });
    return [];
  }
  const { certificates, sequenceNumber, stale } = listed.value;
  log.event('trusted-list-loaded', { sequenceNumber, anchors: certificates.length, stale });
  return certificates;
}
