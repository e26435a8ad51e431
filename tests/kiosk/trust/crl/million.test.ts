import { spawnSync } from 'node:child_process';
import { beforeAll, expect, it } from 'vitest';
import { processEntry } from '../../../../kiosk/project.ts';
import { makeAuthority, makeCrl, manyEntries, serialOfEntry } from '../../../bench/crl-generator.ts';
import { ask, fileOf, newFolder } from './store.ts';

const ca = makeAuthority('Specimen - CA Cittadini', 'rsa');
const now = new Date();
let crlFile: string;
beforeAll(() => {
  crlFile = fileOf(makeCrl(ca, { encoded: manyEntries(1_000_000) }));
});

/** The whole process: an empty one takes some 40, the CRL itself is 47 long. */
const MOST_MB = 120;

it('a CRL of a million entries is imported in bounded memory, and each is found', () => {
  const folder = newFolder();
  // VmHWM and not the resource usage's maxRSS: across exec that one carries over the size of the process that forked, which is this suite.
  const script = `import(${JSON.stringify(processEntry('tests/processes/crl-importer.ts'))}).then(() =>
    process.stderr.write(/VmHWM:\\s+(\\d+)/.exec(require('node:fs').readFileSync('/proc/self/status', 'utf8'))[1]))`;
  const ended = spawnSync(process.execPath, ['-e', script, '-', folder, fileOf(ca.certificate), crlFile], {
    encoding: 'utf8',
  });
  expect(ended.stdout).toBe('open\ndone\n');
  const peakMB = Number(ended.stderr) / 1024;
  process.stderr.write(`crl: a million entries, peak memory ${peakMB.toFixed(0)} MB\n`);
  expect(peakMB).toBeGreaterThan(20);
  expect(peakMB).toBeLessThan(MOST_MB);
  for (const number of [0, 1, 499_999, 999_999])
    expect(ask(folder, ca, serialOfEntry(number).toString('hex'), {}, now).status).toBe(number % 10 === 0 ? 'suspended' : 'revoked');
  expect(ask(folder, ca, serialOfEntry(1_000_000).toString('hex'), {}, now).status).toBe('good');
});
