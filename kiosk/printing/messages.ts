import { z } from 'zod';
import type { PrintEvidence, PrinterStatus } from '../../devices/printer/contract.ts';
import { codeOperations } from '../../flows/ports/cms.ts';
import type { Slip } from '../../flows/ports/printing.ts';

/**
 * What the core and its print worker say to each other, in this order:
 * core `begin` → worker `key` → core `sealed` → worker `sending` → worker `ended`. The core may say `abort` at any time; the worker
 * may say `ended` at any time. No message holds anything of the paper part but its sealed form.
 */
const printerStatus = z.discriminatedUnion('state', [
  z.strictObject({ state: z.literal('disconnected'), detail: z.string() }),
  z.strictObject({ state: z.literal('hardware-error'), recoverable: z.boolean() }),
  z.strictObject({
    state: z.enum(['silent', 'cover-open', 'paper-out', 'cutter-error', 'offline', 'locked', 'slip-in-output', 'paper-near-end', 'ready']),
  }),
]) satisfies z.ZodType<PrinterStatus>;

const evidence = z.strictObject({
  class: z.enum(['E0', 'E1', 'E2']),
  raw: z.string().regex(/^[0-9a-f]*$/i),
  status: printerStatus,
  buffer: z.enum(['needless', 'printed', 'cleared', 'locked']),
}) satisfies z.ZodType<PrintEvidence>;

const slip = z.strictObject({
  operationId: z.uuid(),
  attempt: z.number().int().positive(),
  operation: z.enum([...codeOperations, 'renewal']),
  siteName: z.string(),
  printedAt: z.iso.datetime({ offset: true }),
  language: z.string(),
  secondPart: z.strictObject({ channel: z.enum(['email', 'sms']), masked: z.string() }),
  helpLine: z.string(),
}) satisfies z.ZodType<Slip>;

export const toWorker = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('begin'), device: z.string(), slip, limitMs: z.number().positive() }),
  z.strictObject({ type: z.literal('sealed'), jwe: z.string().max(16_384) }),
  z.strictObject({ type: z.literal('abort') }),
]);
export type ToWorker = z.infer<typeof toWorker>;

export const fromWorker = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('key'),
    key: z.strictObject({ kty: z.literal('OKP'), crv: z.literal('X25519'), x: z.string().length(43) }),
  }),
  /** All is ready and the first byte follows: from here on a lost worker may have printed. */
  z.strictObject({ type: z.literal('sending') }),
  z.strictObject({
    type: z.literal('ended'),
    evidence,
    /** Why it ended where it did; `printer` and `aborted` speak for themselves by the evidence. */
    reason: z.enum(['printed', 'printer', 'paper-part-unusable', 'aborted']),
    detail: z.string(),
  }),
]);
export type FromWorker = z.infer<typeof fromWorker>;
