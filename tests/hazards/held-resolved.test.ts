import { afterEach, expect, test } from 'vitest';
import { operator, Sportello } from '../harness/sportello.ts';

let world: Sportello;
afterEach(() => world.close());

/** Paper ends in the middle of the slip: nobody can know what the citizen has. */
async function held(): Promise<void> {
  world = await Sportello.start();
  await world.printer.control('jam-after 6');
  await world.issue();
  expect(await world.client.on('stopped')).toMatchObject({ codes: 'held' });
  await world.closed('HELD');
}

const holds = (stage: string) => world.client.untilOperator(({ held: [one] }) => one?.stage === stage);

test('held, and found handed over after a restart: confirmed by the signed decision, and sent once', async () => {
  await held();
  await world.killKiosk();
  await world.startKiosk();
  await world.client.signOn(operator.id, operator.pin);
  await holds('held');
  expect(world.client.operator()?.held).toMatchObject([
    {
      operationId: world.operationId,
      attempt: 1,
      evidence: { class: 'E1', buffer: 'cleared' },
      choices: ['handed-over', 'not-handed-over', 'destroyed'],
    },
  ]);
  expect(world.secondParts()).toEqual([]);
  expect(await world.client.resolve(world.operationId, 'handed-over')).toBe(true);
  await world.closed('CONFIRMED');
  await world.secondPart();
  expect(world.row('RESOLUTION')).toMatchObject({ finding: 'handed-over', operator: operator.id });
  await world.client.untilOperator((status) => status.held.length === 0);
  expect(await world.client.resolve(world.operationId, 'destroyed')).toBe(false);
});

test('the CMS is away while it is resolved: the decision waits, also over a restart, and then voids; nothing is sent', async () => {
  await held();
  await world.killCms();
  expect(await world.client.resolve(world.operationId, 'destroyed')).toBe(true);
  await holds('decided');
  expect(await world.client.resolve(world.operationId, 'handed-over')).toBe(false);
  await world.killKiosk();
  await world.startKiosk();
  await world.startCms();
  await world.closed('VOIDED');
  expect(
    world
      .journal()
      .map(({ kind }) => kind)
      .slice(-4),
  ).toEqual(['RECEIPT', 'RESOLUTION', 'RECEIPT', 'CLOSED']);
  expect(world.secondParts()).toEqual([]);
});

test('the core is killed right after the decision was recorded: it is brought to the CMS by the next', async () => {
  await held();
  await world.killKiosk();
  await world.startKiosk('RESOLUTION');
  await world.client.signOn(operator.id, operator.pin);
  await holds('held');
  world.client.resolve(world.operationId, 'not-handed-over').catch(() => undefined);
  await world.paused('RESOLUTION');
  await world.killKiosk();
  await world.startKiosk();
  await world.closed('VOIDED');
  expect(world.secondParts()).toEqual([]);
});

test('nobody is signed on: the decision is turned away, and it stays held', async () => {
  await held();
  await world.client.signOff();
  await expect(world.client.resolve(world.operationId, 'handed-over')).rejects.toThrow('401');
  expect(world.ledger.state(world.operationId)).toBe('HELD');
});
