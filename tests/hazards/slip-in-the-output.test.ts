import { expect, test } from 'vitest';
import { operator, Sportello } from '../harness/sportello.ts';

const unattended = { attended: false, handOverEvidence: 'E3' } as const;

test.concurrent('unattended: the sensors see the slip go, and that is the hand-over; confirmed, and sent once', async () => {
  await using world = await Sportello.start({ presenter: true, policy: unattended });
  await world.toCollect();
  await world.client.citizenDoes({ type: 'taken' });
  expect(world.client.citizen().screen).toBe('collect');
  await world.printer.control('take');
  await world.client.on('done');
  await world.closed('CONFIRMED');
  expect(world.row('OUTCOME')).toMatchObject({ outcome: 'handed-over', class: 'E3' });
  expect(world.journal().filter(({ kind }) => kind === 'EVIDENCE')).toMatchObject([{ class: 'E2' }, { class: 'E3', output: 'taken' }]);
  await world.secondPart();
});

test.concurrent(
  'nobody takes it: it is taken back, void, and not exposed; the next is served',
  async () => {
    await using world = await Sportello.start({ presenter: true, policy: { ...unattended, collect: 21, idleWarning: 20 } });
    await world.toCollect();
    expect(await world.client.on('stopped', 30_000)).toMatchObject({ reason: 'slip-not-collected', codes: 'void' });
    await world.closed('VOIDED');
    expect(world.row('OUTCOME')).toMatchObject({ outcome: 'not-handed-over', class: 'E3', exposed: false });
    expect(world.secondParts()).toEqual([]);
    await world.takeCard();
  },
  60_000,
);

test.concurrent.each(['EVIDENCE', 'PRINT_INTENT'] as const)(
  'the core is killed after %s: at boot what is in the output is taken back, and nothing is printed',
  async (kind) => {
    await using world = await Sportello.start({ presenter: true, pauseAfter: kind });
    await world.issue();
    await world.paused(kind);
    await world.killKiosk();
    const slips = world.wholeSlips().length;
    await world.startKiosk();
    await world.closed('VOIDED');
    expect(world.row('OUTCOME')).toMatchObject({ outcome: 'not-handed-over', exposed: false, reason: 'interrupted' });
    expect(world.wholeSlips()).toHaveLength(slips);
  },
);

test.concurrent('taken while the core was dead: exposed, and void', async () => {
  await using world = await Sportello.start({ presenter: true, pauseAfter: 'EVIDENCE' });
  await world.issue();
  await world.paused('EVIDENCE');
  await world.killKiosk();
  await world.printer.control('take');
  await world.startKiosk();
  await world.closed('VOIDED');
  expect(world.row('OUTCOME')).toMatchObject({ outcome: 'not-handed-over', exposed: true });
  expect(world.secondParts()).toEqual([]);
});

test.concurrent('a slip that nobody knows of stands in the output: nobody is served until it is gone', async () => {
  await using world = await Sportello.start({ presenter: true });
  await world.toCollect();
  await world.client.operatorDoes({ type: 'hand-over', handedOver: true });
  await world.client.on('done');
  await world.card('remove');
  await world.client.citizenDoes({ type: 'stay' });
  await world.client.on('out-of-service');
  expect(world.client.operator()).toMatchObject({ printer: 'slip-in-output', signedOn: { id: operator.id } });
  await world.printer.control('take');
  await world.client.on('welcome');
});
