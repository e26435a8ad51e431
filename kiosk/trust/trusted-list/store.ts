import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { type Result, err, ok } from '../../../devices/result.ts';
import { trustedList } from './list.ts';

/** The list that is held, and where it came from. */
const heldList = z.strictObject({
  version: z.literal(1),
  list: trustedList,
  /** SHA-256 of the file that was imported, of its signer's certificate, and of the key in it. */
  digest: z.string(),
  signer: z.strictObject({ subject: z.string(), certificate: z.string(), key: z.string() }),
  importedAt: z.iso.datetime(),
  /** By which its server recognises it. */
  etag: z.string().nullable(),
  lastModified: z.string().nullable(),
});
export type HeldList = z.infer<typeof heldList>;

const fileIn = (folder: string): string => join(folder, 'trusted-list.json');

/** `null`: none was imported yet. */
export function readHeld(folder: string): Result<HeldList | null, string> {
  let text: string;
  try {
    text = readFileSync(fileIn(folder), 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    return code === 'ENOENT' ? ok(null) : err(code);
  }
  try {
    const held = heldList.safeParse(JSON.parse(text));
    return held.success ? ok(held.data) : err('the trusted list that is held cannot be read; import it again');
  } catch {
    return err('the trusted list that is held is damaged; import it again');
  }
}

/** Another one for each list that is put there; empty where there is none. */
export function heldVersion(folder: string): string {
  const found = statSync(fileIn(folder), { throwIfNoEntry: false });
  return found === undefined ? '' : `${found.mtimeMs} ${found.size} ${found.ino}`;
}

/** Once it returns, the new list is held for good; whatever happens before, the old one is. */
export function keep(folder: string, held: HeldList): void {
  mkdirSync(folder, { recursive: true });
  const file = fileIn(folder);
  const next = `${file}.new`;
  synced(next, 'w', (descriptor) => void writeSync(descriptor, JSON.stringify(held)));
  renameSync(next, file);
  synced(folder, 'r', () => undefined);
}

function synced(path: string, flags: 'r' | 'w', work: (descriptor: number) => void): void {
  const descriptor = openSync(path, flags);
  try {
    work(descriptor);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
