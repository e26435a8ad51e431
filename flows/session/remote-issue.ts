import type { ServiceInput } from '../operations/card-service.ts';
import type { Journal } from '../ports/journal.ts';
import type { OperatorDecision } from '../ports/operators.ts';
import type { RemoteIssue, RemoteOperation } from '../ports/remote-issue.ts';
import type { CardStanding, Holder } from '../ports/services.ts';
import { readMobile } from '../people/mobile.ts';
import { type RemoteEntered, decideRemote } from '../procedures/remote-issue.ts';
import type { DeskRules } from './facts.ts';

/** Codes for somebody who is not here: whose, and of which card, as the copies have them. */
export interface RemoteTask {
  readonly operationId: string;
  readonly operation: RemoteOperation;
  readonly holder: Holder;
  readonly cardNumber: string;
}

export interface RemoteEntry {
  readonly task: RemoteTask;
  readonly entered: RemoteEntered;
}

export function remoteDecided(
  { task: { operation, holder }, entered }: RemoteEntry,
  standing: CardStanding,
  { profile, desk }: DeskRules,
  today: string,
): ReturnType<typeof decideRemote> {
  return decideRemote(profile, { operation, desk, today, holder }, entered, standing);
}

/** What the operator signs: everything that the CMS is asked by, and what only the operator saw. Asked for only where nothing is refused. */
export function remoteDecisionOf({ task, entered }: RemoteEntry): OperatorDecision {
  const { operationId, operation, holder, cardNumber } = task;
  if (!entered.copiesLegible || !entered.faceRecognised) throw new Error('codes for somebody who was not recognised');
  return {
    decision: 'remote-issue',
    operationId,
    operation,
    fiscalCode: holder.fiscalCode,
    cardNumber,
    ...askedBy(entered),
    copiesLegible: true,
    faceRecognised: true,
  };
}

function askedBy({
  document,
  representation,
  contacts: { email, mobile },
}: RemoteEntered): Pick<RemoteIssue, 'identification' | 'case' | 'representative' | 'document' | 'forms' | 'contacts'> {
  const representative = representation?.representative ?? null;
  return {
    identification: 'remote-video',
    case: representation?.case ?? 'adult',
    ...(representative === null ? {} : { representative }),
    document,
    forms: representation?.papers.forms ?? [],
    contacts: { email, mobile: readMobile(mobile) ?? mobile },
  };
}

export function remoteInputOf(
  { task, entered }: RemoteEntry,
  signed: { readonly jws: string; readonly operatorId: string },
  journal: Pick<Journal, 'digest'>,
  { profile, desk }: DeskRules,
): ServiceInput {
  const asked = askedBy(entered);
  const { operation, holder } = task;
  return {
    opening: {
      operation,
      case: asked.case,
      profile: profile.id,
      profileVersion: profile.version,
      holder: journal.digest('holder', holder.fiscalCode),
      ...(asked.representative === undefined ? {} : { representative: journal.digest('holder', asked.representative.fiscalCode) }),
      operator: signed.operatorId,
    },
    request: { ...task, ...asked, desk, profile: { id: profile.id, version: profile.version }, operatorAssertion: signed.jws },
  };
}
