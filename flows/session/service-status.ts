import type { SnapshotFrom } from 'xstate';
import { caseChoices, paperChoice } from '../procedures/case-choices.ts';
import { remoteCaseChoices } from '../procedures/remote-issue.ts';
import type { Profile } from '../procedures/profile.ts';
import { readMobile } from '../people/mobile.ts';
import { type ServedOperation, isRemote } from '../ports/remote-issue.ts';
import { isService } from '../ports/services.ts';
import type { DeskRules, SessionFacts } from './facts.ts';
import type { RemoteTask } from './remote-issue.ts';
import type { serviceMachine } from './service.ts';
import type { CodesState, ServiceWaiting } from './status.ts';

export type ServiceSnapshot = SnapshotFrom<ReturnType<typeof serviceMachine>>;

/** What the operator is asked for a service, and what was found. */
export function serviceTaskShown(service: ServiceSnapshot, { profile, desk }: DeskRules, today: string): ServiceWaiting {
  const { task, entered, standing, refusals, notes, problem } = service.context;
  const { operation, holder } = task;
  const choices = isRemote(operation) ? remoteCaseChoices : caseChoices;
  const rule = profile.operations[operation];
  const { reason, papers } = rule.absent === true ? {} : rule;
  return {
    task: 'service',
    step: stepOf(service),
    operation,
    holder,
    cardShown: 'card' in task,
    remote: 'cardNumber' in task ? remoteShown(task, entered, profile) : null,
    documents: documentsOf(profile),
    cases: choices(profile, { operation, desk, today }, holder.birthDate),
    reasons: reason ?? null,
    papers: (papers ?? []).map(paperChoice),
    refusals,
    problem,
    cardStatus: standing?.status ?? null,
    reason: entered !== null && 'reason' in entered ? (entered.reason ?? null) : null,
    notes,
  };
}

function stepOf(service: ServiceSnapshot): ServiceWaiting['step'] {
  if (service.matches({ preparing: 'entering' })) return 'entering';
  if (isLoading(service)) return 'loading';
  return service.matches({ preparing: 'confirming' }) ? 'confirming' : 'busy';
}

/** The card is in the CMS's hands. */
export function isLoading(service: ServiceSnapshot): boolean {
  return service.matches('carrying') && service.children.carried?.getSnapshot().matches('loading') === true;
}

/** The documents that identify whoever stands here, each with its source. */
export function documentsOf({ identification: { documents, withoutExpiry } }: Profile): ServiceWaiting['documents'] {
  return documents.types.map((type) => ({
    type,
    citation: documents.citation,
    mayLackExpiry: withoutExpiry.types.includes(type),
  }));
}

/** The service that a session is about; asked for only where it is about one. */
export function servedOf({ operation }: SessionFacts): ServedOperation {
  if (!isService(operation) && !isRemote(operation)) throw new Error(`no service: ${operation}`);
  return operation;
}

/** What became of a service that did not end as done. */
export function serviceLeft({ end }: ServiceSnapshot['context']['output']): CodesState {
  if (end === 'not-loaded') return 'certificate-void';
  return end === 'stopped' || end === 'refused' ? 'nothing-done' : 'service-unknown';
}

/** The mobile number stands there as it will be sent to. */
function remoteShown(
  { cardNumber }: RemoteTask,
  entered: ServiceSnapshot['context']['entered'],
  { remoteVideo }: Profile,
): ServiceWaiting['remote'] {
  const { citation } = remoteVideo.absent === true ? remoteVideo : remoteVideo.holderDocumentCopy;
  if (entered === null || !('contacts' in entered)) return { cardNumber, contacts: null, citation };
  const { email, mobile } = entered.contacts;
  return { cardNumber, contacts: { email, mobile: readMobile(mobile) ?? mobile }, citation };
}
