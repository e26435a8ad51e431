import { z } from 'zod';
import { type Result, err, ok } from '../../devices/result.ts';
import { envelopeNumberRule } from '../envelopes/envelope-number.ts';
import { documentTypes } from '../people/identity-document.ts';
import {
  cardStatuses,
  channels,
  deskTypes,
  forms,
  holderCases,
  identificationModes,
  operations,
  places,
  reasons,
  relations,
} from './vocabulary.ts';

/**
 * A procedure profile: one region's rules as data. Every rule is an object that names its source (`citation`: the source and its
 * section, `[W]` for a public web page, `[P]` where the rule is ours, `[M]` general knowledge); unknown keys and uncited rules are
 * refused. What the sources do not say is `absent`, with a note, and is refused; it is never filled in.
 */
const citation = z.string().trim().min(3).max(200);
/** Italian, for operator and citizen. */
const text = z.string().trim().min(3).max(600);

const rule = <Shape extends z.ZodRawShape>(shape: Shape) => z.strictObject({ absent: z.literal(false).optional(), ...shape, citation });
const ruleOrAbsent = <Shape extends z.ZodRawShape>(shape: Shape) =>
  z.discriminatedUnion('absent', [z.strictObject({ absent: z.literal(true), note: text, citation }), rule(shape)]);

const some = <Word extends z.ZodType>(word: Word) => z.array(word).min(1);

/** One of these forms must be there. */
const paper = rule({ anyOf: some(z.enum(forms)), holderDocumentCopyWillDo: z.literal(true).optional() });
const required = rule({ required: z.literal(true) });

/** Who speaks for the holder of a case, and with which papers. */
const representation = {
  relations: some(z.enum(relations)),
  papers: z.array(paper),
  /** The applicant's own card must be shown beside the holder's. */
  ownCard: required.optional(),
};

const delegation = {
  who: rule({
    /** `anyone`, or the relatives of art. 4 DPR 445/2000: spouse, else children, else other relatives up to a degree. */
    order: z.enum(['anyone', 'relatives']),
    maximumDegree: z.int().min(1).max(6).nullable(),
  }),
  papers: z.array(paper),
  holderDocumentCopy: required.optional(),
  /** A medical certificate of an impediment of more than (`inclusive`: at least) so many months, without diagnosis. */
  impediment: rule({ months: z.int().min(1).max(24), inclusive: z.boolean(), legalNote: text }).optional(),
};

const cardDemand = rule({
  shown: z.boolean(),
  chip: z.boolean(),
  region: z.enum(['own', 'other', 'any']),
  statuses: some(z.enum(cardStatuses)),
  codes: z.enum(['not-yet-given', 'given', 'either']),
});

const delivery = rule({ scheme: z.enum(['envelope', 'split', 'none']), channels: z.array(z.enum(channels)) });

const operation = {
  /** Where, identified how, and for which cases; what is not listed is refused. */
  places: z.partialRecord(z.enum(places), rule({ modes: some(z.enum(identificationModes)), cases: some(z.enum(holderCases)) })),
  card: cardDemand,
  delivery,
  /** The name of its sequence below. */
  sequence: z.string(),
  papers: z.array(paper).optional(),
  reason: rule({ allowed: some(z.enum(reasons)), proofOfLossFor: z.array(z.enum(reasons)) }).optional(),
  onePerHousehold: required.optional(),
  lastDay: rule({ date: z.iso.date() }).optional(),
};

