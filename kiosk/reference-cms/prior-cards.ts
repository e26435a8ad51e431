import { createHash } from 'node:crypto';
import type { z } from 'zod';
import { provesPossession } from '../../devices/card/authentication.ts';
import { type Result, err, ok } from '../../devices/result.ts';
import { type PriorCard, type RenewalReserve, priorCardChallenge } from '../../flows/ports/cms.ts';
import { priorCardClaims, type priorCardProved, priorCardProofType } from '../cms/contract.ts';
import type { ProblemType } from '../cms/problems.ts';
import type { Decide } from './cms.ts';
import { type Operation, refusalOf } from './ratchet.ts';
import type { CmsKey } from './signing.ts';
import type { Store } from './store.ts';

export interface PriorCardParts {
  readonly store: Store;
  readonly key: CmsKey;
  readonly standingOf: (kiosk: string, id: string, now: number) => Result<Operation | null, ProblemType>;
}

/** An operation's id says when it was made (RFC 9562, 5.7): a signature that was had long before its operation serves nobody. */
const FRESH_MS = 10 * 60_000;
const PROOF_LIFE_MS = 20 * 60_000;

/**
 * The card before as the holder's word (OP-OLD; procedures.md, 2.1): its own key signed for this operation, after its PIN; it is active; and an
 * operator saw its holder, an adult in person, when it was first activated.
 */
export function createPriorCards({ store, key, standingOf }: PriorCardParts) {
  const holderOf = (fiscalCode: string): string => key.digest('holder', fiscalCode).toString('base64url');

  return {
    prove:
      (kiosk: string, { operationId, card, certificate, signature }: PriorCard): Decide<z.infer<typeof priorCardProved>> =>
      (now) => {
        const standing = standingOf(kiosk, operationId, now);
        if (!standing.ok) return standing;
        if (standing.value !== null) return err(refusalOf[standing.value.state]);
        const digest = createHash('sha256').update(Buffer.from(certificate, 'base64')).digest('hex');
        const fiscalCode = store.activatedInPersonBy(card.cardId, digest);
        const vouches =
          fiscalCode !== null &&
          digest === card.certificateDigest &&
          Math.abs(now - madeAt(operationId)) < FRESH_MS &&
          (store.services.statusOf(card.cardId) ?? 'active') === 'active' &&
          provesPossession(certificate, priorCardChallenge(operationId), Buffer.from(signature, 'base64'));
        if (!vouches) return err('prior-card-refused');
        const iat = Math.floor(now / 1000);
        const exp = iat + PROOF_LIFE_MS / 1000;
        const claims: z.infer<typeof priorCardClaims> = { operationId, cardId: card.cardId, holder: holderOf(fiscalCode), iat, exp };
        const at = new Date(now).toISOString();
        return ok({ answer: { proof: key.sign(priorCardProofType, claims), expiresAt: new Date(exp * 1000).toISOString(), at } });
      },

    /** Whether the proof holds for this very operation, this holder, and another card than the one that signed. */
    holds({ operationId, card, applicant, proofOfPriorCard }: RenewalReserve, now: number): boolean {
      const claims = priorCardClaims.safeParse(key.verify(priorCardProofType, proofOfPriorCard));
      return (
        claims.success &&
        claims.data.operationId === operationId &&
        claims.data.exp * 1000 > now &&
        claims.data.cardId !== card.cardId &&
        claims.data.holder === holderOf(applicant.fiscalCode)
      );
    },
  };
}

/** Milliseconds since 1970. */
function madeAt(uuidv7: string): number {
  return Number.parseInt(uuidv7.replaceAll('-', '').slice(0, 12), 16);
}
