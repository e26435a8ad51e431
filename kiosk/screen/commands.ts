import { z } from 'zod';
import { Secret } from '../../devices/secret.ts';
import { identityDocument } from '../../flows/people/identity-document.ts';
import { representation } from '../../flows/people/representation.ts';
import { fiscalCodeKind, readCardNumber } from '../../flows/people/fiscal-code.ts';
import { remoteOperations } from '../../flows/ports/remote-issue.ts';
import { serviceOperations } from '../../flows/ports/services.ts';
import { forms, lossProofs, operations, reasons } from '../../flows/procedures/vocabulary.ts';
import type { CitizenCommand, OperatorCommand, ShiftCommand } from '../../flows/session/status.ts';
import { failedSlips, findings } from '../../flows/ports/operators.ts';
import { languages } from './site.ts';

const secret = (pattern: RegExp) =>
  z
    .string()
    .regex(pattern)
    .transform((text) => Secret.fromText(text));

/** As a document names the holder of a card that is not here. */
const holder = z.strictObject({
  fiscalCode: z
    .string()
    .trim()
    .toUpperCase()
    .refine((code) => fiscalCodeKind(code) !== null),
  surname: z.string().trim().min(1).max(80),
  name: z.string().trim().min(1).max(80),
  birthDate: z.iso.date(),
});

/** A command belongs to the session that was on the screen when it was given: a late touch must not speak for the next person. */
const forSession = <Command extends z.ZodType>(command: Command) =>
  z.strictObject({ sessionId: z.string().min(1).max(64).nullable(), command });

export const citizenRequest = forSession(
  z.discriminatedUnion('type', [
    z.strictObject({ type: z.literal('wish'), operation: z.enum(operations).exactOptional() }),
    z.strictObject({ type: z.literal('menu') }),
    z.strictObject({ type: z.literal('cancel') }),
    z.strictObject({ type: z.literal('notice-read') }),
    z.strictObject({ type: z.literal('contact-mobile'), mobile: z.string().trim().min(1).max(30), language: z.enum(languages) }),
    z.strictObject({ type: z.literal('contact'), email: z.string().trim().min(1).max(254), language: z.enum(languages) }),
    z.strictObject({ type: z.literal('contact-code'), code: secret(/^[0-9]{6}$/) }),
    z.strictObject({ type: z.literal('resend-code') }),
    z.strictObject({ type: z.literal('change-contact') }),
    z.strictObject({ type: z.literal('taken') }),
    z.strictObject({ type: z.literal('stay') }),
    z.strictObject({ type: z.literal('unblock'), puk: secret(/^[0-9]{5,8}$/), newPin: secret(/^[0-9]{5,8}$/) }),
    z.strictObject({ type: z.literal('no-puk') }),
    z.strictObject({ type: z.literal('prior-pin'), pin: secret(/^[0-9]{5,8}$/) }),
  ]) satisfies z.ZodType<CitizenCommand>,
);

export const operatorRequest = forSession(
  z.discriminatedUnion('type', [
    z.strictObject({ type: z.literal('identified'), document: identityDocument, representation: representation.exactOptional() }),
    z.strictObject({ type: z.literal('begin'), operation: z.enum(serviceOperations), holder }),
    z.strictObject({
      type: z.literal('service'),
      document: identityDocument,
      representation: representation.exactOptional(),
      reason: z.enum(reasons).exactOptional(),
      forms: z.array(z.enum(forms)).max(forms.length),
      lossProof: z.enum(lossProofs).exactOptional(),
    }),
    z.strictObject({
      type: z.literal('begin-remote'),
      operation: z.enum(remoteOperations),
      holder,
      cardNumber: z
        .string()
        .trim()
        .refine((number) => readCardNumber(number) !== null),
    }),
    z.strictObject({
      type: z.literal('remote-issue'),
      document: identityDocument,
      representation: representation.exactOptional(),
      // Left empty, it is for the profile to say that it is missing.
      contacts: z.strictObject({ email: z.union([z.literal(''), z.email().max(254)]), mobile: z.string().trim().max(30) }),
      copiesLegible: z.boolean(),
      faceRecognised: z.boolean(),
    }),
    z.strictObject({ type: z.literal('confirm') }),
    z.strictObject({ type: z.literal('back') }),
    z.strictObject({ type: z.literal('refuse'), reason: z.enum(['operator-refused', 'document-mismatch', 'document-expired']) }),
    z.strictObject({ type: z.literal('reprint'), slip: z.enum(failedSlips) }),
    z.strictObject({ type: z.literal('no-reprint') }),
    z.strictObject({ type: z.literal('hand-over'), handedOver: z.boolean() }),
    z.strictObject({ type: z.literal('envelope-typed'), text: z.string().trim().min(1).max(40) }),
    z.strictObject({ type: z.literal('envelope-missing') }),
  ]) satisfies z.ZodType<OperatorCommand>,
);

/** A decision names its operation, and belongs to no session. */
export const resolveRequest = z.strictObject({ operationId: z.uuid().lowercase(), finding: z.enum(findings) });

export const slipRemovedRequest = z.strictObject({ operationId: z.uuid().lowercase() });

export const shiftRequest = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('receive') }),
  z.strictObject({ type: z.literal('count'), counted: z.int().min(0).max(100_000) }),
]) satisfies z.ZodType<ShiftCommand>;

export const signOnRequest = z.strictObject({ operatorId: z.string().trim().min(1).max(64), pin: secret(/^.{4,64}$/u) });

/** Nothing belongs in it, and nothing may be. */
export const emptyRequest = z.strictObject({});
