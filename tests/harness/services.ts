import { X509Certificate, hash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { z } from 'zod';
import type { Specimen } from '../../devices/card/virtual/specimen.ts';
import type { Holder, ServiceRequest } from '../../flows/ports/services.ts';
import type { serviceSpecimens } from '../../kiosk/reference-cms/service-specimens.ts';
import type { Reserve } from '../../flows/ports/cms.ts';
import { type Around, type TestCms, newOperationId, reserveRequest, signDecision, specimen } from './cms.ts';

/** The specimens of the register: Mario's card; Anna, who lives with him; Luca, of another region. */
export const mario: Holder = { fiscalCode: 'RSSMRA72L09H501S', surname: 'ROSSI', name: 'MARIO', birthDate: '1972-07-09' };
export const anna: Holder = { fiscalCode: 'BNCLRA85A41F205L', surname: 'BIANCHI', name: 'LAURA', birthDate: '1985-01-01' };
export const luca: Holder = { fiscalCode: 'VRDLCU80A01H501G', surname: 'VERDI', name: 'LUCA', birthDate: '1980-01-01' };

export const nora: Holder = { fiscalCode: 'RSSMRA75C22H501I', surname: 'ROSSI', name: 'NORA', birthDate: '1975-03-22' };
/** Of another region, with codes and without. */
export const lucaCard = { cardId: '6030000000000003', certificateDigest: 'ef'.repeat(32) };
export const noraCard = { cardId: '6030000000000004', certificateDigest: '0f'.repeat(32) };

/** A whole, good request for codes of another region's card, through the national system. */
export async function nationalReserve(
  around: Around,
  operation: 'interop-activation' | 'interop-duplicate',
  [holder, card]: readonly [Holder, typeof noraCard],
  desk = 'health-authority',
): Promise<Reserve> {
  const request = await reserveRequest(around);
  const { operationId, document } = request;
  const { fiscalCode } = holder;
  const { certificateDigest } = card;
  const signed = { decision: 'identified', operation, operationId, certificateDigest, fiscalCode, case: 'adult', document } as const;
  const operatorAssertion = await signDecision(around.operatorKey, signed);
  return { ...request, operation, desk, card: { ...card, chip: true }, applicant: { relation: 'holder', ...holder }, operatorAssertion };
}

/** The number on the back of Anna's card. */
export const annaNumber = '80380000300000000002';

export const marioCard = { cardId: '6030000000000001', certificateDigest: 'ab'.repeat(32) };

export type RegisteredCard = z.input<typeof serviceSpecimens>['cards'][number];

/** The register's row of a card that a virtual reader has in a file; its certificate is the suite's. */
export function rowOf(personFile: string, row: Partial<RegisteredCard>): RegisteredCard {
  const { cardId, personalData, certificate } = JSON.parse(readFileSync(personFile, 'utf8')) as Specimen & { certificate: string };
  const { fiscalCode, surname, name, birthDate } = personalData;
  const { raw, serialNumber: certificateSerial } = new X509Certificate(certificate);
  const certificateDigest = hash('sha256', raw);
  return { cardId, certificateDigest, certificateSerial, fiscalCode, surname, name, birthDate, expiresOn: '2040-01-01', ...row };
}

/** `further`: cards in the register beside those that are always there. */
export function specimensFile(folder: string, further: readonly RegisteredCard[] = []): string {
  const file = join(folder, 'services.json');
  const cards: readonly RegisteredCard[] = [
    ...further,
    { ...marioCard, ...mario, certificateSerial: '5a01', expiresOn: '2040-01-01', household: 'via Prova 1' },
    {
      cardId: '6030000000000002',
      certificateDigest: 'cd'.repeat(32),
      cardNumber: annaNumber,
      ...anna,
      expiresOn: '2040-01-01',
      household: 'via Prova 1',
    },
    { ...lucaCard, register: 'national', ...luca, expiresOn: '2040-01-01' },
    { ...noraCard, register: 'national', ...nora, expiresOn: '2040-01-01', activated: false },
  ];
  writeFileSync(file, JSON.stringify({ cards }));
  return file;
}

/** A whole, good request for a service of Mario's card, signed by the operator; `signed`: what the operator signed, where it differs. */
export async function serviceRequest(
  { operatorKey }: Pick<TestCms, 'operatorKey'>,
  changes: Partial<ServiceRequest> = {},
  signed: Partial<ServiceRequest> = {},
): Promise<ServiceRequest> {
  const request: Omit<ServiceRequest, 'operatorAssertion'> = {
    operationId: newOperationId(),
    operation: 'suspension',
    case: 'adult',
    desk: 'health-authority',
    profile: { id: 'sardegna', version: '1' },
    holder: mario,
    document: specimen.document,
    reason: 'loss',
    forms: [],
    ...changes,
  };
  const {
    operationId,
    operation,
    case: holderCase,
    holder,
    card,
    representative,
    document,
    reason,
    forms,
    lossProof,
  } = {
    ...request,
    ...signed,
  };
  const operatorAssertion = await signDecision(operatorKey, {
    decision: 'service',
    operationId,
    operation,
    case: holderCase,
    fiscalCode: holder.fiscalCode,
    document,
    forms,
    ...(card === undefined ? {} : { certificateDigest: card.certificateDigest }),
    ...(representative === undefined ? {} : { representative }),
    ...(reason === undefined ? {} : { reason }),
    ...(lossProof === undefined ? {} : { lossProof }),
  });
  return { ...request, operatorAssertion };
}
