import { afterAll, beforeAll, expect, test } from 'vitest';
import { Secret } from '../../../devices/secret.ts';
import type { OutcomeReport } from '../../../flows/ports/cms.ts';
import type { Finding } from '../../../flows/ports/operators.ts';
import { makeOneUseKey } from '../../../kiosk/printing/one-use-key.ts';
import { readPaperPart } from '../../../kiosk/printing/paper-part.ts';
import {
  type CmsSurroundings,
  type TestCms,
  address,
  arrival,
  cmsSurroundings,
  codeFromMail,
  handOver,
  handedOver,
  newOperationId,
  released,
  reserveRequest,
  reserved,
  signDecision,
  signal,
  specimen,
  startCms,
} from '../../harness/cms.ts';

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

/** The second parts that arrived, by label. */
function mailedTo(operationId: string): Record<string, string>[] {
  return surroundings.mailbox
    .messages()
    .filter(({ messageId }) => messageId.includes(operationId))
    .map(({ text }) =>
      Object.fromEntries([...text.matchAll(/(PIN|PUK) - seconda parte: (\d+)/g)].map(([, label = '', rest = '']) => [label, rest])),
    );
}

test('the whole conversation: paper and mail together are the codes that the CMS holds', async () => {
  const { client } = cms;
  const request = await reserveRequest(cms);
  const { operationId } = request;
  const reservation = await client.reserve(request, signal);
  expect(reservation).toMatchObject({
    ok: true,
    value: {
      operationId,
      state: 'RESERVED',
      delivery: {
        scheme: 'split',
        paper: [
          { code: 'PIN', characters: 2, of: 5 },
          { code: 'PUK', characters: 4, of: 8 },
        ],
        secondPart: { channel: 'email', masked: 'm***@example.it' },
      },
    },
  });

  const key = makeOneUseKey();
  const sealed = await client.releasePaperPart({ operationId, attempt: 1, key: key.publicKey }, signal);
  if (!sealed.ok) throw new Error(JSON.stringify(sealed.error));
  const paper = key.unseal(sealed.value.jwe);
  if (!paper.ok) throw new Error(paper.error.detail);
  const parts = readPaperPart(paper.value);
  if (!parts.ok) throw new Error(parts.error.detail);
  const onPaper = Object.fromEntries(parts.value.map(({ label, characters }) => [label, Buffer.from(characters).toString('ascii')]));
  expect(parts.value.map(({ label, withheld }) => [label, withheld])).toEqual([
    ['PIN', 3],
    ['PUK', 4],
  ]);
  expect(await client.operations([operationId], signal)).toEqual({ ok: true, value: [{ operationId, state: 'RESERVED', releases: 1 }] });

  const receipt = await client.reportOutcome(await handedOver(cms, operationId), signal);
  expect(receipt).toMatchObject({ ok: true, value: { operationId, state: 'CONFIRMED' } });
  while (mailedTo(operationId).length === 0) await arrival(surroundings.mailbox);
  const [mailed] = mailedTo(operationId);
  const held = Object.fromEntries(cms.cms.store.codesOf(operationId).map(({ label, value }) => [label, value]));
  expect({ PIN: `${onPaper.PIN}${mailed?.PIN}`, PUK: `${onPaper.PUK}${mailed?.PUK}` }).toEqual(held);

  const message = surroundings.mailbox.messages().find(({ messageId }) => messageId.includes(operationId));
  expect(message?.to).toBe(address);
  expect(message?.text).not.toContain(held.PIN);
  expect(message?.text).not.toContain(held.PUK);
  expect(message?.text).toMatch(/^Hai chiesto i codici[^]*You asked for the codes/);
});

test('receipts have one sequence without gaps, and what was said twice has one receipt', async () => {
  const first = await released(cms);
  const second = await reserved(cms);
  const confirmed = await cms.client.reportOutcome(await handedOver(cms, first.operationId), signal);
  const voided = await cms.client.reportOutcome(notHandedOver(second), signal);
  const again = await cms.client.reportOutcome({ ...notHandedOver(second), attempt: 2 }, signal);
  if (!confirmed.ok || !voided.ok || !again.ok) throw new Error('refused');
  expect(voided.value.sequence).toBe(confirmed.value.sequence + 1);
  expect(again.value).toEqual(voided.value);
});

