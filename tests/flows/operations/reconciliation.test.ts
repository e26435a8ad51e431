import { expect, test } from 'vitest';
import { countDay, differencesOf } from '../../../flows/operations/reconciliation.ts';
import type { CmsState, OperationView, Outcome } from '../../../flows/ports/cms.ts';
import type { JournalEntry, JournalRow } from '../../../flows/ports/journal.ts';

const id = '01890a5d-ac96-774b-bcce-b302099a8057';
const entries = (rows: readonly JournalRow[], at = '2026-11-25T10:00:00.000Z'): JournalEntry[] =>
  rows.map((row, index) => ({ sequence: index + 1, operationId: id, at, row }));
const view = (state: CmsState, releases: number): OperationView => ({ operationId: id, state, releases });

const intent: JournalRow = { kind: 'RESERVE_INTENT' };
const reserved: JournalRow = { kind: 'RESERVED', expiresAt: '2026-11-25T10:15:00.000Z' };
const print = (attempt = 1): JournalRow => ({ kind: 'PRINT_INTENT', attempt });
const evidence = (evidenceClass: 'E0' | 'E1' | 'E2', attempt = 1): JournalRow => ({
  kind: 'EVIDENCE',
  attempt,
  class: evidenceClass,
  raw: '',
  buffer: 'printed',
});
const outcome = (what: Outcome): JournalRow => ({ kind: 'OUTCOME', outcome: what, class: 'E2', exposed: false, reason: 'test' });
const closed: JournalRow = { kind: 'CLOSED', state: 'CONFIRMED' };

test.each<[string, readonly JournalRow[], OperationView, readonly string[]]>([
  ['the answer to the reservation was lost', [intent], view('RESERVED', 0), []],
  ['the reservation never arrived', [intent], view('NONE', 0), []],
  ['all agree before the print', [intent, reserved], view('RESERVED', 0), []],
  ['the paper part was released and not yet printed', [intent, reserved, print()], view('RESERVED', 1), []],
  ['printed', [intent, reserved, print(), evidence('E2')], view('RESERVED', 1), []],
  ['silence voided it (R1)', [intent, reserved, print(), evidence('E2')], view('VOIDED', 1), []],
  [
    'handed over, confirmed, the receipt lost',
    [intent, reserved, print(), evidence('E2'), outcome('handed-over')],
    view('CONFIRMED', 1),
    [],
  ],
  ['held', [intent, reserved, print(), evidence('E1'), outcome('unknown')], view('HELD', 1), []],
  ['the print failed before the release', [intent, reserved, print(), evidence('E0'), outcome('not-handed-over')], view('VOIDED', 0), []],
  ['the CMS lost its database', [intent, reserved], view('NONE', 0), ['cms-forgot']],
  ['somebody confirmed in our name', [intent, reserved, print()], view('CONFIRMED', 1), ['confirmed-without-hand-over']],
  ['confirmed what we voided', [intent, reserved, outcome('not-handed-over')], view('CONFIRMED', 0), ['confirmed-without-hand-over']],
  ['somebody has our paper part', [intent, reserved], view('RESERVED', 1), ['release-without-intent']],
  ['released twice, printed once', [intent, reserved, print(), evidence('E2')], view('RESERVED', 2), ['release-without-intent']],
  ['printed what nobody released', [intent, reserved, print(), evidence('E2')], view('RESERVED', 0), ['slip-without-release']],
])('an open operation: %s', (_name, rows, seen, expected) => {
  expect(differencesOf(id, entries(rows), seen).map(({ kind }) => kind)).toEqual(expected);
});

const day = '2026-11-25';
const released = (attempt = 1) => ({ operationId: id, attempt, at: '2026-11-25T10:00:01.000Z' });

test.each<[string, readonly JournalRow[], readonly { operationId: string; attempt: number; at: string }[], number, readonly string[]]>([
  ['one of each', [print(), evidence('E2'), outcome('handed-over'), closed], [released()], 1, []],
  ['a print that failed before its release', [print(), evidence('E0'), outcome('not-handed-over'), closed], [], 0, []],
  ['released the next day, a moment after midnight there', [print(), evidence('E2'), closed], [], 1, []],
  ['still open, and nothing known yet', [print()], [released()], 1, []],
  ['a release that nobody announced', [], [released()], 1, ['release-without-intent']],
  [
    'a release of an attempt that nobody announced',
    [print(), evidence('E2'), closed],
    [released(), released(2)],
    2,
    ['release-without-intent'],
  ],
  ['a slip that nobody released', [print(), evidence('E1'), closed], [], 0, ['slip-without-release']],
  ['closed without a word on the print', [print(), closed], [], 0, ['intent-without-evidence']],
])('a day: %s', (_name, rows, releases, seen, expected) => {
  const counted = countDay({ day, releases }, new Map([[id, entries(rows)]]), [view('CONFIRMED', seen)]);
  expect(counted.differences.map(({ kind }) => kind)).toEqual(expected);
  expect(counted).toMatchObject({
    day,
    releases: releases.length,
    intents: rows.filter(({ kind }) => kind === 'PRINT_INTENT').length,
    slips: rows.filter((row) => row.kind === 'EVIDENCE' && row.class !== 'E0').length,
  });
});

test('what one of the two has never heard of is a difference, and not a fault of the count', () => {
  const ofNobody = countDay({ day, releases: [released()] }, new Map(), []);
  expect(ofNobody).toMatchObject({
    intents: 0,
    releases: 1,
    differences: [{ kind: 'release-without-intent', operationId: id, attempt: 1 }],
  });
  const forgotten = countDay({ day, releases: [] }, new Map([[id, entries([print(), evidence('E2')])]]), []);
  expect(forgotten).toMatchObject({ slips: 1, releases: 0, differences: [{ kind: 'slip-without-release', operationId: id, attempt: 1 }] });
});

test('only what happened on the day is counted for it', () => {
  const rows = [...entries([print(), evidence('E1')]), ...entries([print(2), evidence('E2', 2), closed], '2026-11-26T00:00:00.000Z')];
  expect(countDay({ day, releases: [released()] }, new Map([[id, rows]]), [view('CONFIRMED', 2)])).toEqual({
    day,
    intents: 1,
    slips: 1,
    releases: 1,
    differences: [],
  });
});
