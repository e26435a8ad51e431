import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { type CryptoKey, SignJWT, exportJWK, generateKeyPair } from 'jose';
import { beforeAll, describe, expect, test } from 'vitest';
import { type PublicSigningKey, claimedOperator, publicSigningKey, verifyAssertion } from '../../../kiosk/operators/assertion.ts';

const identified = {
  decision: 'identified',
  operation: 'activation',
  operationId: '01890a5d-ac96-774b-bcce-b302099a8057',
  certificateDigest: 'a'.repeat(64),
  fiscalCode: 'RSSMRA72L09H501S',
  case: 'adult',
  document: { type: 'identity-card', number: 'CA00000AA', issuingBody: 'Comune di Roma', expires: '2030-07-09' },
  device: 'desk-1',
  jti: randomUUID(),
};

let key: CryptoKey;
let publicKey: PublicSigningKey;

beforeAll(async () => {
  const pair = await generateKeyPair('ES256', { extractable: true });
  key = pair.privateKey;
  publicKey = publicSigningKey.parse(await exportJWK(pair.publicKey));
});

const signed = (payload: Record<string, unknown>, header: Record<string, unknown> = {}): Promise<string> =>
  new SignJWT(payload)
    .setProtectedHeader({ alg: 'ES256', typ: 'sportello-decision+jwt', kid: 'operator-1', ...header })
    .setIssuedAt(1_800_000_000)
    .sign(key);

describe('a signed decision', () => {
  test('verifies and says who claims it', async () => {
    const jws = await signed(identified);
    expect(claimedOperator(jws)).toBe('operator-1');
    expect(await verifyAssertion(jws, publicKey)).toEqual({ ok: true, value: { ...identified, iat: 1_800_000_000 } });
  });

  test('does not survive the change of any character', async () => {
    const jws = await signed(identified);
    const alphabet = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.'];
    await fc.assert(
      fc.asyncProperty(fc.nat(jws.length - 1), fc.constantFrom(...alphabet), async (at, character) => {
        fc.pre(jws[at] !== character);
        const changed = jws.slice(0, at) + character + jws.slice(at + 1);
        expect((await verifyAssertion(changed, publicKey)).ok).toBe(false);
      }),
      { numRuns: 300 },
    );
    for (const last of alphabet.filter((character) => character !== jws.at(-1)))
      expect((await verifyAssertion(jws.slice(0, -1) + last, publicKey)).ok).toBe(false);
  });

  test('is refused under another key, another type, another algorithm, or none', async () => {
    const other = publicSigningKey.parse(await exportJWK((await generateKeyPair('ES256', { extractable: true })).publicKey));
    const jws = await signed(identified);
    expect(await verifyAssertion(jws, other)).toMatchObject({ ok: false, error: { kind: 'not-authentic' } });
    expect(await verifyAssertion(await signed(identified, { typ: 'JWT' }), publicKey)).toMatchObject({ error: { kind: 'not-authentic' } });
    const [, payload] = jws.split('.');
    const none = Buffer.from(JSON.stringify({ alg: 'none', typ: 'sportello-decision+jwt', kid: 'operator-1' })).toString('base64url');
    for (const hostile of [
      `${none}.${payload ?? ''}.`,
      `${none}.${payload ?? ''}.AA`,
      '',
      '..',
      'x',
      `${jws}.`,
      ` ${jws}`,
      'è'.repeat(100_000),
    ])
      expect(await verifyAssertion(hostile, publicKey)).toMatchObject({ error: { kind: 'not-authentic' } });
  });

  test('is refused with an unusable key, and names nobody where its header does not', async () => {
    const jws = await signed(identified);
    expect(await verifyAssertion(jws, { kty: 'EC', crv: 'P-256', x: 'A'.repeat(43), y: 'A'.repeat(43) })).toMatchObject({
      error: { kind: 'not-authentic' },
    });
    expect(await verifyAssertion(jws, { kty: 'oct', k: 'AAAA' })).toMatchObject({ error: { kind: 'not-authentic' } });
    expect(claimedOperator('nonsense')).toBeNull();
    expect(claimedOperator(await signed(identified, { kid: '../../etc' }))).toBeNull();
  });

  test.each([
    ['more than was agreed', { ...identified, extra: 1 }],
    ['a decision that does not exist', { ...identified, decision: 'reprint' }],
    ['no document', { ...identified, document: undefined }],
    [
      'an attempt below one',
      { decision: 'hand-over', operationId: identified.operationId, attempt: 0, handedOver: true, device: 'd', jti: identified.jti },
    ],
  ])('is not a decision with %s, though well signed', async (_what, payload) => {
    expect(await verifyAssertion(await signed(payload), publicKey)).toMatchObject({ ok: false, error: { kind: 'not-a-decision' } });
  });
});
