import { type KeyObject, hash } from 'node:crypto';
import { z } from 'zod';
import { signJws, verifiedClaims } from '../jws.ts';

const checkpointType = 'sportello-checkpoint+jwt';

const digest = z.string().regex(/^[0-9a-f]{64}$/);

/** What the device signs of its journal: how far it goes, and the hash of its last row, which covers every row before it. */
const checkpoint = z.object({
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

/** SHA-256 of a checkpoint's JWS, in hexadecimal. */
export function digestOf(jws: string): string {
  return hash('sha256', jws);
}

export function signCheckpoint(key: KeyObject, claims: Checkpoint): string {
  return signJws(key, checkpointType, claims);
}

export function verifyCheckpoint(jws: string, key: KeyObject): Checkpoint | null {
  return checkpoint.safeParse(verifiedClaims(jws, checkpointType, key)).data ?? null;
}
