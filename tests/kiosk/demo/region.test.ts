import { afterEach, describe, expect, test } from 'vitest';
import { profileIds, readProfile } from '../../../kiosk/procedures/profiles.ts';
import { readRegion } from '../../../kiosk/demo/region.ts';
import { ScreenClient } from '../../harness/screen-client.ts';
import { identityCard } from '../../harness/sportello.ts';
import { BenchClient } from './bench-client.ts';
import { DemoProcess } from './demo-process.ts';

let demo: DemoProcess | undefined;
let page: ScreenClient | undefined;
afterEach(async () => {
  page?.close();
  await demo?.stop();
  page = undefined;
  demo = undefined;
});

test('in Sardinia the code lies in an envelope: the bench has the pile, the scanner reads the one that is drawn; and a service is done', async () => {
  demo = await DemoProcess.start('--port', '0', '--region', 'sardegna');
  const bench = await BenchClient.open(demo.benchPort);
  page = await ScreenClient.open(demo.screenPort);
  const { cards, envelopes } = await bench.until(({ reader }) => reader.connected);
  const { id, pin } = demo.addresses.operator;
  await page.signOn(id, pin);
  expect(await page.shift({ type: 'receive' })).toBeNull();
  await bench.act({ type: 'insert', card: 'mario' });
  await page.on('recognised');
  await page.citizenDoes({ type: 'wish' });
  await page.on('notice');
  await page.citizenDoes({ type: 'notice-read' });
  await page.identify(identityCard);
  await page.untilOperator(({ waiting }) => waiting?.task === 'envelope');
  const waiting = page.operator()?.waiting;
  const drawn = envelopes.find((number) => waiting?.task === 'envelope' && number.endsWith(waiting.endsWith)) ?? '';
  expect(await bench.act({ type: 'scan', envelope: '1' })).toMatch(/non esiste/);
  expect(await bench.act({ type: 'scan', envelope: drawn })).toBeNull();
  await page.untilOperator((now) => now.waiting?.task === 'hand-envelope');
  expect(page.operator()?.waiting).toMatchObject({ number: drawn, secured: true });
  await page.operatorDoes({ type: 'hand-over', handedOver: true });
  await page.on('envelope-done');
  await bench.act({ type: 'remove' });
  await page.until(({ screen }) => screen === 'welcome' || screen === 'envelope-done');
  await page.citizenDoes({ type: 'stay' });
  await page.on('welcome');

  const mario = cards.find((card) => card.id === 'mario')!;
  const [name = '', surname = ''] = mario.holder.split(' ');
  const { fiscalCode, birthDate } = mario;
  await page.operatorDoes({ type: 'begin', operation: 'suspension', holder: { fiscalCode, name, surname, birthDate } });
  await page.untilOperator((now) => now.waiting?.task === 'service');
  await page.operatorDoes({ type: 'service', document: identityCard, forms: [], reason: 'loss' });
  await page.untilOperator((now) => now.waiting?.task === 'service' && now.waiting.step === 'confirming');
  await page.operatorDoes({ type: 'confirm' });
  await page.on('service-done');
}, 60_000);

test('a region that there is not is refused in one line', async () => {
  await expect(DemoProcess.start('--port', '0', '--region', 'atlantide')).rejects.toThrow(
    /^the demo ended with 2: sportello: --region: one of campania, [^\n]+\n$/,
  );
});

describe.each(profileIds())('%s', (id) => {
  test('has a desk and cards that the demo can show, and envelopes where its codes lie in them', () => {
    const profile = readProfile(id);
    const region = readRegion(id);
    if (!profile.ok || !region.ok) throw new Error(id);
    const { issuer, otherIssuer, desk, envelopes } = region.value;
    const { ownCards, operations, codes } = profile.value;
    expect(ownCards.issuers).toContain(issuer);
    expect(ownCards.issuers).not.toContain(otherIssuer);
    expect(operations.activation.absent !== true && operations.activation.places[desk]).toBeTruthy();
    expect(envelopes).toHaveLength(codes.envelope === undefined ? 0 : 12);
  });
});
