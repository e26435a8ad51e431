import { z } from 'zod';
import type { OutcomeReport } from '../../flows/ports/cms.ts';
import type { JournalRow } from '../../flows/ports/journal.ts';
import { failedSlips, findings } from '../../flows/ports/operators.ts';
import { operatorId } from '../operators/assertion.ts';

// Every field has a narrow shape, so that a name, a fiscal code or an address does not fit into any.
const digest = z.string().regex(/^[0-9a-f]{64}$/);
const word = z
  .string()
  .max(40)
  .regex(/^[a-z]+(?:-[a-z]+)*$/);
const version = z.string().regex(/^\d{1,4}(?:\.\d{1,4}){0,2}$/);
const hexadecimal = z.string().regex(/^(?:[0-9a-fA-F]{2}){0,512}$/);
const compactJws = z
  .string()
  .max(8192)
  .regex(/^[\w-]+\.[\w-]+\.[\w-]+$/);
const instant = z.iso.datetime({ offset: true });
const attempt = z.int().positive();
const evidenceClass = z.enum(['E0', 'E1', 'E2', 'E3', 'E4']);
const cmsState = z.enum(['NONE', 'RESERVED', 'CONFIRMED', 'VOIDED', 'HELD']);
const outcome = z.enum(['handed-over', 'not-handed-over', 'unknown']);

export const operationId = z.uuid().lowercase();

/** A journal row as it is written and read back; `holder` and `card` are digests of the journal. */
export const journalRow = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('OP_OPEN'),
    operation: z.literal('activation'),
    case: z.literal('adult'),
    profile: word,
    profileVersion: version,
    holder: digest,
    card: digest,
    operator: operatorId,
  }),
  z.strictObject({ kind: z.literal('RESERVE_INTENT') }),
  z.strictObject({ kind: z.literal('RESERVED'), expiresAt: instant }),
  z.strictObject({ kind: z.literal('PRINTER_READY') }),
  z.strictObject({ kind: z.literal('PRINT_INTENT'), attempt }),
  z.strictObject({
    kind: z.literal('EVIDENCE'),
    attempt,
    class: evidenceClass,
    raw: hexadecimal,
    buffer: z.enum(['needless', 'printed', 'cleared', 'locked']),
    output: z.enum(['taken', 'retracted']).exactOptional(),
  }),
  z.strictObject({
    kind: z.literal('REPRINT_AUTHORISED'),
    attempt,
    slip: z.enum(failedSlips),
    operator: operatorId,
    assertion: compactJws,
  }),
  z.strictObject({ kind: z.literal('OUTCOME'), outcome, class: evidenceClass, exposed: z.boolean(), reason: word }),
  z.strictObject({ kind: z.literal('RECEIPT'), state: cmsState, cmsSequence: z.int().nonnegative(), jws: compactJws }),
  z.strictObject({ kind: z.literal('RESOLUTION'), finding: z.enum(findings), operator: operatorId, assertion: compactJws }),
  z.strictObject({ kind: z.literal('CLOSED'), state: cmsState }),
]) satisfies z.ZodType<JournalRow>;

/** What waits in the outbox. Its `operatorAssertion` is the word on the hand-over, which names no person. */
export const outcomeReport = z.strictObject({
  operationId,
  attempt: z.int().nonnegative(),
  outcome,
  evidence: z.strictObject({ class: evidenceClass, raw: hexadecimal }),
  exposed: z.boolean(),
  reason: word,
  operatorAssertion: compactJws.exactOptional(),
}) satisfies z.ZodType<OutcomeReport>;
