import { type KeyObject, constants, createPublicKey, verify } from 'node:crypto';
import { type Result, err, ok } from '../../../devices/result.ts';
import { type SignaturePolicy, hindrance, schemeOf } from '../x509/algorithm.ts';
import { Malformed } from '../x509/der.ts';
import type { PublicKey } from '../x509/key.ts';
import type { Signed } from '../x509/signed.ts';

/**
 * Is it signed by this key? Over the raw bytes, with what the signer wrote. `spend` is told what a check costs, in about ten microseconds,
 * before it is made; it answers `false` where there is no more to spend.
 */
export function checkSignature(
  signed: Signed,
  key: PublicKey,
  policy: SignaturePolicy,
  spend: (cost: number) => boolean,
): Result<void, string> {
  try {
    const scheme = schemeOf(signed.algorithm);
    if (scheme === null) return err(`signed with an algorithm that is not believed (${signed.algorithm.oid})`);
    const object = createPublicKey({ key: Buffer.from(key.spki), format: 'der', type: 'spki' });
    const amiss = hindrance(object, scheme, policy);
    if (amiss !== null) return err(amiss);
    if (!spend(costOf(object, signed.tbs.length))) return err(BUDGET_SPENT);
    const padding = scheme.kind === 'pss' ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: scheme.saltLength } : {};
    const holds = verify('hash' in scheme ? scheme.hash : null, signed.tbs, { key: object, ...padding }, signed.signature);
    return holds ? ok() : err('its signature is not its issuer’s');
  } catch (error) {
    if (error instanceof Malformed) return err(error.message);
    return err('its signature cannot be checked with its issuer’s key');
  }
}

export const BUDGET_SPENT = 'the search for a path was given up: too much work';

/** In about ten microseconds (Node 20, OpenSSL 3, one slow core), the decoding of the key included. A long CRL was handed over on purpose: its hashing counts little. */
function costOf(key: KeyObject, length: number): number {
  const { modulusLength = 2048, namedCurve } = key.asymmetricKeyDetails ?? {};
  const curve = namedCurve === 'prime256v1' ? 25 : 200;
  return 5 + Math.min(Math.ceil(length / 8192), 100) + (namedCurve === undefined ? Math.ceil((modulusLength / 1024) ** 2) : curve);
}
