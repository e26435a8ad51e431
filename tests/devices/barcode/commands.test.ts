import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { projectRoot } from '../../../kiosk/project.ts';

const sportello = (...args: string[]) =>
  spawnSync(process.execPath, [join(projectRoot(), 'bin/sportello.js'), 'barcode', ...args], { encoding: 'utf8', timeout: 20_000 });

test('an address that is none is unusable', () => {
  const { status, stdout, stderr } = sportello('listen', '--device', 'usb:/dev/usb/lp0');
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  expect(stderr).toMatch(/^sportello: scanner address .*\n$/);
});

test('a scanner that is not there is out of reach', () => {
  const { status, stdout, stderr } = sportello('listen', '--device', 'serial:/dev/there-is-none');
  expect({ status, stdout }).toEqual({ status: 3, stdout: '' });
  expect(stderr).toMatch(/^sportello: scanner disconnected \(.*\)\n$/);
});

test.each(['listen', 'virtual'])('%s has help with an example', (command) => {
  const { status, stdout } = sportello(command, '--help');
  expect(status).toBe(0);
  expect(stdout).toContain('Example:');
});
