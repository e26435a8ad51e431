import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { serviceOperations } from '../../../flows/ports/services.ts';
import { cardAfter } from '../../../kiosk/reference-cms/card-state.ts';
import { type CmsSurroundings, type TestCms, cmsSurroundings, reserveRequest, signal, startCms } from '../../harness/cms.ts';
import { anna, luca, mario, marioCard, serviceRequest, specimensFile } from '../../harness/services.ts';

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

const statusOf = async (holder = mario): Promise<unknown> => {
  const standing = await cms.client.standing({ holder }, false, signal);
  return standing.ok ? standing.value.status : standing.error;
};
const refused = (type: string) => ({ ok: false, error: { kind: 'refused', type } });

describe('a card’s state is a ratchet', () => {
  test('suspended, reactivated, suspended, revoked, and then never again anything', async () => {
    for (const [operation, after] of [
      ['suspension', 'suspended'],
      ['reactivation', 'active'],
      ['suspension', 'suspended'],
      ['revocation', 'revoked'],
    ] as const) {
      const done = await cms.client.serve(await serviceRequest(cms, { operation }), signal);
      expect(done).toMatchObject({ ok: true, value: { state: 'DONE', cardStatus: after } });
      expect(await statusOf()).toBe(after);
    }
    for (const operation of ['suspension', 'reactivation', 'revocation', 'signature-certificate'] as const) {
      expect(await cms.client.serve(await serviceRequest(cms, { operation }), signal)).toMatchObject(refused('card-state-wrong'));
    }
    expect(await statusOf()).toBe('revoked');
  });

  test('whatever is asked, in whatever order: revoked is for good, and nothing but revocation revokes', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...serviceOperations), { maxLength: 30 }), (asked) => {
        let status: Parameters<typeof cardAfter>[1] = 'active';
        let revoked = false;
        for (const operation of asked) {
          const after = cardAfter(operation, status);
          if (after.ok) status = after.value;
          revoked ||= after.ok && (operation === 'revocation' || operation === 'interop-revocation');
          expect(status === 'revoked').toBe(revoked);
        }
      }),
    );
  });

  test('the database holds it too', () => {
    cms.cms.store.services.setStatus(marioCard.cardId, 'revoked', null, 0);
    expect(() => cms.cms.store.services.setStatus(marioCard.cardId, 'active', null, 0)).toThrow(/stays revoked/);
  });
});

describe('once, or never', () => {
  test('an answer that was lost each time: done once, and the receipt is there when it is asked for', async () => {
    const request = await serviceRequest(cms);
    cms.cms.faults.set({ mode: 'lose-answer', call: 'service' });
    expect(await cms.client.serve(request, signal)).toMatchObject({ ok: false, error: { kind: 'unreachable' } });
    expect(await statusOf()).toBe('suspended');
    cms.cms.faults.set({ mode: 'normal' });
    const asked = await cms.client.voidService(request.operationId, signal);
    expect(asked).toMatchObject({ ok: true, value: { state: 'DONE', cardStatus: 'suspended', sequence: 1 } });
    expect(await cms.client.serve(request, signal)).toEqual(asked);
  });

  test('the same service is not done again when its stored answer is gone', async () => {
    const request = await serviceRequest(cms, { operation: 'reader-handout', forms: ['reader-request'] });
    const done = await cms.client.serve(request, signal);
    cms.cms.store.dropAnswersBefore(Infinity);
    expect(done.ok).toBe(true);
    expect(await cms.client.serve(request, signal)).toEqual(done);
  });

  test('a request that comes after the void is refused, for good', async () => {
    const request = await serviceRequest(cms);
    expect(await cms.client.voidService(request.operationId, signal)).toMatchObject({ ok: true, value: { state: 'VOIDED' } });
    expect(await cms.client.serve(request, signal)).toMatchObject(refused('service-voided'));
    expect(await statusOf()).toBe('active');
    expect(await cms.client.voidService(request.operationId, signal)).toMatchObject({ ok: true, value: { state: 'VOIDED', sequence: 1 } });
  });
});

