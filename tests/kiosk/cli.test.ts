import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { projectRoot } from '../../kiosk/project.ts';

function sportello(...args: string[]): { code: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(projectRoot(), 'bin/sportello.js'), ...args], { encoding: 'utf8' });
  return { code: status, out: stdout, err: stderr };
}

const groups = ['demo', 'run', 'cms', 'card', 'printer', 'barcode', 'trust', 'procedure', 'records', 'operator', 'doctor', 'discover'];

/** The commands that a help text lists. */
function listed(help: string): string[] {
  const section = help.split(/^Commands:$/m)[1]?.split(/^\S/m)[0] ?? '';
  return [...section.matchAll(/^ {2}([a-z]+)/gm)].map(([, name]) => name!).filter((name) => name !== 'help');
}

test('--help lists every group, with an example', () => {
  const { code, out, err } = sportello('--help');
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(listed(out)).toEqual(groups);
  expect(out).toMatch(/^Examples?:/m);
});

describe.each(groups)('%s', (group) => {
  test('--help works on it and on each command under it, always with an example', () => {
    const own = sportello(group, '--help');
    expect({ code: own.code, err: own.err }).toEqual({ code: 0, err: '' });
    const commands = listed(own.out);
    const helps = commands.length === 0 ? [own] : commands.map((command) => sportello(group, command, '--help'));
    for (const { code, out, err } of helps) {
      expect({ code, err }).toEqual({ code: 0, err: '' });
      expect(out).toMatch(new RegExp(`^Usage: sportello ${group}`));
      expect(out).toMatch(/Examples?:/);
    }
  });

  test('an option that it does not have is one line and exit 2', () => {
    const { code, out, err } = sportello(group, '--no-such-option');
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toMatch(/^sportello: [^\n]*option[^\n]*\n$/);
  });
});

test.each([[[]], [['card']], [['printer']]])('sportello %s: a command is missing: one line, exit 2', (args) => {
  const { code, out, err } = sportello(...args);
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err).toMatch(/^sportello: .*a command is needed.*\n$/);
});

test.each([
  [['crad']],
  [['card', 'raed']],
  [['constructor']],
  [['--version']],
  [['run']],
  [['run', '--config']],
  [['card', 'read', 'a', 'b', 'c']],
])('sportello %s: unusable: one line, exit 2', (args) => {
  const { code, out, err } = sportello(...args);
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err).toMatch(/^sportello: [^\n]+\n$/);
});
