import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { z } from 'zod';
import { mobileNumber } from '../cms/shapes.ts';
import type { Mailbox } from './mailbox.ts';

const textMessage = z.strictObject({ id: z.string().min(1).max(200), to: mobileNumber, text: z.string().min(1).max(1_000) });
const LARGEST = 16 * 1024;

export interface TextGateway {
  readonly url: string;
  /** `busy`: it answers 503, and takes nothing. */
  become(state: 'normal' | 'busy'): void;
  close(): Promise<void>;
}

/** An SMS gateway on loopback (docs/sms-gateway.md) that puts every text message into `mailbox`, for demo and tests. */
export async function startTextGateway(mailbox: Pick<Mailbox, 'take'>, token: string): Promise<TextGateway> {
  let state: 'normal' | 'busy' = 'normal';
  const server = createServer((request, response) => {
    const take = async (): Promise<number> => {
      if (request.method !== 'POST' || request.url !== '/messages') return 404;
      if (request.headers.authorization !== `Bearer ${token}`) return 401;
      if (Number(request.headers['content-length'] ?? LARGEST + 1) > LARGEST) return 413;
      const body = await buffer(request);
      if (state === 'busy') return 503;
      const read = textMessage.safeParse(jsonOf(body));
      if (!read.success) return 400;
      const { id, to, text } = read.data;
      mailbox.take({ to, subject: 'SMS', text, messageId: id, at: new Date().toISOString() });
      return 202;
    };
    take()
      .then((status) => response.writeHead(status, { 'Content-Type': 'application/json' }).end('{}'))
      .catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/messages`,
    become: (next) => (state = next),
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

function jsonOf(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}
