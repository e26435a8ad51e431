import { type KeyObject, type Verify, constants, createVerify, verify } from 'node:crypto';
import { type Scheme, type SignaturePolicy, hindrance } from '../x509/algorithm.ts';
import { Malformed } from '../x509/der.ts';

/** Takes the signed bytes piece by piece, and at the end says whether the signature on them is the key's. */
export interface SignatureCheck {
  readonly update: (piece: Buffer) => void;
  readonly isSignedBy: (key: KeyObject, signature: Uint8Array) => boolean;
}

/** EdDSA signs no hash but the message, and twice over it: it must be kept whole, so it may not be long. */
const MOST_EDDSA_BYTES = 32 * 1024 * 1024;

export function signatureCheck(scheme: Scheme, policy: SignaturePolicy): SignatureCheck {
  const check = 'hash' in scheme ? hashingCheck(scheme, createVerify(scheme.hash)) : wholeCheck();
  return {
    update: check.update,
    isSignedBy: (key, signature) => hindrance(key, scheme, policy) === null && verified(() => check.isSignedBy(key, signature)),
  };
}

function hashingCheck(scheme: Extract<Scheme, { hash: string }>, hashing: Verify): SignatureCheck {
  const padding = scheme.kind === 'pss' ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: scheme.saltLength } : {};
  return {
    update: (piece) => void hashing.update(piece),
    isSignedBy: (key, signature) => hashing.verify({ key, ...padding }, signature),
  };
}

function wholeCheck(): SignatureCheck {
  const pieces: Buffer[] = [];
  let bytes = 0;
  return {
    update(piece) {
      bytes += piece.length;
      if (bytes > MOST_EDDSA_BYTES) throw new Malformed('too large for a signature with EdDSA');
      pieces.push(Buffer.from(piece));
    },
    isSignedBy: (key, signature) => verify(null, Buffer.concat(pieces), key, signature),
  };
}

/** OpenSSL throws at keys that do not go with the parameters. */
function verified(check: () => boolean): boolean {
  try {
    return check();
  } catch {
    return false;
  }
}
