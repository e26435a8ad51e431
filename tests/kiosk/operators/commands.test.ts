import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openAccount, readAccounts } from '../../../kiosk/operators/accounts.ts';
import { commandEntry } from '../../../kiosk/project.ts';
import { pin, temporaryFolder } from './specimen.ts';

const folder = temporaryFolder();

/** `sportello operator add` in a process of its own, with `input` on its standard input. */
async function add(
  file: string,
  input: string | Buffer,
  ...more: readonly string[]
): Promise<{ code: number | null; out: string; err: string }> {
  const child = spawn(process.execPath, [commandEntry(), 'operator', 'add', '--file', file, ...more]);
  let [out, err] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  return await new Promise((resolve) => child.on('close', (code) => resolve({ code, out, err })));
}

describe('sportello operator add', () => {
  test('adds an operator who can open the key with the PIN from standard input', async () => {
    const file = join(folder, 'operators.json');
    const { code, out } = await add(file, '271828\n', '--id', 'mrossi', '--name', 'Mario Rossi', '--json');
    expect(code).toBe(0);
    const accounts = readAccounts(file);
    if (!accounts.ok) throw new Error(accounts.error.kind);
    const [account] = accounts.value;
    expect(JSON.parse(out)).toEqual({ id: 'mrossi', displayName: 'Mario Rossi', publicKey: account!.publicKey });
    expect(await openAccount(account!, pin('271828'))).not.toBeNull();

    const before = readFileSync(file);
    expect(await add(file, '271828', '--id', 'mrossi', '--name', 'Mario Rossi')).toMatchObject({ code: 1, out: '' });
    expect(readFileSync(file)).toEqual(before);
  });

  test.each([
    ['no PIN', '', ['--id', 'mrossi', '--name', 'Mario Rossi']],
    ['a PIN too short', '1234\n', ['--id', 'mrossi', '--name', 'Mario Rossi']],
    ['a PIN without end', '1'.repeat(1_000_000), ['--id', 'mrossi', '--name', 'Mario Rossi']],
    ['an id that is none', '271828\n', ['--id', 'Mario Rossi', '--name', 'Mario Rossi']],
    ['no name', '271828\n', ['--id', 'mrossi', '--name', ' ']],
  ])('is unusable with %s: one line, no file, no stack trace', async (_what, input, more) => {
    const file = join(folder, 'none.json');
    const { code, out, err } = await add(file, input, ...more);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err.trim().split('\n')).toHaveLength(1);
    expect(err).not.toMatch(/271828|1234|1111/);
    expect(existsSync(file)).toBe(false);
  });
});
