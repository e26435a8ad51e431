import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { parseScannerAddress } from '../devices/barcode/address.ts';
import { type Result, err, ok } from '../devices/result.ts';
import { uncertainRevocation } from '../flows/procedures/uncertain-revocation.ts';
import { operatorId } from './operators/assertion.ts';
import { readLdapUrl } from './trust/crl/ldap-url.ts';
import { identityServices } from './trust/trusted-list/list.ts';
import { isDigest } from './trust/trusted-list/signers.ts';

const file = z.string().min(1);
const seconds = z.number().positive();

/** Over HTTP, or LDAP as certificates write it (RFC 4516). */
const distributionPoint = z.union([z.url({ protocol: /^https?$/ }), z.string().refine((url) => readLdapUrl(url).ok)], {
  error: 'not an HTTP or LDAP distribution point',
});

const trustedListSource = z.strictObject({
  url: z.url({ protocol: /^https?$/ }),
  /** Certificates (PEM or DER), or `sha256:HEX` of a certificate or of a key. Signers change: several may stand here. */
  signers: z.array(file).min(1),
  /** ServiceTypeIdentifiers and ServiceStatuses (TS 119 612), as URIs. */
  types: z.array(z.url()).default([...identityServices.types]),
  statuses: z.array(z.url()).default([...identityServices.statuses]),
});

/** What this machine's owner decides within the profile (architecture.md, "Profile and site policy"). */
const sitePolicy = z.strictObject({
  /** An operator is within reach. */
  attended: z.boolean(),
  /**
   * The least evidence that makes a hand-over (reliability.md, 1.2): E2 the printer's completion reply and the citizen's touch, E3 a
   * presenter's sensors that saw the slip go, E4 an operator's signed word.
   */
  handOverEvidence: z.enum(['E2', 'E3', 'E4']).default('E4'),
  /** How many prints one operation may have, the first among them: a further one is an operator's signed decision. */
  printAttempts: z.int().min(1).max(5).default(1),
  /** Seconds the operator has to decide on it. */
  reprintWait: seconds.default(180),
  /** What each operation may do while nobody knows whether a card was revoked: its CRL is missing or too old, or the clock cannot be believed. */
  uncertainRevocation: uncertainRevocation.prefault({}),
  /**
   * Cards without secure messaging: `allowed`, the CMS may set their PIN by commands that this machine can read. That nobody has seen the PIN is then a
   * promise of people (decision 0196), and said to be one on screens, on paper and in the records.
   */
  plainCommands: z.enum(['refused', 'allowed']).default('refused'),
  /** Seconds from its thisUpdate in which a CRL's "not listed" counts at most, whatever it says itself; without it as long as it says. */
  maxCrlAge: seconds.optional(),
  /** Seconds without an answer before the warning, and from the warning to the end. */
  idle: seconds.default(60),
  idleWarning: seconds.min(20).default(30),
  /** Seconds the operator has to begin. */
  operatorWait: seconds.default(600),
  /** Seconds for the slip to be confirmed as handed over, and what is left of them once the card is gone. */
  collect: seconds.default(120),
  collectWithoutCard: seconds.default(20),
});

/** A policy that nobody and nothing here could ever satisfy. */
function isWithinReach({
  policy,
  printer,
}: {
  readonly policy: z.infer<typeof sitePolicy>;
  readonly printer: { readonly device: string };
}): boolean {
  switch (policy.handOverEvidence) {
    case 'E2':
      return true;
    case 'E3':
      return /[?&]presenter=/.test(printer.device);
    case 'E4':
      return policy.attended;
  }
}

