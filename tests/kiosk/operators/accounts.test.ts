import { createPublicKey } from 'node:crypto';
import { readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { type Account, addAccount, openAccount, readAccounts } from '../../../kiosk/operators/accounts.ts';
import { accountsFileIn, pin, specimenAccount, temporaryFolder } from './specimen.ts';

const folder = temporaryFolder();
let account: Account;
let other: Account;

beforeAll(async () => {
  [account, other] = await Promise.all([specimenAccount(), specimenAccount('other')]);
});

describe('an account', () => {
  test('opens with its PIN, into the key that its public key verifies, and wipes the PIN', async () => {
    const given = pin();
    const key = await openAccount(account, given);
    expect(createPublicKey(key!).export({ format: 'jwk' })).toEqual(account.publicKey);
    expect([...given.expose()]).toEqual([0, 0, 0, 0, 0, 0]);
  });

  test('does not open with another PIN, and wipes that too', async () => {
    const given = pin('271829');
    expect(await openAccount(account, given)).toBeNull();
    expect(given.expose().every((byte) => byte === 0)).toBe(true);
  });

  test.each<[string, (honest: Account, other: Account) => Account]>([
    ['its name', (honest) => ({ ...honest, displayName: 'Luigi Bianchi' })],
    ['its id', (honest) => ({ ...honest, id: 'other' })],
    ['its public key', (honest, { publicKey }) => ({ ...honest, publicKey })],
    ["another's signing key", (honest, { signingKey }) => ({ ...honest, signingKey })],
    [
      'its tag',
      (honest) => ({
        ...honest,
        signingKey: { ...honest.signingKey, tag: (honest.signingKey.tag.startsWith('A') ? 'B' : 'A') + honest.signingKey.tag.slice(1) },
      }),
    ],
    [
      'its ciphertext cut short',
      (honest) => ({ ...honest, signingKey: { ...honest.signingKey, ciphertext: honest.signingKey.ciphertext.slice(0, 40) } }),
    ],
    ['its cost', (honest) => ({ ...honest, signingKey: { ...honest.signingKey, cost: 2 ** 16 } })],
  ])('does not open with %s changed', async (_what, change) => {
    const changed = change(account, other);
    expect(changed).not.toEqual(account);
    expect(await openAccount(changed, pin())).toBeNull();
  });
});

describe('the accounts file', () => {
  test('keeps accounts, readable by its owner alone, and nothing of the private key in clear', async () => {
    const file = accountsFileIn(folder, 'kept.json', account, other);
    expect(readAccounts(file)).toEqual({ ok: true, value: [account, other] });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const bytes = readFileSync(file);
    const jwk = (await openAccount(account, pin()))!.export({ format: 'jwk' });
    const scalar = Buffer.from(String(jwk.d), 'base64url');
    for (const encoding of ['base64url', 'base64', 'hex'] as const) expect(bytes.includes(scalar.toString(encoding))).toBe(false);
    expect(bytes.includes(scalar)).toBe(false);
    expect(bytes.includes('271828')).toBe(false);
    expect(Buffer.from(account.signingKey.ciphertext, 'base64url').includes(scalar)).toBe(false);
    expect((await openAccount(account, pin()))!.export({ format: 'der', type: 'pkcs8' }).includes(scalar)).toBe(true);
    // The same search finds what does stand there.
    expect(bytes.includes(Buffer.from(account.publicKey.x, 'base64url').toString('base64url'))).toBe(true);
  });

  test('takes an id once, and is left as it was when it refuses', () => {
    const file = accountsFileIn(folder, 'once.json', account);
    const before = readFileSync(file);
    expect(addAccount(file, account)).toEqual({ ok: false, error: { kind: 'account-exists', id: 'mrossi' } });
    expect(readFileSync(file)).toEqual(before);
  });

  test('where it cannot be written leaves nothing half-made', () => {
    expect(addAccount(join(folder, 'no', 'such', 'folder.json'), account)).toMatchObject({
      ok: false,
      error: { kind: 'accounts-unusable' },
    });
    expect(readdirSync(folder).every((name) => name.endsWith('.json'))).toBe(true);
  });

  test.each<[string, () => string | Buffer]>([
    ['nothing', () => ''],
    ['half of it', () => JSON.stringify({ version: 1, operators: [account] }).slice(0, 200)],
    ['bytes that are no text', () => Buffer.from([0xff, 0xfe, 0x00, 0x80])],
    ['another version', () => JSON.stringify({ version: 2, operators: [] })],
    ['an operator twice', () => JSON.stringify({ version: 1, operators: [account, account] })],
    [
      'a cost that would exhaust the kiosk',
      () => JSON.stringify({ version: 1, operators: [{ ...account, signingKey: { ...account.signingKey, cost: 2 ** 30 } }] }),
    ],
    [
      'a cost that would be no cost',
      () => JSON.stringify({ version: 1, operators: [{ ...account, signingKey: { ...account.signingKey, cost: 2 } }] }),
    ],
    [
      'a private key in clear',
      () => JSON.stringify({ version: 1, operators: [{ ...account, publicKey: { ...account.publicKey, d: 'A'.repeat(43) } }] }),
    ],
    ['an id that is a path', () => JSON.stringify({ version: 1, operators: [{ ...account, id: '../mrossi' }] })],
  ])('is refused with %s', (_what, content) => {
    const file = join(folder, 'bad.json');
    writeFileSync(file, content());
    expect(readAccounts(file)).toMatchObject({ ok: false, error: { kind: 'accounts-unusable', file } });
    expect(addAccount(file, account).ok).toBe(false);
  });
});
