import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { projectRoot } from '../../kiosk/project.ts';

/**
 * The real script in a house of its own, with `node`, `npm`, `dpkg-query`, `apt-get` and the user's number put in place by
 * the test: what it would do to a machine is written to `done` instead of being done.
 */
let house: string;

beforeEach(() => {
  house = mkdtempSync(join(tmpdir(), 'setup-'));
  for (const folder of ['bin', 'provisioning', 'installed']) mkdirSync(join(house, folder));
  cpSync(join(projectRoot(), 'provisioning/setup.sh'), join(house, 'provisioning/setup.sh'));
  writeFileSync(join(house, 'package-lock.json'), '{"lockfileVersion":3}');
  writeFileSync(join(house, 'done'), '');
  const everything = /^packages=\(([^)]*)\)/m
    .exec(readFileSync(join(house, 'provisioning/setup.sh'), 'utf8'))![1]!
    .trim()
    .split(/\s+/);
  writeFileSync(join(house, 'debian'), `${everything.join('\n')}\n`);
  program('dpkg-query', 'while read -r package; do echo "installed $package"; done < "$HOUSE/debian"; echo "config-files socat"');
  program('apt-get', 'echo "apt-get $*" >> "$HOUSE/done"');
  program(
    'node',
    'case $1 in --version) cat "$HOUSE/node-version" 2>/dev/null || echo v20.20.2;; *) echo "node $*" >> "$HOUSE/done";; esac',
  );
  program(
    'npm',
    `echo "npm $*" >> "$HOUSE/done"
for part in $(cat "$HOUSE/compiles" 2>/dev/null || echo better-sqlite3/build/Release/better_sqlite3 pcsclite/build/Release/pcsclite); do
  mkdir -p "$(dirname "node_modules/$part")" && touch "node_modules/$part.node"
done`,
  );
});

afterEach(() => rmSync(house, { recursive: true }));

function program(name: string, script: string): void {
  const path = join(house, 'bin', name);
  writeFileSync(path, `#!/bin/bash\n${script}\n`);
  chmodSync(path, 0o755);
}

function setup(user: 'root' | 'technician' = 'root'): { code: number | null; said: string; done: string[] } {
  // bash has the user's number from the kernel: the test takes on the other user, truly or in a namespace.
  const isRoot = process.getuid?.() === 0;
  const become = user === 'root' ? ['unshare', '--map-root-user'] : ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
  const command = [...((user === 'root') === isRoot ? [] : become), 'bash', join(house, 'provisioning/setup.sh')];
  chmodSync(house, 0o777);
  const run = spawnSync(command[0]!, command.slice(1), {
    env: { PATH: `${join(house, 'bin')}:/usr/sbin:/usr/bin:/sbin:/bin`, HOUSE: house },
    encoding: 'utf8',
  });
  const done = readFileSync(join(house, 'done'), 'utf8').split('\n').filter(Boolean);
  writeFileSync(join(house, 'done'), '');
  return { code: run.status, said: run.stdout + run.stderr, done };
}

const build = 'node provisioning/build.js';
const install = 'npm ci --include=dev --include=optional --loglevel=error';

function without(...packages: string[]): void {
  const path = join(house, 'debian');
  const rest = readFileSync(path, 'utf8')
    .split('\n')
    .filter((name) => !packages.includes(name));
  writeFileSync(path, rest.join('\n'));
}

test('the first time it installs npm packages and builds; the second time it only asks whether the build is fresh', () => {
  expect(setup()).toMatchObject({ code: 0, done: [install, build] });
  expect(setup()).toEqual({ code: 0, said: '', done: [build] });
});

test('as root it installs the Debian packages that are missing, and only those', () => {
  without('vsmartcard-vpcd', 'chromium');
  const { code, done } = setup();
  expect(code).toBe(0);
  expect(done.slice(0, 2)).toEqual(['apt-get update -q', 'apt-get install -q -y --no-install-recommends vsmartcard-vpcd chromium']);
});

test('a package removed but for its settings is missing', () => {
  without('socat');
  expect(setup().done[1]).toBe('apt-get install -q -y --no-install-recommends socat');
});

test('as another user it prints the one line that is needed, and stops', () => {
  without('pcscd', 'opensc');
  const { code, said, done } = setup('technician');
  expect(code).toBe(2);
  expect(said).toBe('setup: Debian packages are missing; as root: apt-get install --no-install-recommends pcscd opensc\n');
  expect(done).toEqual([]);
});

test.each(['v20.18.3', 'v18.20.0'])('Node %s is too old: one line, exit 2', (version) => {
  writeFileSync(join(house, 'node-version'), version);
  expect(setup()).toEqual({ code: 2, said: `setup: Node 20.19 or later is needed, this is ${version}\n`, done: [] });
});

test('another lock file means installing again', () => {
  setup();
  writeFileSync(join(house, 'package-lock.json'), '{"lockfileVersion":3,"packages":{}}');
  expect(setup().done).toEqual([install, build]);
});

test('a native part that is gone means installing again', () => {
  setup();
  rmSync(join(house, 'node_modules/pcsclite/build/Release/pcsclite.node'));
  expect(setup().done).toEqual([install, build]);
});

test('a native part that npm left out in silence is found out, and nothing is built', () => {
  writeFileSync(join(house, 'compiles'), 'better-sqlite3/build/Release/better_sqlite3');
  const { code, said, done } = setup();
  expect(code).toBe(2);
  expect(said).toContain('a native part was not built');
  expect(done).toEqual([install]);
  expect(existsSync(join(house, 'node_modules/.sportello/package-lock.json'))).toBe(false);
});
