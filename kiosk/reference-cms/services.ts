import { isDeepStrictEqual } from 'node:util';
import { type Result, err, ok } from '../../devices/result.ts';
import type {
  CardOfHolder,
  CardStanding,
  CardStatus,
  ServiceAccepted,
  ServiceReceipt,
  ServiceRequest,
} from '../../flows/ports/services.ts';
import { isRepresented } from '../../flows/procedures/who.ts';
import type { ProblemType } from '../cms/problems.ts';
import { serviceReceiptType } from '../cms/services.ts';
import type { Log } from '../log/log.ts';
import type { OperatorAssertion } from '../operators/assertion.ts';
import { cardAfter } from './card-state.ts';
import type { Decide } from './cms.ts';
import type { CardRow, Register, ServiceStore } from './service-store.ts';
import type { SignatureRequest } from './signature-store.ts';
import type { Signatures } from './signatures.ts';
import type { CmsKey } from './signing.ts';

export interface ServiceParts {
  readonly store: ServiceStore;
  readonly key: CmsKey;
  readonly log: Log;
  readonly signedDecision: (jws: string) => Promise<(OperatorAssertion & { readonly operator: string }) | null>;
  /** `null`: the register has no such certificates. */
  readonly signatures: Signatures | null;
  /** A card's state changed, or a certificate was revoked: the authority's list is to say so. */
  readonly cardChanged: () => void;
}

export type Services = ReturnType<typeof createServices>;

/** What gives no codes, for the cards of one register: how a card stands, and a service done once or never. */
export function createServices({ store, key, log, signedDecision, signatures, cardChanged }: ServiceParts, register: Register) {
  const cardOf = (of: CardOfHolder): Result<CardRow, ProblemType> => {
    const card = store.card(of);
    if (card === null) return err('card-unknown');
    return card.register === register ? ok(card) : err('card-of-another-region');
  };

  /** A request that was accepted came to its end. */
  const conclude = ({ operationId, kiosk, cardId, operator, request }: SignatureRequest, state: ServiceReceipt['state'], now: number) => {
    const claims = { operationId, state, sequence: store.nextSequence(), at: iso(now) };
    const done = state === 'DONE' ? { cardStatus: store.statusOf(cardId) ?? 'active' } : {};
    const receipt = receiptFor(key, { ...claims, ...done }, kiosk);
    store.addService(receipt, kiosk, state === 'DONE' ? { request, cardId, operator } : undefined);
    if (state === 'VOIDED') {
      signatures?.void(operationId, now);
      cardChanged();
    }
    log.event('cms-service', { operation: operationId, service: request.operation, state, card: receipt.cardStatus ?? '' });
    return receipt;
  };

  return {
    conclude,

    standing(of: CardOfHolder, now: number): Result<CardStanding & { readonly at: string }, ProblemType> {
      const card = cardOf(of);
      if (!card.ok) return card;
      const { activated, household } = card.value;
      const householdHasReader = household !== null && store.hasReader(household);
      return ok({ status: statusAt(card.value, now), activated, ownRegion: register === 'regional', householdHasReader, at: iso(now) });
    },

    async serve(kiosk: string, request: ServiceRequest): Promise<Decide<ServiceReceipt | (ServiceAccepted & { readonly at: string })>> {
      const decision = await signedDecision(request.operatorAssertion);
      return (now) => {
        const { operationId, operation } = request;
        const known = store.service(operationId);
        if (known !== null && known.kiosk !== kiosk) return err('operation-of-another-kiosk');
        if (known?.state === 'VOIDED') return err('service-voided');
        if (known !== null) return ok({ answer: receiptIn(known) });
        const accepted = signatures?.accepted(operationId, now) ?? null;
        if (accepted !== null) return accepted.kiosk === kiosk ? ok({ answer: accepted.answer }) : err('operation-of-another-kiosk');
        if (decision === null || !attests(decision, request)) return err('assertion-refused');
        const card = cardOf(request);
        if (!card.ok) return card;
        const { cardId, household } = card.value;
        const before = statusAt(card.value, now);
        const after = cardAfter(operation, before);
        if (!after.ok) return after;
        if (operation === 'signature-certificate') {
          if (store.count(cardId, operation) > 0) return err('signature-asked-before');
          if (signatures === null) return err('delivery-not-offered');
          const refusal = request.card === undefined ? 'card-unknown' : signatures.refusal(cardId);
          if (refusal !== null) return err(refusal);
          const { operator } = decision;
          return ok({ answer: signatures.accept({ operationId, kiosk, cardId, operator, request }, now) });
        }
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
        const accepted = signatures?.request(operationId) ?? null;
        if (accepted !== null) {
          if (accepted.kiosk !== kiosk) return err('operation-of-another-kiosk');
          return ok({ answer: conclude(accepted, 'VOIDED', now) });
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
