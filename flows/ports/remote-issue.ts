import type { IdentityDocument } from '../people/identity-document.ts';
import type { Representative } from '../people/representation.ts';
import type { Form, HolderCase, Operation } from '../procedures/vocabulary.ts';
import type { Holder, ServiceOperation } from './services.ts';

/** The operations that give codes to somebody who is not here, recognised by video (OP-REM). At a desk with the card they go another way. */
export const remoteOperations = ['activation', 'reissue'] as const satisfies readonly Operation[];
export type RemoteOperation = (typeof remoteOperations)[number];

export function isRemote(operation: Operation): operation is RemoteOperation {
  return remoteOperations.some((one) => one === operation);
}

/** What operator and CMS do with one question and one receipt: services, and codes at a distance. */
export type ServedOperation = ServiceOperation | RemoteOperation;

/** Where the two parts go: the first by e-mail, the second by text message, and never both one way (COD-17, C13). */
export interface RemoteContacts {
  readonly email: string;
  /** E.164: `+393331234567`. */
  readonly mobile: string;
}

/**
 * Has the CMS make the codes and send both parts, as one event after the recognition (C12). The kiosk sees no part of any code: the answer is a receipt
 * like a service's, under the same key, and is voided like one.
 */
export interface RemoteIssue {
  readonly operationId: string;
  readonly operation: RemoteOperation;
  readonly identification: 'remote-video';
  readonly case: HolderCase;
  readonly desk: string;
  readonly profile: { readonly id: string; readonly version: string };
  readonly holder: Holder;
  /** The 20 digits on the card's back, from the copy that came by e-mail. */
  readonly cardNumber: string;
  /** Who asks for the holder; the document is then theirs. */
  readonly representative?: Representative;
  readonly document: IdentityDocument;
  /** The signed forms that came by e-mail. */
  readonly forms: readonly Form[];
  readonly contacts: RemoteContacts;
  /** The operator's signed decision (JWS): all of the above, and that the copies are legible and the face was recognised. */
  readonly operatorAssertion: string;
}
