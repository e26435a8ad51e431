import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { type Result, err, ok } from '../result.ts';

const hexBytes = z.string().regex(/^([0-9A-F]{2}){1,16}$/, 'not bytes in upper-case hexadecimal');
const path = z.string().regex(/^([0-9A-F]{4}){1,4}$/, 'not a path of file identifiers');
const byte = z.string().regex(/^[0-9A-F]{2}$/, 'not a byte in upper-case hexadecimal');
/** A pattern over hexadecimal digits: digits, `.`, classes, counts, alternatives; `''` is the ATR without historical bytes. */
const pattern = z
  .string()
  .regex(/^(\[[0-9A-F-]+\]|[0-9A-F.*|]|\{\d{1,2}\})*$/, 'not a pattern of hexadecimal digits')
  .refine(compiles, 'not a pattern');

/** What differs between one stock of cards and the next; the same region has had cards of many (card.md, 1.1). */
const series = z.strictObject({
  id: z.string().regex(/^[a-z0-9.-]{1,40}$/),
  name: z.string().min(1),
  /** Who says so. */
  source: z.string().min(1),
  /** What its historical bytes look like, from the first on. Several series may share a look: they are tried in the order of the table. */
  historicalBytes: pattern,
  /** To be selected first; with `model`, the application is the right one only if that data object (GET DATA, P1-P2) says this text. */
  application: z
    .strictObject({
      aid: hexBytes,
      model: z.strictObject({ dataObject: z.string().regex(/^[0-9A-F]{4}$/), says: z.string().regex(/^[\x20-\x7e]+$/) }).optional(),
    })
    .optional(),
  /** Where the paths of its files start: SELECT with P1 08 or 09 (ISO 7816-4, table 39). */
  paths: z.enum(['from-mf', 'from-application']),
  /** Where the authentication certificate may be, the likeliest place first. None: a series that is known and cannot be read here. */
  certificates: z.array(path),
  /** P2 of the commands on PIN and PUK: bit 8 looks for the code from the current DF upwards (card.md, 1.6). */
  pin: byte,
  puk: byte,
  /** What fills a code up to eight bytes. */
  padding: byte,
  /** Whether VERIFY without data tells the tries left and costs none. Where nobody has seen it, it is not asked. */
  askingTries: z.enum(['free', 'unknown']),
  extendedLength: z.boolean(),
});
export type Series = z.infer<typeof series>;

/** Cards that are no CNS and worth a name; with `application`, only if the card has it. */
const other = z.strictObject({
  kind: z.literal('cie'),
  source: z.string().min(1),
  historicalBytes: pattern,
  application: hexBytes.optional(),
});

export const seriesTable = z.strictObject({ version: z.iso.date(), series: z.array(series).min(1), others: z.array(other) });
export type SeriesTable = z.infer<typeof seriesTable>;

/** The table that comes with the program. */
export const builtInSeries: SeriesTable = seriesTable.parse(JSON.parse(readFileSync(new URL('series.json', import.meta.url), 'utf8')));

export type SeriesTableError = { readonly kind: 'series-unusable'; readonly file: string; readonly detail: string };

/** A table from the field, which takes the place of the built-in one as a whole. */
export function readSeriesTable(file: string): Result<SeriesTable, SeriesTableError> {
  const unusable = (detail: string): Result<never, SeriesTableError> => err({ kind: 'series-unusable', file, detail });
  try {
    const table = seriesTable.safeParse(JSON.parse(readFileSync(file, 'utf8')));
    if (table.success) return ok(table.data);
    const [issue] = table.error.issues;
    return unusable(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not valid'}`);
  } catch (error) {
    return unusable(error instanceof Error ? error.message : String(error));
  }
}

export function looksLike({ historicalBytes }: { readonly historicalBytes: string }, historical: Uint8Array): boolean {
  return new RegExp(`^(?:${historicalBytes})$`).test(Buffer.from(historical).toString('hex').toUpperCase());
}

function compiles(text: string): boolean {
  try {
    new RegExp(`^(?:${text})$`);
    return true;
  } catch {
    return false;
  }
}
