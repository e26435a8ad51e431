import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The project's folder: the one that holds its package.json, seen from the sources as well as from the build. */
export function projectRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
  return folder;
}

/** The executable of every command. */
export function commandEntry(): string {
  return join(projectRoot(), 'bin', 'sportello.js');
}

/** The built file of a process of its own, by its source path: `kiosk/printing/worker.ts` (provisioning/bundle.js has them all). */
export function processEntry(source: string): string {
  return join(projectRoot(), 'dist', 'bundled', source.replaceAll('/', '.').replace(/\.ts$/, '.js'));
}
