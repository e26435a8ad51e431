import { expect, test } from 'vitest';
import type { EvidenceClass } from '../../../devices/printer/contract.ts';
import { delays, settled, startTestDesk } from './desk-harness.ts';

const taken = { slip: 'taken', raw: '100f00000000' } as const;

/** A slip is out; `sensed`: the presenter's sensors see it go at once. */
async function collecting(handOverEvidence: EvidenceClass, sensed = false) {
  const desk = startTestDesk(undefined, undefined, { handOverEvidence });
  if (sensed) desk.printing.taken = taken;
  await desk.goTo('collect');
  return desk;
}

test.each([
  ['E2', 'E2'],
  ['E3', null],
  ['E4', null],
] as const)("the citizen's touch, where %s is wanted", async (wanted, reached) => {
  const { send, screen, journal } = await collecting(wanted);
  await send({ type: 'taken' });
  expect(screen()).toBe(reached === null ? 'collect' : 'done');
  if (reached !== null) expect(journal.outcome()).toMatchObject({ outcome: 'handed-over', class: reached });
});

test.each([
  ['E2', 'E3'],
  ['E3', 'E3'],
  ['E4', null],
] as const)('the sensors saw it go, where %s is wanted', async (wanted, reached) => {
  const { screen, journal } = await collecting(wanted, true);
  await settled();
  expect(journal.entries.findLast(({ row }) => row.kind === 'EVIDENCE')?.row).toMatchObject({ class: 'E3', output: 'taken' });
  expect(screen()).toBe(reached === null ? 'collect' : 'done');
  if (reached !== null) expect(journal.outcome()).toMatchObject({ outcome: 'handed-over', class: reached });
});

test("an operator's word is enough everywhere, and a no is a no", async () => {
  for (const wanted of ['E2', 'E3', 'E4'] as const) {
    const yes = await collecting(wanted);
    await yes.send({ type: 'hand-over', handedOver: true });
    expect(yes.journal.outcome()).toMatchObject({ outcome: 'handed-over', class: 'E4' });
    const no = await collecting(wanted);
    await no.send({ type: 'hand-over', handedOver: false });
    expect(no.journal.outcome()).toMatchObject({ outcome: 'not-handed-over', exposed: true });
  }
});

test('nobody takes it: it is taken back where the printer can, and then it is exposed no more', async () => {
  const { pass, printing, journal, screen } = await collecting('E4');
  printing.output = { slip: 'retracted', raw: '100f00000000' };
  await pass(delays.collect - delays.idleWarning);
  await pass(delays.idleWarning);
  expect(printing.retracted).toBe(1);
  expect(journal.outcome()).toMatchObject({ outcome: 'not-handed-over', class: 'E3', exposed: false, reason: 'slip-not-collected' });
  expect(journal.kinds().filter((kind) => kind === 'EVIDENCE')).toHaveLength(2);
  expect(screen()).toBe('stopped');
});

test('records that cannot take what the sensors saw: nothing is concluded', async () => {
  const { pass, printing, journal, screen } = await collecting('E3');
  journal.broken = 'EVIDENCE';
  printing.output = { slip: 'retracted', raw: '' };
  await pass(delays.collect - delays.idleWarning);
  await pass(delays.idleWarning);
  expect(screen()).toBe('stopped');
  expect(journal.outcome()).toBeUndefined();
});
