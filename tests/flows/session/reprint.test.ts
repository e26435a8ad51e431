import { expect, test } from 'vitest';
import type { PrintReport } from '../../../flows/ports/printing.ts';
import { evidence } from '../fakes.ts';
import { startTestDesk, settled, delays } from './desk-harness.ts';

const torn: PrintReport = { evidence: evidence('E1', 'cleared'), failure: { kind: 'printer', status: { state: 'paper-out' } } };
const locked: PrintReport = { ...torn, evidence: evidence('E1', 'locked') };
const nothing: PrintReport = { evidence: evidence('E0', 'needless'), failure: { kind: 'printer', status: { state: 'cover-open' } } };
const lost: PrintReport = { evidence: evidence('E1', 'cleared'), failure: { kind: 'worker-lost', detail: 'killed' } };
const aborted: PrintReport = { evidence: evidence('E1', 'cleared'), failure: { kind: 'aborted' } };
const refused: PrintReport = {
  evidence: evidence('E0', 'needless'),
  failure: { kind: 'paper-part', error: { kind: 'refused', type: 'operation-voided', title: '' } },
};
const unreachable: PrintReport = {
  evidence: evidence('E0', 'needless'),
  failure: { kind: 'paper-part', error: { kind: 'unreachable', detail: '' } },
};
const good: PrintReport = { evidence: evidence('E2', 'printed'), failure: null };

async function failedPrint(report: PrintReport, printAttempts = 2) {
  const desk = startTestDesk(undefined, undefined, { printAttempts });
  desk.printing.report = report;
  await desk.goTo('collect');
  return desk;
}

test.each<[string, PrintReport, number, boolean]>([
  ['nothing was sent', nothing, 2, true],
  ['a torn slip, cleared', torn, 2, true],
  ['the worker lost, cleared', lost, 2, true],
  ['the part not fetched', unreachable, 2, true],
  ['the printer not cleared', locked, 2, false],
  ['the CMS refused', refused, 2, false],
  ['somebody stopped it', aborted, 2, false],
  ['the site allows one print', torn, 1, false],
])('%s: whether a reprint is offered', async (_name, report, attempts, offered) => {
  const { desk, screen } = await failedPrint(report, attempts);
  expect(screen()).toBe(offered ? 'print-failed' : 'stopped');
  expect(desk.operator().waiting?.task).toBe(offered ? 'reprint' : undefined);
});

test('never by itself: nobody decides, and what may be out is held', async () => {
  const { pass, screen, journal, printing } = await failedPrint(torn);
  await pass(delays.reprintWait);
  expect(screen()).toBe('stopped');
  expect(printing.prints).toBe(1);
  expect(journal.outcome()).toMatchObject({ outcome: 'unknown', exposed: true, reason: 'printer-failed' });
});

test('the card goes while it is offered: held, and nothing more is printed', async () => {
  const { card, screen, journal, printing } = await failedPrint(torn);
  card.remove();
  await settled();
  expect(screen()).toBe('stopped');
  expect(printing.prints).toBe(1);
  expect(journal.outcome()).toMatchObject({ outcome: 'unknown', reason: 'card-removed' });
});

test('authorised: signed and journalled before the second print, which is told the authorisation, and handed over as the second', async () => {
  const { desk, send, screen, journal, printing, operators, cms } = await failedPrint(torn);
  const asked: object[] = [];
  const release = cms.releasePaperPart;
  cms.releasePaperPart = (request, signal) => {
    asked.push(request);
    return release(request, signal);
  };
  printing.report = good;
  expect(await send({ type: 'reprint', slip: 'destroyed' })).toBe(true);
  expect(screen()).toBe('collect');
  expect(desk.operator().waiting).toMatchObject({ task: 'hand-over', attempt: 2 });
  expect(asked).toMatchObject([{ attempt: 2, authorisation: 'jws:reprint' }]);
  await send({ type: 'hand-over', handedOver: true });
  expect(screen()).toBe('done');
  expect(operators.signed).toEqual(['identified', 'reprint', 'hand-over']);
  expect(journal.kinds()).toEqual([
    'OP_OPEN',
    'RESERVE_INTENT',
    'RESERVED',
    'PRINTER_READY',
    'PRINT_INTENT',
    'EVIDENCE',
    'REPRINT_AUTHORISED',
    'PRINTER_READY',
    'PRINT_INTENT',
    'EVIDENCE',
    'OUTCOME',
    'RECEIPT',
    'CLOSED',
  ]);
  expect(cms.reports).toMatchObject([{ attempt: 2, outcome: 'handed-over', evidence: { class: 'E4' } }]);
});

test('the printer is not ready, or nobody is signed on: nothing is signed, and it is offered still', async () => {
  const { desk, send, screen, journal, printing, operators } = await failedPrint(torn);
  printing.state = { state: 'paper-out' };
  await send({ type: 'reprint', slip: 'destroyed' });
  expect(desk.operator().waiting).toMatchObject({ task: 'reprint', problem: 'printer-not-ready' });
  printing.state = { state: 'ready' };
  operators.signOff();
  await send({ type: 'reprint', slip: 'destroyed' });
  expect(desk.operator().waiting).toMatchObject({ task: 'reprint', problem: 'not-signed' });
  expect(screen()).toBe('print-failed');
  expect(journal.kinds()).not.toContain('REPRINT_AUTHORISED');
  expect(printing.prints).toBe(1);
});

test('as many prints as the site allows, and then no more', async () => {
  const { send, screen, printing, journal } = await failedPrint(torn, 3);
  for (const prints of [2, 3]) {
    expect(screen()).toBe('print-failed');
    await send({ type: 'reprint', slip: 'nothing-out' });
    expect(printing.prints).toBe(prints);
  }
  expect(screen()).toBe('stopped');
  expect(journal.outcome()).toMatchObject({ outcome: 'unknown' });
});

test("the reprint never begins: by the operator's word on the slip before, it is void", async () => {
  const { send, screen, printing, journal } = await failedPrint(torn);
  printing.check = (() => {
    const states = [{ state: 'ready' }, { state: 'paper-out' }] as const;
    let asked = 0;
    return () => Promise.resolve(states[asked++] ?? { state: 'paper-out' });
  })();
  await send({ type: 'reprint', slip: 'destroyed' });
  expect(screen()).toBe('stopped');
  expect(journal.outcome()).toMatchObject({ outcome: 'not-handed-over', exposed: false });
});

test('records that cannot be written: the reprint does not begin', async () => {
  const { send, screen, printing, journal } = await failedPrint(torn);
  journal.broken = 'REPRINT_AUTHORISED';
  await send({ type: 'reprint', slip: 'destroyed' });
  expect(screen()).toBe('stopped');
  expect(printing.prints).toBe(1);
});
