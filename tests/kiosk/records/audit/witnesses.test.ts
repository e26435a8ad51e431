import { type KeyObject, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { signJws } from '../../../../kiosk/jws.ts';
import { type ChainedRow, genesis, rowHash } from '../../../../kiosk/records/chain.ts';
import { type Countersignature, countersignatureType, digestOf, signCheckpoint } from '../../../../kiosk/records/checkpoint.ts';
import { type Verdict, type VerificationOptions, startVerification } from '../../../../kiosk/records/audit/verification.ts';

const device = generateKeyPairSync('ed25519').privateKey;
const cms = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const operationId = '01890a5d-ac96-774b-bcce-b302099a8057';

type Row = ChainedRow & { readonly hash: string };

/** A whole journal of `count` rows. */
function rows(count: number): readonly Row[] {
  const chained: Row[] = [];
  for (let sequence = 1; sequence <= count; sequence += 1) {
    const at = new Date(1_700_000_000_000 + sequence * 1000).toISOString();
    const monotonicNs = String(sequence * 1_000_000_000);
    const row = { sequence, start: 1, boot: 'boot', monotonicNs, at, operationId, kind: 'RESERVE_INTENT', fields: '{}' };
    chained.push({ ...row, hash: rowHash(row, chained.at(-1)?.hash ?? genesis) });
  }
  return chained;
}

const whole = rows(3);
const last = whole[2]!;

function sealed(sequence: number, hash: string, key: KeyObject = device): string {
  return signCheckpoint(key, { sequence, hash, operationId, previous: null, at: '2026-11-25T10:00:00.000Z' });
}

function verified(
  given: readonly unknown[],
  checkpoints: readonly object[] = [],
  options: Partial<VerificationOptions> = {},
): Pick<Verdict, 'faults' | 'more'> {
  const verification = startVerification({ deviceKey: createPublicKey(device), ...options });
  for (const row of given) verification.row(row);
  for (const checkpoint of checkpoints) verification.checkpoint(checkpoint);
  return verification.finish();
}

describe('a countersignature', () => {
  const jws = sealed(3, last.hash);
  const claims: Countersignature = {
    kiosk: 'kiosk-1',
    sequence: 3,
    hash: last.hash,
    checkpoint: digestOf(jws),
    at: '2026-11-25T10:00:01.000Z',
  };
  const under = (said: Countersignature, key = cms.privateKey): readonly object[] => [
    { sequence: 3, jws, countersignature: signJws(key, countersignatureType, said) },
  ];
  const fault = { kind: 'signature', seq: 3, detail: 'the countersignature is not of this checkpoint' };

  test.each<[string, readonly object[], readonly object[]]>([
    ["the CMS's own", under(claims), []],
    ['of somebody else', under(claims, device), [fault]],
    ['of another row', under({ ...claims, sequence: 2 }), [fault]],
    ['of another history', under({ ...claims, hash: whole[1]!.hash }), [fault]],
    ['of another checkpoint over the same row', under({ ...claims, checkpoint: digestOf('another') }), [fault]],
  ])('%s', (_whose, checkpoints, faults) => {
    expect(verified(whole, checkpoints, { cmsKey: cms.publicKey }).faults).toEqual(faults);
  });
});

test('a checkpoint beyond the end that the device did not sign is a forgery, and no proof that rows were cut off', () => {
  const forged = { sequence: 9, jws: sealed(9, last.hash, cms.privateKey), countersignature: null };
  expect(verified(whole, [forged]).faults).toEqual([{ kind: 'signature', seq: 9, detail: 'the device did not sign this checkpoint' }]);
});

test('a witness who saw the same says nothing; two who saw another history tell of one fork', () => {
  const saw = (sequence: number, hash: string) => ({ sequence, hash });
  expect(verified(whole, [], { witnesses: [saw(2, whole[1]!.hash)] }).faults).toEqual([]);
  const others = [saw(2, 'f'.repeat(64)), saw(3, 'e'.repeat(64))];
  expect(verified(whole, [], { witnesses: others }).faults).toMatchObject([{ kind: 'fork', seq: 2 }]);
});

test('faults beyond the first hundred are counted', () => {
  const { faults, more } = verified(Array.from({ length: 150 }, () => 'no row'));
  expect([faults.length, more]).toEqual([100, 50]);
});
