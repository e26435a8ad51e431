import type { IncomingMessage } from 'node:http';
import { type Agent, request as httpsRequest } from 'node:https';

export interface Question {
  readonly url: URL;
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  /** Not copied: who wipes it wipes it here too. */
  readonly body: Uint8Array | null;
}

export interface RawAnswer {
  readonly status: number;
  readonly mediaType: string;
  readonly body: Buffer;
}

/**
 * One HTTPS exchange: no redirects, no more than `largest` bytes of answer, over on `signal`. Rejects with an `Error` for whatever
 * the network or the other side did; its message holds nothing of what was sent.
 */
export async function exchange(
  agent: Agent,
  { url, method, headers, body }: Question,
  largest: number,
  signal: AbortSignal,
): Promise<RawAnswer> {
  return await new Promise((resolve, reject) => {
    const request = httpsRequest(url, {
      agent,
      method,
      signal,
      headers: { ...headers, ...(body === null ? {} : { 'Content-Length': body.length }) },
    });
    request.on('error', reject);
    request.on('response', (response: IncomingMessage) => {
      const chunks: Buffer[] = [];
      let length = 0;
      response.on('data', (chunk: Buffer) => {
        length += chunk.length;
        if (length > largest) request.destroy(new Error(`an answer of more than ${largest} bytes`));
        else chunks.push(chunk);
      });
      response.on('error', reject);
      response.on('aborted', () => reject(new Error('the answer was cut off')));
      response.on('end', () => {
        const mediaType = response.headers['content-type']?.split(';')[0]?.trim().toLowerCase() ?? '';
        resolve({ status: response.statusCode ?? 0, mediaType, body: Buffer.concat(chunks) });
      });
    });
    request.end(body ?? undefined);
  });
}
