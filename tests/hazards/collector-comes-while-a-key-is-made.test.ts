import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { processEntry } from '../../kiosk/project.ts';

test('whenever the collector comes, a new key is exported, and the process goes on', () => {
  const small = ['--max-semi-space-size=1', '--semi-space-growth-factor=1'];
  const { status, signal, stderr } = spawnSync(process.execPath, [...small, processEntry('tests/processes/many-keys.ts'), '500'], {
    encoding: 'utf8',
    timeout: 20_000,
    killSignal: 'SIGKILL',
  });
  expect({ status, signal, stderr }).toEqual({ status: 0, signal: null, stderr: '' });
});
