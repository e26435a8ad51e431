import { type ED25519KeyPairOptions, type KeyObject, createPrivateKey, generateKeyPairSync } from 'node:crypto';

/**
 * A new private key that can be exported. It goes through its encoding, which is wiped: the key object that Node itself makes of a new pair shares
 * a lock with the job that made it, and if that job is collected while the key is exported as JWK, the process stands still for good (Node 20.20).
 */
export function freshPrivateKey(type: 'ed25519' | 'x25519' | 'P-256'): KeyObject {
  const encoded = encodedKey(type);
  try {
    return createPrivateKey({ key: encoded, format: 'der', type: 'pkcs8' });
  } finally {
    encoded.fill(0);
  }
}

const encodings: ED25519KeyPairOptions<'der', 'der'> = {
  publicKeyEncoding: { type: 'spki', format: 'der' },
  privateKeyEncoding: { type: 'pkcs8', format: 'der' },
};

function encodedKey(type: 'ed25519' | 'x25519' | 'P-256'): Buffer {
  switch (type) {
    case 'ed25519':
      return generateKeyPairSync('ed25519', encodings).privateKey;
    case 'x25519':
      return generateKeyPairSync('x25519', encodings).privateKey;
    case 'P-256':
      return generateKeyPairSync('ec', { namedCurve: 'P-256', ...encodings }).privateKey;
  }
}
