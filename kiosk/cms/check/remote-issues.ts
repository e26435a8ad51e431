import { setTimeout as delay } from 'node:timers/promises';
import type { RemoteIssue } from '../../../flows/ports/remote-issue.ts';
import { calls, stepOf } from '../contract.ts';
import { serviceReceiptClaims, serviceReceiptType } from '../services.ts';
import { claimsOf } from '../signed.ts';
import type { Bench } from './bench.ts';
import type { Check } from './check.ts';
import { type Asked, type Conversation, must, said } from './conversation.ts';

const needs = ['operator', 'remote'] as const;
const SENT_LIMIT_MS = 30_000;
const SENT_LOOK_MS = 50;
const members = ['operationId', 'state', 'cardStatus', 'sequence', 'at', 'jws'];

type Remote = NonNullable<Bench['remote']>;

export const remoteIssueChecks: readonly Check[] = [
  {
    id: 'remote-issue-once',
    title:
      'Codes of who was recognised by video are made once, however often they are asked for: two messages, and a receipt without a code',
    needs,
    async run(cms) {
      const operationId = cms.newOperation();
      const asked = await issue(cms, operationId);
      const first = await cms.ask(asked);
      must(first.status === calls['remote-issue'].status, said(first));
      must((await cms.ask(asked)).body.equals(first.body), 'the same question got another answer');
      const receipt = calls['remote-issue'].answer.parse(first.json);
      const more = Object.keys(first.json as object).filter((member) => !members.includes(member));
      must(more.length === 0, `the receipt says more than it should: ${more.join(', ')}`);
      const voided = await cms.answer(calls['service-void'].answer, 200, voiding(operationId));
      must(voided.state === 'DONE', `what was done is ${voided.state} when it is to be void`);
      must(await hasCodes(cms), 'the card has not had codes');
      const again = await cms.ask(await issue(cms, cms.newOperation(), { operation: 'activation' }));
      must(again.refusal === 'card-activated', `first codes once more: ${said(again)} instead of card-activated`);
      must((await sent(cms, operationId, 2)) === 2, `${await sent(cms, operationId, 2)} messages were sent, not 2`);
      if (cms.signingKey === null) return 'two messages; the signature was not verified: --signing-key FILE';
      const claims = await claimsOf(receipt.jws, serviceReceiptType, cms.signingKey, serviceReceiptClaims);
      must(claims?.operationId === operationId && claims.state === 'DONE', 'the signature does not hold, or is about something else');
      return 'one receipt, two messages';
    },
  },
  {
    id: 'remote-issue-void',
    title: 'A remote issue that is void is never done: the late request is refused, and nothing is sent',
    needs,
    async run(cms) {
      const operationId = cms.newOperation();
      const late = await issue(cms, operationId);
      const voided = await cms.answer(calls['service-void'].answer, 200, voiding(operationId));
      must(voided.state === 'VOIDED', `it is ${voided.state}`);
      const heard = await cms.ask(late);
      must(heard.refusal === 'service-voided', `the late request: ${said(heard)}`);
      must((await sent(cms, operationId, 0)) === 0, 'something was sent');
      return 'refused as service-voided';
    },
  },
  {
    id: 'remote-issue-needs-operator',
    title: "No codes at a distance without an operator's signed word on this card, and on where the two parts go",
    needs,
    async run(cms) {
      const { contacts } = remoteOf(cms);
      for (const signed of [{ cardNumber: '9'.repeat(20) }, { contacts: { ...contacts, email: 'altro@example.it' } }]) {
        const heard = await cms.ask(await issue(cms, cms.newOperation(), {}, signed));
        must(heard.refusal === 'assertion-refused', `${Object.keys(signed).join()}: ${said(heard)} instead of assertion-refused`);
      }
      return 'signed for another card, and for another address';
    },
  },
];

function remoteOf({ bench: { remote } }: Conversation): Remote {
  must(remote !== undefined, 'the bench gives nobody to recognise by video');
  return remote;
}

async function hasCodes(cms: Conversation): Promise<boolean> {
  const { holder, cardNumber } = remoteOf(cms);
  const asked = { call: 'card-standing', path: 'cards/standing', body: { holder, cardNumber } };
  return (await cms.answer(calls['card-standing'].answer, 200, asked)).activated;
}

/** A whole request, signed; `signed`: what the operator signed, where it differs. A card that had codes gets new ones. */
async function issue(
  cms: Conversation,
  operationId: string,
  changes: Partial<RemoteIssue> = {},
  signed: Partial<RemoteIssue> = {},
): Promise<Asked> {
  const { desk, profile, holder, cardNumber, document, contacts } = remoteOf(cms);
  const request = {
    operationId,
    operation: (await hasCodes(cms)) ? ('reissue' as const) : ('activation' as const),
    identification: 'remote-video' as const,
    case: 'adult' as const,
    cardNumber,
    document,
    forms: ['request' as const],
    contacts,
    ...changes,
  };
  const word = { decision: 'remote-issue', fiscalCode: holder.fiscalCode, copiesLegible: true, faceRecognised: true } as const;
  const operatorAssertion = await cms.sign({ ...word, ...request, ...signed });
  const body = { ...request, desk, profile, holder, operatorAssertion };
  return { call: 'remote-issue', path: 'remote-issues', key: `${operationId}:${stepOf.service}:1`, body };
}

function voiding(operationId: string): Asked {
  const key = `${operationId}:${stepOf.serviceVoid}:1`;
  return { call: 'service-void', path: `services/${operationId}/void`, key, body: {} };
}

/** How many messages were sent for an operation, once there are as many as `wanted`, or for want of them in the end. */
async function sent(cms: Conversation, operationId: string, wanted: number): Promise<number> {
  const url = remoteOf(cms).sent.url.replaceAll('{operationId}', operationId);
  const until = Date.now() + SENT_LIMIT_MS;
  for (;;) {
    const count = Number(await (await fetch(url)).text());
    if (count >= wanted || Date.now() > until) return count;
    await delay(SENT_LOOK_MS);
  }
}
