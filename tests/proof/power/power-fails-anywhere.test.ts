import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { lookAt, recordLife } from './crashes.ts';
import { powerPart } from './part.ts';

test('power fails after any system call of whole sessions of the core, and of lives of the journal: nothing acknowledged is lost, nothing is corrupt', async () => {
  const told: string[] = [];
  const began = performance.now();
  const { counts, violations } = await powerPart.run({ deadline: 0, seed: 1, progress: (line) => told.push(line) });
  process.stderr.write(`${told.join('\n')}, in ${Math.round(performance.now() - began)} ms\n`);
  expect(violations.slice(0, 5)).toEqual([]);
  expect(counts.crashStates).toBeGreaterThan(1_000);
}, 120_000);

test('a journal that syncs less is caught', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'power-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const { violations } = lookAt(await recordLife(folder, 'normal'), 1);
  expect(violations.some((line) => line.includes('I1 acknowledged and lost'))).toBe(true);
});
