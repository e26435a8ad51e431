import { cpSync } from 'node:fs';
import { expect, it } from 'vitest';
import { processEntry } from '../../../../kiosk/project.ts';
import { makeAuthority, makeCrl, manyEntries, serialOfEntry } from '../../../bench/crl-generator.ts';
import { crashStates, recordSession, reopened } from '../../../harness/power-loss.ts';
import { ask, fileOf, importInto, newFolder } from './store.ts';

/** Yesterday's CRL lists entries 1 and 2; today's lists 2,000. */
const ca = makeAuthority('Specimen - CA Cittadini');
const now = new Date();
const hour = (count: number): Date => new Date(now.getTime() + count * 3_600_000);
const yesterday = makeCrl(ca, { encoded: manyEntries(2), number: 1, thisUpdate: hour(-24), nextUpdate: hour(24) });
const today = makeCrl(ca, { encoded: manyEntries(2_000), number: 2, thisUpdate: hour(-1), nextUpdate: hour(24) });
const serials = [1, 2, 3, 700, 1_999, 2_000, 2_001].map((entry) => serialOfEntry(entry).toString('hex'));

const answers = (folder: string) =>
  serials.map((serial) => ask(folder, ca, serial, {}, now)).map(({ status, crl }) => `${crl?.number} ${status}`);

/** A state with all kept is what a kill leaves: so each step of an import is killed here too. */
it('power lost at any moment of an import leaves the answers of before or those of after, and after is kept once it is said', async () => {
  const folder = newFolder();
  expect(importInto(folder, [ca], [yesterday], now).ok).toBe(true);
  const before = answers(folder);
  const importer = [process.execPath, processEntry('tests/processes/crl-importer.ts'), folder, fileOf(ca.certificate), fileOf(today)];
  const session = await recordSession(importer, folder);
  const after = answers(folder);
  expect(after).not.toEqual(before);

  const seen = { before: 0, after: 0 };
  const wrong: unknown[] = [];
  for (const state of crashStates(session, 20_260_615)) {
    const found = reopened(state, answersAfterRecovery);
    if (same(found, after)) seen.after += 1;
    else if (same(found, before) && !state.said.includes('done')) seen.before += 1;
    else wrong.push({ ...state, files: [...state.files.keys()], found });
  }
  expect(wrong).toEqual([]);
  expect(seen.before).toBeGreaterThan(50);
  expect(seen.after).toBeGreaterThan(5);
});

const same = (found: readonly string[], expected: readonly string[]): boolean => found.join() === expected.join();

/** The store answers at once, and takes today's CRL (again) as if nothing had been. */
function answersAfterRecovery(folder: string): readonly string[] {
  const found = answers(folder);
  const copy = newFolder();
  cpSync(folder, copy, { recursive: true });
  const again = importInto(copy, [], [today], now);
  return again.ok ? found : [again.error];
}
