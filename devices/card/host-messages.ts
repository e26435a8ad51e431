import { z } from 'zod';
import type { CardError, CardReading, CardStatus, TriesLeft } from './contract.ts';
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

/** Core to host. `start` comes first and once. */
export const toHost = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('start'), reader: text.optional(), series: seriesTable.optional() }),
  z.strictObject({ type: z.literal('read'), id: number }),
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
]);
export type FromHost = z.infer<typeof fromHost>;
