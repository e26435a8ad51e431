import { readFileSync } from 'node:fs';
import { describe, expect, test, vi } from 'vitest';
import type { Representation } from '../../../flows/people/representation.ts';
import { type Profile, parseProfile } from '../../../flows/procedures/profile.ts';
import { straightWay } from '../../harness/straight-way.ts';
import { FakeJournal, evidence } from '../fakes.ts';
import { delays, document, emiliaRomagna, good, settled, startTestDesk } from './desk-harness.ts';

test('the whole path: every row of the journal in its order, and the CMS confirms', async () => {
  const { desk, journal, cms, goTo, screen, card, pass } = startTestDesk();
  await goTo('done');
  expect(desk.citizen()).toMatchObject({ screen: 'done', secondPart: 'received', masked: 'm•••@example.org' });
  expect(journal.kinds()).toEqual(straightWay);
  expect(cms.reports).toMatchObject([
    { outcome: 'handed-over', evidence: { class: 'E4' }, exposed: false, operatorAssertion: 'jws:hand-over' },
  ]);
  card.remove();
  await settled();
  expect(screen()).toBe('done');
  await pass(delays.farewell);
  expect(desk.citizen()).toEqual({ sessionId: null, warning: null, screen: 'welcome' });
  expect(JSON.stringify([desk.citizen(), desk.operator()])).not.toMatch(/RSSMRA|ROSSI|example/);
});

test('no status for the citizen ever holds the whole name or the whole fiscal code', async () => {
  const { desk, goTo } = startTestDesk();
  const seen: string[] = [];
  desk.onStatus(() => seen.push(JSON.stringify(desk.citizen())));
  await goTo('done');
  expect(seen.length).toBeGreaterThan(6);
  for (const status of seen) expect(status).not.toMatch(/ROSSI|RSSMRA72L09H501S|mario@/);
  expect(seen.join()).toContain('MARIO R.');
});

