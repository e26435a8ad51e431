import type { AddressInfo } from 'node:net';
import { simpleParser } from 'mailparser';
import { SMTPServer } from 'smtp-server';

export interface MailboxMessage {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly messageId: string;
  /** ISO instant of its arrival. */
  readonly at: string;
}

export interface Mailbox {
  readonly port: number;
  /** In the order of arrival. A mail that comes again (same Message-ID) is kept once, as mail stores do. */
  messages(): readonly MailboxMessage[];
  /** How many times a mail was taken, those that came again included. */
  deliveries(): number;
  /** Puts a message in, as if it had been delivered. */
  take(message: MailboxMessage): void;
  /** Calls `listener` for each new message; returns how to stop. */
  onMessage(listener: (message: MailboxMessage) => void): () => void;
  close(): Promise<void>;
}

const LARGEST_MAIL = 256 * 1024;

/** A mail server on loopback that takes every mail into one mailbox in memory, for demo and tests. Port 0 or none: any free one. */
export async function startMailbox({ port = 0 }: { readonly port?: number } = {}): Promise<Mailbox> {
  const messages: MailboxMessage[] = [];
  const listeners = new Set<(message: MailboxMessage) => void>();
  let deliveries = 0;

  const take = (message: MailboxMessage): void => {
    deliveries += 1;
    if (message.messageId !== '' && messages.some(({ messageId }) => messageId === message.messageId)) return;
    messages.push(message);
    for (const listener of listeners) listener(message);
  };

  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['AUTH', 'STARTTLS'],
    size: LARGEST_MAIL,
    disableReverseLookup: true,
    onData(stream, session, done) {
      simpleParser(stream, {})
        .then((mail) => {
          if (stream.sizeExceeded) {
            done(Object.assign(new Error('too large'), { responseCode: 552 }));
            return;
          }
          const to = session.envelope.rcptTo.map(({ address }) => address).join(', ');
          const message = {
            to,
            subject: mail.subject ?? '',
            text: mail.text ?? '',
            messageId: mail.messageId ?? '',
            at: new Date().toISOString(),
          };
          take(message);
          done();
        })
        .catch((error: unknown) => done(error instanceof Error ? error : new Error(String(error))));
    },
  });
  server.on('error', () => undefined);
  await new Promise<void>((resolve, reject) => {
    server.server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.server.off('error', reject);
      resolve();
    });
  });
  return {
    port: (server.server.address() as AddressInfo).port,
    messages: () => [...messages],
    take,
    deliveries: () => deliveries,
    onMessage(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
