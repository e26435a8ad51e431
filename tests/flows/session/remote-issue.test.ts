import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { ok } from '../../../devices/result.ts';
import { serviceWaits } from '../../../flows/operations/card-service.ts';
import { carriedOut } from '../../../flows/procedures/offer.ts';
import type { Representation } from '../../../flows/people/representation.ts';
import { type Profile, parseProfile } from '../../../flows/procedures/profile.ts';
import { offeredRemotely } from '../../../flows/procedures/remote-issue.ts';
import { deskTypes } from '../../../flows/procedures/vocabulary.ts';
import type { DeskRules } from '../../../flows/session/facts.ts';
import type { OperatorCommand } from '../../../flows/session/status.ts';
import { FakeJournal } from '../fakes.ts';
import { delays, document, settled, startTestDesk } from './desk-harness.ts';

const profileIds = ['campania', 'emilia-romagna', 'lazio', 'lombardia', 'sardegna', 'toscana', 'trento', 'vda'];

function profileOf(id: string): Profile {
  const parsed = parseProfile(JSON.parse(readFileSync(`flows/procedures/profiles/${id}.json`, 'utf8')));
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
  return parsed.value;
}

const mario = { fiscalCode: 'RSSMRA72L09H501S', surname: 'ROSSI', name: 'MARIO', birthDate: '1972-07-09' };
const luca = { fiscalCode: 'RSSLCU14S20H501J', surname: 'ROSSI', name: 'LUCA', birthDate: '2014-11-20' };
const cardNumber = '80380000300000000002';
const begin = { type: 'begin-remote', operation: 'activation', holder: mario, cardNumber } as const satisfies OperatorCommand;
const adult: Representation = { case: 'adult', representative: null, papers: { forms: ['request'] } };
const recognised = {
  type: 'remote-issue' as const,
  document,
  representation: adult,
  contacts: { email: 'mario@example.org', mobile: '333 1234567' },
  copiesLegible: true,
  faceRecognised: true,
} satisfies OperatorCommand & { type: 'remote-issue' };
const parent: Representation = {
  case: 'minor',
  representative: { relation: 'parent', surname: 'ROSSI', name: 'PAOLA', fiscalCode: 'RSSPLA79D52H501Q' },
  papers: { forms: ['representative'], holderDocumentCopy: true, holderFiscalCode: luca.fiscalCode },
};
const ofMinor = { ...recognised, representation: parent };

function desk(profile = 'lombardia', at: DeskRules['desk'] = 'space-region') {
  const started = startTestDesk(new FakeJournal(), profileOf(profile), { operations: carriedOut, desk: at });
  started.services.cardStanding = ok({ status: 'active', activated: false, ownRegion: true, householdHasReader: false });
  const task = () => {
    const { waiting } = started.desk.operator();
    if (waiting?.task !== 'service') throw new Error(`waiting: ${waiting?.task ?? 'nothing'}`);
    return waiting;
  };
  /** What is refused, once the operator has entered this. */
  const refusedFor = async (entered: OperatorCommand, of: OperatorCommand = begin): Promise<readonly string[]> => {
    await settled();
    await started.send(of);
    await started.send(entered);
    expect(task().step).toBe('entering');
    return task().refusals.map(({ rule, citation }) => `${rule} ${citation}`);
  };
  return { ...started, task, refusedFor };
}

test('an adult, recognised by video: asked once, signed whole, and no part of a code anywhere', async () => {
  const { desk: at, send, journal, services, operators, printing, task, pass, screen } = desk();
  await settled();
  expect(at.operator()).toMatchObject({ begins: [], beginsRemotely: ['activation', 'reissue'] });
  await send(begin);
  expect(screen()).toBe('operator');
  expect(task()).toMatchObject({ step: 'entering', operation: 'activation', holder: mario, remote: { cardNumber, contacts: null } });
  expect(task().cases.find(({ case: one }) => one === 'adult')?.papers).toEqual([
    { anyOf: ['request'], orHolderDocument: false, citation: 'LOM (OP-REM)' },
  ]);
  await send(recognised);
  expect(task()).toMatchObject({
    step: 'confirming',
    refusals: [],
    remote: { contacts: { email: 'mario@example.org', mobile: '+393331234567' } },
  });
  expect(task().notes.map((note) => note.split(':')[0])).toEqual(expect.arrayContaining(['C12', 'C13']));
  expect(journal.entries).toEqual([]);
  await send({ type: 'confirm' });
  expect(at.citizen()).toMatchObject({ screen: 'service-done', operation: 'activation', notice: 'none' });
  expect(journal.entries.map(({ row }) => row)).toMatchObject([
    { kind: 'OP_OPEN', operation: 'activation', case: 'adult' },
    { kind: 'SERVICE_INTENT', identification: 'remote-video' },
    { kind: 'SERVICE_RECEIPT', state: 'DONE' },
    { kind: 'CLOSED', state: 'DONE' },
  ]);
  expect(operators.decisions).toMatchObject([
    {
      decision: 'remote-issue',
      operation: 'activation',
      identification: 'remote-video',
      fiscalCode: mario.fiscalCode,
      cardNumber,
      forms: ['request'],
      contacts: { email: 'mario@example.org', mobile: '+393331234567' },
      copiesLegible: true,
      faceRecognised: true,
    },
  ]);
  expect(services.requests).toMatchObject([{ desk: 'space-region', holder: mario, cardNumber, contacts: { mobile: '+393331234567' } }]);
  expect(printing.prints).toBe(0);
  await pass(delays.farewell);
  expect(screen()).toBe('welcome');
});

