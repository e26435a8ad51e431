import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { err, ok } from '../../../devices/result.ts';
import { carriedOut, offeredWithoutCard } from '../../../flows/procedures/offer.ts';
import { type Profile, parseProfile } from '../../../flows/procedures/profile.ts';
import type { OperatorCommand } from '../../../flows/session/status.ts';
import { serviceWaits } from '../../../flows/operations/card-service.ts';
import { FakeJournal } from '../fakes.ts';
import { delays, document, good, settled, startTestDesk } from './desk-harness.ts';

function sardegna(): Profile {
  const parsed = parseProfile(JSON.parse(readFileSync('flows/procedures/profiles/sardegna.json', 'utf8')));
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
  return parsed.value;
}

const mario = { fiscalCode: 'RSSMRA72L09H501S', surname: 'ROSSI', name: 'MARIO', birthDate: '1972-07-09' };
const begin: OperatorCommand = { type: 'begin', operation: 'suspension', holder: mario };
const lost: OperatorCommand = { type: 'service', document, reason: 'loss', forms: [] };

function desk() {
  const started = startTestDesk(new FakeJournal(), sardegna(), { operations: carriedOut });
  const { card } = started;
  card.reading = { ...card.reading, personalData: { ...card.reading.personalData, issuer: '0200' } };
  /** Up to where the operator enters, with the card in. */
  const toService = async (operation: 'suspension' | 'reactivation' | 'signature-certificate' | 'reader-handout'): Promise<void> => {
    await started.goTo('recognised');
    await started.send({ type: 'wish', operation });
    await started.send({ type: 'notice-read' });
  };
  const serviceTask = () => {
    const { waiting } = started.desk.operator();
    if (waiting?.task !== 'service') throw new Error(`waiting: ${waiting?.task ?? 'nothing'}`);
    return waiting;
  };
  return { ...started, toService, serviceTask };
}

describe('who has lost the card', () => {
  test('is served by the operator, from the document: suspended, with every row in its order', async () => {
    const { desk: at, send, journal, services, serviceTask, screen, pass } = desk();
    await settled();
    expect(at.operator().begins).toEqual(['suspension', 'reactivation', 'revocation', 'reader-handout', 'interop-revocation']);
    expect(await send(begin)).toBe(true);
    expect(screen()).toBe('operator');
    expect(serviceTask()).toMatchObject({ step: 'entering', operation: 'suspension', holder: mario, cardShown: false });
    expect(serviceTask().reasons?.allowed).toEqual(['theft', 'loss', 'compromise']);
    await send(lost);
    expect(serviceTask()).toMatchObject({ step: 'confirming', cardStatus: 'active', reason: 'loss', refusals: [] });
    expect(journal.entries).toEqual([]);
    await send({ type: 'confirm' });
    expect(at.citizen()).toMatchObject({ screen: 'service-done', operation: 'suspension', cardIn: false });
    expect(journal.kinds()).toEqual(['OP_OPEN', 'SERVICE_INTENT', 'SERVICE_RECEIPT', 'CLOSED']);
    expect(services.requests[0]).toMatchObject({
      operation: 'suspension',
      holder: mario,
      reason: 'loss',
      operatorAssertion: 'jws:service',
    });
    expect(services.requests[0]).not.toHaveProperty('card');
    await pass(delays.farewell);
    expect(screen()).toBe('welcome');
  });

  test('is served while the printer is out of service', async () => {
    const { printing, send, screen } = desk();
    printing.become({ state: 'paper-out' });
    await settled();
    expect(screen()).toBe('out-of-service');
    await send(begin);
    await send(lost);
    await send({ type: 'confirm' });
    expect(screen()).toBe('service-done');
  });

  test('nobody waits: a card that goes in meanwhile is the next one’s', async () => {
    const { card, send, screen, pass } = desk();
    await settled();
    await send(begin);
    card.insert();
    await settled();
    expect(screen()).toBe('operator');
    card.remove();
    await settled();
    expect(screen()).toBe('operator');
    await send(lost);
    await send({ type: 'confirm' });
    card.insert();
    await pass(delays.farewell);
    expect(screen()).toBe('recognised');
  });
});

