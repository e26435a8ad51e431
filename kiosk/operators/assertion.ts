import { type JWK, decodeProtectedHeader, errors, importJWK, jwtVerify } from 'jose';
import { z } from 'zod';
import { type Result, err, ok } from '../../devices/result.ts';
import { identityDocument } from '../../flows/people/identity-document.ts';
import { representative } from '../../flows/people/representation.ts';
import { cardNumber, remoteContacts } from '../cms/shapes.ts';
import { forms, holderCases, lossProofs, reasons } from '../../flows/procedures/vocabulary.ts';
import { codeOperations } from '../../flows/ports/cms.ts';
import { remoteOperations } from '../../flows/ports/remote-issue.ts';
import { serviceOperations } from '../../flows/ports/services.ts';
import { failedSlips, findings, type OperatorDecision } from '../../flows/ports/operators.ts';

/** ECDSA on P-256 with SHA-256 (RFC 7518, 3.4): what a software key, a TPM and an operator's card can all do. */
export const assertionAlgorithm = 'ES256';

/** The header's `typ` (RFC 8725, 3.11): no other token signed by the same key can pass for a decision. */
export const assertionType = 'sportello-decision+jwt';

/** How an operator is named: in accounts, in the journal, and as `kid` of what the operator signed. */
export const operatorId = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,39}$/);

/** An operator's public signing key. */
export const publicSigningKey = z.strictObject({
  kty: z.literal('EC'),
  crv: z.literal('P-256'),
  x: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
  y: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
});
export type PublicSigningKey = z.infer<typeof publicSigningKey>;

const claims = {
  /** The kiosk at which it was decided. */
  device: z.string().min(1).max(80),
  /** Seconds since 1970, by the kiosk's clock (RFC 7519, 4.1.6). */
  iat: z.int().nonnegative(),
  /** One for each signature (RFC 7519, 4.1.7): who takes an assertion in can tell a replay. */
  jti: z.uuid(),
};

/**
 * What stands in an operator's JWS: the decision and its claims, flat. Header: `{ alg: "ES256", typ: "sportello-decision+jwt", kid: <operator id> }`.
 * Only `identified`, `service` and `remote-issue` name a person and a card: the others may stand in the records and wait in the outbox.
 */
export const operatorAssertion = z.discriminatedUnion('decision', [
  z.strictObject({
    decision: z.literal('identified'),
    operationId: z.uuid(),
    operation: z.enum(codeOperations),
    /** As in the reservation's `card.certificateDigest`. */
    certificateDigest: z.string().min(1).max(200),
    fiscalCode: z.string().min(1).max(16),
    case: z.enum(holderCases),
    representative: representative.exactOptional(),
    document: identityDocument,
    ...claims,
  }),
  z.strictObject({
    decision: z.literal('service'),
    operationId: z.uuid(),
    operation: z.enum(serviceOperations),
    certificateDigest: z.string().min(1).max(200).exactOptional(),
    fiscalCode: z.string().min(1).max(16),
    case: z.enum(holderCases),
    representative: representative.exactOptional(),
    document: identityDocument,
    reason: z.enum(reasons).exactOptional(),
    forms: z.array(z.enum(forms)).max(forms.length),
    lossProof: z.enum(lossProofs).exactOptional(),
    ...claims,
  }),
  z.strictObject({
    decision: z.literal('remote-issue'),
    operationId: z.uuid(),
    operation: z.enum(remoteOperations),
    identification: z.literal('remote-video'),
    fiscalCode: z.string().min(1).max(16),
    cardNumber,
    case: z.enum(holderCases),
    representative: representative.exactOptional(),
    document: identityDocument,
    forms: z.array(z.enum(forms)).max(forms.length),
    contacts: remoteContacts,
    copiesLegible: z.literal(true),
    faceRecognised: z.literal(true),
    ...claims,
  }),
  z.strictObject({
    decision: z.literal('hand-over'),
    operationId: z.uuid(),
    attempt: z.int().positive(),
    handedOver: z.boolean(),
    ...claims,
  }),
  z.strictObject({
    decision: z.literal('reprint'),
    operationId: z.uuid(),
    attempt: z.int().min(2),
    slip: z.enum(failedSlips),
    ...claims,
  }),
  z.strictObject({
    decision: z.literal('resolve'),
    operationId: z.uuid(),
    attempt: z.int().positive(),
    finding: z.enum(findings),
    ...claims,
  }),
]);
export type OperatorAssertion = z.infer<typeof operatorAssertion> & OperatorDecision;

export type AssertionError =
  /** Not a compact JWS of this type, not by this key, or changed since it was signed. */
  | { readonly kind: 'not-authentic'; readonly detail: string }
  /** Signed by the key, but not a decision as written here. */
  | { readonly kind: 'not-a-decision'; readonly detail: string };

/** Whom a JWS says it is by, so that the key can be looked up; nothing is verified yet. `null`: it names nobody. */
export function claimedOperator(jws: string): string | null {
  try {
    return operatorId.parse(decodeProtectedHeader(jws).kid);
  } catch {
    return null;
  }
}

/** The decision in `jws`, if it was signed by the holder of `publicKey` and has not been changed by a single character. */
export async function verifyAssertion(jws: string, publicKey: JWK): Promise<Result<OperatorAssertion, AssertionError>> {
  if (!isCanonical(jws)) return err({ kind: 'not-authentic', detail: 'not a compact JWS' });
  let payload: unknown;
  try {
    const key = await importJWK(publicSigningKey.parse(publicKey), assertionAlgorithm);
    payload = (await jwtVerify(jws, key, { algorithms: [assertionAlgorithm], typ: assertionType })).payload;
  } catch (error) {
    if (error instanceof errors.JOSEError || error instanceof z.ZodError || error instanceof DOMException)
      return err({ kind: 'not-authentic', detail: error instanceof errors.JOSEError ? error.code : 'unusable key' });
    throw error;
  }
  const decision = operatorAssertion.safeParse(payload);
  if (!decision.success) return err({ kind: 'not-a-decision', detail: decision.error.issues[0]?.path.join('.') ?? '' });
  return ok(decision.data);
}

/** Base64url decoders overlook the last character's unused bits: two texts, one signature. Only the one that an encoder writes is taken. */
function isCanonical(jws: string): boolean {
  const parts = jws.split('.');
  return parts.length === 3 && parts.every((part) => part !== '' && Buffer.from(part, 'base64url').toString('base64url') === part);
}
