import { z } from 'zod';
import { envelopeStates, puts } from '../../flows/envelopes/envelope.ts';
import { type OutcomeReport, cardEvidence } from '../../flows/ports/cms.ts';
import type { JournalRow } from '../../flows/ports/journal.ts';
import { holderCases, lossProofs, operations, reasons } from '../../flows/procedures/vocabulary.ts';
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
/** What stands outside an envelope: short enough to be no card's number, and no six letters before all, as names and fiscal codes have. */
const envelopeNumber = z.string().regex(/^(?![A-Z]{6})[A-Z0-9][A-Z0-9-]{2,15}$/);
const batchId = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9-]{0,39}$/);
const envelopeNumbers = z.array(envelopeNumber).min(1).max(500);
const envelopeEnd = z.strictObject({ number: envelopeNumber, to: z.enum(envelopeStates) });
const pile = z.templateLiteral([z.enum(['operator:', 'magazine:']), operatorId]);
const count = z.int().nonnegative();
const outcome = z.enum(['handed-over', 'not-handed-over', 'unknown']);

export const operationId = z.uuid().lowercase();

/** A journal row as it is written and read back; `holder` and `card` are digests of the journal. */
export const journalRow = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('OP_OPEN'),
    operation: z.enum(operations),
    case: z.enum(holderCases),
    profile: word,
    profileVersion: version,
    holder: digest,
    representative: digest.exactOptional(),
    card: digest.exactOptional(),
    operator: operatorId.exactOptional(),
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
  z.strictObject({
    kind: z.literal('OUTCOME'),
    outcome,
    class: evidenceClass,
    exposed: z.boolean(),
    reason: word,
    envelope: envelopeEnd.exactOptional(),
  }),
  z.strictObject({ kind: z.literal('RECEIPT'), state: cmsState, cmsSequence: z.int().nonnegative(), jws: compactJws }),
  z.strictObject({
    kind: z.literal('RESOLUTION'),
    finding: z.enum(findings),
    operator: operatorId,
    assertion: compactJws,
    envelope: envelopeEnd.exactOptional(),
  }),
  z.strictObject({ kind: z.literal('CLOSED'), state: z.enum([...cmsState.options, 'DONE']) }),
  z.strictObject({
    kind: z.literal('SERVICE_INTENT'),
    reason: z.enum(reasons).exactOptional(),
    lossProof: z.enum(lossProofs).exactOptional(),
    identification: z.literal('remote-video').exactOptional(),
  }),
  z.strictObject({
    kind: z.literal('SERVICE_RECEIPT'),
    state: z.enum(['DONE', 'VOIDED']),
    cmsSequence: z.int().positive(),
    jws: compactJws,
  }),
  z.strictObject({ kind: z.literal('SERVICE_REFUSED'), type: word }),
  z.strictObject({ kind: z.literal('SIGNATURE_INTENT') }),
  z.strictObject({
    kind: z.literal('SIGNATURE_EVIDENCE'),
    certificate: z.enum(['loaded', 'not-loaded', 'unknown']),
    end: word,
    sent: count,
    answered: count,
  }),
  z.strictObject({ kind: z.literal('PIN_INTENT') }),
  z.strictObject({
    kind: z.literal('PIN_EVIDENCE'),
    pin: z.enum(['set', 'not-set', 'unknown']),
    answer: word,
    triesLeft: count.max(15).nullable(),
  }),
  z.strictObject({
    kind: z.literal('ENVELOPE_DRAWN'),
    shift: operationId,
    draw: attempt,
    pile,
    remaining: z.int().positive(),
    position: z.int().positive(),
    number: envelopeNumber,
  }),
  z.strictObject({ kind: z.literal('ENVELOPE_SCANNED'), number: envelopeNumber, by: z.enum(['scanner', 'hand']) }),
  z.strictObject({ kind: z.literal('ENVELOPE_BOUND'), number: envelopeNumber }),
  z.strictObject({
    kind: z.literal('CHIP_EVIDENCE'),
    pin: z.enum(['set', 'not-set', 'unknown']),
    evidence: z.enum(cardEvidence),
    // Rows of before it was written down say nothing of it.
    secured: z.boolean().nullable().default(null),
    end: word,
    sent: count,
    answered: count,
  }),
  z.strictObject({ kind: z.literal('ENVELOPE_MOVED'), number: envelopeNumber, to: z.enum(puts), why: word }),
  z.strictObject({ kind: z.literal('SHIFT_OPENED'), operator: operatorId, commitment: digest }),
  z.strictObject({ kind: z.literal('BATCH_RECEIVED'), batch: batchId, digest, numbers: envelopeNumbers }),
  z.strictObject({ kind: z.literal('ENVELOPES_ASSIGNED'), pile, numbers: envelopeNumbers }),
  z.strictObject({ kind: z.literal('SHIFT_COUNTED'), operator: operatorId, seed: digest, counted: count, expected: count }),
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