describe('who has the card', () => {
  test('finds the service in the menu, and the card goes with the request', async () => {
    const { toService, send, services, serviceTask, screen } = desk();
    await toService('reader-handout');
    expect(serviceTask()).toMatchObject({ cardShown: true, papers: [{ anyOf: ['reader-request'] }] });
    await send({ type: 'service', document, forms: [] });
    expect(serviceTask().refusals.map(({ rule }) => rule)).toEqual(['OP-RDR']);
    await send({ type: 'service', document, forms: ['reader-request'] });
    await send({ type: 'confirm' });
    expect(screen()).toBe('service-done');
    expect(services.requests[0]).toMatchObject({ card: { cardId: '6080000000000001', certificateDigest: 'd1' } });
  });

  test('takes it out before anything was asked for: nothing is left anywhere', async () => {
    const { desk: at, toService, card, journal, services } = desk();
    await toService('suspension');
    card.remove();
    await settled();
    expect(at.citizen()).toMatchObject({ screen: 'stopped', reason: 'card-removed', codes: 'nothing-done' });
    expect(journal.entries).toEqual([]);
    expect(services.asked).toBe(0);
  });

  test('a suspended card is reactivated', async () => {
    const { seen, send, services, goTo, screen } = desk();
    seen.verdict = { ...good, status: 'suspended' };
    services.cardStanding = ok({ status: 'suspended', activated: true, ownRegion: true, householdHasReader: false });
    await goTo('recognised');
    expect(screen()).toBe('menu');
    await send({ type: 'wish', operation: 'reactivation' });
    await send({ type: 'notice-read' });
    await send({ type: 'service', document, forms: [] });
    await send({ type: 'confirm' });
    expect(screen()).toBe('service-done');
  });
});

describe('what is refused says why, and cites', () => {
  const standing = { status: 'active', activated: true, ownRegion: true, householdHasReader: false } as const;

  test.each([
    ['OP-REA', 'reactivation', {}, { type: 'service', document, forms: [] }],
    ['OP-REV', 'revocation', {}, { type: 'service', document, reason: 'theft', forms: [] }],
    ['OP-REV-E', 'revocation', {}, { type: 'service', document, reason: 'data-error', forms: [] }],
    ['OP-SUS', 'suspension', { status: 'revoked' }, lost],
    ['OP-RDR', 'reader-handout', { householdHasReader: true }, { type: 'service', document, forms: ['reader-request'] }],
    ['DOC-01', 'suspension', {}, { ...lost, document: { ...document, expires: '2020-01-01' } }],
    ['C23', 'suspension', { ownRegion: false }, lost],
  ] as const)('%s: %s', async (rule, operation, changes, entered) => {
    const { send, services, serviceTask, journal } = desk();
    services.cardStanding = ok({ ...standing, ...changes });
    await settled();
    await send({ type: 'begin', operation, holder: mario });
    await send(entered);
    expect(serviceTask().step).toBe('entering');
    expect(serviceTask().refusals.map((refusal) => refusal.rule)).toContain(rule);
    for (const { citation } of serviceTask().refusals) expect(citation).not.toBe('');
    expect(await send({ type: 'confirm' })).toBe(false);
    expect(journal.entries).toEqual([]);
  });

  test.each([
    [{ kind: 'unreachable', detail: '' }, 'cms-unreachable'],
    [{ kind: 'refused', type: 'card-unknown', title: '' }, 'card-unknown'],
    [{ kind: 'refused', type: 'card-of-another-region', title: '' }, 'card-of-another-region'],
  ] as const)('the CMS says %o', async (error, problem) => {
    const { send, services, serviceTask } = desk();
    services.cardStanding = err(error);
    await settled();
    await send(begin);
    await send(lost);
    expect(serviceTask()).toMatchObject({ step: 'entering', problem });
    services.cardStanding = ok(standing);
    await send(lost);
    expect(serviceTask()).toMatchObject({ step: 'confirming', problem: null });
  });

  test('nobody is signed on any more: nothing is asked for', async () => {
    const { send, operators, serviceTask, services } = desk();
    await settled();
    await send(begin);
    await send(lost);
    operators.signOff();
    await send({ type: 'confirm' });
    expect(serviceTask()).toMatchObject({ step: 'entering', problem: 'not-signed' });
    expect(services.asked).toBe(0);
  });

  test('the CMS refuses in the end: said, and closed', async () => {
    const { desk: at, send, services, journal } = desk();
    services.refuses = 'card-state-wrong';
    await settled();
    await send(begin);
    await send(lost);
    await send({ type: 'confirm' });
    expect(at.citizen()).toMatchObject({ screen: 'stopped', reason: 'service-refused', codes: 'nothing-done' });
    expect(journal.entries.at(-1)?.row).toEqual({ kind: 'CLOSED', state: 'NONE' });
  });
});

