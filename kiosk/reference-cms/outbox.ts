import type { Behind } from './behind.ts';
import type { Waiting } from './mail.ts';
import type { Store } from './store.ts';

/** The parts of codes that wait to leave: second parts of what was handed over here, and both parts of what is given at a distance. */
export function createOutbox(store: Store, behind: Pick<Behind, 'sendSecondPart' | 'remote'>): (now: number) => Waiting | null {
  const secondPart = (now: number): Waiting | null => {
    const due = store.dueSecondPart(now);
    if (due === null) return null;
    const { operationId } = due;
    return {
      ...due,
      kind: 'second-part',
      send: () => behind.sendSecondPart(due),
      begin: (at) => store.beginSecondPart(operationId, at),
      sent: (at) => store.secondPartSent(operationId, at),
      delay: (until) => store.delaySecondPart(operationId, until),
      giveUp: (at) => store.giveUpSecondPart(operationId, at),
    };
  };
  const remotePart = (now: number): Waiting | null => {
    const { remote } = behind;
    const due = remote === undefined ? null : store.remoteIssues.due(now);
    if (remote === undefined || due === null) return null;
    return {
      ...due,
      kind: due.part,
      send: () => remote.sendPart(due),
      begin: (at) => store.remoteIssues.begin(due, at),
      sent: (at) => store.remoteIssues.sent(due, at),
      delay: (until) => store.remoteIssues.delay(due, until),
      giveUp: (at) => store.remoteIssues.giveUp(due, at),
    };
  };
  return (now) => secondPart(now) ?? remotePart(now);
}
