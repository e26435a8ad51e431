import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { type Result, err, ok } from '../../devices/result.ts';
import { desk } from '../cms/envelopes.ts';
import { operatorId, publicSigningKey } from '../operators/assertion.ts';
import { usualScheme } from './codes.ts';
import { oneTimeCodes } from './contacts.ts';
import { revocationReason } from './crl-signing.ts';
import { usualPace } from './mail.ts';
import { usualTimesToLive } from './ratchet.ts';

const file = z.string().min(1);
const milliseconds = z.int().min(1);

/** `cms serve --config FILE`. Files are PEM or JWK; relative paths are taken from the configuration's own folder. */
export const cmsConfiguration = z.strictObject({
  /** 0: any free port. Loopback unless it is said otherwise. */
  port: z.int().min(0).max(65535),
  host: z.string().min(1).default('127.0.0.1'),
  tls: z.strictObject({
    certificate: file,
    key: file,
    /** Who vouches for kiosks. */
    clientCa: file,
  }),
  /** The CMS's private signing key (JWK: P-256 or Ed25519). */
  signingKey: file,
  smtp: z.strictObject({
    host: z.string().min(1).default('127.0.0.1'),
    port: z.int().min(1).max(65535),
    from: z.email().default('non-rispondere@cms.example'),
  }),
  /** The SMS gateway (docs/sms-gateway.md); left out: no text messages. */
  sms: z.strictObject({ url: z.url({ protocol: /^https?$/ }), token: z.string().min(1).max(200) }).optional(),
  /** The CRL of the cards' authority, in `file`, answered over plain HTTP on a port of its own; left out: none is. */
  distributionPoint: z
    .strictObject({
      file,
      port: z.int().min(0).max(65535).default(0),
      /** The CMS is the authority, and issues the CRL itself; left out: somebody else puts it there. */
      issue: z
        .strictObject({
          /** The authority's (PEM), RSA. */
          certificate: file,
          key: file,
          revoked: z.array(
            z.strictObject({ serial: z.string().regex(/^[0-9a-fA-F]+$/), reason: revocationReason, date: z.iso.datetime() }),
          ),
          /** From one CRL's thisUpdate to its nextUpdate; the next one is there at half of it. */
          hours: z.number().positive().default(168),
        })
        .optional(),
    })
    .optional(),
  /** Codes in sealed envelopes, whose PIN this CMS sets on the card itself; left out: none are delivered. */
  envelopes: z
    .strictObject({
      /** Cards and batches (`envelope-specimens.ts`), JSON. */
      specimens: file,
      /** The profiles whose codes go by envelope. */
      profiles: z.array(z.string().regex(/^[a-z-]{1,40}$/)).min(1),
      contents: z.array(z.string().min(1).max(40)).min(1).max(6).default(['PIN', 'CODICE UTENTE']),
      plainCommands: z.enum(['refused', 'allowed']).default('refused'),
      /** The desks at which each kiosk stands, by the common name of its client certificate; left out: every kiosk at every desk. */
      desks: z.record(z.string().min(1), z.array(desk)).optional(),
      /** Where holders fetch their PUK (`holders-portal.ts`), a port of its own; left out: nowhere. */
      portalPort: z.int().min(0).max(65535).optional(),
    })
    .optional(),
  /** Registered cards and their holders (`service-specimens.ts`), JSON; left out: none are, and no service is done. */
  services: z.strictObject({ specimens: file }).optional(),
  /** Who signs certificates of signature (PEM), for cards of `envelopes` and `services`; left out: none are made. */
  signatures: z.strictObject({ certificate: file, key: file }).optional(),
  operators: z.array(z.strictObject({ id: operatorId, publicKey: publicSigningKey })),
  database: file,
  /** Unix socket that takes faults (`faults.ts`). */
  control: file.optional(),
  codes: z
    .array(
      z
        .strictObject({
          label: z.string().regex(/^[A-Z0-9]{1,8}$/),
          length: z.int().min(4).max(16),
          paperCharacters: z.int().min(1).max(15),
        })
        .refine(({ length, paperCharacters }) => paperCharacters < length, 'the paper part must leave something to send'),
    )
    .min(1)
    .max(6)
    .default([...usualScheme]),
  /** One-time codes to one contact within 24 hours. */
  codesADay: z.int().min(1).default(oneTimeCodes.aDay),
  /** Milliseconds after which silence voids. */
  ttl: z
    .strictObject({
      reservedMs: milliseconds.default(usualTimesToLive.reservedMs),
      releasedMs: milliseconds.default(usualTimesToLive.releasedMs),
    })
    .prefault({}),
  mailPace: z
    .strictObject({
      retryMs: milliseconds.default(usualPace.retryMs),
      longestPauseMs: milliseconds.default(usualPace.longestPauseMs),
      giveUpMs: milliseconds.default(usualPace.giveUpMs),
    })
    .prefault({}),
});

export type CmsConfiguration = z.infer<typeof cmsConfiguration>;
type DistributionPoint = NonNullable<CmsConfiguration['distributionPoint']>;
export type CmsConfigurationError = { readonly kind: 'configuration-unusable'; readonly detail: string };

export function readCmsConfiguration(path: string): Result<CmsConfiguration, CmsConfigurationError> {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    return err({ kind: 'configuration-unusable', detail: error instanceof Error ? error.message : String(error) });
  }
  const read = cmsConfiguration.safeParse(json);
  if (!read.success) {
    const issue = read.error.issues[0];
    return err({ kind: 'configuration-unusable', detail: `${path}: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not valid'}` });
  }
  const at = (name: string): string => resolve(dirname(path), name);
  const { tls, signingKey, database, control, distributionPoint, envelopes, services, signatures, ...rest } = read.data;
  return ok({
    ...rest,
    tls: { certificate: at(tls.certificate), key: at(tls.key), clientCa: at(tls.clientCa) },
    signingKey: at(signingKey),
    database: at(database),
    ...(control === undefined ? {} : { control: at(control) }),
    ...(distributionPoint === undefined ? {} : { distributionPoint: locatedPoint(distributionPoint, at) }),
    ...(signatures === undefined ? {} : { signatures: { certificate: at(signatures.certificate), key: at(signatures.key) } }),
    ...(services === undefined ? {} : { services: { specimens: at(services.specimens) } }),
    ...(envelopes === undefined ? {} : { envelopes: { ...envelopes, specimens: at(envelopes.specimens) } }),
  });
}

function locatedPoint({ file, port, issue }: DistributionPoint, at: (name: string) => string): DistributionPoint {
  const issued = issue === undefined ? {} : { issue: { ...issue, certificate: at(issue.certificate), key: at(issue.key) } };
  return { port, file: at(file), ...issued };
}
