import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { exportJWK, generateKeyPair } from 'jose';
import type { Bench } from '../../kiosk/cms/check/bench.ts';
import { usualSubject } from '../../kiosk/cms/check/bench.ts';
import type { CmsSurroundings } from './cms.ts';
import { anna, annaNumber, mario } from './services.ts';
import { type BenchCard, desk } from './relay-bench.ts';

/** What a test bench lends to `sportello cms check` (docs/connectors.md), over a mailbox, an operator's key, and perhaps a card with sealed envelopes and somebody to recognise by video. */
export async function startCmsBench(
  { mailbox, operatorKey, folder }: Pick<CmsSurroundings, 'mailbox' | 'operatorKey' | 'folder'>,
  card: Pick<BenchCard, 'cardId' | 'certificateDigest'> | null,
  { remote = false, signature = false }: { readonly remote?: boolean; readonly signature?: boolean } = {},
): Promise<{ bench: Bench; close(): void }> {
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
  const device = await exportJWK((await generateKeyPair('ES256', { extractable: true })).privateKey);
  return {
    bench: {
      contact: { channel: 'email', value: 'collaudo@example.it' },
      oneTimeCode: { url: `${at}/codes/{contactId}` },
      operator: { id: 'operator-1', privateKey: { kty, crv, x, y, d } as NonNullable<Bench['operator']>['privateKey'] },
      device: { privateKey: device as NonNullable<Bench['device']>['privateKey'], journal: join(folder, `journal-${randomUUID()}.json`) },
      ...(card === null ? {} : { envelope: envelopeSubject(card) }),
      registered: { desk: usualSubject.desk, profile: { id: 'sardegna', version: '1' }, holder: mario, document: usualSubject.document },
      ...(card !== null && signature ? { signature: signatureSubject(card) } : {}),
      ...(remote ? { remote: { ...remoteSubject, sent: { url: `${at}/second-parts/{operationId}` } } } : {}),
      secondParts: { url: `${at}/second-parts/{operationId}` },
    },
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

const remoteSubject = {
  desk: 'space-region',
  profile: { id: 'lombardia', version: '1' },
  holder: anna,
  cardNumber: annaNumber,
  document: usualSubject.document,
  contacts: { email: 'collaudo@example.it', mobile: '+393331234567' },
};

function signatureSubject({ cardId, certificateDigest }: Pick<BenchCard, 'cardId' | 'certificateDigest'>): NonNullable<Bench['signature']> {
  const { document } = usualSubject;
  return { desk, profile: { id: 'sardegna', version: '1' }, holder: mario, card: { cardId, certificateDigest }, document };
}

function envelopeSubject({ cardId, certificateDigest }: Pick<BenchCard, 'cardId' | 'certificateDigest'>): NonNullable<Bench['envelope']> {
  return { ...usualSubject, desk, profile: { id: 'sardegna', version: '1' }, card: { cardId, certificateDigest, chip: true } };
}
