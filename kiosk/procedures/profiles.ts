import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Result, err } from '../../devices/result.ts';
import { type Profile, type ProfileFault, parseProfile } from '../../flows/procedures/profile.ts';
import { projectRoot } from '../project.ts';

const folder = (): string => join(projectRoot(), 'flows/procedures/profiles');

/** The ids of the profiles that there are: adding a region is adding a file. */
export function profileIds(): readonly string[] {
  return readdirSync(folder())
    .filter((name) => name.endsWith('.json'))
    .map((name) => name.slice(0, -'.json'.length))
    .sort();
}

/** A profile by its id; its file is named for it. */
export function readProfile(id: string): Result<Profile, readonly ProfileFault[]> {
  if (!profileIds().includes(id)) return err([{ path: '', message: `no profile "${id}"; there are ${profileIds().join(', ')}` }]);
  const read = readProfileFile(join(folder(), `${id}.json`));
  if (read.ok && read.value.id !== id) return err([{ path: 'id', message: `stands in the file of "${id}"` }]);
  return read;
}

/** The profile in a file; a file that cannot be read, or is not JSON, is one fault of the whole file. */
export function readProfileFile(file: string): Result<Profile, readonly ProfileFault[]> {
  let data: unknown;
  try {
    data = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    return err([{ path: '', message: error instanceof Error ? error.message : String(error) }]);
  }
  return parseProfile(data);
}

export function faultsLine(faults: readonly ProfileFault[]): string {
  return faults.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`)).join('; ');
}