export const configuration = z
  .strictObject({
    site: z.strictObject({
      id: z.string().regex(/^[a-z0-9-]{1,40}$/),
      name: z.string().min(1).max(80),
      desk: z.enum(['pharmacy', 'health-authority', 'municipality', 'regional-office', 'space-region']),
      profile: z.string().regex(/^[a-z-]{1,40}$/),
      languages: z
        .array(z.enum(['it', 'en']))
        .min(1)
        .default(['it', 'en']),
    }),
    policy: sitePolicy.prefault({ attended: true }),
    cms: z.strictObject({
      url: z.url({ protocol: /^https$/ }),
      /** PEM files: the CA of the CMS's server, the kiosk's client certificate and key. */
      ca: file,
      clientCertificate: file,
      clientKey: file,
      /** The CMS's public signing key (JWK file), pinned apart from TLS. */
      signingKey: file,
    }),
    trust: z
      .strictObject({
        /** Certificates of the cards' issuers; empty where the trusted list is enough. */
        anchors: z.array(file),
        /** The national trusted list, from which (further) anchors come: where it is, who may sign it, and which of its services count. */
        trustedList: trustedListSource.optional(),
        /** Certificates between the cards and the anchors. */
        intermediates: z.array(file).default([]),
        /** CRLs that somebody else puts there: imported into the store, and again whenever they change. */
        crls: z.array(file).default([]),
        /** Where CRLs are fetched from: who signs each, and its distribution points in the order in which they are asked. */
        points: z.array(z.strictObject({ issuer: file, urls: z.array(distributionPoint).min(1) })).default([]),
      })
      .refine(({ anchors, trustedList }) => anchors.length > 0 || trustedList !== undefined, {
        path: ['anchors'],
        message: 'no anchor and no trusted list: no card could be trusted',
      }),
    printer: z.strictObject({ device: z.string().min(1) }),
    /** The scanner that reads envelopes (`sportello discover`); without one their numbers are typed. */
    barcode: z
      .strictObject({ device: z.string().refine((address) => parseScannerAddress(address).ok, 'no address of a scanner') })
      .optional(),
    /** Whose blind envelopes are drawn: `operator`, those of who is signed on, or a magazine's. */
    envelopes: z
      .strictObject({ pile: z.union([z.literal('operator'), z.templateLiteral(['magazine:', operatorId])]).default('operator') })
      .prefault({}),
    /**
     * `reader`: its PC/SC name, or a pattern in which `*` stands for anything (names end in numbers that follow the order of plugging).
     * `series`: a table of series of cards (JSON), in the place of the built-in one.
     */
    card: z.strictObject({ reader: z.string().min(1).optional(), series: file.optional() }).prefault({}),
    /** Operators' accounts: names, public keys, and signing keys wrapped under their PINs. */
    operators: file,
    screen: z.strictObject({ port: z.number().int().min(0).max(65535).default(8080) }).prefault({}),
    /** The device's signing key (private JWK file, Ed25519 or P-256). Without it one is made in the state. */
    deviceKey: file.optional(),
    /** Folder of records and logs. */
    state: file,
  })
  .refine(isWithinReach, {
    path: ['policy', 'handOverEvidence'],
    message: 'E3 needs a printer with a presenter (serial:…?presenter=custom), E4 an attended site',
  });

export type Configuration = z.infer<typeof configuration>;
export type ConfigurationError = { readonly kind: 'configuration-unusable'; readonly file: string; readonly detail: string };

/** Reads a configuration file; relative paths in it are taken from its own folder. */
export function readConfiguration(path: string): Result<Configuration, ConfigurationError> {
  const unusable = (detail: string): Result<never, ConfigurationError> => err({ kind: 'configuration-unusable', file: path, detail });
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    return unusable(error instanceof Error ? error.message : String(error));
  }
  const checked = configuration.safeParse(parsed);
  if (!checked.success) {
    const issue = checked.error.issues[0];
    return unusable(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not valid'}`);
  }
  const base = dirname(resolve(path));
  const at = (name: string): string => resolve(base, name);
  const { cms, trust, card, operators, deviceKey, state, ...rest } = checked.data;
  return ok({
    ...rest,
    cms: {
      url: cms.url,
      ca: at(cms.ca),
      clientCertificate: at(cms.clientCertificate),
      clientKey: at(cms.clientKey),
      signingKey: at(cms.signingKey),
    },
    card: { ...card, ...(card.series === undefined ? {} : { series: at(card.series) }) },
    trust: {
      anchors: trust.anchors.map(at),
      ...(trust.trustedList === undefined
        ? {}
        : {
            trustedList: {
              ...trust.trustedList,
              signers: trust.trustedList.signers.map((signer) => (isDigest(signer) ? signer : at(signer))),
            },
          }),
      intermediates: trust.intermediates.map(at),
      crls: trust.crls.map(at),
      points: trust.points.map(({ issuer, urls }) => ({ issuer: at(issuer), urls })),
    },
    operators: at(operators),
    ...(deviceKey === undefined ? {} : { deviceKey: at(deviceKey) }),
    state: at(state),
  });
}
