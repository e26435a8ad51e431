import { describe, expect, test } from 'vitest';
import { err } from '../../../devices/result.ts';
import { Secret } from '../../../devices/secret.ts';
import { startTestDesk, document } from './desk-harness.ts';

const unblock = (puk = '12345678', newPin = '71829') =>
  ({ type: 'unblock', puk: Secret.fromText(puk), newPin: Secret.fromText(newPin) }) as const;

describe('OP-REI: new codes', () => {
  async function wished() {
    const desk = startTestDesk();
    await desk.goTo('recognised');
    await desk.send({ type: 'menu' });
    expect(desk.desk.citizen()).toMatchObject({ operations: ['activation', 'reissue', 'renewal', 'pin-unblock'] });
    await desk.send({ type: 'wish', operation: 'reissue' });
    return desk;
  }

  test('go the way of the first ones, and are called so to the CMS, in the records, and on the operator’s page', async () => {
    const { desk, send, code, journal, cms, screen } = await wished();
    const reserved: string[] = [];
    const { reserve } = cms;
    cms.reserve = (request, signal) => {
      reserved.push(request.operation);
      return reserve(request, signal);
    };
    await send({ type: 'notice-read' });
    expect(desk.operator().waiting).toMatchObject({ task: 'identify', operation: 'reissue' });
    await send({ type: 'identified', document });
    await send({ type: 'contact', email: 'mario@example.org', language: 'it' });
    await send(code('123456'));
    await send({ type: 'hand-over', handedOver: true });
    expect(screen()).toBe('done');
    expect(reserved).toEqual(['reissue']);
    expect(journal.entries[0]?.row).toMatchObject({ kind: 'OP_OPEN', operation: 'reissue' });
  });

  test.each(['card-not-activated', 'card-activated'] as const)('the CMS says %s: so does the screen', async (type) => {
    const { desk, send, code, cms } = await wished();
    cms.fails.reserve = { kind: 'refused', type, title: '' };
    await send({ type: 'notice-read' });
    await send({ type: 'identified', document });
    await send({ type: 'contact', email: 'mario@example.org', language: 'it' });
    await send(code('123456'));
    expect(desk.citizen()).toMatchObject({ screen: 'stopped', reason: type, codes: 'not-issued' });
  });
});

describe('OP-PUK: a new PIN by the PUK', () => {
  async function asked(puk: Partial<Parameters<typeof startTestDesk>[2]> = {}) {
    const desk = startTestDesk(undefined, undefined, puk);
    await desk.goTo('recognised');
    await desk.send({ type: 'wish', operation: 'pin-unblock' });
    return desk;
  }

  test('needs no operator, no contact and no CMS, and is recorded', async () => {
    const { desk, send, journal, operators, cms } = await asked();
    expect(desk.citizen()).toMatchObject({ screen: 'unblock', problem: null, lengths: { puk: 8, shortestPin: 5, longestPin: 8 } });
    expect(desk.operator().waiting).toBe(null);
    await send(unblock());
    expect(desk.citizen()).toMatchObject({ screen: 'unblock-done' });
    expect(journal.kinds()).toEqual(['OP_OPEN', 'PIN_INTENT', 'PIN_EVIDENCE', 'CLOSED']);
    expect(journal.entries[0]?.row).not.toHaveProperty('operator');
    expect([operators.signed, cms.reports]).toEqual([[], []]);
  });

  test('a wrong PUK comes back with the tries that are left', async () => {
    const { desk, send, card } = await asked();
    card.unblocked = err({ kind: 'wrong-puk', triesLeft: 2 });
    await send(unblock());
    expect(desk.citizen()).toMatchObject({ screen: 'unblock', problem: { kind: 'wrong-puk', triesLeft: 2 } });
  });

  test.each([
    ['puk-blocked', { kind: 'puk-blocked' }, 'pin-unchanged'],
    ['pin-not-changeable', { kind: 'not-allowed' }, 'pin-unchanged'],
    ['pin-unknown', { kind: 'timeout', afterMs: 10_000 }, 'pin-unknown'],
  ] as const)('%s ends it, and says what PIN the card has', async (reason, error, codes) => {
    const { desk, send, card } = await asked();
    card.unblocked = err(error);
    await send(unblock());
    expect(desk.citizen()).toMatchObject({ screen: 'stopped', reason, codes });
  });

  test('COD-16: without the PUK it goes on to new codes, where the desk gives some', async () => {
    const { send, screen, desk } = await asked();
    await send({ type: 'no-puk' });
    expect(screen()).toBe('notice');
    await send({ type: 'notice-read' });
    expect(desk.operator().waiting).toMatchObject({ operation: 'reissue' });
    const none = await asked({ operations: ['activation', 'pin-unblock'] });
    await none.send({ type: 'no-puk' });
    expect(none.desk.citizen()).toMatchObject({ screen: 'stopped', reason: 'no-puk', codes: 'pin-unchanged' });
  });

  test('whoever waits too long is warned and then sent away; a card that goes out ends it', async () => {
    const waits = await asked();
    await waits.pass(60_000);
    expect(waits.desk.citizen().warning).toEqual({ secondsLeft: 30 });
    await waits.send({ type: 'stay' });
    expect(waits.desk.citizen().warning).toBe(null);
    await waits.pass(60_000);
    await waits.pass(30_000);
    expect(waits.desk.citizen()).toMatchObject({ screen: 'stopped', reason: 'timed-out' });
    const pulled = await asked();
    pulled.card.remove();
    await pulled.pass(0);
    expect(pulled.desk.citizen()).toMatchObject({ screen: 'stopped', reason: 'card-removed', codes: 'pin-unchanged' });
    expect(pulled.journal.entries).toEqual([]);
  });

  test('a minor’s card is not offered it: nobody types for another', async () => {
    const desk = startTestDesk();
    desk.card.reading = { ...desk.card.reading, personalData: { ...desk.card.reading.personalData, birthDate: '2014-11-20' } };
    await desk.goTo('recognised');
    await desk.send({ type: 'menu' });
    expect(desk.desk.citizen()).toMatchObject({ operations: ['activation', 'reissue'] });
    expect(await desk.send({ type: 'wish', operation: 'pin-unblock' })).toBe(false);
  });
});
