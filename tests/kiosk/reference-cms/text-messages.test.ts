import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { isContact, masked } from '../../../kiosk/reference-cms/contacts.ts';
import { type TextGateway, startTextGateway } from '../../../kiosk/reference-cms/text-gateway.ts';
import {
  type CmsSurroundings,
  type TestCms,
  cmsSurroundings,
  handedOver,
  newOperationId,
  released,
  reserveRequest,
  signal,
  startCms,
} from '../../harness/cms.ts';

const token = 'gettone-di-prova';
const mobile = '+393331234567';

let surroundings: CmsSurroundings;
let gateway: TextGateway;
let cms: TestCms;
beforeAll(async () => {
  surroundings = await cmsSurroundings();
  gateway = await startTextGateway(surroundings.mailbox, token);
  cms = await startCms(surroundings, { sms: { url: gateway.url, token } });
});
afterAll(async () => {
  await cms.close();
  await gateway.close();
  await surroundings.close();
});

const messagesTo = (id: string) => surroundings.mailbox.messages().filter(({ messageId }) => messageId.includes(id));
const sendCode = (value: string) =>
  cms.client.sendContactCode({ operationId: newOperationId(), send: 1, channel: 'sms', value, language: 'it' }, signal);

const around = () => ({ ...cms, contact: { channel: 'sms', value: mobile } as const });

async function confirmed(): Promise<string> {
  const { operationId } = await released(around());
  expect((await cms.client.reportOutcome(await handedOver(cms, operationId), signal)).ok).toBe(true);
  return operationId;
}

test('code and second part go to the proved mobile, each once, and the reservation says so', async () => {
  const request = await reserveRequest(around());
  const reserved = await cms.client.reserve(request, signal);
  expect(reserved).toMatchObject({ value: { delivery: { secondPart: { channel: 'sms', masked: '+39 *** **67' } } } });

  const operationId = await confirmed();
  await vi.waitUntil(() => messagesTo(operationId).length > 0, { timeout: 10_000, interval: 5 });
  const [message, ...more] = messagesTo(operationId);
  expect(more).toEqual([]);
  expect(message).toMatchObject({ to: mobile, subject: 'SMS' });
  const [pin, puk] = cms.cms.store.codesOf(operationId).map(({ value, paperCharacters }) => value.slice(paperCharacters));
  expect(message?.text).toContain(`PIN ${pin}, PUK ${puk}`);
  expect(message?.text).not.toContain(cms.cms.store.codesOf(operationId)[0]?.value);
});

test('a gateway that is busy is asked again, with the same message; one that knows it already sends it once', async () => {
  const { operationId: second } = await released(around());
  gateway.become('busy');
  expect((await cms.client.reportOutcome(await handedOver(cms, second), signal)).ok).toBe(true);
  await vi.waitUntil(() => (cms.cms.store.secondPart(second)?.tries ?? 0) >= 2, { timeout: 10_000, interval: 5 });
  gateway.become('normal');
  await vi.waitUntil(() => messagesTo(second).length > 0, { timeout: 10_000, interval: 5 });
  const body = { id: messagesTo(second)[0]?.messageId ?? '', to: mobile, text: 'ancora' };
  const again = await post(body);
  expect(again.status).toBe(202);
  expect(messagesTo(second)).toHaveLength(1);
});

async function post(body: unknown, bearer = token): Promise<Response> {
  const headers = { 'Content-Type': 'application/json', Authorization: `Bearer ${bearer}` };
  return await fetch(gateway.url, { method: 'POST', headers, body: typeof body === 'string' ? body : JSON.stringify(body) });
}

test('the gateway takes what its page describes and nothing else', async () => {
  const good = { id: 'x', to: mobile, text: 'ciao' };
  expect((await post(good, 'another')).status).toBe(401);
  for (const body of ['', '{', '[]', { ...good, to: '112' }, { ...good, text: 'x'.repeat(1_001) }, { ...good, more: 1 }]) {
    expect((await post(body)).status).toBe(400);
  }
  expect((await post({ ...good, text: 'x'.repeat(20_000) })).status).toBe(413);
  expect((await fetch(gateway.url.replace('messages', 'other'), { method: 'POST' })).status).toBe(404);
});

test.each<[string, boolean]>([
  ['+393331234567', true],
  ['+39333123456', true],
  ['+3933312345678', false],
  ['+39333123', false],
  ['+390512345678', false],
  ['3331234567', false],
  ['00393331234567', false],
  ['+8821234567890', false],
  ['+39 333 1234567', false],
  ['112', false],
  ['+39333123456\n', false],
  ['a@b.example', false],
])('an Italian mobile number, as E.164 writes it: %j', async (value, taken) => {
  expect(isContact('sms', value)).toBe(taken);
  if (!taken && !value.includes('\n')) expect(await sendCode(value)).toMatchObject({ error: { type: 'contact-unusable' } });
});

test('a contact is shown masked', () => {
  expect(masked('sms', mobile)).toBe('+39 *** **67');
  expect(masked('email', 'mario.rossi@example.it')).toBe('m***@example.it');
});

test('a CMS without a gateway sends by e-mail only', async () => {
  const without = await startCms(surroundings);
  const request = { operationId: newOperationId(), send: 1, channel: 'sms', value: mobile, language: 'it' } as const;
  expect(await without.client.sendContactCode(request, signal)).toMatchObject({ error: { type: 'channel-unsupported' } });
  await without.close();
});
