import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { type CrlAnswer, type FreshnessPolicy, type Subject, askAbout } from '../../../../kiosk/trust/crl/answer.ts';
import { type Imported, importCrls } from '../../../../kiosk/trust/crl/import.ts';
import { issuerOf } from '../../../../kiosk/trust/crl/issuer.ts';
import { serialOfHex } from '../../../../kiosk/trust/crl/serial.ts';
import { openStore, openStoreReadOnly } from '../../../../kiosk/trust/crl/store.ts';
import type { Result } from '../../../../devices/result.ts';
import type { Authority } from '../../../bench/crl-generator.ts';

export const NOW = new Date('2026-06-15T10:00:00Z');
export const days = (count: number): Date => new Date(NOW.getTime() + count * 86_400_000);

const folders: string[] = [];
afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })));

/** A folder that is there until the tests of the file are done. */
export function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'crl-'));
  folders.push(folder);
  return folder;
}

let files = 0;
export function fileOf(bytes: Uint8Array | string, folder = newFolder()): string {
  const file = join(folder, `${(files += 1)}.crl`);
  writeFileSync(file, bytes);
  return file;
}

/** Opens, imports and closes, as the command does. `null`: imported; else why not. */
export function importInto(
  folder: string,
  authorities: readonly Pick<Authority, 'certificate'>[],
  crls: readonly (Uint8Array | string)[],
  now = NOW,
): Result<readonly Imported[], string> {
  const store = openStore(folder);
  if (!store.ok) throw new Error(store.error);
  const issuers = authorities.map(({ certificate }) => issuerOf(certificate));
  const paths = crls.map((crl) => fileOf(crl, folder));
  const done = importCrls(store.value, paths, { issuers, now, allowSha1: false, allowRsa1024: false });
  store.value.close();
  return done.ok ? done : { ok: false, error: done.error.detail };
}

export function ask(
  folder: string,
  authority: Pick<Authority, 'certificate'>,
  serial: string,
  subject: Partial<Subject> = {},
  at = NOW,
  policy: FreshnessPolicy = { grace: 0, maxAge: null },
): CrlAnswer {
  const store = openStoreReadOnly(folder);
  if (!store.ok || store.value === null) throw new Error('no store');
  const read = serialOfHex(serial);
  if (read === null) throw new Error('no serial');
  const whole = { issuers: [issuerOf(authority.certificate)], kind: 'user', points: [], crlIssuers: [], ...subject } as const;
  const answer = askAbout(store.value, whole, at, policy)(read);
  store.value.close();
  return answer;
}