test('no answer comes: nobody guesses, and as soon as nobody is served the CMS is asked what became of it', async () => {
  const { desk: at, send, services, journal, pass, card } = desk();
  await settled();
  await send(begin);
  await send(lost);
  services.links = ['answer-lost', ...Array.from({ length: 20 }, () => 'question-lost' as const)];
  await send({ type: 'confirm' });
  expect(at.citizen()).toMatchObject({ screen: 'service' });
  for (let passed = 0; passed <= serviceWaits.wait; passed += serviceWaits.pause) await pass(serviceWaits.pause);
  expect(at.citizen()).toMatchObject({ screen: 'stopped', reason: 'service-unknown', codes: 'service-unknown' });
  expect(journal.kinds()).toEqual(['OP_OPEN', 'SERVICE_INTENT']);
  services.links = [];
  card.remove();
  await pass(delays.farewell);
  await settled();
  expect(services.voids).toBe(1);
  expect(services.done).toHaveLength(1);
  expect(journal.entries.at(-1)?.row).toEqual({ kind: 'CLOSED', state: 'DONE' });
});

test('the operator goes back from the confirmation, or away: nothing is left anywhere', async () => {
  const { desk: at, send, services, serviceTask, journal, pass } = desk();
  await settled();
  await send(begin);
  await send(lost);
  await send({ type: 'back' });
  expect(serviceTask().step).toBe('entering');
  await pass(delays.operatorWait);
  expect(at.citizen()).toMatchObject({ screen: 'stopped', reason: 'timed-out', codes: 'nothing-done' });
  expect(services.asked).toBe(0);
  expect(journal.entries).toEqual([]);
});

test('a represented holder is the one whose card it is (C10)', async () => {
  const { send, serviceTask } = desk();
  const minor = { fiscalCode: 'RSSLCU14S20H501J', surname: 'ROSSI', name: 'LUCA', birthDate: '2014-11-20' };
  await settled();
  await send({ type: 'begin', operation: 'suspension', holder: minor });
  expect(serviceTask().cases.map(({ case: holderCase }) => holderCase)).toContain('minor');
  const representation = {
    case: 'minor',
    representative: { relation: 'parent', surname: 'ROSSI', name: 'MARIO', fiscalCode: 'RSSMRA72L09H501S' },
    papers: { forms: ['parental-authority'], holderFiscalCode: 'RSSMRA72L09H501S' },
  } as const;
  await send({ ...lost, representation: { ...representation, papers: { ...representation.papers, forms: ['parental-authority'] } } });
  expect(serviceTask().refusals.map(({ rule }) => rule)).toEqual(['C10']);
  await send({
    ...lost,
    representation: { ...representation, papers: { forms: ['parental-authority'], holderFiscalCode: minor.fiscalCode } },
  });
  expect(serviceTask()).toMatchObject({ step: 'confirming' });
});

describe('a card of another region', () => {
  const theirs = { status: 'active', activated: true, ownRegion: false, householdHasReader: false } as const;
  const revoke: OperatorCommand = { type: 'service', document, reason: 'malfunction', forms: [] };

  test('is revoked through the national system, which alone is asked', async () => {
    const { send, services, serviceTask, screen } = desk();
    services.cardStanding = ok(theirs);
    await settled();
    await send({ type: 'begin', operation: 'interop-revocation', holder: mario });
    await send(revoke);
    expect(serviceTask()).toMatchObject({ step: 'confirming', refusals: [] });
    await send({ type: 'confirm' });
    expect(screen()).toBe('service-done');
    expect(services.national).toEqual([true]);
    expect(services.requests[0]).toMatchObject({ operation: 'interop-revocation', reason: 'malfunction' });
  });

  test('is not revoked there when it is ours', async () => {
    const { send, services, serviceTask } = desk();
    services.cardStanding = ok({ ...theirs, ownRegion: true });
    await settled();
    await send({ type: 'begin', operation: 'interop-revocation', holder: mario });
    await send(revoke);
    expect(serviceTask().refusals.map(({ rule }) => rule)).toEqual(['OP-INT-REV']);
  });

  test('is never spoken of at a pharmacy', () => {
    const here = (place: 'pharmacy' | 'regional-office') => offeredWithoutCard(sardegna(), place, carriedOut);
    expect(here('pharmacy')).toEqual(['suspension', 'reactivation', 'revocation', 'reader-handout']);
    expect(here('regional-office')).toContain('interop-revocation');
  });
});
