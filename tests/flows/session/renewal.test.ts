import { describe, expect, test } from 'vitest';
import { err } from '../../../devices/result.ts';
import { Secret } from '../../../devices/secret.ts';
import { type RenewalReserve, priorCardChallenge } from '../../../flows/ports/cms.ts';
import { settled, startTestDesk } from './desk-harness.ts';

const pin = () => ({ type: 'prior-pin', pin: Secret.fromText('12345') }) as const;

/** The card before is in, and its holder wants the new one's codes. */
async function wished() {
  const desk = startTestDesk();
  await desk.goTo('recognised');
  await desk.send({ type: 'menu' });
  await desk.send({ type: 'wish', operation: 'renewal' });
  return desk;
}

type Desk = Awaited<ReturnType<typeof wished>>;

/** Another card goes in: the new one of the same holder, unless something of it is changed. */
async function swap(desk: Desk, changes: { digest?: string; fiscalCode?: string; issuer?: string } = {}): Promise<void> {
  desk.card.remove();
  await settled();
  // The journal of the tests tells digests apart by their length.
  const { digest = 'd-2', ...ofCard } = changes;
  const { reading } = desk.card;
  desk.card.reading = { ...reading, cardId: '6080000000000002', personalData: { ...reading.personalData, ...ofCard } };
  desk.seen.verdict = { ...desk.seen.verdict, certificateDigest: digest };
  desk.card.insert();
  await settled();
}

describe('OP-OLD: renewal by the card before', () => {
  test('0.4, 2.1: by its own key and PIN, without an operator; the CMS is asked for the new card, by the word of the one before', async () => {
    const desk = await wished();
    const { send, code, cms, journal, operators } = desk;
    const reserved: unknown[] = [];
    const proved: string[] = [];
    const challenges: Uint8Array[] = [];
    const { reserve, provePriorCard } = cms;
    cms.reserve = (request, signal) => {
      reserved.push(request);
      return reserve(request, signal);
    };
    cms.provePriorCard = (request, signal) => {
      proved.push(request.operationId);
      return provePriorCard(request, signal);
    };
    const { authenticate } = desk.card;
    desk.card.authenticate = (request, signal) => {
      challenges.push(request.challenge);
      return authenticate(request, signal);
    };
    expect(desk.desk.citizen()).toMatchObject({ screen: 'prior-pin', wrongPin: null });
    expect(desk.desk.operator().waiting).toBe(null);
    await send(pin());
    expect(desk.desk.citizen()).toMatchObject({ screen: 'swap-cards', cardIn: true, problem: null });
    expect(challenges).toEqual([priorCardChallenge(proved[0] ?? '')]);
    await swap(desk);
    expect(desk.screen()).toBe('notice');
    await send({ type: 'notice-read' });
    expect(desk.screen()).toBe('contact');
    await send({ type: 'contact', email: 'mario@example.org', language: 'it' });
    await send(code('123456'));
    expect(desk.screen()).toBe('collect');
    expect(operators.signed).toEqual([]);
    const [request] = reserved as RenewalReserve[];
    expect(request).toMatchObject({ operation: 'renewal', case: 'adult', proofOfPriorCard: 'proof.of.card' });
    expect(request?.card).toMatchObject({ cardId: '6080000000000002', certificateDigest: 'd-2' });
    expect(request).not.toHaveProperty('operatorAssertion');
    expect(journal.entries[0]?.row).toMatchObject({ kind: 'OP_OPEN', operation: 'renewal' });
    expect(journal.entries[0]?.row).not.toHaveProperty('operator');
  });

  test('a wrong PIN comes back with the tries that are left; a blocked one ends it', async () => {
    const desk = await wished();
    desk.card.signed = err({ kind: 'wrong-pin', triesLeft: 2 });
    await desk.send(pin());
    expect(desk.desk.citizen()).toMatchObject({ screen: 'prior-pin', wrongPin: { triesLeft: 2 } });
    desk.card.signed = err({ kind: 'pin-blocked' });
    await desk.send(pin());
    expect(desk.desk.citizen()).toMatchObject({ screen: 'stopped', reason: 'prior-pin-blocked', codes: 'not-issued' });
  });

  test.each([
    ['prior-card-refused', { kind: 'refused', type: 'prior-card-refused', title: '' }],
    ['cms-unreachable', { kind: 'unreachable', detail: '' }],
  ] as const)('%s: the CMS does not vouch', async (reason, error) => {
    const desk = await wished();
    desk.cms.fails.provePriorCard = error;
    await desk.send(pin());
    expect(desk.desk.citizen()).toMatchObject({ screen: 'stopped', reason });
  });

  test('the same card again, and another person’s, are told so, and the new one is waited for', async () => {
    const desk = await wished();
    await desk.send(pin());
    await swap(desk, { digest: 'd1' });
    expect(desk.desk.citizen()).toMatchObject({ screen: 'swap-cards', problem: 'same-card' });
    await swap(desk, { digest: 'd-3', fiscalCode: 'RSSMRA75C22H501IX' });
    expect(desk.desk.citizen()).toMatchObject({ screen: 'swap-cards', problem: 'other-holder' });
    await swap(desk, { fiscalCode: 'RSSMRA72L09H501S' });
    expect(desk.screen()).toBe('notice');
  });

  test('2.1: a new card of another issuer is not renewed', async () => {
    const desk = await wished();
    await desk.send(pin());
    await swap(desk, { issuer: '0030' });
    expect(desk.desk.citizen()).toMatchObject({ screen: 'stopped', reason: 'not-allowed-here' });
  });

  test('nobody comes back with a card: warned, and then the end', async () => {
    const desk = await wished();
    await desk.send(pin());
    desk.card.remove();
    await settled();
    expect(desk.desk.citizen()).toMatchObject({ screen: 'swap-cards', cardIn: false });
    await desk.pass(60_000);
    expect(desk.desk.citizen().warning).not.toBe(null);
    await desk.pass(30_000);
    expect(desk.desk.citizen()).toMatchObject({ screen: 'stopped', reason: 'timed-out' });
    expect(desk.journal.entries).toEqual([]);
  });

  test('a minor’s card vouches for nobody: it is not offered', async () => {
    const desk = startTestDesk();
    desk.card.reading = { ...desk.card.reading, personalData: { ...desk.card.reading.personalData, birthDate: '2014-11-20' } };
    await desk.goTo('recognised');
    expect(await desk.send({ type: 'wish', operation: 'renewal' })).toBe(false);
  });
});
