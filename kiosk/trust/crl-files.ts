import { readFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Log } from '../log/log.ts';
import type { Anchor } from './anchors.ts';
import { type Crl, readCrl } from './crl.ts';
import { derObjects } from './pem.ts';

/** What the CRL files held when last looked at; `problems` says, a line each, what could not be used and why. */
export interface LoadedCrls {
  readonly crls: readonly Crl[];
  readonly problems: readonly string[];
}

interface LoadedFile extends LoadedCrls {
  readonly version: string;
}

const MOST_BYTES = 64 * 1024 * 1024;

/** The CRL files of the configuration, DER or PEM whatever their names say; each is read again when it was changed. */
export function createCrlFiles(files: readonly string[], anchors: readonly Anchor[], log: Log): { load(): Promise<LoadedCrls> } {
  const loaded = new Map<string, LoadedFile>();

  async function look(file: string): Promise<LoadedFile> {
    const before = loaded.get(file);
    let now: LoadedFile;
    try {
      const { mtimeMs, size, ino } = await stat(file);
      const version = `${mtimeMs} ${size} ${ino}`;
      if (before?.version === version) return before;
      now =
        size > MOST_BYTES
          ? { version, crls: [], problems: [`${basename(file)}: too large`] }
          : { version, ...read(file, await readFile(file)) };
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
      now = { version: code, crls: [], problems: [`${basename(file)}: ${code}`] };
      if (before?.version === code) return before;
    }
    loaded.set(file, now);
    for (const problem of now.problems) log.event('crl-unusable', { problem });
    for (const crl of now.crls) {
      log.event('crl-loaded', {
        issuer: crl.issuerName,
        thisUpdate: crl.thisUpdate.toISOString(),
        nextUpdate: crl.nextUpdate.toISOString(),
        entries: crl.listed.size,
      });
    }
    return now;
  }

  function read(file: string, bytes: Uint8Array): LoadedCrls {
    const crls: Crl[] = [];
    const problems: string[] = [];
    const objects = derObjects(bytes, 'X509 CRL');
    if (objects.length === 0) problems.push(`${basename(file)}: holds no CRL`);
    for (const der of objects) {
      const crl = readCrl(der, anchors);
      if (crl.ok) crls.push(crl.value);
      else problems.push(`${basename(file)}: ${crl.error}`);
    }
    return { crls, problems };
  }

  return {
    async load() {
      const all = await Promise.all(files.map(look));
      return { crls: all.flatMap(({ crls }) => crls), problems: all.flatMap(({ problems }) => problems) };
    },
  };
}