test("an unknown outcome holds; only an operator's signed word ends the hold", async () => {
  const { operationId } = await released(cms);
  const unknown = { ...(await handedOver(cms, operationId)), outcome: 'unknown' as const, evidence: { class: 'E1' as const, raw: '' } };
  delete (unknown as { operatorAssertion?: string }).operatorAssertion;
  expect(await cms.client.reportOutcome(unknown, signal)).toMatchObject({ ok: true, value: { state: 'HELD' } });

  expect(await cms.client.reportOutcome(notHandedOver(operationId), signal)).toMatchObject({
    error: { kind: 'refused', type: 'operation-held' },
  });
  const contrary = {
    ...notHandedOver(operationId),
    reason: 'contrary',
    attempt: 1,
    operatorAssertion: await handOver(cms.operatorKey, operationId, true),
  };
  // The same key with another body: an operation and an outcome are said once.
  expect(await cms.client.reportOutcome(contrary, signal)).toMatchObject({ error: { type: 'idempotency-mismatch' } });
  const before = await handedOver(cms, operationId);
  expect(await cms.client.reportOutcome({ ...before, attempt: 1 }, signal)).toMatchObject({ error: { type: 'operation-held' } });
});

const resolution = async (operationId: string, finding: Finding): Promise<OutcomeReport> => ({
  operationId,
  attempt: 1,
  outcome: finding === 'handed-over' ? 'handed-over' : 'not-handed-over',
  evidence: { class: 'E1', raw: '' },
  exposed: false,
  reason: `resolved-${finding}`,
  operatorAssertion: await signDecision(cms.operatorKey, { decision: 'resolve', operationId, attempt: 1, finding }),
});

test.each([
  ['handed-over', 'CONFIRMED'],
  ['not-handed-over', 'VOIDED'],
  ['destroyed', 'VOIDED'],
] as const)('what is held ends with the signed finding %s as %s', async (finding, state) => {
  const { operationId } = await released(cms);
  const held = { ...notHandedOver(operationId), attempt: 1, outcome: 'unknown' as const, exposed: true };
  expect(await cms.client.reportOutcome(held, signal)).toMatchObject({ ok: true, value: { state: 'HELD' } });
  expect(await cms.client.reportOutcome(await resolution(operationId, finding), signal)).toMatchObject({ ok: true, value: { state } });
});

test('a finding that a slip which was never released is handed over is refused, and the receipt says that it is still held', async () => {
  const operationId = await reserved(cms);
  const held = { ...notHandedOver(operationId), attempt: 1, outcome: 'unknown' as const, exposed: true };
  expect(await cms.client.reportOutcome(held, signal)).toMatchObject({ ok: true, value: { state: 'HELD' } });
  const refused = await cms.client.reportOutcome(await resolution(operationId, 'handed-over'), signal);
  expect(refused).toMatchObject({ ok: true, value: { state: 'HELD' } });
  const resolved = await cms.client.reportOutcome(await resolution(operationId, 'not-handed-over'), signal);
  expect(resolved).toMatchObject({ ok: true, value: { state: 'VOIDED' } });
});

test("a reprint's release takes the operator's signed decision for this operation and attempt, and is counted", async () => {
  const { operationId } = await released(cms);
  const { operationId: other } = await released(cms);
  const ask = async (named: string, attempt: number): ReturnType<typeof cms.client.releasePaperPart> => {
    const authorisation = await signDecision(cms.operatorKey, { decision: 'reprint', operationId: named, attempt, slip: 'destroyed' });
    return cms.client.releasePaperPart({ operationId, attempt: ++asked, key: makeOneUseKey().publicKey, authorisation }, signal);
  };
  let asked = 1;
  expect(await ask(operationId, 2)).toMatchObject({ ok: true, value: { attempt: 2 } });
  expect(await cms.client.operations([operationId], signal)).toMatchObject({ value: [{ state: 'RESERVED', releases: 2 }] });
  // Another operation's; another attempt's; one that was used.
  expect(await ask(other, 3)).toMatchObject({ error: { type: 'assertion-refused' } });
  expect(await ask(operationId, 9)).toMatchObject({ error: { type: 'assertion-refused' } });
  expect(await ask(operationId, 2)).toMatchObject({ error: { type: 'assertion-refused' } });
  expect(cms.cms.store.operation(operationId)?.releases).toEqual([1, 2]);
});

