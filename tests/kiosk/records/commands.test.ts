import { spawnSync } from 'node:child_process';
import { cpSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { commandEntry } from '../../../kiosk/project.ts';
import { beforeOutcome, opening, operationId, otherOperationId, recordsIn, report, temporaryFolder } from './specimen.ts';

function sportello(...args: readonly string[]): { code: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [commandEntry(), 'records', ...args], {
    encoding: 'utf8',
    timeout: 20_000,
  });
  return { code: status, out: stdout, err: stderr };
}

describe('sportello records', () => {
  test('lists and shows beside a running kiosk', () => {
    const folder = temporaryFolder();
    const kiosk = recordsIn(join(folder, 'records'), { now: () => new Date('2026-11-22T19:00:00.000Z') });
    for (const row of beforeOutcome) kiosk.append(operationId, row);
    kiosk.appendOutcome(report());
    kiosk.append(otherOperationId, opening);
    kiosk.append(otherOperationId, { kind: 'CLOSED', state: 'NONE' });

    const all = sportello('list', '--state', folder, '--json');
    expect(all).toMatchObject({ code: 0, err: '' });
    const waiting = {
      operationId,
      openedAt: '2026-11-22T19:00:00.000Z',
      lastAt: '2026-11-22T19:00:00.000Z',
      lastRow: 'OUTCOME',
      open: true,
      outcome: 'handed-over',
      state: null,
      waiting: true,
      attention: false,
    };
    expect(JSON.parse(all.out)).toEqual([
      waiting,
      { ...waiting, operationId: otherOperationId, lastRow: 'CLOSED', open: false, outcome: null, state: 'NONE', waiting: false },
    ]);
    expect(JSON.parse(sportello('list', '--open', '--state', folder, '--json').out)).toEqual([waiting]);

    const one = sportello('show', operationId, '--state', folder, '--json');
    expect(one.code).toBe(0);
    expect(JSON.parse(one.out)).toEqual({ ...waiting, rows: kiosk.show(operationId)?.rows });
    expect(JSON.parse(one.out).rows[0]).toEqual({ sequence: 1, operationId, at: '2026-11-22T19:00:00.000Z', row: opening });

    const told = sportello('show', operationId, '--state', folder);
    expect(told.out.split('\n')).toHaveLength(9);
    expect(told.out).toContain('EVIDENCE        attempt=1 class=E2 raw=3722313233340000 buffer=printed');
    expect(kiosk.append(operationId, { kind: 'CLOSED', state: 'CONFIRMED' }).ok).toBe(true);
  });

  test('draws the lots of a shift again', () => {
    const folder = temporaryFolder();
    const kiosk = recordsIn(join(folder, 'records'));
    const numbers = ['200000000121', '200000000139', '200000000147'];
    kiosk.envelopes.openShift('mrossi');
    kiosk.envelopes.receive({ batch: 'lotto-1', digest: 'd'.repeat(64), numbers });
    kiosk.envelopes.assign('magazine:armadio', numbers);
    for (const row of [opening, { kind: 'RESERVE_INTENT' }, { kind: 'RESERVED', expiresAt: '2026-11-22T20:00:00Z' }] as const)
      kiosk.append(operationId, row);
    expect(kiosk.envelopes.draw(operationId, 'magazine:armadio').ok).toBe(true);
    expect(sportello('draws', '--state', folder, '--json')).toMatchObject({ code: 0, out: '{"draws":1,"secret":1,"faults":[]}\n' });
    const drawn = kiosk.envelopes.all().find(({ state }) => state === 'drawn')?.number ?? '';
    kiosk.appendOutcome({ ...report(), outcome: 'not-handed-over', reason: 'cancelled' }, { number: drawn, to: 'assigned' });
    kiosk.envelopes.count('mrossi', 3);
    const told = sportello('draws', '--state', folder);
    expect(told).toMatchObject({ code: 0, out: '1 draws, of which 0 by a seed that is still secret; 0 are not as they should be\n' });
  });

  test('says which outcomes a person must look at', () => {
    const folder = temporaryFolder();
    const kiosk = recordsIn(join(folder, 'records'));
    for (const row of beforeOutcome) kiosk.append(operationId, row);
    kiosk.appendOutcome(report());
    for (let failures = 0; failures < 6; failures += 1) {
      expect(kiosk.list()).toMatchObject([{ attention: false }]);
      expect(kiosk.countFailures([operationId, otherOperationId])).toEqual({ ok: true });
    }
    expect(JSON.parse(sportello('list', '--state', folder, '--json').out)).toMatchObject([{ operationId, waiting: true, attention: true }]);
    expect(sportello('list', '--open', '--state', folder).out).toContain('A PERSON MUST LOOK');
  });

  test('tells the count of each day, and says no where journal and CMS differ', () => {
    const folder = temporaryFolder();
    const kiosk = recordsIn(join(folder, 'records'), { now: () => new Date('2026-11-22T19:00:00.000Z') });
    expect(sportello('counts', '--state', folder)).toEqual({ code: 0, out: 'no day was counted yet\n', err: '' });
    const count = { day: '2026-11-21', intents: 3, slips: 3, releases: 3, differences: [] };
    expect(kiosk.noteDifferences([], count)).toEqual({ ok: true, value: [] });
    expect(sportello('counts', '--state', folder)).toMatchObject({ code: 0, out: '2026-11-21  3 prints announced  3 slips  3 releases\n' });
    // Counted once is counted.
    expect(kiosk.noteDifferences([], { ...count, slips: 9 })).toEqual({ ok: true, value: [] });
    const difference = { kind: 'release-without-intent', operationId, attempt: 2 } as const;
    expect(kiosk.noteDifferences([difference])).toEqual({ ok: true, value: [difference] });
    expect(kiosk.noteDifferences([difference])).toEqual({ ok: true, value: [] });
    const told = sportello('counts', '--state', folder, '--json');
    expect(told.code).toBe(1);
    expect(JSON.parse(told.out)).toEqual({
      days: [{ day: '2026-11-21', at: '2026-11-22T19:00:00.000Z', intents: 3, slips: 3, releases: 3 }],
      incidents: [{ ...difference, at: '2026-11-22T19:00:00.000Z' }],
    });
  });

  test('says no to an operation that is not there, and names what it cannot read', () => {
    const folder = temporaryFolder();
    recordsIn(join(folder, 'records')).close();
    expect(sportello('show', operationId, '--state', folder, '--json')).toMatchObject({ code: 1, out: '' });
    expect(sportello('list', '--state', folder)).toEqual({ code: 0, out: 'no operations\n', err: '' });
    expect(sportello('list', '--json')).toMatchObject({ code: 2, out: '' });

    truncateSync(join(folder, 'records', 'records.db'), 5000);
    for (const state of [folder, temporaryFolder()]) {
      const { code, out, err } = sportello('list', '--state', state, '--json');
      expect({ code, out }).toEqual({ code: 2, out: '' });
      expect(err.trim().split('\n')).toHaveLength(1);
      expect(err).toContain(join(state, 'records', 'records.db'));
    }
  });

  test('verifies and exports beside a running kiosk, and finds what was done to a copy', { timeout: 60_000 }, () => {
    const folder = temporaryFolder();
    const records = recordsIn(join(folder, 'records'), { deviceKey: join(folder, 'device-key.jwk') });
    records.append(operationId, opening);
    records.append(operationId, { kind: 'CLOSED', state: 'NONE' });
    const older = temporaryFolder();
    cpSync(folder, older, { recursive: true });
    records.append(otherOperationId, opening);
    records.append(otherOperationId, { kind: 'CLOSED', state: 'NONE' });

    const whole = sportello('verify', '--state', folder, '--json');
    expect(whole).toMatchObject({ code: 0, err: '' });
    const { checkpoint, ...verdict } = JSON.parse(whole.out);
    expect(verdict).toEqual({ ok: true, records: 4, faults: [], more: 0 });
    expect(checkpoint).toMatchObject({ sequence: 4, countersigned: false });
    expect(sportello('verify', '--state', folder).out).toMatch(/^whole: 4 records, last checkpoint over row 4, /);

    const out = join(folder, 'journal.jsonl');
    expect(JSON.parse(sportello('export', '--state', folder, '--out', out, '--json').out)).toEqual({ out, records: 4 });
    expect(sportello('verify', '--export', out, '--json')).toMatchObject({ code: 0 });

    // The copy is whole by itself; a checkpoint that was kept elsewhere knows better.
    const witness = join(folder, 'witness');
    writeFileSync(witness, `${checkpoint.jws}\n`);
    expect(sportello('verify', '--state', older, '--json').code).toBe(0);
    const rolledBack = sportello('verify', '--state', older, '--witness', witness, '--json');
    expect(rolledBack.code).toBe(1);
    expect(JSON.parse(rolledBack.out).faults).toEqual([expect.objectContaining({ kind: 'rollback', seq: 3 })]);
    cpSync(join(folder, 'records', 'checkpoint.jws'), join(older, 'records', 'checkpoint.jws'));
    expect(sportello('verify', '--state', older)).toMatchObject({ code: 1, out: expect.stringContaining('NOT WHOLE') });
  });

  test.each([
    [['verify']],
    [['verify', '--state', '/nowhere', '--json']],
    [['verify', '--export', '/nowhere']],
    [['export', '--state', '/nowhere', '--out', '/nowhere/out']],
  ])('says in one line why %j is unusable', (args) => {
    const { code, out, err } = sportello(...args);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err.trim().split('\n')).toHaveLength(1);
  });
});
