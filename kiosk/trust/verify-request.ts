import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { z } from 'zod';
import { personalDataLength } from '../../devices/card/personal-data.ts';
import { type Result, err, ok } from '../../devices/result.ts';
import { type AnchorCertificate, type Certificate, readAnchorCertificate, readCertificate } from './x509/certificate.ts';
import { CLIENT_AUTH, bindsPersonalData, cnsName, whyNotCns } from './path/cns.ts';
import { type SuppliedCrl, readSuppliedCrl } from './path/crl.ts';
import { suppliedCrls } from './path/revocation.ts';
import { derObjects } from './pem.ts';
import { type Verdict, verifyCertificate } from './verify.ts';
import { identityServices } from './trusted-list/list.ts';
import { listedAnchors } from './trusted-list/listed.ts';

/** A file's path, PEM or DER; or DER itself, in base64. */
const source = z.union([z.string().min(1), z.object({ der: z.base64() })]);
type Source = z.infer<typeof source>;

const oid = z.string().regex(/^[0-2](\.\d+)+$/, 'not an OID');
const time = z
  .string()
  .regex(/^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?$/, 'not an ISO 8601 time')
  .transform((text) => new Date(/T.*\d$/.test(text) && !/[+-]\d\d:?\d\d$/.test(text) ? `${text}Z` : text))
  .refine((at) => !Number.isNaN(at.getTime()), 'not an ISO 8601 time');

/** What `sportello trust verify` is asked, on the command line or as a line of a batch (commands.md). */
export const verifyRequest = z.object({
  certificate: source,
  anchors: z.array(source).default([]),
  /** Folder of a trusted list, whose identity services are anchors too. */
  trustedList: z.string().min(1).optional(),
  intermediates: z.array(source).default([]),
  crls: z.array(source).default([]),
  at: time.optional(),
  profile: z.enum(['rfc5280', 'cns']).default('rfc5280'),
  policies: z.array(oid).optional(),
  requireExplicitPolicy: z.boolean().default(false),
  inhibitPolicyMapping: z.boolean().default(false),
  inhibitAnyPolicy: z.boolean().default(false),
  eku: oid.optional(),
  maxDepth: z.number().int().min(0).optional(),
  maxCrlAge: z.number().min(0).optional(),
  allowSha1: z.boolean().default(false),
  allowRsa1024: z.boolean().default(false),
  checkRevocation: z.boolean().default(true),
  personalData: source.optional(),
});

export type VerifyRequest = z.infer<typeof verifyRequest>;

const ANY_POLICY = '2.5.29.32.0';
/** Certificates that may be offered for a path; each costs its reading. */
const MOST_INTERMEDIATES = 512;
const MOST_KEPT_FILES = 4096;

export function invalid(reason: string): Verdict {
  return { valid: false, status: 'invalid', reason, path: [], revocation: null, policies: [] };
}

/** Reads files once for many questions. */
export class Sources {
  private readonly kept = new Map<string, unknown>();

  /** The DER objects of a source; an error where the file cannot be read. */
  objects(from: Source, label: 'CERTIFICATE' | 'X509 CRL'): Result<readonly Buffer[], string> {
    if (typeof from !== 'string') return ok([Buffer.from(from.der, 'base64')]);
    return this.keep(`${label} ${from}`, () => {
      const bytes = this.bytes(from);
      return bytes.ok ? ok(derObjects(bytes.value, label)) : bytes;
    });
  }

  bytes(from: Source): Result<Buffer, string> {
    if (typeof from !== 'string') return ok(Buffer.from(from.der, 'base64'));
    try {
      return ok(readFileSync(from));
    } catch (error) {
      return err(`${basename(from)}: ${error instanceof Error && 'code' in error ? String(error.code) : 'unreadable'}`);
    }
  }

  /** What was read from a source, kept where the source is a file. */
  parsed<T>(
    from: Source,
    label: 'CERTIFICATE' | 'X509 CRL',
    read: (der: Buffer) => Result<T, string>,
  ): Result<readonly Result<T, string>[], string> {
    const parse = (): Result<readonly Result<T, string>[], string> => {
      const objects = this.objects(from, label);
      return objects.ok ? ok(objects.value.map(read)) : objects;
    };
    return typeof from === 'string' ? this.keep(`${read.name} ${from}`, parse) : parse();
  }

  private keep<T>(key: string, make: () => T): T {
    if (this.kept.has(key)) return this.kept.get(key) as T;
    if (this.kept.size > MOST_KEPT_FILES) this.kept.clear();
    const made = make();
    this.kept.set(key, made);
    return made;
  }
}

