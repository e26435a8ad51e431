import { z } from 'zod';
import { documentTypes } from '../people/identity-document.ts';
import { cardStatuses, forms, holderCases, identificationModes, lossProofs, operations, places, reasons, relations } from './vocabulary.ts';

/** What is asked of the engine. What is left out counts as not there; an unknown field is refused, lest a misspelt one be overlooked. */
export const procedureRequest = z.strictObject({
  profile: z.string().min(1),
  desk: z.enum(places),
  operation: z.enum(operations),
  case: z.enum(holderCases),
  identification: z.enum(identificationModes).default('none'),
  date: z.iso.date(),
  applicant: z
    .strictObject({
      relation: z.enum(relations),
      degree: z.int().min(0).max(99).optional(),
      nearerRelativesAbsent: z.boolean().optional(),
      document: z.strictObject({ type: z.enum(documentTypes), expires: z.iso.date().nullable() }).optional(),
      ownCardShown: z.boolean().optional(),
      will: z.boolean().optional(),
    })
    .optional(),
  evidence: z
    .strictObject({
      forms: z.array(z.enum(forms)).default([]),
      medicalCertificate: z.strictObject({ months: z.number().min(0).max(1200), mentionsDiagnosis: z.boolean() }).optional(),
      lossProof: z.enum(lossProofs).optional(),
      holderDocumentCopy: z.boolean().optional(),
      householdHasReader: z.boolean().optional(),
    })
    .default({ forms: [] }),
  reason: z.enum(reasons).optional(),
  card: z
    .strictObject({
      shown: z.boolean().default(false),
      chip: z.boolean().default(false),
      activated: z.boolean().optional(),
      holderBirthDate: z.iso.date().optional(),
      status: z.enum(cardStatuses).optional(),
      ownRegion: z.boolean().optional(),
      holderMatchesDocument: z.boolean().optional(),
      priorCard: z
        .strictObject({
          status: z.enum(cardStatuses).optional(),
          sameIssuer: z.boolean().default(false),
          activatedInPerson: z.boolean().default(false),
          pinVerified: z.boolean().default(false),
        })
        .optional(),
    })
    .optional(),
  contact: z.strictObject({ email: z.string().optional(), mobile: z.string().optional(), pec: z.boolean().optional() }).default({}),
});

export type ProcedureRequest = z.infer<typeof procedureRequest>;
