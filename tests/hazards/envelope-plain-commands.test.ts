import { afterEach, expect, test, vi } from 'vitest';
import { scan, toEnvelope } from '../harness/envelope-desk.ts';
import { Sportello } from '../harness/sportello.ts';

let world: Sportello;
afterEach(() => world.close());

test('a card without secure messaging, and nobody allowed plain commands here: none goes to the card, and the envelope is put away', async () => {
  world = await Sportello.start({ envelopes: true, plainCards: true, reader: 'in-process' });
  const number = await toEnvelope(world);
  scan(world, number);
  await world.client.on('stopped');
  await world.closed('VOIDED');
  expect(world.envelope(number)).toBe('aborted');
  expect(world.row('CHIP_EVIDENCE')).toMatchObject({ pin: 'not-set' });
});

test('allowed here, too: the PIN is set, and the records, both pages and the paper say that only people promise that nobody saw it', async () => {
  world = await Sportello.start({ envelopes: true, plainCards: true, reader: 'in-process', policy: { plainCommands: 'allowed' } });
  const number = await toEnvelope(world);
  expect(world.client.citizen()).toMatchObject({ screen: 'envelope', encrypted: false });
  scan(world, number);
  await world.client.untilOperator(({ waiting }) => waiting?.task === 'hand-envelope');
  expect(world.client.operator()?.waiting).toMatchObject({ number, secured: false });
  await world.client.operatorDoes({ type: 'hand-over', handedOver: true });
  expect(await world.client.on('envelope-done')).toMatchObject({ secured: false });
  await world.closed('CONFIRMED');
  expect(world.row('CHIP_EVIDENCE')).toMatchObject({ pin: 'set', secured: false });
  await world.client.until((status) => status.screen === 'envelope-done' && status.notice === 'printed');
  await vi.waitUntil(() => world.printer.slips().length > 0, { timeout: 10_000, interval: 10 });
  const paper = world.printer
    .slips()
    .map(({ text }) => text.replaceAll(/\s+/g, ' '))
    .join();
  expect(paper).toContain('che nessuno abbia visto il PIN è un impegno di chi lavora qui');
});
