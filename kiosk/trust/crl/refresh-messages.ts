import { z } from 'zod';

/** What the refreshing process is told when it starts. Paths are absolute; files of certificates and CRLs are DER or PEM. */
export const refreshSettings = z.strictObject({
  /** Folder of the store. */
  folder: z.string().min(1),
  /** CRLs that somebody else puts there; read again when they change. */
  files: z.array(z.string()),
  /** Who may sign them. */
  anchors: z.array(z.string()),
  points: z.array(z.strictObject({ issuer: z.string(), urls: z.array(z.string()).min(1) })),
  /** The national trusted list: the folder in which it is held, where it is, who may sign it, and which of its services may sign CRLs too. */
  list: z
    .strictObject({
      folder: z.string().min(1),
      url: z.string(),
      signers: z.array(z.string()),
      types: z.array(z.string()),
      statuses: z.array(z.string()),
    })
    .nullable(),
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
  z.strictObject({ type: z.literal('list-problem'), problem: z.string() }),
  /** At first, and whenever another list is held (trusted-list/store.ts, `heldVersion`). */
  z.strictObject({ type: z.literal('list'), version: z.string() }),
  /** Seconds since 1970: a CRL was refused for being of the future. */
  z.strictObject({ type: z.literal('future'), thisUpdate: z.number() }),
  /** Everything that was due was looked at once. */
  z.strictObject({ type: z.literal('round-done') }),
]);
export type FromRefresher = z.infer<typeof fromRefresher>;

/** What those who keep something are given. */
export interface Keeping {
  readonly tell: (message: FromRefresher) => void;
  /** Everything that was due at first was looked at; it may be called again. */
  readonly firstRoundDone: () => void;
  readonly signal: AbortSignal;
}
