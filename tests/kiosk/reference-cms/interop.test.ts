import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { makeOneUseKey } from '../../../kiosk/printing/one-use-key.ts';
import { type CmsSurroundings, type TestCms, cmsSurroundings, handedOver, signal, startCms } from '../../harness/cms.ts';
import { luca, lucaCard, mario, marioCard, nationalReserve, nora, noraCard } from '../../harness/services.ts';
import { serviceRequest, specimensFile } from '../../harness/services.ts';

let surroundings: CmsSurroundings;
let cms: TestCms;
beforeEach(async () => {
  surroundings = await cmsSurroundings();
  cms = await startCms(surroundings, { services: { specimens: specimensFile(surroundings.folder) } });
});
afterEach(async () => {
  await cms.close();
  await surroundings.close();
});

type Wanted = Parameters<typeof nationalReserve>;

async function ask(operation: Wanted[1], of: Wanted[2], desk?: string): Promise<string> {
  const request = await nationalReserve(cms, operation, of, desk);
  const answer = await cms.client.reserve(request, signal);
  if (!answer.ok) return answer.error.kind === 'refused' ? answer.error.type : answer.error.kind;
  const { operationId } = request;
  await cms.client.releasePaperPart({ operationId, attempt: 1, key: makeOneUseKey().publicKey }, signal);
  const receipt = await cms.client.reportOutcome(await handedOver(cms, operationId), signal);
  return receipt.ok ? receipt.value.state : receipt.error.kind;
}

describe('SAR 8, 2.1: cards of another region, through the national system', () => {
  test('OP-INT-ACT, OP-INT-DUP: first codes once, and then new ones', async () => {
    expect(await ask('interop-duplicate', [nora, noraCard])).toBe('card-not-activated');
    expect(await ask('interop-activation', [nora, noraCard])).toBe('CONFIRMED');
    expect(await ask('interop-activation', [nora, noraCard])).toBe('card-activated');
    expect(await ask('interop-duplicate', [nora, noraCard])).toBe('CONFIRMED');
    expect(await ask('interop-duplicate', [luca, lucaCard])).toBe('CONFIRMED');
  });

  test('never at pharmacies', async () => {
    expect(await ask('interop-activation', [nora, noraCard], 'pharmacy')).toBe('desk-not-allowed');
    expect(await ask('interop-duplicate', [luca, lucaCard], 'pharmacy')).toBe('desk-not-allowed');
  });

  test('not for this region’s cards, for cards that nobody knows, nor for revoked ones', async () => {
    expect(await ask('interop-duplicate', [mario, marioCard])).toBe('card-of-another-region');
    expect(await ask('interop-duplicate', [luca, { ...lucaCard, cardId: '6030000000000099' }])).toBe('card-unknown');
    const revoked = await serviceRequest(cms, { holder: luca, operation: 'interop-revocation' });
    expect(await cms.client.serve(revoked, signal)).toMatchObject({ ok: true });
    expect(await ask('interop-duplicate', [luca, lucaCard])).toBe('card-state-wrong');
  });
});
