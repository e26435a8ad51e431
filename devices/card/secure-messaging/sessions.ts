import type { Keys } from './channel.ts';
import type { Scheme } from './schemes.ts';

/** What the two sides of a scheme with a counter agree on for one session: keys of their own, and a counter that starts at nought. */
export interface Session {
  readonly keys: Keys;
  readonly counter: Uint8Array;
}

/**
 * A session from the keys that both sides hold and a random number of each: the card's challenge (GET CHALLENGE, 8 bytes) and the terminal's
 * (GIVE RANDOM, 8 bytes), encrypted under each key. Neither side alone can bring an old session back, so that nothing recorded serves again.
 */
export function sessionOf(scheme: Scheme, { encryption, mac }: Keys, challenge: Uint8Array, given: Uint8Array): Session {
  if (challenge.length !== 8 || given.length !== 8) throw new RangeError('random numbers of eight bytes');
  const randoms = Buffer.concat([challenge, given]);
  const derived = (key: Uint8Array): Uint8Array => scheme.cipher.encrypt(key, new Uint8Array(scheme.blockLength), randoms);
  return { keys: { encryption: derived(encryption), mac: derived(mac) }, counter: new Uint8Array(scheme.blockLength) };
}
