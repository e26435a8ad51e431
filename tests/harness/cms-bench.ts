import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CryptoKey, exportJWK } from 'jose';
import type { Bench } from '../../kiosk/cms/check/bench.ts';
import type { Mailbox } from '../../kiosk/reference-cms/mailbox.ts';

/** What a test bench lends to `sportello cms check` (docs/connectors.md), over a mailbox and an operator's key. */
export async function startCmsBench(mailbox: Mailbox, operatorKey: CryptoKey): Promise<{ bench: Bench; close(): void }> {
  const server = createServer((request, response) => {
    const [, what, id = ''] = /^\/(codes|second-parts)\/([0-9a-f-]{36})$/.exec(request.url ?? '') ?? [];
    const mails = mailbox.messages().filter(({ messageId }) => messageId.includes(id));
    if (what === 'second-parts') return response.end(String(mails.length));
    const code = /\b\d{6}\b/.exec(mails[0]?.text ?? '')?.[0];
    return response.writeHead(code === undefined ? 404 : 200).end(code);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const at = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { kty, crv, x, y, d } = await exportJWK(operatorKey);
  return {
    bench: {
      contact: { channel: 'email', value: 'collaudo@example.it' },
      oneTimeCode: { url: `${at}/codes/{contactId}` },
      operator: { id: 'operator-1', privateKey: { kty, crv, x, y, d } as NonNullable<Bench['operator']>['privateKey'] },
      secondParts: { url: `${at}/second-parts/{operationId}` },
    },
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
