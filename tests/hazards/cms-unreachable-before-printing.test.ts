import { afterEach, expect, test } from 'vitest';
import { Sportello } from '../harness/sportello.ts';

let world: Sportello;
afterEach(() => world.close());

test('no answer to the request for a one-time code: said on the screen, nothing anywhere', async () => {
  world = await Sportello.start();
  await world.toContact();
  await world.cms('unreachable');
  await world.client.citizenDoes({ type: 'contact', email: 'mario.rossi@example.org', language: 'it' });
  await world.client.until((status) => status.screen === 'contact' && status.problem === 'unreachable', 30_000);
  expect(world.rows).toEqual([]);
});

test('no answer to the reservation: void as soon as the CMS is back', async () => {
  world = await Sportello.start();
  const code = await world.toContactCode();
  await world.cms('unreachable call=reserve');
  await world.client.citizenDoes({ type: 'contact-code', code });
  expect(await world.client.on('stopped', 30_000)).toMatchObject({ reason: 'cms-unreachable' });
  await world.cms('normal');
  await world.closed('VOIDED');
  expect(world.journal().map(({ kind }) => kind)).toEqual(['OP_OPEN', 'RESERVE_INTENT', 'OUTCOME', 'RECEIPT', 'CLOSED']);
  expect(world.secondParts()).toEqual([]);
});

test('the answer to the reservation is lost every time: void on both sides', async () => {
  world = await Sportello.start();
  const code = await world.toContactCode();
  await world.cms('lose-answer call=reserve');
  await world.client.citizenDoes({ type: 'contact-code', code });
  expect(await world.client.on('stopped', 30_000)).toMatchObject({ reason: 'cms-unreachable' });
  await world.closed('VOIDED');
  expect(world.secondParts()).toEqual([]);
});

test('the paper part is not released: not a byte went to the printer, void', async () => {
  world = await Sportello.start();
  const code = await world.toContactCode();
  await world.cms('unreachable call=paper-part');
  await world.client.citizenDoes({ type: 'contact-code', code });
  expect(await world.client.on('stopped', 30_000)).toMatchObject({ reason: 'cms-unreachable', codes: 'void' });
  await world.closed('VOIDED');
  expect(world.row('EVIDENCE')).toMatchObject({ class: 'E0', buffer: 'needless' });
  expect(world.wholeSlips()).toEqual([]);
  expect(world.printer.hanging()).toBe('');
});
