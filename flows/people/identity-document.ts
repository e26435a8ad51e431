import { z } from 'zod';

/** The documents of art. 35 DPR 445/2000 as the command line names them (procedures.md, DOC-01). */
export const documentTypes = [
  'identity-card',
  'passport',
  'driving-licence',
  'boating-licence',
  'pension-book',
  'boiler-operator-licence',
  'firearms-licence',
  'other-state-card',
] as const;

export type DocumentType = (typeof documentTypes)[number];

/** The four items that the operator enters, no more (procedures.md, DOC-02 and DOC-03). `expires`: an ISO date; `null`: the document names none. */
export const identityDocument = z.strictObject({
  type: z.enum(documentTypes),
  number: z.string().trim().min(3).max(32),
  issuingBody: z.string().trim().min(2).max(80),
  expires: z.iso.date().nullable(),
});

export type IdentityDocument = z.infer<typeof identityDocument>;
