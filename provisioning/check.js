/**
 * `npm run check`: types, lint, format, unused code and import walls, two at a time. One line a part with its time;
 * a part's output only where it fails. Exit code 1 if any part fails.
 */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const rooms = ['devices', 'flows', 'kiosk', 'provisioning', 'tests', 'bin'];
const cache = 'node_modules/.cache/sportello';

/** @typedef {{code: number | null, output: string}} Ended */
/** @typedef {{name: string, args: string[], judge?: (ended: Ended) => Ended}} Part */

/** @returns {string[]} the page's own tsconfig files */
function pageProjects(/** @type {string} */ folder) {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (!entry.isDirectory()) return [];
    return entry.name === 'page' && existsSync(join(root, path, 'tsconfig.json')) ? [`${path}/tsconfig.json`] : pageProjects(path);
  });
}

const types = (/** @type {string} */ project, /** @type {number} */ index) => ({
  name: project === 'tsconfig.json' ? 'types' : `types of ${relative('kiosk', dirname(project))}`,
  args: [
    'node_modules/typescript/bin/tsc',
    '-p',
    project,
    '--noEmit',
    '--incremental',
    '--tsBuildInfoFile',
    `${cache}/types-${index}.tsbuildinfo`,
  ],
});

/** A checker that sees no module finds no violation either: green, but blind. */
function wallsSeen(/** @type {Ended} */ { output }) {
  const start = output.indexOf('{');
  if (start < 0) return { code: 1, output };
  const { summary } = JSON.parse(output.slice(start));
  if (summary.totalCruised === 0) return { code: 1, output: 'no module was seen' };
  const lines = summary.violations.map(
    (/** @type {any} */ { rule, from, to, via, cycle }) =>
      `${rule.name}: ${from} -> ${to}${(via ?? cycle ?? []).map((/** @type {any} */ step) => ` -> ${step.name}`).join('')}`,
  );
  return { code: lines.length === 0 ? 0 : 1, output: lines.join('\n') };
}

/** @type {Part[]} Longest first. */
const parts = [
  {
    // A file that did not change keeps its verdict, though a type elsewhere may have: the clean checkout of CI looks at everything.
    name: 'lint',
    args: ['node_modules/eslint/bin/eslint.js', '--cache', '--cache-strategy', 'content', '--cache-location', `${cache}/lint`, '.'],
  },
  ...['tsconfig.json', ...pageProjects('kiosk')].map(types),
  {
    name: 'walls',
    args: [
      'node_modules/dependency-cruiser/bin/dependency-cruise.mjs',
      '--config',
      '.dependency-cruiser.cjs',
      '--output-type',
      'json',
      ...rooms,
    ],
    judge: wallsSeen,
  },
  { name: 'unused code', args: ['node_modules/knip/bin/knip.js', '--no-progress', '--treat-config-hints-as-errors'] },
  {
    name: 'format',
    args: [
      'node_modules/prettier/bin/prettier.cjs',
      '--check',
      '--log-level',
      'warn',
      '--cache',
      '--cache-location',
      `${cache}/format`,
      '.',
    ],
  },
];

/** @returns {Promise<Ended>} */
function run(/** @type {string[]} */ args) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text));
    child.once('error', reject).once('close', (code) => resolve({ code, output }));
  });
}

const seconds = (/** @type {number} */ since) => `${((performance.now() - since) / 1000).toFixed(1)} s`.padStart(7);
const start = performance.now();
const waiting = [...parts];

async function work() {
  for (let part = waiting.shift(); part !== undefined; part = waiting.shift()) {
    const began = performance.now();
    const ended = await run(part.args);
    const { code, output } = part.judge?.(ended) ?? ended;
    console.log(`${code === 0 ? 'ok  ' : 'FAIL'} ${seconds(began)}  ${part.name}`);
    if (code !== 0) {
      process.exitCode = 1;
      console.log(output.trimEnd().replace(/^/gm, '     | '));
    }
  }
}

await Promise.all([work(), work()]);
console.log(`${process.exitCode === 1 ? 'FAIL' : 'ok  '} ${seconds(start)}  in all`);
