import type { CardStatus, ServiceRequest } from '../../../flows/ports/services.ts';
import { calls, stepOf } from '../contract.ts';
import { serviceReceipt, serviceReceiptClaims, serviceReceiptType } from '../services.ts';
import { claimsOf } from '../signed.ts';
import type { z } from 'zod';
import type { Check } from './check.ts';
import { type Asked, type Conversation, must, said } from './conversation.ts';

const needs = ['operator', 'registered'] as const;

type Receipt = z.infer<typeof serviceReceipt>;
type Changes = Partial<Pick<ServiceRequest, 'operation' | 'reason'>>;

export const serviceChecks: readonly Check[] = [
  {
    id: 'service-card-state',
    title: 'A card is suspended and reactivated, each with a signed receipt; what does not fit its state is refused',
    needs,
    async run(cms) {
      must((await standing(cms)) === 'active', `the card is ${await standing(cms)}, not active`);
      const suspended = await served(cms, { operation: 'suspension' });
      must(suspended.cardStatus === 'suspended' && (await standing(cms)) === 'suspended', 'it is not suspended');
      const again = await cms.ask(await service(cms, cms.newOperation(), { operation: 'suspension' }));
      must(again.refusal === 'card-state-wrong', `suspended twice: ${said(again)}`);
      const reactivated = await served(cms, { operation: 'reactivation' });
      must(reactivated.cardStatus === 'active' && (await standing(cms)) === 'active', 'it is not active again');
      must(reactivated.sequence > suspended.sequence, 'receipts do not count up');
      if (cms.signingKey === null) return 'the signatures were not verified: --signing-key FILE';
      for (const receipt of [suspended, reactivated]) {
        const claims = await claimsOf(receipt.jws, serviceReceiptType, cms.signingKey, serviceReceiptClaims);
        must(claims !== null && claims.operationId === receipt.operationId, 'the signature does not hold, or is about something else');
        must(claims.state === 'DONE' && claims.cardStatus === receipt.cardStatus, 'the receipt says other than what it signs');
      }
      return 'suspended and reactivated, signed by the pinned key';
    },
  },
  {
    id: 'service-once',
    title: 'A service asked for twice is done once; asked to void it, the CMS says that it was done',
    needs,
    async run(cms) {
      const operationId = cms.newOperation();
      const asked = await service(cms, operationId, { operation: 'suspension' });
      try {
        const first = await cms.ask(asked);
        must(first.status === calls.service.status, said(first));
        must((await cms.ask(asked)).body.equals(first.body), 'the same question got another answer');
        const voided = await cms.answer(calls['service-void'].answer, 200, voiding(operationId));
        must(voided.state === 'DONE', `what was done is ${voided.state} when it is to be void`);
        must((await standing(cms)) === 'suspended', 'the void took back what was done');
      } finally {
        await cms.ask(await service(cms, cms.newOperation(), { operation: 'reactivation' }));
      }
      return 'one receipt';
    },
  },
  {
    id: 'service-void',
    title: 'What the CMS was asked to void it never does: the late request is refused, and the card is as it was',
    needs,
    async run(cms) {
      const operationId = cms.newOperation();
      const late = await service(cms, operationId, { operation: 'suspension' });
      const voided = await cms.answer(calls['service-void'].answer, 200, voiding(operationId));
      must(voided.state === 'VOIDED' && voided.cardStatus === undefined, `it is ${voided.state}`);
      const heard = await cms.ask(late);
      if (heard.status === calls.service.status) await cms.ask(await service(cms, cms.newOperation(), { operation: 'reactivation' }));
      must(heard.refusal === 'service-voided', `the late request: ${said(heard)}`);
      must((await standing(cms)) === 'active', 'the card is not as it was');
      return 'refused as service-voided';
    },
  },
  {
    id: 'service-needs-operator',
    title: "No service without an operator's signed word on this person, this service and this reason",
    needs,
    async run(cms) {
      for (const signed of [{ operation: 'revocation' }, { reason: 'theft' }] as const) {
        const heard = await cms.ask(await service(cms, cms.newOperation(), { operation: 'suspension', reason: 'loss' }, signed));
        must(heard.refusal === 'assertion-refused', `${Object.keys(signed).join()}: ${said(heard)} instead of assertion-refused`);
      }
      return 'signed for another service, and for another reason';
    },
  },
  {
    id: 'service-whose-card',
    title: 'A card that is not here is found by its holder as a document names them, and by nobody else',
    needs,
    async run(cms) {
      const { holder } = registered(cms);
      const other = await cms.ask(standingAsked({ ...holder, birthDate: '1899-01-01' }));
      must(other.refusal === 'card-unknown', `another birth date: ${said(other)} instead of card-unknown`);
      const abroad = await cms.ask({ ...standingAsked(holder), call: 'national-standing', path: 'national/identify' });
      must(abroad.refusal === 'card-of-another-region', `by the national function: ${said(abroad)} instead of card-of-another-region`);
      return 'by name and birth date';
    },
  },
];

function registered(cms: Conversation): NonNullable<Conversation['bench']['registered']> {
  const { registered: given } = cms.bench;
  must(given !== undefined, 'the bench gives no registered card');
  return given;
}

function standingAsked(holder: ServiceRequest['holder']): Asked {
  return { call: 'card-standing', path: 'cards/standing', body: { holder } };
}

async function standing(cms: Conversation): Promise<CardStatus> {
  const { holder } = registered(cms);
  return (await cms.answer(calls['card-standing'].answer, 200, standingAsked(holder))).status;
}

async function served(cms: Conversation, changes: Changes): Promise<Receipt> {
  const asked = await service(cms, cms.newOperation(), changes);
  return await cms.answer(serviceReceipt, calls.service.status, asked);
}

/** A whole request, signed; `signed`: what the operator signed, where it differs. */
async function service(cms: Conversation, operationId: string, changes: Changes, signed: Changes = {}): Promise<Asked> {
  const { desk, profile, holder, document } = registered(cms);
  const request = {
    operationId,
    operation: 'suspension' as const,
    case: 'adult' as const,
    document,
    forms: [],
    reason: 'loss' as const,
    ...changes,
  };
  const operatorAssertion = await cms.sign({ decision: 'service', fiscalCode: holder.fiscalCode, ...request, ...signed });
  const body = { ...request, desk, profile, holder, operatorAssertion };
  return { call: 'service', path: 'services', key: `${operationId}:${stepOf.service}:1`, body };
}

function voiding(operationId: string): Asked {
  const key = `${operationId}:${stepOf.serviceVoid}:1`;
  return { call: 'service-void', path: `services/${operationId}/void`, key, body: {} };
}
