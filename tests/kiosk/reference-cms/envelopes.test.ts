import { X509Certificate, createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { specimens } from '../../../devices/card/virtual/specimen.ts';
import {
  type CmsSurroundings,
  type TestCms,
  cmsSurroundings,
  handOver,
  newOperationId,
  released,
  signal,
  startCms,
} from '../../harness/cms.ts';
import { type BenchCard, batch, benchCard, desk, envelopeRequest, envelopes, specimensFile } from '../../harness/relay-bench.ts';

let surroundings: CmsSurroundings;
let card: BenchCard;
let cms: TestCms;
beforeAll(async () => {
  surroundings = await cmsSurroundings();
  card = await benchCard('cns', specimens.adult);
  const file = specimensFile(surroundings.folder, [card]);
  cms = await startCms(surroundings, { envelopes: { specimens: file, profiles: ['sardegna'] } });
});
afterAll(async () => {
  await cms.close();
  await surroundings.close();
});

const free = (number: string) => ({ number, state: 'assigned' as const });

test('the lists of a desk are signed, name who holds each envelope, and hold no code', async () => {
  const lists = await cms.client.envelopeBatches(desk, signal);
  expect(lists).toMatchObject({
    value: [
      {
        batch,
        desk,
        envelopes: [
          { number: envelopes.first.number, holder: { kind: 'magazine', id: 'magazzino-1' } },
          { number: envelopes.second.number },
          { number: envelopes.ofAnother.number, holder: { kind: 'operator', id: 'operator-2' } },
        ],
      },
    ],
  });
  expect(await cms.client.envelopeBatches('nowhere', signal)).toEqual({ ok: true, value: [] });
});

test('a count says what does not agree, once for all, and a seed that was revealed stays the one', async () => {
  const shift = newOperationId();
  const count = { shift, attempt: 1, desk, batch, seed: '5a'.repeat(32) };
  const all = [free(envelopes.first.number), free(envelopes.second.number), free(envelopes.ofAnother.number)];
  const agreed = await cms.client.countEnvelopes({ ...count, envelopes: all }, signal);
  expect(agreed).toMatchObject({ value: { agrees: true, differences: [] } });
  expect(await cms.client.countEnvelopes({ ...count, envelopes: all }, signal)).toEqual(agreed);

  const off = [{ number: envelopes.first.number, state: 'handed' as const }, free(envelopes.second.number), free('7777777777777')];
  expect(await cms.client.countEnvelopes({ ...count, attempt: 2, envelopes: off }, signal)).toMatchObject({
    value: {
      agrees: false,
      differences: [
        { number: envelopes.first.number, kiosk: 'handed', cms: 'free' },
        { number: envelopes.ofAnother.number, kiosk: null, cms: 'free' },
        { number: '7777777777777', kiosk: 'assigned', cms: null },
      ],
    },
  });
  const changed = await cms.client.countEnvelopes({ ...count, attempt: 3, seed: '5b'.repeat(32), envelopes: all }, signal);
  expect(changed).toMatchObject({ error: { type: 'seed-contradicted' } });
  const elsewhere = await cms.client.countEnvelopes({ ...count, attempt: 4, batch: 'lotto-2', envelopes: all }, signal);
  expect(elsewhere).toMatchObject({ error: { type: 'batch-unknown' } });
});

test('an envelope that was not bound, or whose PIN is not known, confirms nothing; its reservation releases no paper part', async () => {
  const request = await envelopeRequest(surroundings, card);
  const { operationId } = request;
  expect(await cms.client.reserveEnvelope(request, signal)).toMatchObject({
    value: { state: 'RESERVED', delivery: { scheme: 'envelope', contents: ['PIN', 'CODICE UTENTE'] } },
  });
  const outcome = {
    operationId,
    attempt: 1,
    outcome: 'handed-over',
    evidence: { class: 'E4', raw: '' },
    exposed: false,
    reason: 'x',
  } as const;
  const told = { ...outcome, operatorAssertion: await handOver(surroundings.operatorKey, operationId) };
  expect(await cms.client.reportOutcome(told, signal)).toMatchObject({ error: { type: 'pin-not-set' } });
  expect(await cms.client.reportOutcome({ ...outcome, outcome: 'not-handed-over', attempt: 2 }, signal)).toMatchObject({
    value: { state: 'VOIDED' },
  });
  // The other way of delivery is as it was.
  expect((await released(cms)).paper).toMatch(/^PIN/);
});

test('other profiles, cards that the CMS does not know, and words of operators about others are refused', async () => {
  const refusal = async (changes: object): Promise<unknown> => {
    const answer = await cms.client.reserveEnvelope({ ...(await envelopeRequest(surroundings, card)), ...changes }, signal);
    return answer.ok || answer.error.kind !== 'refused' ? null : answer.error.type;
  };
  expect(await refusal({ profile: { id: 'emilia-romagna', version: '1' } })).toBe('delivery-not-offered');
  const { cardId, certificateDigest } = card;
  expect(await refusal({ card: { cardId: '6080100000000099', certificateDigest, chip: true } })).toBe('card-unknown');
  expect(await refusal({ card: { cardId, certificateDigest: 'cd'.repeat(32), chip: true } })).toBe('assertion-refused');
  expect(await refusal({ document: { ...(await envelopeRequest(surroundings, card)).document, number: 'CA00000BB' } })).toBe(
    'assertion-refused',
  );
  expect(await cms.client.card(cardId, signal)).toMatchObject({ value: { cardId, state: 'not-activated', secureMessaging: true } });
  expect(await cms.client.card('6080100000000099', signal)).toMatchObject({ error: { type: 'card-unknown' } });
});

test('specimens that are taken in again change no code and no state', async () => {
  const before = cms.cms.store.envelopes.envelope(envelopes.first.number);
  const changes = { database: `${surroundings.folder}/again.sqlite`, envelopes: { specimens: withoutCodes(), profiles: ['sardegna'] } };
  const first = await startCms(surroundings, changes);
  const made = first.cms.store.envelopes.envelope(envelopes.first.number);
  await first.close();
  const second = await startCms(surroundings, changes);
  expect(second.cms.store.envelopes.envelope(envelopes.first.number)).toEqual(made);
  await second.close();
  expect(made?.pin).toMatch(/^\d{5}$/);
  expect(made?.pin).not.toBe(before?.pin);
});

/** The same specimens, their codes left out: the CMS makes them. */
function withoutCodes(): string {
  const file = specimensFile(surroundings.folder, [card]);
  const text = readFileSync(file, 'utf8').replaceAll(/"pin":"\d+",|,"userCode":"\d+"|"userCode":"\d+",/g, '');
  const stripped = `${file}.${createHash('sha256').update(text).digest('hex').slice(0, 8)}.json`;
  writeFileSync(stripped, text);
  return stripped;
}

test('a count as large as can be is taken and answered', async () => {
  const most = Array.from({ length: 500 }, (_, index) => free(String(index).padStart(13, '0')));
  const counted = await cms.client.countEnvelopes(
    { shift: newOperationId(), attempt: 1, desk, batch, seed: '00'.repeat(32), envelopes: most },
    signal,
  );
  expect(counted.ok && counted.value.differences.length).toBe(503);
});

test('a kiosk is given the lists of the desks at which it stands, and its counts are taken there alone', async () => {
  const own = new X509Certificate(readFileSync(surroundings.pki.files.kioskClient)).subject.match(/^CN=(.*)$/m)?.[1] ?? '';
  const refused = { error: { type: 'envelope-of-another-desk' } };
  const count = { shift: newOperationId(), attempt: 1, desk, batch, seed: '5a'.repeat(32), envelopes: [free(envelopes.first.number)] };
  for (const [kiosk, desks, allowed] of [
    [own, [desk], true],
    [own, ['pharmacy'], false],
    ['another kiosk', [desk], false],
  ] as const) {
    const database = `${surroundings.folder}/${kiosk}-${desks[0]}.sqlite`;
    const configured = { specimens: specimensFile(surroundings.folder, [card]), profiles: ['sardegna'], desks: { [kiosk]: desks } };
    const bound = await startCms(surroundings, { database, envelopes: configured });
    const expected = allowed ? { ok: true } : refused;
    expect(await bound.client.envelopeBatches(desk, signal)).toMatchObject(expected);
    expect(await bound.client.countEnvelopes(count, signal)).toMatchObject(expected);
    await bound.close();
  }
});
