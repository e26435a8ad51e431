import { z } from 'zod';
import { type Result, err, ok } from '../../devices/result.ts';
import { documentTypes } from '../people/identity-document.ts';

/**
 * A procedure profile: one region's rules as data. Every rule is an object that names its source (`citation`: the source and its
 * section, `[W]` for a public web page, `[P]` where the rule is ours); unknown keys and uncited rules are refused.
 */
const citation = z.string().trim().min(3).max(200);

const rule = <Shape extends z.ZodRawShape>(shape: Shape) => z.strictObject({ ...shape, citation });

export const deskTypes = ['pharmacy', 'health-authority', 'municipality', 'regional-office', 'space-region'] as const;

const profileSchema = z.strictObject({
  id: z.string().regex(/^[a-z-]{1,40}$/),
  version: z.string().regex(/^\d+(\.\d+)*$/),
  validFrom: z.iso.date(),
  validTo: z.iso.date().nullable(),
  regions: z.array(z.string().min(1)).min(1),
  sources: z.array(z.strictObject({ name: z.string().min(2), title: z.string().min(3) })).min(1),
  /** Issuer codes (field 1 of EF.Dati_personali) of this region's own cards. */
  ownCards: rule({ issuers: z.array(z.string().regex(/^\d{3,4}$/)).min(1) }),
  /** What each desk type may do, for which cases; what is not listed is refused. */
  desks: z.partialRecord(z.enum(deskTypes), z.strictObject({ activation: rule({ cases: z.array(z.literal('adult')).min(1) }) })),
  identification: z.strictObject({
    modes: rule({ allowed: z.array(z.enum(['local-operator', 'remote-video', 'prior-card'])).min(1) }),
    documents: rule({ types: z.array(z.enum(documentTypes)).min(1) }),
    unexpired: rule({ required: z.literal(true) }),
  }),
  cases: z.strictObject({ adult: rule({ minimumAge: z.int().min(14).max(21) }) }),
  contact: rule({ channels: z.array(z.enum(['email', 'sms'])).min(1) }),
  delivery: rule({ scheme: z.literal('split'), secondPartBy: z.array(z.enum(['email', 'sms'])).min(1) }),
  will: rule({ expressed: z.enum(['verbally', 'in-writing']) }),
  referrals: z.strictObject({ helpLine: rule({ phone: z.string().min(3) }) }),
  /** What the citizen reads before (procedures.md, 1.8), a string a paragraph; the translation stands beside the Italian and does not replace it. */
  privacyNotice: rule({ it: z.array(z.string().min(1)).min(1), en: z.array(z.string().min(1)).min(1) }),
});

export type Profile = z.infer<typeof profileSchema>;
export type DeskType = (typeof deskTypes)[number];

export interface ProfileFault {
  /** Where in the file, as `desks.pharmacy.activation.citation`. */
  readonly path: string;
  readonly message: string;
}

/** Checks the parsed text of a profile file; answers every fault with its path. */
export function parseProfile(data: unknown): Result<Profile, readonly ProfileFault[]> {
  const parsed = profileSchema.safeParse(data);
  if (parsed.success) return ok(parsed.data);
  return err(parsed.error.issues.map(({ path, message }) => ({ path: path.join('.'), message })));
}
