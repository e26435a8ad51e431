import { z } from 'zod';
import type { CardError, CardReading, CardStatus, CodeError, RelayEnd, RelayPolicy, TriesLeft } from './contract.ts';
import { personalDataFields } from './personal-data.ts';
import { seriesTable } from './series.ts';

/** What the core and the process that holds the reader say to each other, over Node's IPC; both ends check it. */
const text = z.string();
const number = z.number();

const cardStatus = z.discriminatedUnion('state', [
  z.strictObject({ state: z.literal('starting') }),
  z.strictObject({ state: z.literal('service-lost'), detail: text }),
  z.strictObject({ state: z.literal('disconnected') }),
  z.strictObject({ state: z.literal('empty'), reader: text }),
  z.strictObject({ state: z.literal('mute'), reader: text }),
  z.strictObject({ state: z.literal('present'), reader: text, atr: text }),
]) satisfies z.ZodType<CardStatus>;

const cardError = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('no-card') }),
  z.strictObject({ kind: z.literal('card-removed') }),
  z.strictObject({ kind: z.literal('service-lost'), detail: text }),
  z.strictObject({ kind: z.literal('reader-busy'), reader: text }),
  z.strictObject({ kind: z.literal('not-a-cns'), atr: text, card: z.enum(['cie', 'other', 'mute']) }),
  z.strictObject({ kind: z.literal('unknown-series'), atr: text, seen: text }),
  z.strictObject({ kind: z.literal('unreadable'), what: text, detail: text }),
  z.strictObject({ kind: z.literal('timeout'), afterMs: number }),
  z.strictObject({ kind: z.literal('aborted') }),
]) satisfies z.ZodType<CardError>;

const triesLeft = z.strictObject({ triesLeft: number.nullable() }) satisfies z.ZodType<TriesLeft>;

const cardReading = z.strictObject({
  reader: text,
  atr: text,
  series: text,
  cardId: text,
  personalData: z.record(z.enum(personalDataFields), text),
  personalDataFile: z.base64(),
  certificate: z.base64(),
  pin: triesLeft,
  puk: triesLeft,
  timing: z.strictObject({ totalMs: number, apdus: number }),
}) satisfies z.ZodType<CardReading>;

const codeError = z.discriminatedUnion('kind', [
  ...cardError.options,
  z.strictObject({ kind: z.literal('malformed-code') }),
  z.strictObject({ kind: z.enum(['wrong-pin', 'wrong-puk']), triesLeft: number.nullable() }),
  z.strictObject({ kind: z.enum(['pin-blocked', 'puk-blocked']) }),
  z.strictObject({ kind: z.literal('not-activated') }),
  z.strictObject({ kind: z.literal('new-pin-refused') }),
  z.strictObject({ kind: z.literal('not-allowed') }),
]) satisfies z.ZodType<CodeError>;

const commandNames = z.array(z.string().regex(/^[0-9A-F]{4}$/)).readonly();
const relayPolicy = z.strictObject({
  allowed: commandNames,
  pinsInClear: z.enum(['refused', 'allowed']),
  confined: z.strictObject({ folder: z.string().regex(/^(?:[0-9A-F]{4})+$/), commands: commandNames }).exactOptional(),
  maxCommandBytes: number,
  maxCommands: number,
  commandLimitMs: number,
  exchangeLimitMs: number,
  totalLimitMs: number,
}) satisfies z.ZodType<RelayPolicy>;

const relayEnd = z.discriminatedUnion('kind', [
  ...cardError.options,
  z.strictObject({ kind: z.literal('end') }),
  z.strictObject({ kind: z.literal('refused'), reason: z.enum(['malformed', 'too-long', 'too-many', 'pin-in-clear', 'not-allowed']) }),
  z.strictObject({ kind: z.literal('other-side-lost') }),
  z.strictObject({ kind: z.literal('other-side-silent'), afterMs: number }),
  z.strictObject({ kind: z.literal('took-too-long'), afterMs: number }),
]) satisfies z.ZodType<RelayEnd | CardError>;

/** Core to host. `start` comes first and once. */
export const toHost = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('start'), reader: text.optional(), series: seriesTable.optional() }),
  z.strictObject({ type: z.literal('read'), id: number }),
  /** Its codes come by the byte line, just before: what is to be presented first, then the new PIN. */
  z.strictObject({ type: z.literal('present'), id: number, operation: z.enum(['verifyPin', 'changePin', 'unblockPin']) }),
  /** Its PIN comes by the byte line, just before. */
  z.strictObject({ type: z.literal('authenticate'), id: number, certificate: z.base64(), challenge: z.base64() }),
  /** Answers and commands go by the byte line. */
  z.strictObject({ type: z.literal('relay'), id: number, policy: relayPolicy }),
  z.strictObject({ type: z.literal('abort'), id: number }),
  z.strictObject({ type: z.literal('ping') }),
]);
export type ToHost = z.infer<typeof toHost>;

/** Host to core. */
export const fromHost = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('status'), status: cardStatus }),
  z.strictObject({ type: z.literal('pong') }),
  z.strictObject({
    type: z.literal('answer'),
    id: number,
    result: z.discriminatedUnion('ok', [
      z.strictObject({ ok: z.literal(true), value: cardReading }),
      z.strictObject({ ok: z.literal(false), error: cardError }),
    ]),
  }),
  z.strictObject({
    type: z.literal('presented'),
    id: number,
    result: z.discriminatedUnion('ok', [
      z.strictObject({ ok: z.literal(true), signature: z.base64().optional() }),
      z.strictObject({ ok: z.literal(false), error: codeError }),
    ]),
  }),
  z.strictObject({ type: z.literal('relayed'), id: number, end: relayEnd, sent: number, answered: number }),
]);
export type FromHost = z.infer<typeof fromHost>;

/** A step of a relay as a frame of the byte line: one part is a command; none is the end; two, empty, are a side that is lost. */
export function frameOfStep(step: Uint8Array | 'end' | 'lost'): Uint8Array[] {
  if (step === 'end') return [];
  return step === 'lost' ? [new Uint8Array(), new Uint8Array()] : [step];
}

/** What came; nothing in time is a side that is lost. */
export function stepOfFrame(parts: readonly Uint8Array[] | undefined): Uint8Array | 'end' | 'lost' {
  const [command, ...more] = parts ?? [];
  if (command === undefined) return parts === undefined ? 'lost' : 'end';
  return more.length === 0 ? command : 'lost';
}
