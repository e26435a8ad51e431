/**
 * An example of a connector (docs/connectors.md): the contract in front, `legacy-cms.ts` behind. Keys, idempotency, ratchet, proofs, seals
 * and receipts are its own; codes, and the mail with the second part, are the legacy CMS's. Arguments: configuration, the legacy CMS's URL.
 */
import { createLog } from '../../kiosk/log/log.ts';
import type { Behind } from '../../kiosk/reference-cms/behind.ts';
import { readCmsConfiguration } from '../../kiosk/reference-cms/configuration.ts';
import { startReferenceCms } from '../../kiosk/reference-cms/start.ts';

const [, , file = '', legacy = ''] = process.argv;

async function ask(method: 'GET' | 'POST', reference: string, action = '', body?: object): Promise<{ status: number; json: unknown }> {
  const url = `${legacy}/pratiche/${reference}${action === '' ? '' : `/${action}`}`;
  const sent = body === undefined ? {} : { body: JSON.stringify(body) };
  const response = await fetch(url, { method, ...sent, signal: AbortSignal.timeout(5_000) });
  return { status: response.status, json: await response.json() };
}

const behind: Behind = {
  // The operation is the reference: what was asked before a crash is found again, and not asked twice.
  async prepare({ operationId, applicant, card }, { value }) {
    if ((await ask('GET', operationId)).status === 404) {
      const request = { codiceFiscale: applicant.fiscalCode, tessera: card.cardId, recapito: value };
      const { status } = await ask('POST', operationId, '', request);
      if (status !== 200 && status !== 409) throw new Error(`the legacy CMS answers ${status}`);
    }
    // Nothing of a code is kept here.
    return [];
  },
  // In clear from there to here, for as long as it takes to seal it.
  async paperPart(operationId) {
    const { status, json } = await ask('GET', operationId, 'prima-parte');
    if (status === 404) return Buffer.alloc(0);
    const { pin, puk } = json as { pin: string; puk: string };
    return Buffer.from(`PIN ${pin} 3\nPUK ${puk} 4\n`, 'ascii');
  },
  async sendSecondPart({ operationId }) {
    try {
      const { status } = await ask('POST', operationId, 'conferma');
      // 409: it was confirmed before a crash of ours, and has sent its mail.
      return status === 200 || status === 409 ? 'taken' : 'not-now';
    } catch {
      return 'not-now';
    }
  },
};

const configuration = readCmsConfiguration(file);
if (!configuration.ok) throw new Error(configuration.error.detail);
const { port, url } = await startReferenceCms(configuration.value, { log: createLog('connector'), behind });
process.stdout.write(`${JSON.stringify({ port, url })}\n`);