describe('before the reservation, whatever stops leaves nothing anywhere', () => {
  const places = ['recognised', 'notice', 'operator', 'contact', 'contact-code'] as const;

  test.each(places)('card pulled at %s', async (place) => {
    const { desk, journal, cms, card, goTo, screen, pass } = startTestDesk();
    await goTo(place);
    expect(screen()).toBe(place);
    card.remove();
    await settled();
    expect(desk.citizen()).toMatchObject({ screen: 'stopped', reason: 'card-removed', cardIn: false, codes: 'not-issued' });
    expect(journal.entries).toEqual([]);
    expect(cms.reports).toEqual([]);
    await pass(delays.farewell);
    expect(screen()).toBe('welcome');
  });

  test.each(places)('cancelled at %s; the card is called for until it is out', async (place) => {
    const { desk, journal, card, goTo, send, screen, pass } = startTestDesk();
    await goTo(place);
    await send({ type: 'cancel' });
    expect(desk.citizen()).toMatchObject({ screen: 'stopped', reason: 'cancelled', cardIn: true });
    expect(journal.entries).toEqual([]);
    await pass(delays.cardReminder);
    expect(screen()).toBe('card-forgotten');
    card.remove();
    await pass(delays.farewell);
    expect(screen()).toBe('welcome');
  });

  test.each(['recognised', 'notice', 'contact', 'contact-code'] as const)('walked away at %s: warned, then ended', async (place) => {
    const { desk, journal, goTo, send, screen, pass } = startTestDesk();
    await goTo(place);
    await pass(delays.idle);
    expect(desk.citizen()).toMatchObject({ screen: place, warning: { secondsLeft: 30 } });
    await send({ type: 'stay' });
    expect(desk.citizen()).toMatchObject({ screen: place, warning: null });
    await pass(delays.idle);
    await pass(delays.idleWarning);
    expect(desk.citizen()).toMatchObject({ screen: 'stopped', reason: 'timed-out' });
    expect(journal.entries).toEqual([]);
    expect(screen()).toBe('stopped');
  });

  test('no operator comes', async () => {
    const { desk, goTo, pass } = startTestDesk();
    await goTo('operator');
    await pass(delays.operatorWait);
    expect(desk.citizen()).toMatchObject({ screen: 'stopped', reason: 'timed-out' });
  });

  test.each(['operator-refused', 'document-mismatch', 'document-expired'] as const)('the operator refuses: %s', async (reason) => {
    const { desk, journal, goTo, send } = startTestDesk();
    await goTo('operator');
    await send({ type: 'refuse', reason });
    expect(desk.citizen()).toMatchObject({ screen: 'stopped', reason });
    expect(journal.entries).toEqual([]);
  });

  test('a document is refused from the day after its last, and the operator may correct what was typed (DOC-01)', async () => {
    const { desk, goTo, send, screen } = startTestDesk();
    await goTo('operator');
    await send({ type: 'identified', document: { ...document, expires: '2026-11-21' } });
    expect(desk.operator().waiting).toMatchObject({ task: 'identify', refusals: [{ rule: 'DOC-01', text: 'Il documento è scaduto.' }] });
    expect(screen()).toBe('operator');
    await send({ type: 'identified', document: { ...document, expires: '2026-11-22' } });
    expect(screen()).toBe('contact');
  });

  test('a minor is nobody’s to activate alone; with a parent the CMS is told who, and the journal only a digest', async () => {
    const { desk, card, cms, journal, operators, goTo, send, code, screen } = startTestDesk();
    card.reading = { ...card.reading, personalData: { ...card.reading.personalData, birthDate: '2014-11-20' } };
    const reserve = vi.spyOn(cms, 'reserve');
    const sign = vi.spyOn(operators, 'sign');
    await goTo('operator');
    expect(desk.operator().waiting).toMatchObject({ task: 'identify', cases: [{ case: 'minor', relations: ['parent'] }] });
    await send({ type: 'identified', document });
    expect(desk.operator().waiting).toMatchObject({ refusals: [{ rule: 'C4' }] });
    const representative = { relation: 'parent', surname: 'ROSSI', name: 'ANNA', fiscalCode: 'RSSMRA75C22H501I' } as const;
    const representation: Representation = { case: 'minor', representative, papers: { forms: [], holderFiscalCode: 'RSSMRA72L09H501S' } };
    await send({ type: 'identified', document, representation: { ...representation, papers: { forms: [] } } });
    expect(desk.operator().waiting).toMatchObject({ refusals: [{ rule: 'C10' }] });
    await send({ type: 'identified', document, representation });
    expect(screen()).toBe('contact');
    await send({ type: 'contact', email: 'anna@example.org', language: 'it' });
    await send(code('123456'));
    expect(screen()).toBe('collect');
    expect(sign.mock.calls[0]?.[0]).toMatchObject({ decision: 'identified', case: 'minor', representative });
    expect(reserve.mock.calls[0]?.[0]).toMatchObject({ case: 'minor', representative, applicant: { relation: 'holder' }, document });
    const opening = journal.entries.find(({ row }) => row.kind === 'OP_OPEN')?.row;
    expect(opening).toMatchObject({ case: 'minor', representative: journal.digest('holder', representative.fiscalCode) });
    expect(JSON.stringify(journal.entries)).not.toMatch(/ANNA|RSSMRA75C22H501I"/);
  });

  test('nobody signed on: the decision is not taken', async () => {
    const { operators, goTo, send, screen } = startTestDesk();
    await goTo('operator');
    operators.signOff();
    await send({ type: 'identified', document });
    expect(screen()).toBe('operator');
  });

  test('three wrong one-time codes', async () => {
    const { desk, journal, goTo, send, code } = startTestDesk();
    await goTo('contact-code');
    await send(code('000000'));
    expect(desk.citizen()).toMatchObject({ screen: 'contact-code', triesLeft: 2, problem: 'wrong-code' });
    await send(code('000001'));
    await send(code('000002'));
    expect(desk.citizen()).toMatchObject({ screen: 'stopped', reason: 'contact-not-proved' });
    expect(journal.entries).toEqual([]);
  });

  test('a one-time code is wiped once it was sent', async () => {
    const { goTo, send, code } = startTestDesk();
    await goTo('contact-code');
    const command = code('123456');
    await send(command);
    if (command.type !== 'contact-code') throw new Error('not a code');
    expect([...command.code.expose()]).toEqual([0, 0, 0, 0, 0, 0]);
  });

  test('the CMS cannot be reached for the one-time code: said, and may be tried again', async () => {
    const { desk, cms, goTo, send, screen } = startTestDesk();
    cms.fails = { sendContactCode: { kind: 'unreachable', detail: 'refused' } };
    await goTo('contact-code');
    expect(desk.citizen()).toMatchObject({ screen: 'contact', problem: 'unreachable' });
    cms.fails = {};
    await send({ type: 'contact', email: 'mario@example.org', language: 'it' });
    expect(screen()).toBe('contact-code');
  });

  test.each(['mario', 'mario@', 'a b@c.it', '@c.it', 'mario@localhost'])('"%s" is no address', async (email) => {
    const { desk, goTo, send } = startTestDesk();
    await goTo('contact');
    await send({ type: 'contact', email, language: 'it' });
    expect(desk.citizen()).toMatchObject({ screen: 'contact', problem: 'not-an-address' });
  });

  test('a region that sends text messages takes a mobile number, and only an Italian one; another region none', async () => {
    const profile = emiliaRomagna();
    const both = startTestDesk(new FakeJournal(), { ...profile, contact: { ...profile.contact, channels: ['email', 'sms'] } });
    const asked = vi.spyOn(both.cms, 'sendContactCode');
    await both.goTo('contact');
    expect(both.desk.citizen()).toMatchObject({ screen: 'contact', channels: ['email', 'sms'] });
    await both.send({ type: 'contact-mobile', mobile: '051 234567', language: 'it' });
    expect(both.desk.citizen()).toMatchObject({ screen: 'contact', problem: 'not-a-mobile' });
    await both.send({ type: 'contact-mobile', mobile: '333 123 45 67', language: 'it' });
    expect(asked.mock.calls[0]?.[0]).toMatchObject({ channel: 'sms', value: '+393331234567' });
    expect(both.desk.citizen()).toMatchObject({ screen: 'contact-code', masked: '+39 ••• ••67' });

    const one = startTestDesk();
    await one.goTo('contact');
    await one.send({ type: 'contact-mobile', mobile: '3331234567', language: 'it' });
    expect(one.desk.citizen()).toMatchObject({ screen: 'contact', channels: ['email'], problem: 'not-a-mobile' });
  });

  test.each([
    [{ ...good, status: 'revoked' as const }, 'card-revoked'],
    [{ ...good, status: 'suspended' as const }, 'card-suspended'],
    [{ ...good, status: 'unknown' as const }, 'card-not-verifiable'],
    [{ ...good, status: 'expired' as const }, 'card-expired'],
    [{ ...good, status: 'invalid' as const, reason: 'wrong-signature' }, 'card-not-verifiable'],
  ])('a card that is %o', async (verdict, reason) => {
    const { desk, seen, goTo, journal } = startTestDesk();
    seen.verdict = verdict;
    await goTo('recognised');
    expect(desk.citizen()).toMatchObject({ screen: 'stopped', reason });
    expect(journal.entries).toEqual([]);
  });

  test('a minor whose region has no such case, and a card past its expiry date', async () => {
    const { cases, ...rest } = emiliaRomagna();
    const alone = startTestDesk(new FakeJournal(), {
      ...rest,
      cases: { ...cases, minor: { absent: true, note: 'Non i minori.', citation: '[P]' } },
    });
    alone.card.reading = { ...alone.card.reading, personalData: { ...alone.card.reading.personalData, birthDate: '2008-11-23' } };
    await alone.goTo('recognised');
    expect(alone.desk.citizen()).toMatchObject({ screen: 'stopped', reason: 'not-an-adult' });
    const expired = startTestDesk();
    expired.card.reading = { ...expired.card.reading, personalData: { ...expired.card.reading.personalData, expiryDate: '2026-11-21' } };
    await expired.goTo('recognised');
    expect(expired.desk.citizen()).toMatchObject({ screen: 'stopped', reason: 'card-expired' });
  });

  test('the journal cannot be written', async () => {
    const { desk, journal, cms, goTo } = startTestDesk();
    journal.broken = 'RESERVE_INTENT';
    await goTo('collect');
    expect(desk.citizen()).toMatchObject({ screen: 'stopped', reason: 'records-unwritable', codes: 'not-issued' });
    expect(cms.reports).toEqual([]);
  });
});

describe('after the reservation and before the first byte: void', () => {
  test('the answer to the reservation is lost', async () => {
    const { desk, cms, journal, goTo } = startTestDesk();
    cms.fails = { reserve: { kind: 'unreachable', detail: 'no answer' } };
    await goTo('collect');
    expect(desk.citizen()).toMatchObject({ screen: 'stopped', reason: 'cms-unreachable' });
    expect(journal.outcome()).toMatchObject({ outcome: 'not-handed-over', class: 'E0', exposed: false });
    expect(journal.waiting).toHaveLength(1);
  });

  test('card pulled while reserving', async () => {
    const { desk, cms, journal, card, goTo, screen } = startTestDesk();
    cms.hangs = { reserve: true };
    await goTo('collect');
    expect(screen()).toBe('issuing');
    card.remove();
    await settled();
    expect(desk.citizen()).toMatchObject({ screen: 'stopped', reason: 'card-removed', cardIn: false });
    expect(journal.kinds()).toEqual(['OP_OPEN', 'RESERVE_INTENT', 'OUTCOME']);
    expect(journal.outcome()).toMatchObject({ outcome: 'not-handed-over', reason: 'card-removed' });
  });

  test('the printer is out of paper', async () => {
    const { desk, printing, journal, goTo, send, code } = startTestDesk();
    await goTo('contact-code');
    printing.become({ state: 'paper-out' });
    await send(code('123456'));
    expect(desk.citizen()).toMatchObject({ screen: 'stopped', reason: 'printer-failed', codes: 'void' });
    expect(journal.outcome()).toMatchObject({ outcome: 'not-handed-over', exposed: false });
    expect(printing.prints).toBe(0);
  });

  test('the paper part is not released', async () => {
    const { desk, cms, journal, goTo } = startTestDesk();
    cms.fails = { releasePaperPart: { kind: 'unreachable', detail: 'no answer' } };
    await goTo('collect');
    expect(desk.citizen()).toMatchObject({ screen: 'stopped', reason: 'cms-unreachable', codes: 'void' });
    expect(journal.outcome()).toMatchObject({ outcome: 'not-handed-over', class: 'E0', exposed: false });
  });
});

describe('from the first byte to the evidence: held', () => {
  test('paper out in the middle', async () => {
    const { desk, printing, journal, goTo } = startTestDesk();
    printing.report = { evidence: evidence('E1', 'cleared'), failure: { kind: 'printer', status: { state: 'paper-out' } } };
    await goTo('collect');
    expect(desk.citizen()).toMatchObject({ screen: 'stopped', reason: 'printer-failed', codes: 'held' });
    expect(journal.outcome()).toMatchObject({ outcome: 'unknown', class: 'E1', exposed: true });
  });

  test('card pulled while printing', async () => {
    const { desk, printing, journal, card, goTo, screen } = startTestDesk();
    printing.hangs = true;
    await goTo('collect');
    expect(screen()).toBe('issuing');
    card.remove();
    await settled();
    expect(desk.citizen()).toMatchObject({ screen: 'stopped', reason: 'card-removed', codes: 'held' });
    expect(journal.outcome()).toMatchObject({ outcome: 'unknown', exposed: true });
    expect(journal.entries.find(({ row }) => row.kind === 'EVIDENCE')?.row).toMatchObject({ buffer: 'cleared' });
  });
});

describe('printed and not confirmed as handed over: exposed, void', () => {
  test('walked away', async () => {
    const { desk, journal, goTo, pass, card } = startTestDesk();
    await goTo('collect');
    await pass(delays.collect - delays.idleWarning);
    expect(desk.citizen()).toMatchObject({ screen: 'collect', warning: { secondsLeft: 30 } });
    await pass(delays.idleWarning);
    expect(desk.citizen()).toMatchObject({ screen: 'stopped', reason: 'slip-not-collected', codes: 'void', cardIn: true });
    expect(journal.outcome()).toMatchObject({ outcome: 'not-handed-over', class: 'E2', exposed: true });
    card.remove();
  });

  test('card pulled, and nobody confirms', async () => {
    const { desk, journal, goTo, pass, card } = startTestDesk();
    await goTo('collect');
    card.remove();
    await settled();
    expect(desk.citizen()).toMatchObject({ screen: 'collect', cardIn: false });
    await pass(delays.collectWithoutCard);
    expect(desk.citizen()).toMatchObject({ screen: 'stopped', reason: 'slip-not-collected' });
    expect(journal.outcome()).toMatchObject({ outcome: 'not-handed-over', exposed: true });
  });

  test('card pulled, and the operator confirms in time: handed over', async () => {
    const { desk, journal, goTo, send, card } = startTestDesk();
    await goTo('collect');
    card.remove();
    await settled();
    await send({ type: 'hand-over', handedOver: true });
    expect(desk.citizen()).toMatchObject({ screen: 'done' });
    expect(journal.outcome()).toMatchObject({ outcome: 'handed-over' });
  });

  test('the operator says no', async () => {
    const { desk, journal, goTo, send } = startTestDesk();
    await goTo('collect');
    await send({ type: 'hand-over', handedOver: false });
    expect(desk.citizen()).toMatchObject({ screen: 'stopped', reason: 'slip-not-collected', codes: 'void' });
    expect(journal.outcome()).toMatchObject({ outcome: 'not-handed-over', exposed: true });
  });

  test("the citizen's word alone does not hand over", async () => {
    const { desk, journal, goTo, send } = startTestDesk();
    await goTo('collect');
    await send({ type: 'taken' });
    expect(desk.operator().waiting).toMatchObject({ task: 'hand-over', citizenSaysTaken: true });
    expect(journal.outcome()).toBeUndefined();
  });

  test('the operator signed off: no hand-over without a signature', async () => {
    const { operators, journal, goTo, send, screen } = startTestDesk();
    await goTo('collect');
    operators.signOff();
    await send({ type: 'hand-over', handedOver: true });
    expect(screen()).toBe('collect');
    expect(journal.outcome()).toBeUndefined();
  });
});

describe('handed over', () => {
  test('and the CMS lost: pending, in the outbox', async () => {
    const { desk, cms, journal, goTo } = startTestDesk();
    cms.fails = { reportOutcome: { kind: 'unreachable', detail: 'no answer' } };
    await goTo('done');
    expect(desk.citizen()).toMatchObject({ screen: 'done', secondPart: 'pending', until: '2026-11-25T10:00:00.000Z' });
    expect(journal.waiting).toHaveLength(1);
    expect(journal.outcome()).toMatchObject({ outcome: 'handed-over' });
  });

  test('and no answer at all: the citizen waits eight seconds for the receipt, and no longer', async () => {
    const { desk, cms, journal, goTo, pass, screen } = startTestDesk();
    cms.hangs = { reportOutcome: true };
    await goTo('done');
    expect(screen()).toBe('issuing');
    await pass(8_000);
    expect(desk.citizen()).toMatchObject({ screen: 'done', secondPart: 'pending' });
    expect(journal.waiting).toHaveLength(1);
  });

  test('and the reservation void in the meantime: the citizen is told that the slip is dead', async () => {
    const { desk, cms, journal, goTo } = startTestDesk();
    cms.lateVoid = true;
    await goTo('done');
    expect(desk.citizen()).toMatchObject({ screen: 'stopped', reason: 'cms-refused', codes: 'void' });
    expect(journal.kinds().slice(-2)).toEqual(['RECEIPT', 'CLOSED']);
  });
});

describe('what does not fit is refused and reported, never carried out', () => {
  test('commands out of place', async () => {
    const { seen, goTo, send } = startTestDesk();
    await goTo('welcome');
    expect(await send({ type: 'wish' })).toBe(false);
    await goTo('recognised');
    expect(await send({ type: 'hand-over', handedOver: true })).toBe(false);
    expect(await send({ type: 'notice-read' })).toBe(false);
    expect(await send({ type: 'wish' })).toBe(true);
    expect(seen.unexpected).toEqual(['citizen.wish', 'operator.hand-over', 'citizen.notice-read']);
  });

  test('a resend before its time', async () => {
    const { goTo, send, pass, screen } = startTestDesk();
    await goTo('contact-code');
    expect(await send({ type: 'resend-code' })).toBe(false);
    await pass(31_000);
    expect(await send({ type: 'resend-code' })).toBe(true);
    expect(screen()).toBe('contact-code');
  });
});

describe('the next citizen', () => {
  test('may put a card in while the last screen of the one before still stands', async () => {
    const { desk, card, goTo, screen } = startTestDesk();
    await goTo('done');
    const { sessionId } = desk.citizen();
    card.remove();
    await settled();
    expect(screen()).toBe('done');
    card.insert();
    await settled();
    expect(desk.citizen()).toMatchObject({ screen: 'recognised' });
    expect(desk.citizen().sessionId).not.toBe(sessionId);
  });

  test('does not get the slip of the one before by putting a card in', async () => {
    const { desk, card, goTo, pass, screen } = startTestDesk();
    await goTo('collect');
    card.remove();
    await settled();
    card.insert();
    await settled();
    expect(desk.citizen()).toMatchObject({ screen: 'collect', cardIn: false });
    await pass(delays.collectWithoutCard);
    expect(desk.citizen()).toMatchObject({ screen: 'stopped', reason: 'slip-not-collected' });
    await pass(delays.farewell);
    expect(screen()).toBe('recognised');
  });
});

describe('service', () => {
  test('a reader that has not answered yet is no fault', async () => {
    const { card, screen } = startTestDesk();
    card.become({ state: 'starting' });
    await settled();
    expect(screen()).toBe('starting');
    card.remove();
    await settled();
    expect(screen()).toBe('welcome');
  });

  test('no session begins without printer or reader, and one begins when they are back', async () => {
    const { desk, card, printing, screen } = startTestDesk();
    await settled();
    printing.become({ state: 'paper-near-end' });
    expect(desk.citizen()).toMatchObject({ screen: 'out-of-service', reason: 'printer' });
    card.insert();
    await settled();
    expect(screen()).toBe('out-of-service');
    printing.become({ state: 'locked' });
    expect(desk.citizen()).toMatchObject({ reason: 'printer-locked' });
    printing.become({ state: 'ready' });
    await settled();
    expect(screen()).toBe('recognised');
    card.become({ state: 'service-lost', detail: 'pcscd' });
    await settled();
    expect(desk.citizen()).toMatchObject({ screen: 'stopped', reason: 'card-removed' });
  });

  test('boot recovers before anybody is served, and says so while the records cannot be written', async () => {
    const before = startTestDesk();
    await before.goTo('collect');
    before.desk.stop();
    before.journal.broken = 'OUTCOME';
    const again = startTestDesk(before.journal);
    await settled();
    expect(again.desk.citizen()).toMatchObject({ screen: 'out-of-service', reason: 'records' });
    again.journal.broken = null;
    await again.pass(5_000);
    expect(again.screen()).toBe('welcome');
    expect(again.journal.outcome()).toMatchObject({ outcome: 'not-handed-over', exposed: true, reason: 'interrupted' });
    expect(again.printing.prints).toBe(0);
  });
});

describe('the menu', () => {
  const sardegna = (): Profile => {
    const parsed = parseProfile(JSON.parse(readFileSync('flows/procedures/profiles/sardegna.json', 'utf8')));
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
    return parsed.value;
  };
  const operations = ['activation', 'suspension', 'reactivation', 'revocation', 'interop-revocation'] as const;
  const atDesk = (issuer: string) => {
    const desk = startTestDesk(new FakeJournal(), sardegna(), { operations });
    desk.card.reading = { ...desk.card.reading, personalData: { ...desk.card.reading.personalData, issuer } };
    return desk;
  };

  test('C23: a card of another region, and nothing is done for it here', async () => {
    const { desk, card } = startTestDesk(new FakeJournal(), sardegna(), { operations: ['activation'] });
    card.insert();
    await settled();
    expect(desk.citizen()).toMatchObject({ screen: 'stopped', reason: 'card-of-another-region' });
  });

  test('offers what the profile does at this desk for this region’s cards, and leads on', async () => {
    const { desk, goTo, send, screen } = atDesk('0200');
    await goTo('recognised');
    expect(desk.citizen()).toMatchObject({ screen: 'recognised', others: true });
    await send({ type: 'menu' });
    expect(desk.citizen()).toMatchObject({
      screen: 'menu',
      operations: ['activation', 'suspension', 'revocation'],
      notActivated: null,
    });
    expect(await send({ type: 'wish', operation: 'reactivation' })).toBe(false);
    expect(screen()).toBe('menu');
    await send({ type: 'wish', operation: 'suspension' });
    expect(screen()).toBe('notice');
  });

  test('a suspended card may not be activated, and its holder is not sent away', async () => {
    const { desk, seen, goTo } = atDesk('0200');
    seen.verdict = { ...good, status: 'suspended' };
    await goTo('recognised');
    expect(desk.citizen()).toMatchObject({ screen: 'menu', operations: ['reactivation', 'revocation'], notActivated: 'card-suspended' });
  });

  test('C23: a card of another region: what the national functions do for it, and why it is not activated', async () => {
    const { desk, card } = atDesk('0080');
    card.insert();
    await settled();
    expect(desk.citizen()).toMatchObject({
      screen: 'menu',
      operations: ['interop-revocation'],
      notActivated: 'card-of-another-region',
      referral: null,
    });
  });

  test('where nothing but the activation is offered there is none', async () => {
    const { desk, goTo, send, screen } = startTestDesk(undefined, undefined, { operations: ['activation'] });
    await goTo('recognised');
    expect(desk.citizen()).toMatchObject({ screen: 'recognised', others: false });
    expect(await send({ type: 'menu' })).toBe(false);
    expect(screen()).toBe('recognised');
  });
});
