import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { ask } from './asking.ts';
import { type Keys, type Signing, authority, certify, crl, ecKeys, root, rsaKeys, signings } from './making.ts';

const leaf = authority('Leaf');

function answer(keys: Keys, signing: Signing, switches: { allowSha1?: boolean; allowRsa1024?: boolean } = {}): ReturnType<typeof ask> {
  const top = authority('Root', keys);
  return ask(certify(top, leaf, [], { signing }), {
    anchors: [certify(top, top, [], { signing })],
    crls: [crl(top, { signing })],
    ...switches,
  });
}

const ed25519 = generateKeyPairSync('ed25519');
const pssKeys = generateKeyPairSync('rsa-pss', {
  modulusLength: 2048,
  hashAlgorithm: 'sha256',
  mgf1HashAlgorithm: 'sha256',
});

describe('believed, on a certificate and on a CRL', () => {
  it.each<[string, Keys, Signing]>([
    ['RSA PKCS #1 v1.5', rsaKeys(), signings.rsa],
    ['RSASSA-PSS with an RSA key', rsaKeys(), signings.pss],
    ['RSASSA-PSS with a key for it alone', pssKeys, signings.pss],
    ['ECDSA on P-256', ecKeys('P-256'), signings.ecdsa],
    ['ECDSA on P-384', ecKeys('P-384'), signings.ecdsa384],
    ['ECDSA on P-521', ecKeys('P-521'), signings.ecdsa512],
    ['Ed25519', ed25519, signings.ed25519],
  ])('%s', (_, keys, signing) => {
    expect(answer(keys, signing)).toMatchObject({ valid: true, status: 'good' });
  });
});

describe('refused', () => {
  it.each<[string, Keys, Signing, RegExp]>([
    ['MD5', rsaKeys(), signings.rsaMd5, /not believed/],
    ['SHA-1', rsaKeys(), signings.rsaSha1, /SHA-1/],
    ['an RSA key of 1024 bits', rsaKeys(1024), signings.rsa, /1024 bits/],
    ['a curve that nobody named', ecKeys('secp256k1'), signings.ecdsa, /curve/],
    ['PSS whose mask has another hash', rsaKeys(), signings.pssOtherMask, /not believed/],
    ['PSS whose salt is not as long as it says', rsaKeys(), signings.pssOtherSalt, /not its issuer/],
  ])('%s', (_, keys, signing, reason) => {
    expect(answer(keys, signing)).toMatchObject({ valid: false, status: 'invalid', reason: expect.stringMatching(reason) });
  });

  it('PKCS #1 with a key for PSS alone', () => {
    const onlyPss = authority('Root', pssKeys);
    const own = certify(authority('Root', rsaKeys()), leaf, [], { signing: signings.rsa });
    const anchors = [certify(onlyPss, onlyPss, [], { signing: signings.pss })];
    expect(ask(own, { anchors }).reason).toMatch(/another algorithm/);
  });
});

it('switches believe what old cards need, each its own', () => {
  expect(answer(rsaKeys(), signings.rsaSha1, { allowSha1: true }).valid).toBe(true);
  expect(answer(rsaKeys(), signings.rsaSha1, { allowRsa1024: true }).valid).toBe(false);
  expect(answer(rsaKeys(1024), signings.rsa, { allowRsa1024: true }).valid).toBe(true);
  expect(answer(rsaKeys(1024), signings.rsa, { allowSha1: true }).valid).toBe(false);
  expect(answer(rsaKeys(512), signings.rsa, { allowSha1: true, allowRsa1024: true }).valid).toBe(false);
});

it('a card’s own short key is no obstacle: it verifies nothing here', () => {
  const top = authority('Root');
  expect(ask(certify(top, authority('Card', rsaKeys(1024)), []), { anchors: [root(top)] }).valid).toBe(true);
});
