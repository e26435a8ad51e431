import { afterEach, expect, test, vi } from 'vitest';
import { operator, Sportello } from '../harness/sportello.ts';

let world: Sportello;
afterEach(() => world.close());

const policy = { printAttempts: 2 };

/** The paper ends in the middle of the slip; a new roll is put in, and what hung out is gone with the old one. */
async function torn(pauseAfter?: 'REPRINT_AUTHORISED'): Promise<void> {
  world = await Sportello.start({ policy, ...(pauseAfter === undefined ? {} : { pauseAfter }) });
  await world.printer.control('jam-after 6');
  await world.issue();
  await world.client.on('print-failed');
  await world.printer.control('paper-ok');
  await world.client.untilOperator((status) => status.waiting?.task === 'reprint' && status.printer === 'ready');
}

test('torn, destroyed, and printed once more by the operator: marked on paper, in the journal and at the CMS; confirmed and sent once', async () => {
  await torn();
  expect(world.ledger.releases(world.operationId)).toBe(1);
  await world.client.operatorDoes({ type: 'reprint', slip: 'destroyed' });
  await world.client.on('collect');
  expect(world.wholeSlips()).toHaveLength(1);
  expect(world.wholeSlips()[0]).toContain('RISTAMPA 2');
  expect(world.wholeSlips()[0]).toContain(world.paperPart('PIN'));
  expect(world.ledger.releases(world.operationId)).toBe(2);
  expect(world.row('REPRINT_AUTHORISED')).toMatchObject({ attempt: 2, slip: 'destroyed', operator: operator.id });
  await world.client.operatorDoes({ type: 'hand-over', handedOver: true });
  await world.client.on('done');
  await world.closed('CONFIRMED');
  await world.secondPart();
});

test('the core is killed right after the reprint was authorised: it is not printed at boot, and void', async () => {
  await torn('REPRINT_AUTHORISED');
  world.client.operatorDoes({ type: 'reprint', slip: 'destroyed' }).catch(() => undefined);
  await world.paused('REPRINT_AUTHORISED');
  await world.killKiosk();
  await world.startKiosk();
  await world.closed('VOIDED');
  expect(world.wholeSlips()).toEqual([]);
  expect(world.ledger.releases(world.operationId)).toBe(1);
  expect(world.secondParts()).toEqual([]);
});

test('the operator signs off while it is offered: nothing is printed; signed on again, it still can be', async () => {
  await torn();
  await world.client.signOff();
  await expect(world.client.operatorDoes({ type: 'reprint', slip: 'nothing-out' })).rejects.toThrow('401');
  expect(world.client.citizen().screen).toBe('print-failed');
  await world.client.signOn(operator.id, operator.pin);
  await world.client.operatorDoes({ type: 'reprint', slip: 'nothing-out' });
  await world.client.on('collect');
  expect(world.wholeSlips()).toHaveLength(1);
});

test('the card is taken while a reprint is offered: held for an operator, and nothing is printed', async () => {
  await torn();
  await world.card('remove');
  expect(await world.client.on('stopped')).toMatchObject({ reason: 'card-removed', codes: 'held' });
  await world.closed('HELD');
  expect(world.wholeSlips()).toEqual([]);
});

test('the CMS is away while the reprint is fetched: nothing is printed, and void when it is back', async () => {
  await torn();
  await world.killCms();
  await world.client.operatorDoes({ type: 'reprint', slip: 'destroyed' });
  expect(await world.client.on('stopped', 30_000)).toMatchObject({ codes: 'void' });
  await world.startCms();
  await world.closed('VOIDED');
  expect(world.wholeSlips()).toEqual([]);
});

test('the reprint fails too, and the site allows two prints: held', async () => {
  await torn();
  await world.printer.control('jam-after 6');
  await world.client.operatorDoes({ type: 'reprint', slip: 'destroyed' });
  expect(await world.client.on('stopped')).toMatchObject({ reason: 'printer-failed', codes: 'held' });
  await world.closed('HELD');
  await vi.waitUntil(() => world.client.operator()?.held[0]?.attempt === 2, { timeout: 5_000 });
});
