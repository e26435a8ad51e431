import { type KeyObject, hash } from 'node:crypto';
import { z } from 'zod';
import { claimsOf, signJws, verifiedClaims } from '../jws.ts';

export const checkpointType = 'sportello-checkpoint+jwt';
export const countersignatureType = 'sportello-countersignature+jwt';

const digest = z.string().regex(/^[0-9a-f]{64}$/);

/** What the device signs of its journal: how far it goes, and the hash of its last row, which covers every row before it. */
export const checkpoint = z.object({
  sequence: z.int().positive(),
  hash: digest,
  /** The operation of the last row: a call to the CMS belongs to one. */
  operationId: z.string(),
  /** Digest of the checkpoint before this one: no checkpoint can be left out between two others. `null`: the first. */
  previous: digest.nullable(),
  /** ISO instant of the kiosk's clock. */
  at: z.iso.datetime(),
});
export type Checkpoint = z.infer<typeof checkpoint>;

/** What the CMS signs as a witness: that it saw this checkpoint, and none that contradicts it. */
export const countersignature = z.object({
  kiosk: z.string(),
  sequence: z.int().positive(),
  hash: digest,
  /** Digest of the checkpoint's JWS. */
  checkpoint: digest,
  /** ISO instant of the CMS's clock. */
  at: z.iso.datetime(),
});
export type Countersignature = z.infer<typeof countersignature>;

/** SHA-256 of a checkpoint's JWS, in hexadecimal. */
export function digestOf(jws: string): string {
  return hash('sha256', jws);
}

export function signCheckpoint(key: KeyObject, claims: Checkpoint): string {
  return signJws(key, checkpointType, claims);
}

/** What it says, whoever signed it. */
export function readCheckpoint(jws: string): Checkpoint | null {
  return checkpoint.safeParse(claimsOf(jws, checkpointType)).data ?? null;
}

export function verifyCheckpoint(jws: string, key: KeyObject): Checkpoint | null {
  return checkpoint.safeParse(verifiedClaims(jws, checkpointType, key)).data ?? null;
}

export function readCountersignature(jws: string): Countersignature | null {
  return countersignature.safeParse(claimsOf(jws, countersignatureType)).data ?? null;
}

export function verifyCountersignature(jws: string, key: KeyObject): Countersignature | null {
  return countersignature.safeParse(verifiedClaims(jws, countersignatureType, key)).data ?? null;
}
