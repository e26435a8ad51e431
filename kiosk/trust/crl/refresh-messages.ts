import { z } from 'zod';

/** What the refreshing process is told when it starts. Paths are absolute; files of certificates and CRLs are DER or PEM. */
export const refreshSettings = z.strictObject({
  /** Folder of the store. */
  folder: z.string().min(1),
  /** CRLs that somebody else puts there; read again when they change. */
  files: z.array(z.string()),
  /** Who may sign them. */
  anchors: z.array(z.string()),
  /** The same, from the national trusted list: DER, in base64. */
  listed: z.array(z.base64()),
  points: z.array(z.strictObject({ issuer: z.string(), urls: z.array(z.string()).min(1) })),
});
export type RefreshSettings = z.infer<typeof refreshSettings>;

/** What it tells. */
export const fromRefresher = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('imported'),
    issuer: z.string(),
    thisUpdate: z.string(),
    nextUpdate: z.string(),
    entries: z.number(),
    ms: z.number(),
  }),
  z.strictObject({ type: z.literal('problem'), problem: z.string() }),
  /** Seconds since 1970: a CRL was refused for being of the future. */
  z.strictObject({ type: z.literal('future'), thisUpdate: z.number() }),
  /** Everything that was due was looked at once. */
  z.strictObject({ type: z.literal('round-done') }),
]);
export type FromRefresher = z.infer<typeof fromRefresher>;
