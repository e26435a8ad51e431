import { createHash, createSign } from 'node:crypto';
import { type PriorCard, priorCardChallenge } from '../../flows/ports/cms.ts';
import { makeOneUseKey } from '../../kiosk/printing/one-use-key.ts';
import { specimenCertificate } from '../devices/card/cards.ts';
import { type Around, handedOver, newOperationId, reserveRequest, signDecision, signal, specimen } from './cms.ts';

const representative = { relation: 'child', surname: 'BIANCHI', name: 'LAURA', fiscalCode: 'RSSMRA75C22H501I' } as const;

/** A card of the specimen certificate that had its first codes: given to the adult in person, or to somebody in their place. */
export async function activatedCard(around: Around, holderCase: 'adult' | 'delegate' = 'adult'): Promise<string> {
  const { certificate } = await specimenCertificate();
  const certificateDigest = createHash('sha256').update(certificate).digest('hex');
  const operationId = newOperationId();
  const cardId = newOperationId();
  const { document, fiscalCode } = specimen;
  const who = holderCase === 'adult' ? {} : { representative };
  const signed = {
    decision: 'identified',
    operation: 'activation',
    operationId,
    certificateDigest,
    fiscalCode,
    case: holderCase,
    document,
    ...who,
  } as const;
  const request = {
    ...(await reserveRequest(around, operationId)),
    case: holderCase,
    ...who,
    card: { cardId, certificateDigest, chip: true },
    operatorAssertion: await signDecision(around.operatorKey, signed),
  };
  const reserved = await around.client.reserve(request, signal);
  if (!reserved.ok) throw new Error(JSON.stringify(reserved.error));
  await around.client.releasePaperPart({ operationId, attempt: 1, key: makeOneUseKey().publicKey }, signal);
  const receipt = await around.client.reportOutcome(await handedOver(around, operationId), signal);
  if (!receipt.ok || receipt.value.state !== 'CONFIRMED') throw new Error(JSON.stringify(receipt));
  return cardId;
}

/** What that card says in an operation; `signs`: in which it signed. */
export async function wordOfCard(operationId: string, cardId: string, signs = operationId): Promise<PriorCard> {
  const { certificate, privateKey } = await specimenCertificate();
  const certificateDigest = createHash('sha256').update(certificate).digest('hex');
  const signature = createSign('sha256').update(priorCardChallenge(signs)).sign(privateKey, 'base64');
  return { operationId, card: { cardId, certificateDigest }, certificate: Buffer.from(certificate).toString('base64'), signature };
}
