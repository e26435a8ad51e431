import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type TextGateway, startTextGateway } from '../../../kiosk/reference-cms/text-gateway.ts';
import { type CmsSurroundings, type TestCms, cmsSurroundings, newOperationId, signal, startCms } from '../../harness/cms.ts';
import { remoteRequest } from '../../harness/remote.ts';
import { anna, annaNumber, mario, specimensFile } from '../../harness/services.ts';

const token = 'gettone-di-prova';

let surroundings: CmsSurroundings;
let gateway: TextGateway;
let cms: TestCms;
const start = () => {
  const { folder } = surroundings;
  const services = { specimens: specimensFile(folder) };
  return startCms(surroundings, { database: join(folder, 'cms.sqlite'), sms: { url: gateway.url, token }, services });
};
beforeEach(async () => {
  surroundings = await cmsSurroundings();
  gateway = await startTextGateway(surroundings.mailbox, token);
  cms = await start();
});
afterEach(async () => {
  await cms.close();
  await gateway.close();
  await surroundings.close();
});

const refused = (type: string) => ({ ok: false, error: { kind: 'refused', type } });
const messagesOf = (id: string) => surroundings.mailbox.messages().filter(({ messageId }) => messageId.includes(id));
const bothParts = (id: string) => vi.waitUntil(() => messagesOf(id).length === 2, { timeout: 10_000, interval: 5 });
/** Anna's card came activated: new codes are a reissue. */
const reissue = (changes: Parameters<typeof remoteRequest>[1] = {}, signed: Parameters<typeof remoteRequest>[2] = {}) =>
  remoteRequest(cms, { operation: 'reissue', ...changes }, signed);

test('the first part goes by e-mail and the second by text message; together they are the codes that the CMS holds, and the answer has none', async () => {
  const request = await reissue();
  const done = await cms.client.serve(request, signal);
  expect(done).toMatchObject({ ok: true, value: { state: 'DONE', cardStatus: 'active' } });
  await bothParts(request.operationId);
  const codes = cms.cms.store.remoteIssues.codesOf(request.operationId);
  expect(codes.map(({ label, value }) => [label, value.length])).toEqual([
    ['PIN', 5],
    ['PUK', 8],
  ]);
  const [mail] = messagesOf(request.operationId).filter(({ to }) => to === request.contacts.email);
  const [text] = messagesOf(request.operationId).filter(({ to }) => to === request.contacts.mobile);
  for (const { label, value, paperCharacters } of codes) {
    const [first, second] = [value.slice(0, paperCharacters), value.slice(paperCharacters)];
    expect(mail?.text).toContain(`${label} - prima parte: ${first}\n`);
    expect(text?.text).toMatch(new RegExp(`\\b${label} ${second}[,.]`));
    for (const whole of [mail?.text, text?.text, ...cms.lines, JSON.stringify(done)]) expect(whole).not.toContain(value);
  }
  const [pin] = codes;
  expect(mail?.text).not.toContain(`: ${pin?.value.slice(pin.paperCharacters)}\n`);
  expect(await cms.client.standing({ holder: anna, cardNumber: annaNumber }, false, signal)).toMatchObject({ value: { activated: true } });
});

describe('once, or never', () => {
  test('every answer is lost: done once, sent once, and the void says so', async () => {
    const request = await reissue();
    cms.cms.faults.set({ mode: 'lose-answer', call: 'remote-issue' });
    expect(await cms.client.serve(request, signal)).toMatchObject({ ok: false, error: { kind: 'unreachable' } });
    cms.cms.faults.set({ mode: 'normal' });
    const asked = await cms.client.voidService(request.operationId, signal);
    expect(asked).toMatchObject({ ok: true, value: { state: 'DONE' } });
    cms.cms.store.dropAnswersBefore(Infinity);
    expect(await cms.client.serve(request, signal)).toEqual(asked);
    await bothParts(request.operationId);
    await cms.cms.round();
    expect(surroundings.mailbox.deliveries()).toBe(2);
  });

  test('a request that comes after the void is refused, and nothing is sent', async () => {
    const request = await reissue();
    expect(await cms.client.voidService(request.operationId, signal)).toMatchObject({ ok: true, value: { state: 'VOIDED' } });
    expect(await cms.client.serve(request, signal)).toMatchObject(refused('service-voided'));
    await cms.cms.round();
    expect(messagesOf(request.operationId)).toEqual([]);
    expect(cms.cms.store.remoteIssues.codesOf(request.operationId)).toEqual([]);
  });

  test('a gateway that is busy holds up the second part alone, and gets it once it is not', async () => {
    gateway.become('busy');
    const request = await reissue();
    expect((await cms.client.serve(request, signal)).ok).toBe(true);
    await vi.waitUntil(() => messagesOf(request.operationId).length === 1, { timeout: 10_000, interval: 5 });
    expect(messagesOf(request.operationId)[0]?.to).toBe(request.contacts.email);
    gateway.become('normal');
    await bothParts(request.operationId);
  });

  test('the CMS ends before the second part left: it goes after the next start, and the first does not go again', async () => {
    gateway.become('busy');
    const request = await reissue();
    expect((await cms.client.serve(request, signal)).ok).toBe(true);
    await vi.waitUntil(() => messagesOf(request.operationId).length === 1, { timeout: 10_000, interval: 5 });
    await cms.close();
    gateway.become('normal');
    cms = await start();
    await bothParts(request.operationId);
    expect(surroundings.mailbox.deliveries()).toBe(2);
  });
});

describe('whose card, and who says so', () => {
  test.each([
    ['another card', { cardNumber: '1'.repeat(20) }],
    ['another address', { contacts: { email: 'altro@example.it', mobile: '+393331234567' } }],
    ['another mobile', { contacts: { email: 'laura@example.it', mobile: '+393339999999' } }],
    ['another person', { holder: mario }],
    ['another operation', { operation: 'activation' }],
    ['a case nobody saw', { case: 'emancipated-minor' }],
    ['another paper', { forms: [] }],
  ] as const)('the operator signed for %s', async (_, signed) => {
    const request = await reissue({}, signed);
    expect(await cms.client.serve(request, signal)).toMatchObject(refused('assertion-refused'));
    expect(cms.cms.store.remoteIssues.codesOf(request.operationId)).toEqual([]);
  });

  test('a card that the register has by no such number, or by another holder, is not known', async () => {
    for (const changes of [{ cardNumber: '1'.repeat(20) }, { holder: { ...anna, birthDate: '1985-01-02' } }]) {
      expect(await cms.client.serve(await reissue(changes), signal)).toMatchObject(refused('card-unknown'));
    }
  });

  test('first codes are given once, and a card that is suspended has none', async () => {
    const first = await remoteRequest(cms);
    expect(await cms.client.serve(first, signal)).toMatchObject(refused('card-activated'));
    cms.cms.store.services.setStatus('6030000000000002', 'suspended', 'loss', 0);
    expect(await cms.client.serve(await reissue(), signal)).toMatchObject(refused('card-state-wrong'));
  });

  test('a CMS that sends no text messages has no second channel, and gives nothing', async () => {
    const deaf = await startCms(surroundings, { services: { specimens: specimensFile(surroundings.folder) } });
    expect(await deaf.client.serve(await reissue(), signal)).toMatchObject(refused('channel-unsupported'));
    await deaf.close();
  });

  test('parts of what was not done never leave: the database holds it', () => {
    const { remoteIssues } = cms.cms.store;
    expect(() => remoteIssues.add(newOperationId(), [], { email: 'a@example.it', mobile: '+393331234567' }, 0)).toThrow(
      /only what was done/,
    );
  });
});
