import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { projectRoot } from '../../kiosk/project.ts';

const unit = join(projectRoot(), 'provisioning/sportello.service');
/** What `systemd-analyze security` calls the exposure, in tenths: 0 is best, 100 is worst, units as they are shipped have 90 and more. */
const mostExposure = 12;

test('the service runs the product, as a user of its own, without core dumps or swap', () => {
  const lines = readFileSync(unit, 'utf8').split('\n');
  expect(lines.find((line) => line.startsWith('ExecStart='))).toMatch(/ \/opt\/sportello\/bin\/sportello\.js run --config \S+$/);
  for (const line of [
    'User=sportello',
    'LimitCORE=0',
    'MemorySwapMax=0',
    'NoNewPrivileges=yes',
    'ProtectSystem=strict',
    'StateDirectoryMode=0700',
  ]) {
    expect(lines).toContain(line);
  }
});

test.runIf(existsSync('/usr/bin/systemd-analyze'))('systemd finds it hardened', () => {
  const { status, stdout, stderr } = spawnSync(
    'systemd-analyze',
    ['security', '--offline=true', `--threshold=${mostExposure}`, '--no-pager', unit],
    {
      encoding: 'utf8',
    },
  );
  expect(stdout).toMatch(/Overall exposure level for sportello.service: \d\.\d/);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});
