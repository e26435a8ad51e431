/**
 * Builds `dist/`: the node side with tsc, commands and processes bundled and the pages with vite (the bench apart from the screen), at the same time, each only when its inputs changed.
 * A part's inputs are its files by path, size and time of change; the list of the last good build lies in `dist/.inputs`.
 * Run by Node as it is (nothing is built yet), hence JavaScript. Progress goes to standard error. Exit code 1 if a part fails.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** @typedef {{name: string, inputs: string[], takes: (path: string) => boolean, command: string[]}} Part */

const isPage = (/** @type {string} */ path) => /\/page\//.test(path);

/** @type {Part[]} */
const parts = [
  {
    name: 'node',
    inputs: [
      'tsconfig.json',
      'tsconfig.build.json',
      'package-lock.json',
      'devices',
      'flows',
      'kiosk',
      'provisioning',
      'tests/processes',
      'tests/proof',
      'tests/flows',
    ],
    takes: (path) => /\.(ts|json)$/.test(path) && !isPage(path),
    command: ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'],
  },
  {
    name: 'processes',
    inputs: [
      'provisioning/bundle.js',
      'package-lock.json',
      'devices',
      'flows',
      'kiosk',
      'provisioning',
      'tests/processes',
      'tests/proof',
      'tests/flows',
    ],
    takes: (path) => (/\.(ts|json)$/.test(path) && !isPage(path)) || path.endsWith('/bundle.js'),
    command: ['provisioning/bundle.js'],
  },
  {
    name: 'page',
    inputs: ['vite.config.ts', 'package-lock.json', 'kiosk/screen', 'flows'],
    // A page may take types and constants from the node side; what it cannot take does not make it stale.
    takes: (path) =>
      isPage(path) || /^(vite\.config\.ts|package-lock\.json)$/.test(path) || /^(flows\/.*|kiosk\/screen\/[^/]+)\.ts$/.test(path),
    command: ['node_modules/vite/bin/vite.js', 'build', '--logLevel', 'warn'],
  },
  {
    name: 'bench',
    inputs: ['vite.config.ts', 'vite.bench.config.ts', 'package-lock.json', 'kiosk/demo/bench'],
    takes: (path) => isPage(path) || /^(vite(\.bench)?\.config\.ts|package-lock\.json)$/.test(path) || path.endsWith('/contract.ts'),
    command: ['node_modules/vite/bin/vite.js', 'build', '--config', 'vite.bench.config.ts', '--logLevel', 'warn'],
  },
];

/** @returns {string[]} the files at or under a path of the project, relative to it */
function filesUnder(/** @type {string} */ path) {
  const at = join(root, path);
  if (!existsSync(at)) return [];
  if (!statSync(at).isDirectory()) return [path];
  return readdirSync(at, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? filesUnder(`${path}/${entry.name}`) : entry.isFile() ? [`${path}/${entry.name}`] : [],
  );
}

/** @returns {Record<string, string>} each input with its size and time of change */
function inputsOf(/** @type {Part} */ part) {
  const files = part.inputs.flatMap(filesUnder).filter(part.takes).sort();
  return Object.fromEntries(
    files.map((file) => {
      const { size, mtimeMs } = statSync(join(root, file));
      return [file, `${size} ${mtimeMs}`];
    }),
  );
}

/** A source that is gone must not live on in the build, where a dynamic import would still find it. */
function removeOrphans(/** @type {Record<string, string>} */ before, /** @type {Record<string, string>} */ now) {
  for (const file of Object.keys(before)) {
    if (!(file in now) && file.endsWith('.ts')) {
      for (const suffix of ['.js', '.js.map']) rmSync(join(root, 'dist', file.replace(/\.ts$/, suffix)), { force: true });
    }
  }
}

/** @returns {Promise<boolean>} */
async function build(/** @type {Part} */ part) {
  const stamp = join(root, 'dist', '.inputs', `${part.name}.json`);
  const now = inputsOf(part);
  /** @type {Record<string, string>} */
  const before = existsSync(stamp) ? JSON.parse(readFileSync(stamp, 'utf8')) : {};
  if (JSON.stringify(before) === JSON.stringify(now)) return true;
  const start = performance.now();
  if (part.name === 'node') removeOrphans(before, now);
  const child = spawn(process.execPath, part.command, { cwd: root, stdio: ['ignore', 2, 2] });
  const code = await new Promise((resolve, reject) => child.once('close', resolve).once('error', reject));
  if (code !== 0) {
    rmSync(stamp, { force: true });
    process.stderr.write(`build: ${part.name} failed\n`);
    return false;
  }
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, JSON.stringify(now));
  process.stderr.write(`build: ${part.name} built in ${((performance.now() - start) / 1000).toFixed(1)} s\n`);
  return true;
}

const done = await Promise.all(parts.map(build));
process.exitCode = done.every(Boolean) ? 0 : 1;
