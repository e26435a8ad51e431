import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { processEntry, projectRoot } from '../../../kiosk/project.ts';
import { simulate } from './part.ts';

test('whatever befalls kiosk, printer, disk, link and people, the invariants hold after it', { timeout: 60_000 }, async () => {
  const { histories, kills, violations } = await simulate(1, 15_000);
  expect(violations).toEqual([]);
  expect(histories).toBeGreaterThan(100);
  expect(kills).toBeGreaterThan(20);
});

test('one seed tells one course, step by step', () => {
  const tell = (seed: number): string =>
    spawnSync(process.execPath, [processEntry('tests/processes/simulation.ts'), String(seed), 'tell'], { encoding: 'utf8' }).stderr;
  const told = tell(77);
  expect(told.split('\n').length).toBeGreaterThan(20);
  expect(tell(77)).toBe(told);
  expect(tell(78)).not.toBe(told);
});

test('what is simulated is the product: its machine, journal, outbox and recovery, and the CMS’s own rules', () => {
  const imports = ['kiosk.ts', 'operation-front.ts', 'recovering.ts', 'desk-front.ts', 'cms.ts', 'envelope-front.ts', 'envelope-world.ts']
    .map((file) => readFileSync(join(projectRoot(), 'tests/proof/simulation', file), 'utf8'))
    .join('\n');
  for (const module of [
    'flows/operations/activation.ts',
    'flows/operations/envelope-delivery.ts',
    'flows/operations/recovery.ts',
    'flows/session/facade.ts',
    'kiosk/records/records.ts',
    'kiosk/records/outbox.ts',
    'kiosk/reference-cms/pin-setting.ts',
    'kiosk/reference-cms/ratchet.ts',
  ])
    expect(imports).toContain(`from '../../../${module}'`);
});
