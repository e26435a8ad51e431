/**
 * `npm run prove -- --minutes M --seed S`: the proof at length. Progress goes to standard error, one JSON line to standard output at its end
 * (commands.md). `npm run prove -- --replay SEED` tells the course of one seed of the simulation step by step. Exit code 1 where something was
 * violated or a mutant survived. Run by Node as it is, hence JavaScript.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** @returns {{minutes: string, seed: string, replay: string | undefined}} */
function asked() {
  try {
    const { values } = parseArgs({ options: { minutes: { type: 'string' }, seed: { type: 'string' }, replay: { type: 'string' } } });
    const { minutes = '5', seed = '1', replay } = values;
    const usable = Number(minutes) > 0 && [seed, replay ?? '1'].every((each) => /^\d{1,9}$/.test(each));
    if (usable) return { minutes, seed, replay };
  } catch {
    // An unknown option is answered like one that cannot be used.
  }
  process.stderr.write('usage: npm run --silent prove -- [--minutes M] [--seed S] | --replay SEED\n');
  process.exit(2);
}

/** Runs a command whose words all go to standard error. */
function run(/** @type {string} */ command, /** @type {string[]} */ args, env = {}) {
  const { status } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2], env: { ...process.env, ...env } });
  if (status !== 0) process.exit(status ?? 1);
}

const { minutes, seed, replay } = asked();
run(process.execPath, ['provisioning/build.js']);
if (replay !== undefined) {
  const { status, stdout } = spawnSync(process.execPath, ['dist/tests/processes/simulation.js', replay, 'tell'], {
    cwd: root,
    stdio: ['ignore', 'pipe', 2],
    encoding: 'utf8',
  });
  process.stdout.write(stdout);
  process.exit(status !== 0 || JSON.parse(stdout).violations.length > 0 ? 1 : 0);
}
const folder = mkdtempSync(join(tmpdir(), 'sportello-proof-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
const report = join(folder, 'report.json');
run('bash', ['tests/run.sh', '--config', 'tests/proof/vitest.config.ts'], {
  PROVE_MINUTES: minutes,
  PROVE_SEED: seed,
  PROVE_REPORT: report,
});
if (!existsSync(report)) process.exit(1);
const proof = readFileSync(report, 'utf8');
process.stdout.write(`${proof}\n`);
if (JSON.parse(proof).violations.length > 0) process.exitCode = 1;