describe('whose card, and who says so', () => {
  test('a card that is shown, or its holder’s by name and birth date', async () => {
    const shown = await cms.client.standing({ holder: mario, card: marioCard }, false, signal);
    expect(shown).toMatchObject({ ok: true, value: { status: 'active', ownRegion: true, activated: true, householdHasReader: false } });
    const forged = { ...marioCard, certificateDigest: '00'.repeat(32) };
    expect(await cms.client.standing({ holder: mario, card: forged }, false, signal)).toMatchObject(refused('card-unknown'));
    expect(await statusOf({ ...mario, name: 'mario' })).toBe('active');
    expect(await cms.client.standing({ holder: { ...mario, birthDate: '1972-07-10' } }, false, signal)).toMatchObject(
      refused('card-unknown'),
    );
  });

  test.each([
    ['another operation', { operation: 'revocation' }],
    ['another reason', { reason: 'theft' }],
    ['another person', { holder: anna }],
    ['another paper', { forms: ['reader-request'] }],
    ['a case nobody saw', { case: 'emancipated-minor' }],
  ] as const)('the operator signed for %s', async (_, signed) => {
    expect(await cms.client.serve(await serviceRequest(cms, {}, signed), signal)).toMatchObject(refused('assertion-refused'));
    expect(await statusOf()).toBe('active');
  });

  test('a card that expired can be neither suspended nor reactivated', async () => {
    cms.clock.aheadMs = Date.parse('2040-01-02') - Date.now();
    expect(await statusOf()).toBe('expired');
    expect(await cms.client.serve(await serviceRequest(cms), signal)).toMatchObject(refused('card-state-wrong'));
  });
});

test('no codes are given to a card that is suspended', async () => {
  expect((await cms.client.serve(await serviceRequest(cms), signal)).ok).toBe(true);
  const request = { ...(await reserveRequest(cms)), card: { ...marioCard, chip: true } };
  expect(await cms.client.reserve(request, signal)).toMatchObject(refused('card-state-wrong'));
});

test('one reader a household, whoever of it asks', async () => {
  const reader = { operation: 'reader-handout', forms: ['reader-request'] } as const;
  expect(await cms.client.serve(await serviceRequest(cms, { ...reader, holder: anna }), signal)).toMatchObject({
    ok: true,
    value: { cardStatus: 'active' },
  });
  expect(await cms.client.standing({ holder: mario }, false, signal)).toMatchObject({ ok: true, value: { householdHasReader: true } });
  expect(await cms.client.serve(await serviceRequest(cms, reader), signal)).toMatchObject(refused('household-has-reader'));
});

test('without an authority there is no signature certificate, and nobody is told that there is', async () => {
  const signature = { operation: 'signature-certificate', card: marioCard, forms: ['signature-request'] } as const;
  expect(await cms.client.serve(await serviceRequest(cms, signature), signal)).toMatchObject(refused('delivery-not-offered'));
});

describe('the national functions stand apart', () => {
  test('a card of another region is revoked there, and only there', async () => {
    expect(await cms.client.standing({ holder: luca }, false, signal)).toMatchObject(refused('card-of-another-region'));
    expect(await cms.client.standing({ holder: luca }, true, signal)).toMatchObject({
      ok: true,
      value: { status: 'active', ownRegion: false },
    });
    expect(await cms.client.serve(await serviceRequest(cms, { holder: luca, operation: 'revocation' }), signal)).toMatchObject(
      refused('card-of-another-region'),
    );
    const revoked = await cms.client.serve(await serviceRequest(cms, { holder: luca, operation: 'interop-revocation' }), signal);
    expect(revoked).toMatchObject({ ok: true, value: { state: 'DONE', cardStatus: 'revoked' } });
  });

  test('our own cards are not theirs', async () => {
    expect(await cms.client.serve(await serviceRequest(cms, { operation: 'interop-revocation' }), signal)).toMatchObject(
      refused('card-of-another-region'),
    );
  });
});
