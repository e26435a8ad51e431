/**
 * `npm run bench -- NAME [--json] [--runs N | --sessions N]`: one bench, on the parts of the test suite and in its own namespaces (tests/run.sh).
 * Progress goes to standard error, the figures to standard output: a table, or JSON alone. Run by Node as it is, hence JavaScript.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const usage =
  'usage: npm run --silent bench -- path|card|readers|crl|records|procedures [--runs N] [--json]\n       npm run --silent bench -- soak [--sessions N] [--json]\n';

/** @returns {{name: string, json: boolean, count: string}} */
function asked() {
  try {
    const { positionals, values } = parseArgs({
      allowPositionals: true,
      options: { json: { type: 'boolean', default: false }, runs: { type: 'string' }, sessions: { type: 'string' } },
    });
    const [name = '', ...more] = positionals;
    const counts = {
      path: values.runs ?? '20',
      card: values.runs ?? '10',
      readers: values.runs ?? '10000',
      crl: values.runs ?? '3',
      records: values.runs ?? '3',
      procedures: values.runs ?? '10',
      soak: values.sessions ?? '1000',
    };
    const count = counts[/** @type {keyof counts} */ (name)] ?? '';
    if (more.length === 0 && /^[1-9]\d{0,5}$/.test(count)) return { name, json: values.json, count };
  } catch {
    // An unknown option is answered like an unknown bench.
  }
  process.stderr.write(usage);
  process.exit(64);
}

/** Runs a command whose words all go to standard error. */
function run(/** @type {string} */ command, /** @type {string[]} */ args, env = {}) {
  const { status } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2], env: { ...process.env, ...env } });
  if (status !== 0) process.exit(status ?? 1);
}

const { name, json, count } = asked();
const folder = mkdtempSync(join(tmpdir(), 'sportello-bench-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
const report = join(folder, 'report.json');
run(process.execPath, ['provisioning/build.js']);
run('bash', ['tests/run.sh', '--config', 'tests/bench/vitest.config.ts', `tests/bench/${name}.bench.ts`], {
  BENCH_COUNT: count,
  BENCH_REPORT: report,
});
if (!existsSync(report)) process.exit(1);
const { table, ...figures } = JSON.parse(readFileSync(report, 'utf8'));
process.stdout.write(json ? `${JSON.stringify(figures, null, 2)}\n` : `${table}\n`);
