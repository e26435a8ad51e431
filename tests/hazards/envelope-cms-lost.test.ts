import { afterEach, expect, test } from 'vitest';
import { scan, toEnvelope } from '../harness/envelope-desk.ts';
import { Sportello } from '../harness/sportello.ts';

let world: Sportello;
afterEach(() => world.close());

test('the answer that the PIN was set is lost once: it is asked for again, and the envelope is handed over', async () => {
  world = await Sportello.start({ envelopes: true, reader: 'in-process' });
  const number = await toEnvelope(world);
  await world.cms('lose-answer call=relay times=1');
  scan(world, number);
  await world.client.untilOperator(({ waiting }) => waiting?.task === 'hand-envelope');
  await world.client.operatorDoes({ type: 'hand-over', handedOver: true });
  await world.closed('CONFIRMED');
  expect(world.envelope(number)).toBe('handed');
});

test('the operator signs off while the card is in the CMS’s hands: the PIN is set whole, and who signs on again hands it over', async () => {
  world = await Sportello.start({ envelopes: true, reader: 'in-process' });
  const number = await toEnvelope(world);
  await world.card('slow 300');
  scan(world, number);
  await world.client.until((status) => status.screen === 'envelope' && status.stage === 'setting');
  await world.client.signOff();
  await world.client.until((status) => status.screen === 'envelope' && status.stage === 'handing');
  expect(world.envelope(number)).toBe('bound');
  await world.client.signOn('operatore', '24680');
  await world.client.untilOperator(({ waiting }) => waiting?.task === 'hand-envelope');
  await world.client.operatorDoes({ type: 'hand-over', handedOver: false });
  await world.closed('VOIDED');
  expect(world.envelope(number)).toBe('unclaimed');
});

test('the CMS is away from the first exchange on: no command went, the envelope is put away, and the operation void once it is back', async () => {
  world = await Sportello.start({ envelopes: true, reader: 'in-process' });
  const number = await toEnvelope(world);
  await world.cms('unreachable');
  scan(world, number);
  await world.client.on('stopped', 60_000);
  expect(world.envelope(number)).toBe('aborted');
  expect(world.row('CHIP_EVIDENCE')).toMatchObject({ pin: 'not-set', sent: 0 });
  await world.cms('normal');
  await world.closed('VOIDED');
});
