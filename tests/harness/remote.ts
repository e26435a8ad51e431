import type { RemoteIssue } from '../../flows/ports/remote-issue.ts';
import { type TestCms, newOperationId, signDecision, specimen } from './cms.ts';
import { anna, annaNumber } from './services.ts';

/** A whole, good request for codes of Anna's card, who was recognised by video, signed by the operator; `signed`: what the operator signed, where it differs. */
export async function remoteRequest(
  { operatorKey }: Pick<TestCms, 'operatorKey'>,
  changes: Partial<RemoteIssue> = {},
  signed: Partial<RemoteIssue> = {},
): Promise<RemoteIssue> {
  const request: Omit<RemoteIssue, 'operatorAssertion'> = {
    operationId: newOperationId(),
    operation: 'activation',
    identification: 'remote-video',
    case: 'adult',
    desk: 'space-region',
    profile: { id: 'lombardia', version: '1' },
    holder: anna,
    cardNumber: annaNumber,
    document: specimen.document,
    forms: ['request'],
    contacts: { email: 'laura@example.it', mobile: '+393331234567' },
    ...changes,
  };
  const { desk: _desk, profile: _profile, holder, operatorAssertion: _none, ...word } = { ...request, ...signed, operatorAssertion: '' };
  const decision = { decision: 'remote-issue', fiscalCode: holder.fiscalCode, copiesLegible: true, faceRecognised: true, ...word } as const;
  return { ...request, operatorAssertion: await signDecision(operatorKey, decision) };
}
