import type { RenewalReserve, Reserve } from '../../flows/ports/cms.ts';
import type { RemoteIssue } from '../../flows/ports/remote-issue.ts';
import { type Code, type CodeScheme, makeCodes, paperPart } from './codes.ts';
import { secondPartLetter } from './letters.ts';
import { remoteLetter } from './remote-letters.ts';
import type { Mail, Taken } from './mail.ts';
import type { DueRemotePart } from './remote-issue-store.ts';
import type { DueSecondPart, Store } from './store.ts';

/**
 * What stands behind the contract: who makes the codes, and who sends the second part. The reference CMS does both itself (`ownCodes`); a
 * connector asks the CMS that it speaks for (docs/connectors.md). What fails here is answered with `internal-error`, and asked again.
 */
export interface Behind {
  /** Has codes made for an operation whose request was found good; said twice, once. */
  prepare(request: Reserve | RenewalReserve, contact: { readonly channel: string; readonly value: string }): Promise<readonly Code[]>;
  /** The paper part as the contract writes it; wiped by who seals it. */
  paperPart(operationId: string): Promise<Buffer>;
  /** Has the second part sent; said again after a crash, once. */
  sendSecondPart(due: DueSecondPart): Promise<Taken>;
  /** Left out: codes are given at desks only. */
  readonly remote?: RemoteBehind;
}

/** Codes that are released at a distance, and both parts sent. */
export interface RemoteBehind {
  prepare(request: RemoteIssue): Promise<readonly Code[]>;
  /** Said again after a crash, once. */
  sendPart(due: DueRemotePart): Promise<Taken>;
}

export function ownCodes({ store, mail, scheme }: { store: Store; mail: Pick<Mail, 'send'>; scheme: readonly CodeScheme[] }): Behind {
  return {
    prepare: () => Promise.resolve(makeCodes(scheme)),
    paperPart: (operationId) => Promise.resolve(paperPart(store.codesOf(operationId))),
    sendSecondPart: ({ operationId, channel, to }) =>
      mail.send(channel, { to, messageId: `second-part.${operationId}`, ...secondPartLetter(store.codesOf(operationId)) }),
    remote: {
      prepare: () => Promise.resolve(makeCodes(scheme)),
      sendPart: ({ operationId, part, channel, to }) =>
        mail.send(channel, { to, messageId: `${part}.${operationId}`, ...remoteLetter(part, store.remoteIssues.codesOf(operationId)) }),
    },
  };
}
