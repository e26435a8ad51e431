import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ts from 'typescript';
import { projectRoot } from '../../../kiosk/project.ts';
import type { Mutant } from './mutants.ts';

/** What the simulation found in a mutant. */
export interface Caught {
  readonly histories: number;
  readonly violations: readonly string[];
}

/** The built product with one file of it mutated; a mutant whose place is not there exactly once is a fault of its own. */
function mutated({ file, from, to, and }: Mutant): string {
  const folder = mkdtempSync(join(tmpdir(), 'sportello-mutant-'));
  for (const part of ['devices', 'flows', 'kiosk', 'tests'])
    cpSync(join(projectRoot(), 'dist', part), join(folder, 'dist', part), { recursive: true });
  for (const name of ['node_modules', 'kiosk', 'flows', 'devices', 'package.json'])
    symlinkSync(join(projectRoot(), name), join(folder, name));
  for (const place of and === undefined ? [{ file, from, to }] : [{ file, from, to }, and]) mutate(folder, place);
  return folder;
}

function mutate(folder: string, { file, from, to }: Mutant['and'] & object): void {
  const source = readFileSync(join(projectRoot(), file), 'utf8');
  if (source.split(from).length !== 2) throw new Error(`${file} has not exactly one place of: ${from}`);
  const { outputText } = ts.transpileModule(
    source.replace(from, () => to),
    {
      compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022, verbatimModuleSyntax: true },
    },
  );
  writeFileSync(join(folder, 'dist', file.replace(/\.ts$/, '.js')), outputText.replaceAll(/(from '[^']+|import\('[^']+)\.ts'/g, "$1.js'"));
}

/** Lets a mutant live through histories until it breaks something, or the time is up. */
export async function hunt(mutant: Mutant, seed: number, milliseconds: number): Promise<Caught> {
  const folder = mutated(mutant);
  try {
    return await new Promise((resolve, reject) => {
      const args = ['dist/tests/processes/simulation.js', String(seed), '1000000', String(Math.round(milliseconds)), '1'];
      execFile(
        process.execPath,
        args,
        { cwd: folder, encoding: 'utf8', timeout: Math.round(milliseconds) + 30_000 },
        (error, out, told) => {
          if (error === null) resolve(JSON.parse(out) as Caught);
          else reject(new Error(`${mutant.name}: ${error.message}\n${told}`));
        },
      );
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
