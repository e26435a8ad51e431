import { type Result, err, ok } from '../../devices/result.ts';
import type { z } from 'zod';
import type { checkpointAnswer, checkpointRequest } from '../cms/contract.ts';
import type { ProblemType } from '../cms/problems.ts';
import { type PublicJwk, publicKeyOf } from '../jws.ts';
import type { Log } from '../log/log.ts';
import { type Checkpoint, countersignatureType, digestOf, verifyCheckpoint } from '../records/checkpoint.ts';
import type { Decide } from './cms.ts';
import type { CmsKey } from './signing.ts';
import type { Store } from './store.ts';

export interface CheckpointParts {
  readonly store: Store;
  readonly key: CmsKey;
  readonly log: Log;
}

/** A checkpoint that was countersigned. */
export interface KnownCheckpoint {
  readonly sequence: number;
  /** Of its JWS. */
  readonly digest: string;
  readonly countersignature: string;
}

/**
 * The witness of the kiosks' journals. A kiosk's first checkpoint pins its device's key; each one after must name the one before by its
 * digest, which the device signed, and go further. One that does not is refused, and an alarm: the kiosk's records were put back or changed.
 */
export function createWitness({ store, key, log }: CheckpointParts) {
  const contradiction = (kiosk: string, claims: Checkpoint): ProblemType | null => {
    const last = store.lastCheckpoint(kiosk);
    if (last === null) return null;
    if (claims.sequence < last.sequence) return 'checkpoint-rolled-back';
    return claims.sequence > last.sequence && claims.previous === last.digest ? null : 'checkpoint-forked';
  };

  return (
      kiosk: string,
      { operationId, checkpoint, key: given }: z.infer<typeof checkpointRequest>,
    ): Decide<z.infer<typeof checkpointAnswer>> =>
    (now) => {
      const at = new Date(now).toISOString();
      const claims = held(checkpoint, store.deviceKey(kiosk) ?? given);
      if (!claims.ok || claims.value.operationId !== operationId) return err('checkpoint-refused');
      const { sequence, hash } = claims.value;
      const digest = digestOf(checkpoint);
      const known = store.checkpoint(kiosk, sequence);
      if (known?.digest === digest) return ok({ answer: { countersignature: known.countersignature, at } });
      const problem = contradiction(kiosk, claims.value);
      if (problem !== null) {
        log.event('cms-checkpoint-alarm', { kiosk, sequence, problem });
        return err(problem);
      }
      const countersignature = key.sign(countersignatureType, { kiosk, sequence, hash, checkpoint: digest, at });
      store.pinDeviceKey(kiosk, given);
      store.addCheckpoint(kiosk, { sequence, digest, countersignature });
      return ok({ answer: { countersignature, at } });
    };
}

/** What the device signed, if it did. */
function held(jws: string, jwk: PublicJwk): Result<Checkpoint, null> {
  try {
    const claims = verifyCheckpoint(jws, publicKeyOf(jwk));
    return claims === null ? err(null) : ok(claims);
  } catch {
    // A point that is not on its curve.
    return err(null);
  }
}