const profileSchema = z.strictObject({
  id: z.string().regex(/^[a-z-]{1,40}$/),
  version: z.string().regex(/^\d+(\.\d+)*$/),
  /** `null`: the sources name no day. */
  validFrom: z.iso.date().nullable(),
  validTo: z.iso.date().nullable(),
  regions: some(z.string().min(1)),
  sources: some(z.strictObject({ name: z.string().min(2), title: z.string().min(3) })),
  /** Issuer codes (field 1 of EF.Dati_personali) of this region's own cards. */
  ownCards: rule({ issuers: some(z.string().regex(/^\d{3,4}$/)) }),
  identification: z.strictObject({
    documents: rule({ types: some(z.enum(documentTypes)) }),
    unexpired: rule({ required: z.literal(true) }),
    /** Documents that may carry no expiry date at all (DOC-02). */
    withoutExpiry: rule({ types: z.array(z.enum(documentTypes)), legalNote: text }),
  }),
  cases: z.strictObject({
    adult: rule({ minimumAge: z.int().min(14).max(21), papers: z.array(paper) }),
    minor: ruleOrAbsent(representation),
    'emancipated-minor': ruleOrAbsent({ papers: z.array(paper) }),
    ward: ruleOrAbsent(representation),
    delegate: ruleOrAbsent(delegation),
  }),
  operations: z.record(z.enum(operations), ruleOrAbsent(operation)),
  /** Recognition by video call (OP-REM): where, and what differs from the desk. */
  remoteVideo: ruleOrAbsent({
    papers: z.record(z.enum(holderCases), z.array(paper)),
    holderDocumentCopy: required,
    firstPartBy: z.literal('email'),
    secondPartBy: some(z.enum(channels)),
    sequence: z.string(),
  }),
  sequences: z.record(
    z.string(),
    some(z.strictObject({ step: z.string().regex(/^[a-z]+(-[a-z]+)*$/), it: text, cases: some(z.enum(holderCases)).optional(), citation })),
  ),
  contact: rule({ channels: some(z.enum(channels)), pec: z.enum(['accepted', 'refused', 'not-stated']) }),
  will: rule({ expressed: z.enum(['verbally', 'in-writing']) }),
  codes: z.strictObject({
    /** Digits of what a holder types: of the PUK, and the fewest and most of a PIN that they choose. */
    typed: rule({ puk: z.int().min(5).max(8), shortestPin: z.int().min(5).max(8), longestPin: z.int().min(5).max(8) }),
    third: ruleOrAbsent({ name: z.string().min(2), roles: some(text) }),
    /** The blind envelope, where codes lie in one: its number, and what is offered to who cannot read it. */
    envelope: rule({ number: envelopeNumberRule, withoutSight: text }).optional(),
  }),
  /** Not carried out by the kiosk yet: the operator sees the note (C16, C17, C18). */
  oldCard: ruleOrAbsent({ handling: z.enum(['withdraw', 'keep']), note: text }),
  duplicateCardProof: ruleOrAbsent({ required: z.boolean(), note: text }),
  fee: ruleOrAbsent({ places: some(z.enum(deskTypes)), maximumEuro: z.number().min(0).max(100), note: text }),
  /** What the operator must know where the sources differ or are silent (procedures.md, 1.10), each where it matters. */
  points: z.record(
    z.templateLiteral(['C', z.int()]),
    rule({ note: text, operations: some(z.enum(operations)).optional(), cases: some(z.enum(holderCases)).optional() }),
  ),
  referrals: z.strictObject({
    helpLine: rule({ phone: z.string().min(3) }),
    wrongData: rule({ it: text }),
    newCard: rule({ it: text }),
  }),
  /** The holder takes along a paper of what was done, where no slip or letter says it. */
  paperNotice: required.optional(),
  /** What the citizen reads before (procedures.md, 1.8), a string a paragraph; the translation stands beside the Italian and does not replace it. */
  privacyNotice: rule({ it: some(z.string().min(1)), en: some(z.string().min(1)) }),
});

export type Profile = z.infer<typeof profileSchema>;
export type OperationRule = Exclude<Profile['operations']['activation'], { absent: true }>;
export type Paper = z.infer<typeof paper>;

export interface ProfileFault {
  /** Where in the file, as `desks.pharmacy.activation.citation`. */
  readonly path: string;
  readonly message: string;
}

/** Checks the parsed text of a profile file; answers every fault with its path. */
export function parseProfile(data: unknown): Result<Profile, readonly ProfileFault[]> {
  const parsed = profileSchema.safeParse(data);
  if (!parsed.success) return err(parsed.error.issues.map(({ path, message }) => ({ path: path.join('.'), message })));
  const faults = [
    ...missingSequences(parsed.data),
    ...undeclaredSources(
      parsed.data,
      parsed.data.sources.map(({ name }) => name),
      [],
    ),
  ];
  return faults.length === 0 ? ok(parsed.data) : err(faults);
}

function missingSequences({ operations, remoteVideo, sequences }: Profile): readonly ProfileFault[] {
  const named = Object.entries({ ...operations, remoteVideo }).flatMap(([name, of]) =>
    of.absent === true
      ? []
      : [{ path: name === 'remoteVideo' ? `${name}.sequence` : `operations.${name}.sequence`, sequence: of.sequence }],
  );
  return named
    .filter(({ sequence }) => !Object.hasOwn(sequences, sequence))
    .map(({ path, sequence }) => ({ path, message: `no sequence "${sequence}"` }));
}

/** A citation begins with a source that the file names, or with a mark of its own: [P], [W], [M]. */
function undeclaredSources(value: unknown, names: readonly string[], path: readonly string[]): readonly ProfileFault[] {
  if (value === null || typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([key, inner]: [string, unknown]): readonly ProfileFault[] => {
    if (key !== 'citation' || typeof inner !== 'string') return undeclaredSources(inner, names, [...path, key]);
    if ([...names, '[P]', '[W]', '[M]'].some((name) => inner.startsWith(name))) return [];
    return [{ path: [...path, key].join('.'), message: 'names no source of this file' }];
  });
}
