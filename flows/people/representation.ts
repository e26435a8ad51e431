import { z } from 'zod';
import { forms, holderCases, relations } from '../procedures/vocabulary.ts';
import { fiscalCodeKind } from './fiscal-code.ts';

const line = (length: number) => z.string().trim().min(1).max(length);
const fiscalCode = z
  .string()
  .trim()
  .toUpperCase()
  .refine((code) => fiscalCodeKind(code) !== null);

/** Who stands here for the holder, as the operator enters them from the document that is shown. */
export const representative = z.strictObject({
  relation: z.enum(relations).exclude(['holder']),
  surname: line(80),
  name: line(80),
  fiscalCode,
});
export type Representative = z.infer<typeof representative>;

/** What the operator saw besides the document of who stands here. Of a medical certificate no more is kept than how long and whether it says too much. */
const papersShown = z.strictObject({
  forms: z.array(z.enum(forms)).max(forms.length),
  medicalCertificate: z.strictObject({ months: z.int().min(0).max(1200), mentionsDiagnosis: z.boolean() }).exactOptional(),
  holderDocumentCopy: z.boolean().exactOptional(),
  ownCardShown: z.boolean().exactOptional(),
  /** Of a relative: the degree, and the word that there is nobody nearer. */
  degree: z.int().min(1).max(9).exactOptional(),
  nearerRelativesAbsent: z.boolean().exactOptional(),
  /** The represented person's, from the form or the barcode on the card's back (procedures.md, C10). */
  holderFiscalCode: fiscalCode.exactOptional(),
});

/**
 * The case (procedures.md, 1.4), who stands here for the holder (`null`: an adult and an emancipated minor do so alone), and what was shown for
 * it: also for an adult alone, where the region wants a signed request.
 */
export const representation = z.strictObject({
  case: z.enum(holderCases),
  representative: representative.nullable(),
  papers: papersShown,
});
export type Representation = z.infer<typeof representation>;
