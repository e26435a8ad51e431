import { afterAll, beforeAll, expect, test } from 'vitest';
import type { CodeOperation } from '../../../flows/ports/cms.ts';
import {
  type CmsSurroundings,
  type TestCms,
  cmsSurroundings,
  handedOver,
  newOperationId,
  reserveRequest,
  signal,
  startCms,
} from '../../harness/cms.ts';
import { makeOneUseKey } from '../../../kiosk/printing/one-use-key.ts';

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

/** What the CMS answers when this is asked for a card; `end`: what becomes of it where it was reserved. */
async function ask(cardId: string, operation: CodeOperation, end: 'handed-over' | 'not-handed-over' = 'handed-over'): Promise<string> {
  const operationId = newOperationId();
  const request = await reserveRequest(cms, operationId, operation);
  const answer = await cms.client.reserve({ ...request, card: { ...request.card, cardId } }, signal);
  if (!answer.ok) return answer.error.kind === 'refused' ? answer.error.type : answer.error.kind;
  const sealed = await cms.client.releasePaperPart({ operationId, attempt: 1, key: makeOneUseKey().publicKey }, signal);
  expect(sealed.ok).toBe(true);
  const { operatorAssertion, ...report } = await handedOver(cms, operationId);
  const told = end === 'handed-over' ? { ...report, ...(operatorAssertion === undefined ? {} : { operatorAssertion }) } : report;
  const receipt = await cms.client.reportOutcome({ ...told, outcome: end }, signal);
  return receipt.ok ? receipt.value.state : JSON.stringify(receipt.error);
}

test('OP-ISS, OP-REI: a card is activated once, and given new codes as often as it is asked; each the other way about is refused', async () => {
  const card = newOperationId();
  expect(await ask(card, 'reissue')).toBe('card-not-activated');
  expect(await ask(card, 'activation')).toBe('CONFIRMED');
  expect(await ask(card, 'activation')).toBe('card-activated');
  expect(await ask(card, 'reissue')).toBe('CONFIRMED');
  expect(await ask(card, 'reissue')).toBe('CONFIRMED');
  expect(await ask(newOperationId(), 'reissue')).toBe('card-not-activated');
});

test('a card whose codes were void has had none', async () => {
  const card = newOperationId();
  expect(await ask(card, 'activation', 'not-handed-over')).toBe('VOIDED');
  expect(await ask(card, 'reissue')).toBe('card-not-activated');
  expect(await ask(card, 'activation')).toBe('CONFIRMED');
});
