import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { Agent, createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import type { TlsOptions } from 'node:tls';
import { type RawAnswer, exchange } from '../../kiosk/cms/exchange.ts';
import type { Pki } from '../../kiosk/demo/pki.ts';

export interface Passing {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly key: string | undefined;
  readonly mediaType: string | undefined;
  readonly body: Buffer;
}

export type Forward = (changed: Passing) => Promise<RawAnswer>;
/** What stands between kiosk and CMS makes of a call. */
export type Between = (asked: Passing, forward: Forward) => Promise<RawAnswer>;

/** A server with the CMS's own certificate that has each call answered by the CMS behind it, as far as `between` lets it. */
export async function startCmsProxy(
  behind: string,
  { files }: Pki,
  between: Between,
  tls: TlsOptions = {},
): Promise<{ url: string; close(): void }> {
  const text = (file: string): Buffer => readFileSync(file);
  const agent = new Agent({ ca: text(files.cmsCa), cert: text(files.kioskClient), key: text(files.kioskClientKey), keepAlive: true });
  const forward: Forward = async ({ method, path, key, mediaType, body }) => {
    const headers = {
      ...(key === undefined ? {} : { 'Idempotency-Key': key }),
      ...(mediaType === undefined ? {} : { 'Content-Type': mediaType }),
    };
    const question = { url: new URL(path, behind), method, headers, body: method === 'GET' ? null : body };
    return await exchange(agent, question, 1024 * 1024, AbortSignal.timeout(15_000));
  };
  const passing = async (request: IncomingMessage): Promise<Passing> => ({
    method: request.method === 'POST' ? 'POST' : 'GET',
    path: request.url ?? '/',
    key: request.headers['idempotency-key'] as string | undefined,
    mediaType: request.headers['content-type'],
    body: await buffer(request),
  });
  const secure: TlsOptions = {
    cert: text(files.cmsServer),
    key: text(files.cmsServerKey),
    ca: text(files.kioskCa),
    requestCert: true,
    rejectUnauthorized: true,
    minVersion: 'TLSv1.3',
    ...tls,
  };
  const server = createServer(secure, (request, response) => {
    void passing(request)
      .then((asked) => between(asked, forward))
      .then(({ status, mediaType, body }) => response.writeHead(status, { 'Content-Type': mediaType }).end(body))
      .catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `https://localhost:${(server.address() as AddressInfo).port}/`,
    close() {
      server.closeAllConnections();
      server.close();
      agent.destroy();
    },
  };
}
