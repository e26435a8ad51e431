import { setTimeout as delay } from 'node:timers/promises';
import { SignJWT, decodeJwt, generateKeyPair } from 'jose';
import { z } from 'zod';
import { makeOneUseKey } from '../../printing/one-use-key.ts';
import { readPaperPart } from '../../printing/paper-part.ts';
import { assertionAlgorithm, assertionType } from '../../operators/assertion.ts';
import { calls, receipt } from '../contract.ts';
import type { Check } from './check.ts';
import { type Asked, type Conversation, must, said } from './conversation.ts';

const needs = ['oneTimeCode', 'operator'] as const;
/** A bench whose silence voids within this many seconds is waited for. */
const SHORT_SILENCE_S = 10;
const SECOND_PART_LIMIT_MS = 30_000;

export const operationChecks: readonly Check[] = [
  {
    id: 'void-before-reserve',
    title: 'An outcome that comes before its reservation voids it: the late reservation and the late confirm are refused',
    async run(cms) {
      const operationId = cms.newOperation();
      await cms.answer(calls.outcome.answer, 200, cms.outcome(cms.notHandedOver(operationId, 0)));
      await refusedAs(cms, cms.outcome({ ...cms.notHandedOver(operationId), outcome: 'handed-over' }), 'operation-voided');
      await isNow(cms, operationId, 'VOIDED');
      await refusedAs(cms, cms.contactCode(operationId), 'operation-voided');
      await refusedAs(cms, cms.paperPart(operationId, makeOneUseKey().publicKey), 'operation-voided');
      return 'VOIDED, and stays so';
    },
  },
  {
    id: 'views',
    title: 'The view of many operations keeps their order, and one never heard of is NONE',
    async run(cms) {
      const known = cms.newOperation();
      await cms.answer(calls.outcome.answer, 200, cms.outcome(cms.notHandedOver(known, 0)));
      const ids = [cms.newOperation(), known, cms.newOperation()];
      const views = await cms.view(...ids);
      must(views.map(({ operationId }) => operationId).join() === ids.join(), 'other operations, or in another order');
      must(views.map(({ state }) => state).join() === 'NONE,VOIDED,NONE', views.map(({ state }) => state).join());
      const many = Array.from({ length: 101 }, () => cms.newOperation());
      await refusedAs(cms, { call: 'operations', method: 'GET', path: `operations?ids=${many.join(',')}` }, 'request-unusable');
      return 'NONE, VOIDED, NONE';
    },
  },
  {
    id: 'reserve-needs-proof',
    title: 'No reservation without a proof of contact for this very operation',
    needs,
    async run(cms) {
      const operationId = cms.newOperation();
      const body = await cms.reserveBody(operationId);
      const proof = String(body['proofOfContact']);
      const others = await cms.proof(cms.newOperation());
      const changed = `${proof.slice(0, -6)}${proof.slice(-6) === 'AAAAAA' ? 'BBBBBB' : 'AAAAAA'}`;
      for (const [attempt, proofOfContact] of [others, changed].entries()) {
        const id = attempt === 0 ? operationId : cms.newOperation();
        const heard = await cms.ask(cms.reserve(id, { ...body, operationId: id, proofOfContact }));
        must(heard.refusal === 'proof-refused', `${said(heard)} instead of proof-refused`);
      }
      return 'a proof of another operation and a changed one';
    },
  },
  {
    id: 'reserve-needs-operator',
    title: "No reservation without an operator's signed word on this person and card",
    needs,
    async run(cms) {
      const stranger = await generateKeyPair(assertionAlgorithm);
      for (const kind of ['by a stranger', 'about another person'] as const) {
        const operationId = cms.newOperation();
        const body = await cms.reserveBody(operationId);
        const claims = decodeJwt(String(body['operatorAssertion']));
        const operator = cms.bench.operator?.id ?? '';
        const forged =
          kind === 'by a stranger'
            ? await new SignJWT(claims)
                .setProtectedHeader({ alg: assertionAlgorithm, typ: assertionType, kid: operator })
                .sign(stranger.privateKey)
            : String(body['operatorAssertion']);
        const applicant = { ...(body['applicant'] as object), ...(kind === 'by a stranger' ? {} : { fiscalCode: 'BNCLRA85A41F205X' }) };
        const heard = await cms.ask(cms.reserve(operationId, { ...body, applicant, operatorAssertion: forged }));
        must(heard.refusal === 'assertion-refused', `${kind}: ${said(heard)} instead of assertion-refused`);
      }
      return 'by a stranger and about another person';
    },
  },
  {
    id: 'reserve',
    title: 'A reservation says until when, what goes on paper, and that the rest goes to the proved channel',
    needs,
    async run(cms) {
      const reservation = await cms.reserved();
      const { expiresAt, at, delivery } = reservation;
      const seconds = (Date.parse(expiresAt) - Date.parse(at)) / 1000;
      must(seconds > 0 && seconds <= 24 * 3_600, `it would stand for ${seconds} s`);
      must(delivery.secondPart.channel === cms.contact.channel, 'the second part would go by another channel than the proved one');
      must(!delivery.secondPart.masked.includes(cms.contact.value), 'the contact is shown whole');
      for (const { code, characters, of } of delivery.paper) must(characters < of, `the whole ${code} would go on paper`);
      await refusedAs(cms, cms.contactCode(reservation.operationId, 2), 'operation-reserved');
      await isNow(cms, reservation.operationId, 'RESERVED');
      if (seconds <= SHORT_SILENCE_S) {
        await delay(seconds * 1000 + 500);
        await isNow(cms, reservation.operationId, 'VOIDED');
        return `stands for ${seconds} s, then silence voids it`;
      }
      return `stands for ${seconds} s`;
    },
  },
  {
    id: 'paper-part',
    title: 'The paper part opens with our one-use key, and is what the reservation said',
    needs,
    async run(cms) {
      const { operationId, delivery } = await cms.reserved();
      const lowOrder = { kty: 'OKP', crv: 'X25519', x: Buffer.alloc(32).toString('base64url') } as const;
      await refusedAs(cms, cms.paperPart(operationId, lowOrder), 'request-unusable');
      const [mine, another] = [makeOneUseKey(), makeOneUseKey()];
      const { jwe } = await cms.answer(calls['paper-part'].answer, 200, cms.paperPart(operationId, mine.publicKey));
      must(!another.unseal(jwe).ok, 'another key opens it');
      const opened = mine.unseal(jwe);
      must(opened.ok, 'our key does not open it');
      const parts = readPaperPart(opened.value);
      must(parts.ok, parts.ok ? '' : `what is inside is not a paper part: ${parts.error.detail}`);
      const inside = parts.value.map(({ label, characters, withheld }) => `${label} ${characters.length}/${characters.length + withheld}`);
      const promised = delivery.paper.map(({ code, characters, of }) => `${code} ${characters}/${of}`);
      opened.value.wipe();
      must(inside.join() === promised.join(), `${inside.join()} inside, ${promised.join()} promised`);
      const header: unknown = JSON.parse(Buffer.from(jwe.split('.')[0] ?? '', 'base64url').toString('utf8'));
      const kid = header !== null && typeof header === 'object' ? (Reflect.get(header, 'kid') as unknown) : null;
      must(kid === `${operationId}:1`, 'kid is not <operation>:<attempt>');
      return inside.join(', ');
    },
  },
  {
    id: 'releases-counted',
    title: "Each release is counted; a second one needs an operator's authorisation",
    needs,
    async run(cms) {
      const { operationId } = await cms.reserved();
      must((await cms.view(operationId))[0]?.releases === 0, 'a release is counted before there was one');
      const asked = cms.paperPart(operationId, makeOneUseKey().publicKey);
      await Promise.all(Array.from({ length: 5 }, () => cms.ask(asked)));
      must((await cms.view(operationId))[0]?.releases === 1, 'five times the same request is not one release');
      await refusedAs(cms, cms.paperPart(operationId, makeOneUseKey().publicKey, 2), 'paper-part-needs-authorisation');
      must((await cms.view(operationId))[0]?.releases === 1, 'a refused release is counted');
      const { at } = await cms.answer(calls.health.answer, 200, { call: 'health', method: 'GET', path: 'health' });
      const asks = { call: 'counts', method: 'GET', path: `counts?day=${at.slice(0, 10)}` } as const;
      const { releases } = await cms.answer(calls.counts.answer, 200, asks);
      const counted = releases.filter((release) => release.operationId === operationId).map(({ attempt }) => attempt);
      must(counted.join() === '1', `the day's count has attempts ${counted.join() || 'none'} of it`);
      return `${releases.length} today`;
    },
  },
  {
    id: 'evidence',
    title: "Too little evidence confirms nothing, nor does an operator's word on another operation, nor a slip that was never released",
    needs,
    async run(cms) {
      const [weak, foreign] = [await cms.released(), await cms.released()];
      const { operatorAssertion: _word, ...unattested } = await cms.handedOver(weak);
      await refusedAs(cms, cms.outcome({ ...unattested, evidence: { class: 'E1', raw: '' } }), 'evidence-insufficient');
      await isNow(cms, weak, 'RESERVED');
      await refusedAs(cms, cms.outcome({ ...(await cms.handedOver(weak)), operationId: foreign }), 'assertion-refused');
      await isNow(cms, foreign, 'RESERVED');
      const { operationId: unreleased } = await cms.reserved();
      await refusedAs(cms, cms.outcome(await cms.handedOver(unreleased)), 'paper-part-not-released');
      await isNow(cms, unreleased, 'RESERVED');
      return 'three refusals, and all still reserved';
    },
  },
  {
    id: 'confirmed-is-final',
    title: 'A confirmed operation stays confirmed',
    needs,
    async run(cms) {
      const operationId = await cms.released();
      const { state } = await cms.answer(calls.outcome.answer, 200, cms.outcome(await cms.handedOver(operationId)));
      must(state === 'CONFIRMED', `the receipt says ${state}`);
      await refusedAs(cms, cms.outcome(cms.notHandedOver(operationId)), 'operation-confirmed');
      await refusedAs(cms, cms.outcome(cms.unknown(operationId)), 'operation-confirmed');
      await refusedAs(cms, cms.paperPart(operationId, makeOneUseKey().publicKey, 2), 'operation-confirmed');
      await isNow(cms, operationId, 'CONFIRMED');
      return 'void, hold and another release are refused';
    },
  },
  {
    id: 'voided-is-final',
    title: 'A late confirm is refused with the receipt of the void, and the operation stays void',
    needs,
    async run(cms) {
      const operationId = await cms.released();
      const voided = await cms.answer(calls.outcome.answer, 200, cms.outcome(cms.notHandedOver(operationId)));
      must(voided.state === 'VOIDED', `the receipt says ${voided.state}`);
      const late = await cms.ask(cms.outcome(await cms.handedOver(operationId)));
      must(late.refusal === 'operation-voided', `the late confirm: ${said(late)}`);
      const stands = lateReceipt.safeParse(late.json);
      must(stands.success && stands.data.receipt.jws === voided.jws, 'the refusal does not bring the receipt of what stands');
      await refusedAs(cms, cms.paperPart(operationId, makeOneUseKey().publicKey, 2), 'operation-voided');
      await isNow(cms, operationId, 'VOIDED');
      return 'refused, and void';
    },
  },
  {
    id: 'held-until-decided',
    title: "What is unknown is held until an operator's signed decision",
    needs,
    async run(cms) {
      const operationId = await cms.released();
      const { state } = await cms.answer(calls.outcome.answer, 200, cms.outcome(cms.unknown(operationId)));
      must(state === 'HELD', `the receipt says ${state}`);
      await refusedAs(cms, cms.outcome(cms.notHandedOver(operationId)), 'operation-held');
      await isNow(cms, operationId, 'HELD');
      const decided = await cms.answer(calls.outcome.answer, 200, cms.outcome(await cms.resolved(operationId)));
      must(decided.state === 'CONFIRMED', `decided, the receipt says ${decided.state}`);
      return 'HELD, then CONFIRMED';
    },
  },
  {
    id: 'second-part',
    title: 'The second part is sent once, and only for what is confirmed',
    needs: [...needs, 'secondParts'],
    async run(cms) {
      const [confirmed, voided] = [await cms.released(), await cms.released()];
      must((await secondParts(cms, confirmed)) === 0, 'it is sent before the hand-over');
      await cms.answer(calls.outcome.answer, 200, cms.outcome(cms.notHandedOver(voided)));
      const report = await cms.handedOver(confirmed);
      await Promise.all(Array.from({ length: 5 }, () => cms.ask(cms.outcome(report))));
      const end = Date.now() + SECOND_PART_LIMIT_MS;
      while ((await secondParts(cms, confirmed)) === 0) {
        must(Date.now() < end, 'it was not sent within 30 s');
        await delay(100);
      }
      await delay(500);
      must((await secondParts(cms, confirmed)) === 1, 'it was sent more than once');
      must((await secondParts(cms, voided)) === 0, 'it was sent for a void operation');
      return 'once';
    },
  },
];

const lateReceipt = z.object({ receipt });

async function secondParts(cms: Conversation, operationId: string): Promise<number> {
  const url = cms.bench.secondParts?.url.replace('{operationId}', operationId) ?? '';
  const text = await (await fetch(url, { signal: AbortSignal.timeout(10_000) })).text();
  must(/^\d+$/.test(text.trim()), 'the bench does not answer with a number of second parts');
  return Number(text);
}

/** Asks, and expects this refusal. */
async function refusedAs(cms: Conversation, asked: Asked, type: string): Promise<void> {
  const heard = await cms.ask(asked);
  must(heard.refusal === type, `${asked.call ?? asked.path}: ${said(heard)} instead of ${type}`);
}

async function isNow(cms: Conversation, operationId: string, state: string): Promise<void> {
  const [view] = await cms.view(operationId);
  must(view?.state === state, `the operation is ${view?.state} instead of ${state}`);
}