test('a second release of the paper part is refused, a confirm without a release too', async () => {
  const { operationId } = await released(cms);
  expect(await cms.client.releasePaperPart({ operationId, attempt: 2, key: makeOneUseKey().publicKey }, signal)).toMatchObject({
    error: { kind: 'refused', type: 'paper-part-needs-authorisation' },
  });
  const unreleased = await reserved(cms);
  expect(await cms.client.reportOutcome(await handedOver(cms, unreleased), signal)).toMatchObject({
    error: { type: 'paper-part-not-released' },
  });
});

test('evidence that bytes went out confirms nothing', async () => {
  const { operationId } = await released(cms);
  const report = { ...(await handedOver(cms, operationId)), evidence: { class: 'E1' as const, raw: '' } };
  expect(await cms.client.reportOutcome(report, signal)).toMatchObject({ error: { type: 'evidence-insufficient' } });
  expect(await cms.client.operations([operationId], signal)).toMatchObject({ value: [{ state: 'RESERVED' }] });
});

test('an outcome for an operation never heard of leaves a tombstone: the late reservation is refused', async () => {
  const request = await reserveRequest(cms);
  expect(await cms.client.reportOutcome({ ...notHandedOver(request.operationId), attempt: 0 }, signal)).toMatchObject({
    value: { state: 'VOIDED' },
  });
  expect(await cms.client.reserve(request, signal)).toMatchObject({ error: { kind: 'refused', type: 'operation-voided' } });
  expect(await cms.client.reportOutcome(await handedOver(cms, newOperationId()), signal)).toMatchObject({
    error: { type: 'operation-unknown' },
  });
});

test("the operator's assertion must be about this person, card, document and operation", async () => {
  const { document, certificateDigest, fiscalCode } = specimen;
  const good = {
    decision: 'identified' as const,
    operation: 'activation' as const,
    certificateDigest,
    fiscalCode,
    case: 'adult' as const,
    document,
  };
  const stranger = (await cmsSurroundings()) satisfies CmsSurroundings;
  await stranger.close();
  const assertions = async (operationId: string): Promise<string[]> => [
    await signDecision(cms.operatorKey, { ...good, operationId: newOperationId() }),
    await signDecision(cms.operatorKey, { ...good, operationId, fiscalCode: 'RSSMRA75C22H501I' }),
    await signDecision(cms.operatorKey, { ...good, operationId, certificateDigest: 'cd'.repeat(32) }),
    await signDecision(cms.operatorKey, { ...good, operationId, document: { ...document, number: 'CA00000AB' } }),
    await signDecision(cms.operatorKey, { ...good, operationId, case: 'minor' }),
    await signDecision(cms.operatorKey, { ...good, operationId, operation: 'reissue' }),
    await signDecision(cms.operatorKey, {
      ...good,
      operationId,
      representative: { relation: 'parent', surname: 'ROSSI', name: 'ANNA', fiscalCode: 'RSSNNA75C62H501L' },
    }),
    await signDecision(cms.operatorKey, { ...good, operationId }, 'operator-2'),
    await signDecision(stranger.operatorKey, { ...good, operationId }),
    await handOver(cms.operatorKey, operationId),
  ];
  for (let index = 0; index < 10; index += 1) {
    const request = await reserveRequest(cms);
    const operatorAssertion = (await assertions(request.operationId))[index] ?? '';
    expect(await cms.client.reserve({ ...request, operatorAssertion }, signal)).toMatchObject({
      error: { kind: 'refused', type: 'assertion-refused' },
    });
    expect(await cms.client.operations([request.operationId], signal)).toMatchObject({ value: [{ state: 'NONE' }] });
  }
});

