import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RenewalReserve } from '../../../flows/ports/cms.ts';
import { makeOneUseKey } from '../../../kiosk/printing/one-use-key.ts';
import {
  type CmsSurroundings,
  type TestCms,
  cmsSurroundings,
  handedOver,
  newOperationId,
  proveContact,
  reserveRequest,
  signal,
  startCms,
} from '../../harness/cms.ts';
import { activatedCard, wordOfCard } from '../../harness/prior-card.ts';

let surroundings: CmsSurroundings;
let cms: TestCms;
beforeAll(async () => {
  surroundings = await cmsSurroundings();
  cms = await startCms(surroundings);
});
afterAll(async () => {
  await cms.close();
  await surroundings.close();
});

const activated = (holderCase?: 'delegate'): Promise<string> => activatedCard(cms, holderCase);
const prove = async (operationId: string, cardId: string, signs?: string) =>
  await cms.client.provePriorCard(await wordOfCard(operationId, cardId, signs), signal);

async function renewal(operationId: string, proofOfPriorCard: string, changes: Partial<RenewalReserve> = {}): Promise<RenewalReserve> {
  const { desk, profile, applicant } = await reserveRequest(cms);
  const card = { cardId: newOperationId(), certificateDigest: 'cd'.repeat(32), chip: true };
  const proofOfContact = await proveContact(cms, operationId);
  return { operationId, operation: 'renewal', case: 'adult', desk, profile, card, applicant, proofOfContact, proofOfPriorCard, ...changes };
}

const refused = { ok: false, error: { kind: 'refused', type: 'prior-card-refused' } };

describe('OP-OLD: who holds the card before, with its PIN, gets the codes of the new one', () => {
  test('proved by its own key, reserved without an operator, confirmed; and then it is a card that has had codes', async () => {
    const operationId = newOperationId();
    const proved = await prove(operationId, await activated());
    if (!proved.ok) throw new Error(JSON.stringify(proved.error));
    const request = await renewal(operationId, proved.value);
    expect(await cms.client.reserve(request, signal)).toMatchObject({ ok: true, value: { delivery: { scheme: 'split' } } });
    await cms.client.releasePaperPart({ operationId, attempt: 1, key: makeOneUseKey().publicKey }, signal);
    expect(await cms.client.reportOutcome(await handedOver(cms, operationId), signal)).toMatchObject({ value: { state: 'CONFIRMED' } });
    const again = newOperationId();
    const proof = await prove(again, await activated());
    const same = await renewal(again, proof.ok ? proof.value : '', { card: request.card });
    expect(await cms.client.reserve(same, signal)).toMatchObject({ error: { type: 'card-activated' } });
  });

  test('2.1: not where the card before was activated by somebody in the holder’s place, or never', async () => {
    expect(await prove(newOperationId(), await activated('delegate'))).toMatchObject(refused);
    expect(await prove(newOperationId(), newOperationId())).toMatchObject(refused);
  });

  test('a signature of another operation, or of long ago, serves nobody', async () => {
    const cardId = await activated();
    expect(await prove(newOperationId(), cardId, newOperationId())).toMatchObject(refused);
    const early = newOperationId();
    cms.clock.aheadMs += 11 * 60_000;
    expect(await prove(early, cardId)).toMatchObject(refused);
    cms.clock.aheadMs -= 11 * 60_000;
  });

  test('the proof serves its own operation, its holder, and another card: no other', async () => {
    const cardId = await activated();
    const operationId = newOperationId();
    const proved = await prove(operationId, cardId);
    const proof = proved.ok ? proved.value : '';
    const other = newOperationId();
    const of = await renewal(other, proof);
    expect(await cms.client.reserve(of, signal)).toMatchObject(refused);
    const mine = await renewal(operationId, proof);
    const stranger = { ...mine, applicant: { ...mine.applicant, fiscalCode: 'BNCLRA85A41F205X' } };
    expect(await cms.client.reserve(stranger, signal)).toMatchObject(refused);
  });

  test('nor the card before itself', async () => {
    const cardId = await activated();
    const operationId = newOperationId();
    const proved = await prove(operationId, cardId);
    const { card } = await wordOfCard(operationId, cardId);
    const itself = await renewal(operationId, proved.ok ? proved.value : '', { card: { ...card, chip: true } });
    expect(await cms.client.reserve(itself, signal)).toMatchObject(refused);
  });
});
