import { createHash } from 'node:crypto';
import { createWriteStream, existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { type Result, err, ok } from '../../../devices/result.ts';

/** By which a server recognises what one has already (RFC 9110, 8.8). */
export interface Validators {
  readonly etag: string | null;
  readonly lastModified: string | null;
}

export interface DownloadLimits {
  readonly bytes: number;
  /** Milliseconds for all of one try, redirects and a slow server's drip included. */
  readonly ms: number;
}

export type Downloaded = { readonly kind: 'unchanged' } | ({ readonly kind: 'downloaded'; readonly file: string } & Validators);

/** `final`: asking again would not help. */
export interface DownloadError {
  readonly final: boolean;
  readonly detail: string;
}

const MOST_REDIRECTS = 3;
const partNote = z.strictObject({ etag: z.string() });

/**
 * One try to fetch a URL into a file of the folder. `held`: asks for it only if it changed. A body that broke off stays where it is, and the next try
 * goes on from there, as long as the server says that it is still the same (RFC 9110, 13.1.5 and 14.2).
 */
export async function download(
  url: string,
  folder: string,
  held: Validators | null,
  limits: DownloadLimits,
  signal: AbortSignal,
): Promise<Result<Downloaded, DownloadError>> {
  const part = partOf(url, folder);
  // Not AbortSignal.any with AbortSignal.timeout: Node 20 may collect the timeout before it fires, and a slow server would hold us for ever.
  const limited = new AbortController();
  const inTime = limited.signal;
  const giveUp = (): void => limited.abort();
  const timer = setTimeout(giveUp, limits.ms);
  signal.addEventListener('abort', giveUp, { once: true });
  if (signal.aborted) giveUp();
  try {
    const from = part.resume();
    const response = await follow(url, { ...(from === null ? conditional(held) : from.headers), 'accept-encoding': 'identity' }, inTime);
    if (!response.ok) return response;
    const { status, headers, body } = response.value;
    const refuse = async (detail: string, final = true): Promise<Result<never, DownloadError>> => {
      await body?.cancel();
      return err({ final, detail });
    };
    if (status === 304 && from === null) return ok({ kind: 'unchanged' });
    const continues = status === 206 && from !== null && headers.get('content-range')?.startsWith(`bytes ${from.bytes}-`) === true;
    if (status !== 200 && !continues) {
      part.remove();
      return await refuse(`the server answers ${status}`, status < 500 && status !== 429 && status !== 416 && status !== 206);
    }
    if (body === null) return err({ final: false, detail: 'an answer without a body' });
    const before = continues ? from.bytes : 0;
    if (before + Number(headers.get('content-length') ?? 0) > limits.bytes) return await refuse(`larger than ${limits.bytes} bytes`);
    const etag = headers.get('etag');
    part.begin(continues ? 'append' : 'anew', etag);
    let received = before;
    const counted = new Transform({
      transform(piece: Buffer, _, done) {
        received += piece.length;
        if (received > limits.bytes) done(new TooLarge());
        else done(null, piece);
      },
    });
    await pipeline(Readable.fromWeb(body as never), counted, createWriteStream(part.file, { flags: continues ? 'a' : 'w' }), {
      signal: inTime,
    });
    part.whole();
    return ok({ kind: 'downloaded', file: part.file, etag, lastModified: headers.get('last-modified') });
  } catch (error) {
    if (error instanceof TooLarge) {
      part.remove();
      return err({ final: true, detail: `larger than ${limits.bytes} bytes` });
    }
    if (signal.aborted) return err({ final: true, detail: 'given up' });
    return err({ final: false, detail: inTime.aborted ? `not done after ${limits.ms} ms` : causeOf(error) });
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', giveUp);
  }
}

class TooLarge extends Error {}

function causeOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return cause instanceof Error && 'code' in cause ? String(cause.code) : cause instanceof Error ? cause.message : String(cause);
}

function conditional(held: Validators | null): Record<string, string> {
  return {
    ...(held?.etag == null ? {} : { 'if-none-match': held.etag }),
    ...(held?.lastModified == null ? {} : { 'if-modified-since': held.lastModified }),
  };
}

async function follow(url: string, headers: Record<string, string>, signal: AbortSignal): Promise<Result<Response, DownloadError>> {
  let at = new URL(url);
  for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects += 1) {
    const response = await fetch(at.href, { headers, redirect: 'manual', signal });
    const location = response.headers.get('location');
    if (![301, 302, 303, 307, 308].includes(response.status) || location === null) return ok(response);
    await response.body?.cancel();
    if (!URL.canParse(location, at.href)) return err({ final: true, detail: 'redirected to no address' });
    at = new URL(location, at);
    if (at.protocol !== 'http:' && at.protocol !== 'https:') return err({ final: true, detail: `redirected to ${at.protocol}` });
  }
  return err({ final: true, detail: `redirected more than ${MOST_REDIRECTS} times` });
}

/** What has come of a URL so far. Only a strong ETag can say that the rest is of the same thing. */
function partOf(url: string, folder: string) {
  const file = join(folder, `${createHash('sha256').update(url).digest('hex').slice(0, 32)}.part`);
  const note = `${file}.json`;
  const remove = (): void => {
    rmSync(file, { force: true });
    rmSync(note, { force: true });
  };
  return {
    file,
    remove,
    resume(): { readonly bytes: number; readonly headers: Record<string, string> } | null {
      if (!existsSync(file) || !existsSync(note)) return null;
      const read = partNote.safeParse(jsonIn(note));
      const bytes = statSync(file).size;
      return read.success && bytes > 0 ? { bytes, headers: { range: `bytes=${bytes}-`, 'if-range': read.data.etag } } : null;
    },
    begin(how: 'append' | 'anew', etag: string | null): void {
      if (how === 'append') return;
      remove();
      if (etag?.startsWith('"') === true) writeFileSync(note, JSON.stringify({ etag }));
    },
    whole: () => rmSync(note, { force: true }),
  };
}

function jsonIn(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return null;
  }
}