test('a proof of contact serves its own operation only', async () => {
  const [one, other] = [await reserveRequest(cms), await reserveRequest(cms)];
  expect(await cms.client.reserve({ ...one, proofOfContact: other.proofOfContact }, signal)).toMatchObject({
    error: { type: 'proof-refused' },
  });
});

test('a wrong code three times: the right one comes too late', async () => {
  const operationId = newOperationId();
  const sent = await cms.client.sendContactCode({ operationId, send: 1, channel: 'email', value: address, language: 'it' }, signal);
  if (!sent.ok) throw new Error(JSON.stringify(sent.error));
  const { contactId } = sent.value;
  const right = await codeFromMail(surroundings.mailbox, contactId);
  const wrong = right === '000000' ? '000001' : '000000';
  const attempt = async (text: string, number: number): Promise<unknown> => {
    const code = Secret.fromText(text);
    const answer = await cms.client.proveContact({ operationId, contactId, code, attempt: number }, signal);
    expect([...code.expose()]).toEqual([0, 0, 0, 0, 0, 0]);
    return answer;
  };
  expect(await attempt(wrong, 1)).toMatchObject({ error: { type: 'wrong-code' } });
  // The same try said again is the same try.
  expect(await attempt(wrong, 1)).toMatchObject({ error: { type: 'wrong-code' } });
  expect(await attempt(wrong, 2)).toMatchObject({ error: { type: 'wrong-code' } });
  expect(await attempt(wrong, 3)).toMatchObject({ error: { type: 'tries-exhausted' } });
  expect(await attempt(right, 4)).toMatchObject({ error: { type: 'tries-exhausted' } });
});

test('codes are sent three times, not at once, and only the newest serves', async () => {
  const operationId = newOperationId();
  const send = (number: number, value = address) =>
    cms.client.sendContactCode({ operationId, send: number, channel: 'email', value, language: 'it' }, signal);
  const first = await send(1);
  if (!first.ok) throw new Error('refused');
  expect(await send(2)).toMatchObject({ error: { type: 'resend-too-soon' } });
  cms.clock.aheadMs += 31_000;
  expect(await send(2)).toMatchObject({ ok: true });
  expect(await send(3, 'rossi.mario@example.it')).toMatchObject({ ok: true });
  expect(await send(4, 'rossi@example.it')).toMatchObject({ error: { type: 'sends-exhausted' } });
  expect(
    await cms.client.proveContact({ operationId, contactId: first.value.contactId, code: Secret.fromText('123456'), attempt: 1 }, signal),
  ).toMatchObject({
    error: { type: 'code-expired' },
  });
});

test('a contact is not flooded: so many codes a day, however it is spelt and whichever operation asks', async () => {
  const few = await startCms(cms, { codesADay: 2 });
  const send = (value: string) =>
    few.client.sendContactCode({ operationId: newOperationId(), send: 1, channel: 'email', value, language: 'it' }, signal);
  expect(await send('bianchi@example.it')).toMatchObject({ ok: true });
  expect(await send('Bianchi@example.it')).toMatchObject({ ok: true });
  expect(await send('bianchi@example.it')).toMatchObject({ error: { type: 'contact-exhausted' } });
  expect(await send('verdi@example.it')).toMatchObject({ ok: true });
  few.clock.aheadMs += 24 * 3_600_000 + 1;
  expect(await send('bianchi@example.it')).toMatchObject({ ok: true });
  await few.close();
});

test('nothing of a code is in the log', async () => {
  const { operationId, paper } = await released(cms);
  await cms.client.reportOutcome(await handedOver(cms, operationId), signal);
  const log = cms.lines.join('');
  expect(log).toContain('"cms-operation"');
  for (const { value } of cms.cms.store.codesOf(operationId)) expect(log).not.toContain(value);
  expect(log).not.toContain(paper.split(' ')[1] === undefined ? '' : paper);
  expect(log).not.toContain(address);
  expect(log).not.toContain(specimen.fiscalCode);
});

function notHandedOver(operationId: string) {
  return {
    operationId,
    attempt: 1,
    outcome: 'not-handed-over' as const,
    evidence: { class: 'E0' as const, raw: '' },
    exposed: false,
    reason: 'card-removed',
  };
}
