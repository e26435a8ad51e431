import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { projectRoot } from '../../kiosk/project.ts';

const read = (file: string): string => readFileSync(join(projectRoot(), file), 'utf8');
const manifest = JSON.parse(read('package.json')) as Record<string, Record<string, string>>;

/** The rows of the table under a heading: package and reason. */
function reasons(heading: string): [string, string][] {
  const section = read('docs/dependencies.md')
    .split(/^## /m)
    .find((part) => part.startsWith(`${heading}\n`))!;
  return [...section.matchAll(/^\| `([^`]+)` \| (.+) \|$/gm)].map((row) => [row[1]!, row[2]!]);
}

test.each([
  ['At run time', 'dependencies'],
  ['Optional', 'optionalDependencies'],
  ['For building, checking and testing', 'devDependencies'],
])('docs/dependencies.md: "%s" gives each of package.json\'s %s its reason, and no others', (heading, group) => {
  const rows = reasons(heading);
  expect(rows.map(([name]) => name)).toEqual(Object.keys(manifest[group]!).sort());
  for (const [name, reason] of rows) expect(reason.length, name).toBeGreaterThan(4);
});

test('versions are pinned exactly', () => {
  for (const group of ['dependencies', 'optionalDependencies', 'devDependencies', 'overrides']) {
    for (const version of Object.values(manifest[group]!)) expect(version).toMatch(/^\d+\.\d+\.\d+$/);
  }
});

test('the lock file names no registry', () => {
  expect(read('package-lock.json')).not.toContain('"resolved"');
});
