import { randomUUID } from 'node:crypto';
import { refusalOf, signatureRelayPolicy } from '../../../devices/card/relay.ts';
import { calls, stepOf } from '../contract.ts';
import { loadingClaims, relayType } from '../relays.ts';
import { serviceAccepted } from '../services.ts';
import { claimsOf, jsonOf } from '../signed.ts';
import type { Bench } from './bench.ts';
import type { Check } from './check.ts';
import { type Asked, type Conversation, must, said } from './conversation.ts';

export const signatureChecks: readonly Check[] = [
  {
    id: 'signature-not-loaded',
    title:
      'A signature certificate is accepted and goes on by a relay, with its card alone; of a card that answers nothing but errors it is never said to be there, and void is void',
    needs: ['operator', 'signature'],
    async run(cms) {
      const operationId = cms.newOperation();
      const asked = await request(cms, operationId);
      const first = await cms.ask(asked);
      must(first.status === 201 && serviceAccepted.safeParse(first.json).success, `${said(first)} instead of ACCEPTED`);
      must((await cms.ask(asked)).body.equals(first.body), 'the same question got another answer');
      const { certificateDigest } = signature(cms).card;
      await refused(cms, 'relay-of-another-card', exchange(operationId, randomUUID(), 0, opening('0'.repeat(64))));

      const relay = randomUUID();
      let answer = await cms.answer(calls.relay.answer, 200, exchange(operationId, relay, 0, opening(certificateDigest)));
      let exchanges = 0;
      // A kiosk lets what writes pass where it has seen the card go into DF_DS: a card that says no never goes there.
      for (; 'command' in answer; exchanges += 1) {
        const refusal = refusalOf(Buffer.from(answer.command, 'hex'), signatureRelayPolicy, false);
        must(refusal === undefined, `a kiosk's relay does not let ${answer.command.slice(0, 4)} pass: ${refusal}`);
        answer = await cms.answer(calls.relay.answer, 200, exchange(operationId, relay, exchanges + 1, { answer: '6F00' }));
      }
      const payload = jsonOf(Buffer.from(answer.end.split('.')[1] ?? '', 'base64url'));
      const claims =
        cms.signingKey === null
          ? loadingClaims.safeParse(payload).data
          : await claimsOf(answer.end, relayType, cms.signingKey, loadingClaims);
      must(claims?.operationId === operationId && claims.relay === relay, "the relay's end does not hold, or is about something else");
      must(claims.ended !== 'done' && claims.certificate !== 'loaded', `it ended ${claims.ended}, ${claims.certificate}`);

      const voided = await cms.answer(calls['service-void'].answer, 200, voiding(operationId));
      must(voided.state === 'VOIDED', `what no card has is ${voided.state} when it is to be void`);
      await refused(cms, 'service-voided', exchange(operationId, randomUUID(), 0, opening(certificateDigest)));
      return `${exchanges} commands, then the end: ${claims.certificate}`;
    },
  },
];

function signature({ bench }: Conversation): NonNullable<Bench['signature']> {
  must(bench.signature !== undefined, 'the bench gives no card for a signature certificate');
  return bench.signature;
}

async function request(cms: Conversation, operationId: string): Promise<Asked> {
  const { desk, profile, holder, card, document } = signature(cms);
  const asked = {
    operationId,
    operation: 'signature-certificate' as const,
    case: 'adult' as const,
    document,
    forms: ['signature-request'] as const,
  };
  const { certificateDigest } = card;
  const signed = { decision: 'service', fiscalCode: holder.fiscalCode, certificateDigest, ...asked, forms: [...asked.forms] } as const;
  const body = { ...asked, desk, profile, holder, card, operatorAssertion: await cms.sign(signed) };
  return { call: 'service', path: 'services', key: `${operationId}:${stepOf.service}:1`, body };
}

const opening = (certificateDigest: string): object => ({ card: { certificateDigest } });

function exchange(operationId: string, relay: string, sequence: number, content: object): Asked {
  const key = `${operationId}:${stepOf.relay(relay)}:${sequence}`;
  return { call: 'relay', path: `operations/${operationId}/relay`, key, body: { relay, sequence, ...content } };
}

function voiding(operationId: string): Asked {
  const key = `${operationId}:${stepOf.serviceVoid}:1`;
  return { call: 'service-void', path: `services/${operationId}/void`, key, body: {} };
}

async function refused(cms: Conversation, type: string, asked: Asked): Promise<void> {
  const heard = await cms.ask(asked);
  must(heard.refusal === type, `${said(heard)} instead of ${type}`);
}
