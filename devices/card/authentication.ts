import { X509Certificate, createHash, createVerify } from 'node:crypto';
import { type Result, err, ok } from '../result.ts';
import type { Secret } from '../secret.ts';
import { type Transmit, exchange, status } from './apdu.ts';
import type { CardError, CodeError } from './contract.ts';
import { word } from './files.ts';
import { type CodeConventions, verifyPin } from './pin.ts';

export interface ChallengeToSign {
  readonly pin: Secret;
  /** The authentication certificate as read, DER in base64: says how long the card's key is. */
  readonly certificate: string;
  readonly challenge: Uint8Array;
}

/** DigestInfo of SHA-256, up to the digest (RFC 8017, 9.2, note 1). */
const digestInfo = Buffer.from('3031300d060960864801650304020105000420', 'hex');
/** Restores the security environment of a CNS; sets its authentication key, number 01, for the raw operation (card.md, 1.6). */
const restoreEnvironment = { cla: 0x00, ins: 0x22, p1: 0xf3, p2: 0x03, le: 256 } as const;
const chooseKey = { cla: 0x00, ins: 0x22, p1: 0xf1, p2: 0xb8, data: Uint8Array.of(0x83, 0x01, 0x01) } as const;
const rawOperation = { cla: 0x00, ins: 0x2a, p1: 0x80, p2: 0x86, le: 256 } as const;

/** Verifies the PIN and has the card sign the challenge with its authentication key: RSA PKCS#1 v1.5 over SHA-256, as long as the modulus. */
export async function signChallenge(
  transmit: Transmit<CardError>,
  conventions: CodeConventions,
  { pin, certificate, challenge }: ChallengeToSign,
): Promise<Result<Uint8Array, CodeError>> {
  const length = (modulusBits(certificate) ?? 0) / 8;
  if (length === 0) return err({ kind: 'unreadable', what: 'certificate', detail: 'has no RSA key' });
  const verified = await verifyPin(transmit, conventions, { pin });
  if (!verified.ok) return verified;
  for (const command of [restoreEnvironment, chooseKey]) {
    const set = await exchange(transmit, command);
    if (!set.ok) return set;
    if (set.value.status !== status.done) return refused('MANAGE SECURITY ENVIRONMENT', set.value.status);
  }
  // A leading 00 says that a whole block follows.
  const signed = await exchange(transmit, { ...rawOperation, data: Uint8Array.of(0x00, ...paddedDigest(challenge, length)) });
  if (!signed.ok) return signed;
  if (signed.value.status === 0x6982) return err({ kind: 'not-allowed' });
  if (signed.value.status !== status.done) return refused('PERFORM SECURITY OPERATION', signed.value.status);
  if (signed.value.data.length !== length)
    return err({ kind: 'unreadable', what: 'signature', detail: `has ${signed.value.data.length} bytes, not ${length}` });
  return ok(signed.value.data);
}

/** Whether the chip that signed the challenge holds the key of this certificate (DER, base64). */
export function provesPossession(certificate: string, challenge: Uint8Array, signature: Uint8Array): boolean {
  const { publicKey } = new X509Certificate(Buffer.from(certificate, 'base64'));
  return createVerify('sha256').update(challenge).verify(publicKey, signature);
}

/** `undefined`: no certificate of an RSA key. */
function modulusBits(certificate: string): number | undefined {
  try {
    const { publicKey } = new X509Certificate(Buffer.from(certificate, 'base64'));
    return publicKey.asymmetricKeyType === 'rsa' ? publicKey.asymmetricKeyDetails?.modulusLength : undefined;
  } catch {
    return undefined;
  }
}

/** EMSA-PKCS1-v1_5 (RFC 8017, 9.2). */
function paddedDigest(challenge: Uint8Array, length: number): Uint8Array {
  const info = Buffer.concat([digestInfo, createHash('sha256').update(challenge).digest()]);
  const block = new Uint8Array(length).fill(0xff);
  block.set([0x00, 0x01]);
  block.set([0x00, ...info], length - info.length - 1);
  return block;
}

function refused(what: string, sw: number): Result<never, CodeError> {
  return err({ kind: 'unreadable', what: 'authentication key', detail: `${what} answers ${word(sw)}` });
}