test('a minor with a parent: both are named, and the parent’s copy is the document', async () => {
  const { send, services, task } = desk();
  await settled();
  await send({ ...begin, holder: luca });
  const [minor] = task().cases;
  expect(minor).toMatchObject({ case: 'minor', papers: [{ anyOf: ['representative'] }], holderDocumentCopy: { citation: 'LOM (OP-REM)' } });
  await send(ofMinor);
  await send({ type: 'confirm' });
  expect(services.requests).toMatchObject([
    { case: 'minor', representative: { relation: 'parent', name: 'PAOLA' }, forms: ['representative'] },
  ]);
});

describe('what the profile refuses, by which source', () => {
  const video = 'LOM; GUIDE (OP-REM, COD-17)';
  test.each<[string, OperatorCommand, readonly string[]]>([
    ['no mobile: both parts would go by e-mail', { ...recognised, contacts: { ...recognised.contacts, mobile: '' } }, [`C13 ${video}`]],
    ['an address in the place of the mobile', { ...recognised, contacts: { email: 'a@b.it', mobile: 'a@b.it' } }, [`C13 ${video}`]],
    ['no e-mail', { ...recognised, contacts: { ...recognised.contacts, email: '' } }, [`COD-17 ${video}`]],
    ['copies that cannot be read', { ...recognised, copiesLegible: false }, ['DOC-01 LOM (OP-REM)', `C8 ${video}`]],
    ['a face that was not recognised', { ...recognised, faceRecognised: false }, [`C12 ${video}`]],
    ['no signed form', { ...recognised, representation: { ...adult, papers: { forms: [] } } }, ['OP-REM LOM (OP-REM)']],
    ['an expired document', { ...recognised, document: { ...document, expires: '2026-11-21' } }, ['DOC-01 ']],
  ])('%s', async (_, entered, refused) => {
    const { refusedFor, journal } = desk();
    const found = await refusedFor(entered);
    expect(found).toHaveLength(refused.length);
    for (const one of refused) expect(found.some((each) => each.startsWith(one))).toBe(true);
    expect(journal.entries).toEqual([]);
  });

  test('a minor without the copy of their own document, or whose fiscal code is not the card’s', async () => {
    const without = { ...parent.papers, holderDocumentCopy: false };
    const { refusedFor, send, task } = desk();
    const entered = { ...ofMinor, representation: { ...parent, papers: without } };
    expect(await refusedFor(entered, { ...begin, holder: luca })).toEqual(['DOC-01 LOM (OP-REM)']);
    const other = { ...parent.papers, holderFiscalCode: mario.fiscalCode };
    await send({ ...ofMinor, representation: { ...parent, papers: other } });
    expect(task().refusals.map(({ rule }) => rule)).toEqual(['C10']);
  });

  test.each([
    ['municipality', 'lombardia'],
    ['health-authority', 'lombardia'],
    ['space-region', 'emilia-romagna'],
    ['health-authority', 'sardegna'],
  ] as const)('at a %s of %s nothing is offered, and who begins it all the same is refused', async (at, profile) => {
    const { refusedFor, desk: page, journal } = desk(profile, at);
    await settled();
    expect(page.operator().beginsRemotely).toEqual([]);
    const found = await refusedFor(recognised);
    expect(found.some((one) => /^(OP-REM|ACT-08) /.test(one))).toBe(true);
    expect(journal.entries).toEqual([]);
  });

  test('only the spazioRegione of Lombardy offers it', () => {
    const offered = profileIds.flatMap((id) =>
      deskTypes.filter((one) => offeredRemotely(profileOf(id), one, carriedOut).length > 0).map((one) => `${id} ${one}`),
    );
    expect(offered).toEqual(['lombardia space-region']);
  });

  test('a card that has had codes gets new ones, and no first ones', async () => {
    const { refusedFor, services, send, task } = desk();
    services.cardStanding = ok({ status: 'active', activated: true, ownRegion: true, householdHasReader: false });
    expect(await refusedFor(recognised)).toEqual([expect.stringMatching(/^OP-ISS /)]);
    await send({ type: 'refuse', reason: 'operator-refused' });
    expect(task).toThrow();
  });

  test('what a service enters is not taken for it, nor the other way', async () => {
    const { send, task } = desk();
    await settled();
    await send(begin);
    expect(await send({ type: 'service', document, forms: [] })).toBe(false);
    expect(task().step).toBe('entering');
  });
});

test('no answer comes: it is settled as void once nobody is served, and who asks again is given codes once', async () => {
  const { send, services, journal, pass, screen } = desk();
  services.links = Array.from({ length: 20 }, () => 'question-lost' as const);
  await settled();
  await send(begin);
  await send(recognised);
  await send({ type: 'confirm' });
  expect(journal.kinds()).toEqual(['OP_OPEN', 'SERVICE_INTENT']);
  for (let waited = 0; waited < serviceWaits.wait; waited += serviceWaits.pause) await pass(serviceWaits.pause);
  services.links = [];
  expect(screen()).toBe('stopped');
  await pass(delays.farewell);
  await settled();
  expect(journal.kinds()).toEqual(['OP_OPEN', 'SERVICE_INTENT', 'SERVICE_RECEIPT', 'CLOSED']);
  expect(services.done).toEqual([]);
  await send(begin);
  await send(recognised);
  await send({ type: 'confirm' });
  expect(screen()).toBe('service-done');
  expect(services.done).toHaveLength(1);
});
