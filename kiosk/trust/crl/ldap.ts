import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { Socket, isIPv6 } from 'node:net';
import { join } from 'node:path';
import { Client, type Entry, NoSuchObjectError } from 'ldapts';
import { type Result, err, ok } from '../../../devices/result.ts';
import type { DownloadError, DownloadLimits, Downloaded } from './download.ts';
import { type LdapPoint, readLdapUrl } from './ldap-url.ts';

/** The library joins what comes, piece by piece, in memory: larger CRLs are for HTTP. */
const MOST_BYTES = 16 * 1024 * 1024;

/**
 * One try to fetch a CRL from a directory into a file of the folder: anonymous, one attribute of one entry, no referrals followed. A directory knows no
 * "unchanged since", so it always comes whole.
 */
export async function downloadByLdap(
  url: string,
  folder: string,
  limits: DownloadLimits,
  signal: AbortSignal,
): Promise<Result<Downloaded, DownloadError>> {
  const read = readLdapUrl(url);
  if (!read.ok) return err({ final: true, detail: read.error });
  const point = read.value;
  const found = await search(point, { ...limits, bytes: Math.min(limits.bytes, MOST_BYTES) }, signal);
  if (!found.ok) return found;
  const { entries, referrals } = found.value;
  const [entry, ...others] = entries;
  if (entry === undefined && referrals.length > 0)
    return err({ final: true, detail: 'the directory refers to another, which is not asked' });
  if (entry === undefined || others.length > 0) return err({ final: true, detail: `${entries.length} entries in the place of one` });
  const [crl, ...more] = valuesOf(entry, point.attribute);
  if (crl === undefined || more.length > 0) {
    return err({ final: true, detail: `the entry has ${crl === undefined ? 'no' : more.length + 1} values of ${point.attribute}` });
  }
  const file = join(folder, `${createHash('sha256').update(url).digest('hex').slice(0, 32)}.part`);
  writeFileSync(file, crl);
  return ok({ kind: 'downloaded', file, etag: null, lastModified: null });
}

interface Found {
  readonly entries: readonly Entry[];
  readonly referrals: readonly string[];
}

async function search(
  { host, port, entry, attribute, filter }: LdapPoint,
  limits: DownloadLimits,
  signal: AbortSignal,
): Promise<Result<Found, DownloadError>> {
  const client = new Client({ url: `ldap://${isIPv6(host) ? `[${host}]` : host}:${port}` });
  const bound = client.bind('', '');
  // The library has no limit on what a server sends, and none for all of a conversation; its socket is there once `bind` was called.
  const socket: unknown = client['socket'];
  if (!(socket instanceof Socket)) throw new Error('ldapts keeps its socket elsewhere');
  let ended = null as DownloadError | null;
  const end = (final: boolean, detail: string): void => {
    ended ??= { final, detail };
    socket.destroy(new Error(detail));
  };
  let received = 0;
  socket.on('data', ({ length }: Buffer) => {
    received += length;
    if (received > limits.bytes) end(true, `larger than ${limits.bytes} bytes`);
  });
  const timer = setTimeout(() => end(false, `not done after ${limits.ms} ms`), limits.ms);
  const giveUp = (): void => end(true, 'given up');
  signal.addEventListener('abort', giveUp, { once: true });
  if (signal.aborted) giveUp();
  try {
    await bound;
    const { searchEntries, searchReferences } = await client.search(entry, {
      scope: 'base',
      derefAliases: 'never',
      filter,
      sizeLimit: 2,
      // A directory that follows RFC 4523 answers to the first, others to the second.
      attributes: [`${attribute};binary`, attribute],
    });
    return ok({ entries: searchEntries, referrals: searchReferences });
  } catch (error) {
    return err(ended ?? { final: error instanceof NoSuchObjectError, detail: error instanceof Error ? firstLine(error) : String(error) });
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', giveUp);
    socket.destroy();
  }
}

function firstLine({ message, name }: Error): string {
  return message.split('\n')[0]?.trim() || name;
}

function valuesOf(entry: Entry, attribute: string): readonly Buffer[] {
  const wanted = [attribute, `${attribute};binary`].map((name) => name.toLowerCase());
  return Object.entries(entry)
    .filter(([name]) => wanted.includes(name.toLowerCase()))
    .flatMap(([, values]) => (Array.isArray(values) ? values : [values]))
    .map((value) => (typeof value === 'string' ? Buffer.from(value) : value));
}
