import { createPublicKey } from 'node:crypto';
import { CompactEncrypt } from 'jose';
import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { type OneUseKeyPair, makeOneUseKey } from '../../../kiosk/printing/one-use-key.ts';

async function sealedTo({ publicKey }: OneUseKeyPair, plaintext: Uint8Array, header: Record<string, string> = {}): Promise<string> {
  return await new CompactEncrypt(plaintext)
    .setProtectedHeader({ alg: 'ECDH-ES', enc: 'A256GCM', ...header })
    .encrypt(createPublicKey({ key: { ...publicKey }, format: 'jwk' }));
}

describe('a one-use key', () => {
  it('opens what another implementation of JOSE sealed to it, whatever the bytes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (plaintext) => {
        const key = makeOneUseKey();
        const opened = key.unseal(await sealedTo(key, plaintext));
        expect(opened.ok && Buffer.from(opened.value.expose())).toEqual(Buffer.from(plaintext));
      }),
      { numRuns: 30 },
    );
  });

  it('opens once', async () => {
    const key = makeOneUseKey();
    const jwe = await sealedTo(key, Uint8Array.of(1));
    expect(key.unseal(jwe).ok).toBe(true);
    expect(key.unseal(jwe)).toEqual({ ok: false, error: { kind: 'cannot-unseal', detail: 'the key was used' } });
  });

  it('does not open what was changed, cut or sealed to another', async () => {
    const make = async (): Promise<[OneUseKeyPair, string]> => {
      const key = makeOneUseKey();
      return [key, await sealedTo(key, Buffer.from('PIN 12 3\n'))];
    };
    await fc.assert(
      fc.asyncProperty(fc.double({ min: 0, max: 0.999, noNaN: true }), async (place) => {
        const [key, jwe] = await make();
        const index = Math.floor(place * jwe.length);
        const changed = `${jwe.slice(0, index)}${jwe[index] === 'A' ? 'Q' : 'A'}${jwe.slice(index + 1)}`;
        const opened = key.unseal(changed);
        // The last character of a part may hold bits that decode to nothing; what opens is what was sealed.
        if (opened.ok) expect(Buffer.from(opened.value.expose()).toString()).toBe('PIN 12 3\n');
      }),
      { numRuns: 60 },
    );
    const [, jwe] = await make();
    expect(makeOneUseKey().unseal(jwe).ok).toBe(false);
    for (const broken of ['', '....', jwe.slice(0, -2), `${jwe}.AA`, 'not a jwe', jwe.replace('..', '.AAAA.')]) {
      expect(makeOneUseKey().unseal(broken)).toMatchObject({ ok: false, error: { kind: 'cannot-unseal' } });
    }
  });

  it('refuses other algorithms and compressed content', async () => {
    const key = makeOneUseKey();
    const jwe = await sealedTo(key, Uint8Array.of(1), {});
    const [head = '', ...rest] = jwe.split('.');
    const header = JSON.parse(Buffer.from(head, 'base64url').toString()) as Record<string, unknown>;
    for (const change of [
      { zip: 'DEF' },
      { enc: 'A128GCM' },
      { alg: 'dir' },
      { crit: ['exp'] },
      { epk: { kty: 'OKP', crv: 'X25519', x: 'A'.repeat(43) } },
    ]) {
      const other = [Buffer.from(JSON.stringify({ ...header, ...change })).toString('base64url'), ...rest].join('.');
      expect(makeOneUseKey().unseal(other).ok).toBe(false);
    }
  });
});
