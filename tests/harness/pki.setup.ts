import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { makePki } from '../../kiosk/demo/pki.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Folder of the PKI that the whole suite starts from. */
    pki: string;
  }
}

/** Makes the throw-away PKI once a run: RSA keys take their time. */
export default async function setup(project: TestProject): Promise<() => void> {
  const folder = mkdtempSync(join(tmpdir(), 'sportello-pki-'));
  await makePki(folder);
  project.provide('pki', folder);
  return () => rmSync(folder, { recursive: true, force: true });
}
