import { spawnSync } from 'node:child_process';
import { appendFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { projectRoot } from '../../kiosk/project.ts';

/** A small house with the rooms of the real one: the same walls must stand in it. */
const house = mkdtempSync(join(tmpdir(), 'walls-'));
afterAll(() => rmSync(house, { recursive: true }));

const modules: Record<string, string> = {
  'tsconfig.json': '{"compilerOptions":{"module":"nodenext","allowImportingTsExtensions":true,"noEmit":true}}',
  'package.json': '{"type":"module","dependencies":{"xstate":"1.0.0","fastify":"1.0.0"},"devDependencies":{"vitest":"1.0.0"}}',
  'node_modules/xstate/package.json': '{"name":"xstate","version":"1.0.0","main":"index.js"}',
  'node_modules/xstate/index.js': '',
  'node_modules/fastify/package.json': '{"name":"fastify","version":"1.0.0","main":"index.js"}',
  'node_modules/fastify/index.js': '',
  'node_modules/vitest/package.json': '{"name":"vitest","version":"1.0.0","main":"index.js"}',
  'node_modules/vitest/index.js': '',
  'devices/result.ts': 'export type Result = 1; export const ok = 1;',
  'devices/command.ts': 'export const exit = 0;',
  'devices/card/contract.ts': "import { ok, type Result } from '../result.ts'; export type Card = Result; export const card = ok;",
  'devices/card/reader.ts': "import { readFileSync } from 'node:fs'; export const read = readFileSync;",
  'devices/card/virtual/card.ts': 'export const virtualCard = 1;',
  'devices/card/commands.ts': "import { virtualCard } from './virtual/card.ts'; export default virtualCard;",
  'devices/printer/printer.ts': 'export const printer = 1;',
  'flows/session/machine.ts': "import type { Card } from '../../devices/card/contract.ts'; import 'xstate'; export type Machine = Card;",
  'kiosk/log/log.ts': "import 'fastify'; export const log = 1;",
  'kiosk/reference-cms/server.ts': 'export const server = 1;',
  'kiosk/demo/commands.ts':
    "import { server } from '../reference-cms/server.ts'; import { virtualCard } from '../../devices/card/virtual/card.ts'; export default [server, virtualCard];",
  'kiosk/main.ts':
    "import { read } from '../devices/card/reader.ts'; import type { Machine } from '../flows/session/machine.ts'; export type M = Machine; export default read;",
  'kiosk/cli.ts':
    "import { exit } from '../devices/command.ts'; export default [exit, () => import('./demo/commands.ts'), () => import('./main.ts')];",
  'kiosk/screen/page/main.ts': 'export const page = 1;',
  'provisioning/doctor.ts': "import { log } from '../kiosk/log/log.ts'; export default log;",
  'tests/processes/helper.ts': "import { log } from '../../kiosk/log/log.ts'; export default log;",
};

/** One planted import each: the rule that must find it, the module it stands in, the import, what it reaches. */
const plants: readonly [rule: string, from: string, text: string, to: string][] = [
  [
    'devices-know-nobody',
    'devices/card/a.ts',
    "import type { log } from '../../kiosk/log/log.ts'; export type A = typeof log;",
    'kiosk/log/log.ts',
  ],
  ['devices-know-nobody', 'devices/card/b.ts', "export default () => import('../../kiosk/log/log.ts');", 'kiosk/log/log.ts'],
  ['a-device-knows-no-other-device', 'devices/card/c.ts', "export * from '../printer/printer.ts';", 'devices/printer/printer.ts'],
  ['flows-know-contracts-only', 'flows/session/a.ts', "export * from '../../devices/card/reader.ts';", 'devices/card/reader.ts'],
  [
    'flows-know-contracts-only',
    'flows/session/b.ts',
    "import type { log } from '../../kiosk/log/log.ts'; export type B = typeof log;",
    'kiosk/log/log.ts',
  ],
  ['flows-do-no-io', 'flows/session/c.ts', "export { readFileSync } from 'node:fs';", 'fs'],
  ['the-product-knows-no-stand-in', 'kiosk/log/a.ts', "export * from '../reference-cms/server.ts';", 'kiosk/reference-cms/server.ts'],
  ['the-product-knows-no-virtual-part', 'devices/card/d.ts', "export * from './virtual/card.ts';", 'devices/card/virtual/card.ts'],
  ['main-reaches-no-stand-in', 'kiosk/main.ts', "export const demo = () => import('./demo/commands.ts');", 'kiosk/demo/commands.ts'],
  [
    'main-reaches-no-stand-in',
    'kiosk/main.ts',
    "import card from '../devices/card/commands.ts'; export { card };",
    'devices/card/virtual/card.ts',
  ],
  ['the-cli-dispatches-only', 'kiosk/cli.ts', "export * from './log/log.ts';", 'kiosk/log/log.ts'],
  ['nobody-imports-the-cli-or-the-demo', 'kiosk/log/b.ts', "export * from '../demo/commands.ts';", 'kiosk/demo/commands.ts'],
  ['provisioning-is-known-to-the-cli-alone', 'kiosk/log/c.ts', "export * from '../../provisioning/doctor.ts';", 'provisioning/doctor.ts'],
  ['pages-run-in-a-browser', 'kiosk/screen/page/a.ts', "export { readFileSync } from 'node:fs';", 'fs'],
  ['nothing-imports-tests', 'kiosk/log/d.ts', "export * from '../../tests/processes/helper.ts';", 'tests/processes/helper.ts'],
  // The circle is closed here, and reported where it was entered.
  ['no-circles', 'devices/result.ts', "export { card } from './card/contract.ts';", ''],
  ['flows-bring-few-packages', 'flows/session/d.ts', "import 'fastify';", 'node_modules/fastify/index.js'],
  ['no-development-package-in-the-product', 'kiosk/log/f.ts', "import 'vitest';", 'node_modules/vitest/index.js'],
  ['no-unresolvable', 'kiosk/log/e.ts', "export * from './gone.ts';", './gone.ts'],
];

interface Seen {
  readonly modules: number;
  /** `rule: from -> to` */
  readonly violations: readonly string[];
}

function look(): Seen {
  const cruiser = join(projectRoot(), 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
  const config = join(projectRoot(), '.dependency-cruiser.cjs');
  const rooms = ['devices', 'flows', 'kiosk', 'provisioning', 'tests'];
  const run = spawnSync(process.execPath, [cruiser, '--config', config, '--output-type', 'json', ...rooms], {
    cwd: house,
    encoding: 'utf8',
  });
  const { summary } = JSON.parse(run.stdout) as {
    summary: { totalCruised: number; violations: { rule: { name: string }; from: string; to: string }[] };
  };
  return { modules: summary.totalCruised, violations: summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} -> ${to}`) };
}

function add(path: string, text: string): void {
  mkdirSync(dirname(join(house, path)), { recursive: true });
  appendFileSync(join(house, path), `${text}\n`);
}

for (const [path, text] of Object.entries(modules)) add(path, text);
const inOrder = look();
for (const [, from, text] of plants) add(from, text);
const planted = look();

test('a house in order passes, and its modules are seen', () => {
  expect(inOrder.violations).toEqual([]);
  expect(inOrder.modules).toBeGreaterThanOrEqual(16);
});

test.each(plants)('%s: found in %s', (rule, from, _text, to) => {
  if (to === '') expect(planted.violations.join('\n')).toMatch(new RegExp(`^${rule}: .*${from}`, 'm'));
  else expect(planted.violations).toContain(`${rule}: ${from} -> ${to}`);
});

test('every wall has its plant', () => {
  const { forbidden } = createRequire(import.meta.url)('../../.dependency-cruiser.cjs') as { forbidden: { name: string }[] };
  const tried = new Set(plants.map(([rule]) => rule));
  expect(forbidden.map(({ name }) => name).filter((name) => !tried.has(name))).toEqual([]);
});
