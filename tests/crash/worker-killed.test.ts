import { afterEach, expect, test, vi } from 'vitest';
import { Sportello } from '../harness/sportello.ts';
import { agree } from './expectations.ts';

// A print worker lives between PRINT_INTENT and EVIDENCE and at no other time: `core-killed.test.ts` and the proof of kills look at the rest.

let world: Sportello;
afterEach(() => world.close());

const worker = async (): Promise<number> => {
  await vi.waitUntil(() => world.printWorkers().length > 0, { timeout: 15_000, interval: 1 });
  return world.printWorkers()[0]!;
};

test('the print worker is killed before it has the paper part: not a byte went out, void', async () => {
  world = await Sportello.start();
  const code = await world.toContactCode();
  await world.cms('slow ms=3000 call=paper-part');
  await world.client.citizenDoes({ type: 'contact-code', code });
  process.kill(await worker(), 'SIGKILL');
  expect(await world.client.on('stopped')).toMatchObject({ reason: 'printer-failed', codes: 'void' });
  await agree(world, 'VOIDED');
  expect(world.row('EVIDENCE')).toMatchObject({ class: 'E0', buffer: 'needless' });
  expect(world.printer.hanging()).toBe('');
});

test('the print worker is killed in the middle of the slip: the core clears the printer, held', async () => {
  world = await Sportello.start({ msPerLine: 60 });
  await world.issue();
  await vi.waitUntil(() => world.printer.hanging().includes('PIN'), { timeout: 15_000, interval: 5 });
  process.kill(await worker(), 'SIGKILL');
  expect(await world.client.on('stopped')).toMatchObject({ reason: 'printer-failed', codes: 'held' });
  await agree(world, 'HELD');
  expect(world.row('EVIDENCE')).toMatchObject({ class: 'E1', buffer: 'cleared' });
  expect(world.wholeSlips()).toEqual([]);
});