/** Answers a request; an error only where a file that it names cannot be read or no anchor can be used. */
export function answerRequest(request: VerifyRequest, sources: Sources): Result<Verdict, string> {
  const listed = listedSources(request);
  if (!listed.ok) return listed;
  const anchors = collect([...request.anchors, ...listed.value], 'CERTIFICATE', readAnchorCertificate, sources);
  const offered = collect(request.intermediates, 'CERTIFICATE', readCertificate, sources);
  const crls = collect(request.crls, 'X509 CRL', readSuppliedCrl, sources);
  const own = sources.parsed(request.certificate, 'CERTIFICATE', readCertificate);
  for (const read of [anchors, offered, crls, own]) if (!read.ok) return read;
  if (!anchors.ok || !offered.ok || !crls.ok || !own.ok) return err('');
  if (anchors.value.usable.length === 0) return err(`no trust anchor that can be used${suffix(anchors.value.faults)}`);
  const [first, ...behind] = own.value;
  if (first === undefined) return ok(invalid('the file holds no certificate'));
  if (!first.ok) return ok(invalid(`the certificate cannot be used: ${first.error}`));
  const target = first.value;
  const intermediates = [...behind.flatMap((each) => (each.ok ? [each.value] : [])), ...offered.value.usable];
  if (intermediates.length > MOST_INTERMEDIATES) return ok(invalid('more intermediate certificates than are looked at'));
  if (request.profile === 'cns') {
    const amiss = whyNotCns(target) ?? whyNotOfCard(target, request, sources);
    if (amiss !== null) return ok(invalid(amiss));
  }
  const verdict = verifyCertificate(questionOf(request, target, anchors.value.usable, intermediates, crls.value.usable));
  const faults = verdict.status === 'invalid' ? offered.value.faults : verdict.status === 'unknown' ? crls.value.faults : [];
  return ok({ ...verdict, reason: `${verdict.reason}${suffix(faults)}` });
}

function listedSources({ trustedList, at }: VerifyRequest): Result<readonly Source[], string> {
  if (trustedList === undefined) return ok([]);
  const listed = listedAnchors(trustedList, identityServices, null, at ?? new Date());
  return listed.ok ? ok(listed.value.certificates.map((der) => ({ der: der.toString('base64') }))) : listed;
}

function questionOf(
  request: VerifyRequest,
  target: Certificate,
  anchors: readonly AnchorCertificate[],
  intermediates: readonly Certificate[],
  crls: readonly SuppliedCrl[],
): Parameters<typeof verifyCertificate>[0] {
  const { policies = [], eku, maxDepth, maxCrlAge, at, profile } = request;
  return {
    target,
    anchors,
    intermediates,
    at: at ?? new Date(),
    policies: new Set(policies.length === 0 ? [ANY_POLICY] : policies),
    requireExplicitPolicy: request.requireExplicitPolicy,
    inhibitPolicyMapping: request.inhibitPolicyMapping,
    inhibitAnyPolicy: request.inhibitAnyPolicy,
    eku: eku ?? (profile === 'cns' ? CLIENT_AUTH : null),
    maxDepth: maxDepth ?? Infinity,
    allowSha1: request.allowSha1,
    allowRsa1024: request.allowRsa1024,
    revocation: request.checkRevocation ? (work) => suppliedCrls(crls, maxCrlAge ?? null, work) : null,
  };
}

interface Collected<T> {
  readonly usable: readonly T[];
  /** Why the others cannot be used: they count as absent. */
  readonly faults: readonly string[];
}

function collect<T>(
  from: readonly Source[],
  label: 'CERTIFICATE' | 'X509 CRL',
  read: (der: Buffer) => Result<T, string>,
  sources: Sources,
): Result<Collected<T>, string> {
  const usable: T[] = [];
  const faults: string[] = [];
  for (const each of from) {
    const found = sources.parsed(each, label, read);
    if (!found.ok) return found;
    for (const one of found.value) {
      if (one.ok) usable.push(one.value);
      else faults.push(one.error);
    }
  }
  return ok({ usable, faults });
}

function suffix(faults: readonly string[]): string {
  return faults.length === 0 ? '' : `; not used: ${faults.slice(0, 3).join('; ')}`;
}

function whyNotOfCard(target: Certificate, { personalData }: VerifyRequest, sources: Sources): string | null {
  const name = cnsName(target);
  if (personalData === undefined || name === null) return null;
  const file = sources.bytes(personalData);
  if (!file.ok) return file.error;
  const length = personalDataLength(file.value);
  const bound = bindsPersonalData(name, file.value, length.ok ? length.value : file.value.length);
  return bound ? null : 'the personal data are not those that the certificate binds';
}
