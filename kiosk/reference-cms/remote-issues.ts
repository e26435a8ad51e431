import { isDeepStrictEqual } from 'node:util';
import { type Result, err, ok } from '../../devices/result.ts';
import type { RemoteIssue } from '../../flows/ports/remote-issue.ts';
import type { ServiceReceipt } from '../../flows/ports/services.ts';
import { isRepresented } from '../../flows/procedures/who.ts';
import type { ProblemType } from '../cms/problems.ts';
import type { OperatorAssertion } from '../operators/assertion.ts';
import type { RemoteBehind } from './behind.ts';
import { contradictionOf } from './card-codes.ts';
import type { Decide } from './cms.ts';
import type { Mail } from './mail.ts';
import { type ServiceParts, type Services, receiptFor, receiptIn } from './services.ts';
import type { Store } from './store.ts';

export interface RemoteIssueParts extends Omit<ServiceParts, 'store' | 'cardChanged'> {
  readonly store: Store;
  readonly services: Services;
  readonly mail: Pick<Mail, 'channels' | 'deliver'>;
  /** `null`: what stands behind gives no codes at a distance. */
  readonly behind: RemoteBehind | null;
  readonly clock: () => number;
}

/** Codes for who was recognised by video: made, and both parts queued, in the transaction that signs the receipt (C12); done once or never, as a service. */
export function createRemoteIssues({ store, services, key, log, signedDecision, mail, behind, clock }: RemoteIssueParts) {
  return async (kiosk: string, request: RemoteIssue): Promise<Decide<ServiceReceipt>> => {
    const { operationId, operation, contacts } = request;
    if (behind === null) return () => err('delivery-not-offered');
    const decision = await signedDecision(request.operatorAssertion);
    type Judged = { readonly given: ServiceReceipt } | { readonly cardId: string; readonly operator: string };
    const judge = (now: number): Result<Judged, ProblemType> => {
      const known = store.services.service(operationId);
      if (known !== null && known.kiosk !== kiosk) return err('operation-of-another-kiosk');
      if (known?.state === 'VOIDED') return err('service-voided');
      if (known !== null) return ok({ given: receiptIn(known) });
      if (decision === null || !recognises(decision, request)) return err('assertion-refused');
      if (!mail.channels.includes('email') || !mail.channels.includes('sms')) return err('channel-unsupported');
      const standing = services.standing(request, now);
      if (!standing.ok) return standing;
      if (standing.value.status !== 'active') return err('card-state-wrong');
      const contradicted = contradictionOf(operation, standing.value.activated);
      if (contradicted !== null) return err(contradicted);
      return ok({ cardId: store.services.card(request)?.cardId ?? '', operator: decision.operator });
    };
    // Judged before, so that codes are made for good requests only; and again inside the transaction.
    const first = store.transaction(() => judge(clock()));
    if (!first.ok) return () => first;
    const codes = 'given' in first.value ? [] : await behind.prepare(request);
    return (now) => {
      const judged = judge(now);
      if (!judged.ok) return judged;
      if ('given' in judged.value) return ok({ answer: judged.value.given });
      const { cardId, operator } = judged.value;
      const sequence = store.services.nextSequence();
      const receipt = receiptFor(
        key,
        { operationId, state: 'DONE', cardStatus: 'active', sequence, at: new Date(now).toISOString() },
        kiosk,
      );
      store.services.addService(receipt, kiosk, { request, cardId, operator });
      store.remoteIssues.add(operationId, codes, contacts, now);
      log.event('cms-service', { operation: operationId, service: `${operation} remote-video`, state: 'DONE', card: 'active' });
      return ok({ answer: receipt, then: () => void mail.deliver() });
    };
  };
}

/** The operator signed this very request, and that the face was recognised and the copies can be read. */
function recognises(decision: OperatorAssertion, request: RemoteIssue): boolean {
  return (
    decision.decision === 'remote-issue' &&
    decision.operationId === request.operationId &&
    decision.operation === request.operation &&
    decision.fiscalCode === request.holder.fiscalCode &&
    decision.cardNumber === request.cardNumber &&
    decision.case === request.case &&
    isRepresented(request.case) === (request.representative !== undefined) &&
    isDeepStrictEqual(decision.representative, request.representative) &&
    isDeepStrictEqual(decision.document, request.document) &&
    isDeepStrictEqual(decision.forms, request.forms) &&
    isDeepStrictEqual(decision.contacts, request.contacts)
  );
}
