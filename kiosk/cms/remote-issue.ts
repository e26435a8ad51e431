import { z } from 'zod';
import { identityDocument } from '../../flows/people/identity-document.ts';
import { representative } from '../../flows/people/representation.ts';
import { type RemoteIssue, remoteOperations } from '../../flows/ports/remote-issue.ts';
import { forms, holderCases } from '../../flows/procedures/vocabulary.ts';
import { cardOfHolder } from './services.ts';
import { cardNumber, jws, line, operationId, remoteContacts } from './shapes.ts';

/** Codes for somebody who was recognised by video, on the CMS link: answered by a service's receipt, and by nothing of a code. */
export const remoteIssueRequest = z.strictObject({
  operationId,
  operation: z.enum(remoteOperations),
  identification: z.literal('remote-video'),
  case: z.enum(holderCases),
  desk: z.string().regex(/^[a-z0-9-]{1,40}$/),
  profile: z.strictObject({ id: z.string().regex(/^[a-z-]{1,40}$/), version: line(40) }),
  holder: cardOfHolder.shape.holder,
  cardNumber,
  representative: representative.exactOptional(),
  document: identityDocument,
  forms: z.array(z.enum(forms)).max(forms.length),
  contacts: remoteContacts,
  operatorAssertion: jws,
}) satisfies z.ZodType<RemoteIssue>;
