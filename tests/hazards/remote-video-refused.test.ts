import { afterAll, beforeAll, expect, test } from 'vitest';
import type { OperatorCommand } from '../../flows/session/status.ts';
import { begin, recognised, startSpaceRegion } from '../harness/remote-desk.ts';
import { type Sportello, identityCard, operator } from '../harness/sportello.ts';

let space: Sportello;
let municipality: Sportello;
let elsewhere: Sportello;
beforeAll(async () => {
  const desks = [{}, { desk: 'municipality' }, { desk: 'health-authority', profile: 'emilia-romagna' }] as const;
  [space, municipality, elsewhere] = (await Promise.all(desks.map((desk) => startSpaceRegion(desk)))) as [Sportello, Sportello, Sportello];
  for (const { client } of [space, municipality, elsewhere]) await client.signOn(operator.id, operator.pin);
}, 60_000);
afterAll(() => Promise.all([space, municipality, elsewhere].map((world) => world.close())));

const { contacts, document } = recognised;

/** What the operator is told, as it stands on the page: rule and source of each refusal, or the CMS's word. */
async function told({ client }: Sportello, entered: OperatorCommand, of: OperatorCommand = begin): Promise<readonly string[]> {
  await client.on('welcome');
  await client.operatorDoes(of);
  await client.untilOperator(({ waiting }) => waiting?.task === 'service' && waiting.step === 'entering');
  await client.operatorDoes(entered);
  let words: readonly string[] = [];
  await client.untilOperator(({ waiting }) => {
    if (waiting?.task !== 'service') return false;
    words = [
      ...waiting.refusals.map(({ rule, citation }) => `${rule} ${citation}`),
      ...(waiting.problem === null ? [] : [waiting.problem]),
    ];
    return words.length > 0;
  });
  await client.operatorDoes({ type: 'refuse', reason: 'operator-refused' });
  await client.on('stopped');
  await client.citizenDoes({ type: 'stay' });
  return words;
}

const video = 'LOM; GUIDE (OP-REM, COD-17)';

test.each<[string, OperatorCommand, readonly RegExp[]]>([
  ['both parts to one mailbox', { ...recognised, contacts: { ...contacts, mobile: '' } }, [/^C13 LOM; GUIDE/]],
  ['no copies that can be read', { ...recognised, copiesLegible: false }, [/^DOC-01 LOM \(OP-REM\)/, /^C8 LOM; GUIDE/]],
  ['no face', { ...recognised, faceRecognised: false }, [/^C12 LOM; GUIDE/]],
  ['an expired document', { ...recognised, document: { ...document, expires: '2020-01-01' } }, [/^DOC-01 /]],
])('%s: refused with its source, and nothing is anywhere', async (_, entered, refused) => {
  const words = await told(space, entered);
  expect(words).toHaveLength(refused.length);
  for (const one of refused) expect(words.some((each) => one.test(each))).toBe(true);
  expect(space.operations()).toEqual([]);
});

test('a provisional fiscal code, or the number of another card: the CMS knows no such card', async () => {
  const provisional = { ...begin, holder: { ...begin.holder, fiscalCode: '12345678903' } };
  expect(await told(space, recognised, provisional)).toEqual(['card-unknown']);
  expect(await told(space, recognised, { ...begin, cardNumber: '80380000300000000099' })).toEqual(['card-unknown']);
  expect(space.mailbox.messages()).toEqual([]);
});

test('at a municipality and in another region nothing is offered, and who asks all the same is refused by its source', async () => {
  for (const world of [municipality, elsewhere]) {
    expect(world.client.operator()?.beginsRemotely).toEqual([]);
    expect((await told(world, { ...recognised, document: identityCard })).some((one) => one.startsWith('OP-REM '))).toBe(true);
    expect(world.operations()).toEqual([]);
  }
  expect(await told(municipality, recognised)).toEqual([`OP-REM ${video}`]);
});
