import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface DistributionPoint {
  readonly url: string;
  close(): Promise<void>;
}

const PATH = '/ca.crl';

/**
 * Answers with the CRL in `file` over plain HTTP, as an authority's distribution point does (RFC 5280, 4.2.1.13): read anew each time, so that it may be
 * replaced; to who has it already, 304. Of loopback alone. Rejects where the port is taken.
 */
export async function startDistributionPoint({ file, port }: { readonly file: string; readonly port: number }): Promise<DistributionPoint> {
  const server = createServer((request, response) => {
    if (request.url !== PATH) response.writeHead(404).end();
    else if (request.method !== 'GET' && request.method !== 'HEAD') response.writeHead(405, { allow: 'GET, HEAD' }).end();
    else void answer(file, request.headers['if-none-match'], response);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${PATH}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(file: string, known: string | undefined, response: ServerResponse): Promise<void> {
  const crl = await readFile(file).catch(() => null);
  if (crl === null) {
    response.writeHead(503).end();
    return;
  }
  const etag = `"${createHash('sha256').update(crl).digest('hex')}"`;
  if (known === etag) response.writeHead(304, { etag }).end();
  else response.writeHead(200, { etag, 'content-type': 'application/pkix-crl', 'content-length': crl.length }).end(crl);
}
