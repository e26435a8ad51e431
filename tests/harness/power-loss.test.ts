import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { crashStates, recordSession } from './power-loss.ts';

const OLD = 'old'.repeat(1000);
const NEW = 'new'.repeat(2000);

/** What a reader may find in `list` after power loss at any point of a program that replaces it. */
async function foundAfter(
  ...steps: readonly string[]
): Promise<{ readonly contents: ReadonlySet<string>; readonly afterDone: ReadonlySet<string> }> {
  const folder = mkdtempSync(join(tmpdir(), 'power-'));
  writeFileSync(join(folder, 'list'), OLD);
  const text = `const fs = require('fs'); const folder = ${JSON.stringify(folder)}; const at = (name) => folder + '/' + name; const NEW = 'new'.repeat(2000);${steps.join(';')};fs.writeSync(1, 'done')`;
  const session = await recordSession([process.execPath, '-e', text], folder);
  const contents = new Set<string>();
  const afterDone = new Set<string>();
  for (const { files, said } of crashStates(session, 1)) {
    const found = described(files.get('list')?.toString());
    contents.add(found);
    if (said === 'done') afterDone.add(found);
  }
  return { contents, afterDone };
}

/** So that a failure can be read. */
function described(found: string | undefined): string {
  if (found === undefined || found === '') return found === undefined ? 'none' : 'empty';
  if (found === OLD) return 'old';
  return found === NEW ? 'new' : found.includes('old') ? 'old and new' : 'torn';
}

const write = "const file = fs.openSync(at('list.new'), 'w'); fs.writeSync(file, NEW)";
const sync = 'fs.fsyncSync(file)';
const rename = "fs.renameSync(at('list.new'), at('list'))";
const syncFolder = "fs.fsyncSync(fs.openSync(folder, 'r'))";

it('a file written, synced, renamed and its folder synced is the old one or the new one, and the new one once that is said', async () => {
  expect(await foundAfter(write, sync, rename, syncFolder)).toEqual({ contents: new Set(['old', 'new']), afterDone: new Set(['new']) });
});

it('without the sync of its folder it may still be the old one', async () => {
  expect((await foundAfter(write, sync, rename)).afterDone).toEqual(new Set(['old', 'new']));
});

it('without its own sync it may be empty or torn', async () => {
  const { contents } = await foundAfter(write, rename, syncFolder);
  expect([...contents]).toEqual(expect.arrayContaining(['empty', 'torn']));
});

it('written in place it may be part old and part new', async () => {
  const { contents } = await foundAfter("const file = fs.openSync(at('list'), 'r+'); fs.writeSync(file, NEW)", sync);
  expect([...contents]).toContain('old and new');
});
