import { isDeepStrictEqual } from 'node:util';
import { type Result, err, ok } from '../../devices/result.ts';
import type { CardOfHolder, CardStanding, CardStatus, ServiceReceipt, ServiceRequest } from '../../flows/ports/services.ts';
import { isRepresented } from '../../flows/procedures/who.ts';
import type { ProblemType } from '../cms/problems.ts';
import { serviceReceiptType } from '../cms/services.ts';
import type { Log } from '../log/log.ts';
import type { OperatorAssertion } from '../operators/assertion.ts';
import { cardAfter } from './card-state.ts';
import type { Decide } from './cms.ts';
import type { CardRow, Register, ServiceStore } from './service-store.ts';
import type { CmsKey } from './signing.ts';

export interface ServiceParts {
  readonly store: ServiceStore;
  readonly key: CmsKey;
  readonly log: Log;
  readonly signedDecision: (jws: string) => Promise<(OperatorAssertion & { readonly operator: string }) | null>;
  /** A card's state changed: the authority's list is to say so. */
  readonly cardChanged: () => void;
}

export type Services = ReturnType<typeof createServices>;

/** What gives no codes, for the cards of one register: how a card stands, and a service done once or never. */
export function createServices({ store, key, log, signedDecision, cardChanged }: ServiceParts, register: Register) {
  const cardOf = (of: CardOfHolder): Result<CardRow, ProblemType> => {
    const card = store.card(of);
    if (card === null) return err('card-unknown');
    return card.register === register ? ok(card) : err('card-of-another-region');
  };

  return {
    standing(of: CardOfHolder, now: number): Result<CardStanding & { readonly at: string }, ProblemType> {
      const card = cardOf(of);
      if (!card.ok) return card;
      const { activated, household } = card.value;
      const householdHasReader = household !== null && store.hasReader(household);
      return ok({ status: statusAt(card.value, now), activated, ownRegion: register === 'regional', householdHasReader, at: iso(now) });
    },

    async serve(kiosk: string, request: ServiceRequest): Promise<Decide<ServiceReceipt>> {
      const decision = await signedDecision(request.operatorAssertion);
      return (now) => {
        const { operationId, operation } = request;
        const known = store.service(operationId);
        if (known !== null && known.kiosk !== kiosk) return err('operation-of-another-kiosk');
        if (known?.state === 'VOIDED') return err('service-voided');
        if (known !== null) return ok({ answer: receiptIn(known) });
        if (decision === null || !attests(decision, request)) return err('assertion-refused');
        const card = cardOf(request);
        if (!card.ok) return card;
        const { cardId, household } = card.value;
        const before = statusAt(card.value, now);
        const after = cardAfter(operation, before);
        if (!after.ok) return after;
        if (operation === 'signature-certificate' && store.count(cardId, operation) > 0) return err('signature-asked-before');
        if (operation === 'reader-handout' && household !== null && store.hasReader(household)) return err('household-has-reader');

        const claims = { operationId, state: 'DONE', cardStatus: after.value, sequence: store.nextSequence(), at: iso(now) } as const;
        const receipt = receiptFor(key, claims, kiosk);
        store.addService(receipt, kiosk, { request, cardId, operator: decision.operator });
        if (operation === 'reader-handout' && household !== null) store.addReader(household, operationId);
        if (after.value !== before) store.setStatus(cardId, after.value, request.reason ?? null, now);
        log.event('cms-service', { operation: operationId, service: operation, state: 'DONE', card: after.value });
        return ok({ answer: receipt, ...(after.value === before ? {} : { then: cardChanged }) });
      };
    },

    void:
      (kiosk: string, operationId: string): Decide<ServiceReceipt> =>
      (now) => {
        const known = store.service(operationId);
        if (known !== null) {
          return known.kiosk === kiosk ? ok({ answer: receiptIn(known) }) : err('operation-of-another-kiosk');
        }
        const receipt = receiptFor(key, { operationId, state: 'VOIDED', sequence: store.nextSequence(), at: iso(now) }, kiosk);
        store.addService(receipt, kiosk);
        log.event('cms-service', { operation: operationId, service: '', state: 'VOIDED', card: '' });
        return ok({ answer: receipt });
      },
  };
}

/** A signed receipt: done, or never to be. */
export function receiptFor(key: CmsKey, claims: Omit<ServiceReceipt, 'jws'>, kiosk: string): ServiceReceipt {
  return { ...claims, jws: key.sign(serviceReceiptType, { ...claims, kiosk }) };
}

export function receiptIn({ kiosk: _, ...receipt }: ServiceReceipt & { readonly kiosk: string }): ServiceReceipt {
  return receipt;
}

/** What time makes of a card that is not revoked. */
function statusAt({ status, expiresOn }: CardRow, now: number): CardStatus {
  return status !== 'revoked' && expiresOn < iso(now).slice(0, 10) ? 'expired' : status;
}

/** The operator signed this very request: whom, by which document, what, why, and what was shown. */
function attests(decision: OperatorAssertion, request: ServiceRequest): boolean {
  return (
    decision.decision === 'service' &&
    decision.operationId === request.operationId &&
    decision.operation === request.operation &&
    decision.fiscalCode === request.holder.fiscalCode &&
    decision.certificateDigest === request.card?.certificateDigest &&
    decision.case === request.case &&
    isRepresented(request.case) === (request.representative !== undefined) &&
    isDeepStrictEqual(decision.representative, request.representative) &&
    isDeepStrictEqual(decision.document, request.document) &&
    decision.reason === request.reason &&
    isDeepStrictEqual(decision.forms, request.forms) &&
    decision.lossProof === request.lossProof
  );
}

function iso(instant: number): string {
  return new Date(instant).toISOString();
}
