import { afterEach, expect, test, vi } from 'vitest';
import { Sportello } from '../harness/sportello.ts';

let world: Sportello;
afterEach(() => world.close());

test('the card is pulled in the middle of the slip: buffer cleared, unknown, held; the next citizen gets only his own codes', async () => {
  world = await Sportello.start({ msPerLine: 60 });
  await world.issue();
  await vi.waitUntil(() => world.printer.hanging().includes('PIN'), { timeout: 15_000, interval: 5 });
  await world.card('remove');
  expect(await world.client.on('stopped')).toMatchObject({ reason: 'card-removed', codes: 'held', cardIn: false });
  await world.closed('HELD');
  expect(world.row('EVIDENCE')).toMatchObject({ class: 'E1', buffer: 'cleared' });
  expect(world.row('OUTCOME')).toMatchObject({ outcome: 'unknown', exposed: true, reason: 'card-removed' });
  expect(world.secondParts()).toEqual([]);
  const [, puk] = world.ledger.codes(world.operationId);

  await world.client.citizenDoes({ type: 'stay' });
  await world.activateAgain();
  await world.closed('CONFIRMED');
  const text = world.wholeSlips().at(-1)!;
  expect(world.wholeSlips()).toHaveLength(1);
  expect(text.match(/TESSERA SANITARIA/g), 'what hung from the printer was cut off before').toHaveLength(1);
  expect(text).toContain(world.paperPart('PIN'));
  expect(text).not.toContain(spaced(puk!.value.slice(0, puk!.paperCharacters)));
  await world.secondPart();
});

const spaced = (digits: string): string => [...digits].join(' ');
