import { type KeyObject, createPublicKey, randomUUID } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import { type Result, err, ok } from '../../devices/result.ts';
import type { Secret } from '../../devices/secret.ts';
import { freshPrivateKey } from '../fresh-key.ts';
import { operatorId, publicSigningKey } from './assertion.ts';
import { type WrappedKey, unwrapKey, wrapKey, wrappedKey } from './wrapped-key.ts';

/** One operator: who it is, the key that others verify with, and the key that signs, which only the PIN opens. */
const account = z.strictObject({
  id: operatorId,
  displayName: z.string().trim().min(1).max(80),
  publicKey: publicSigningKey,
  signingKey: wrappedKey,
});
export type Account = z.infer<typeof account>;

/** The accounts file: `{ "version": 1, "operators": [account…] }`, each id once. */
const accountsFile = z.strictObject({
  version: z.literal(1),
  operators: z.array(account).refine((all) => new Set(all.map(({ id }) => id)).size === all.length, 'an operator stands there twice'),
});

export type AccountsError =
  | { readonly kind: 'accounts-unusable'; readonly file: string; readonly detail: string }
  | { readonly kind: 'account-exists'; readonly id: string };

/** What new accounts get: 64 MiB and some 0.2 s a guess. */
const defaultCost = 2 ** 16;

/** Makes an operator's account with a new key pair; the private key is never in clear outside this call. Wipes the PIN. */
export async function createAccount(given: {
  readonly id: string;
  readonly displayName: string;
  readonly pin: Secret;
  readonly cost?: WrappedKey['cost'];
}): Promise<Account> {
  const { id, displayName, pin, cost = defaultCost } = given;
  try {
    const key = freshPrivateKey('P-256');
    const identity = { id, displayName, publicKey: publicSigningKey.parse(createPublicKey(key).export({ format: 'jwk' })) };
    return account.parse({ ...identity, signingKey: await wrapKey(key, pin, bytesOf(identity), cost) });
  } finally {
    pin.wipe();
  }
}

/** The account's signing key; `null` with a wrong PIN, and for an account that was changed since it was made. Wipes the PIN. */
export async function openAccount(opened: Account, pin: Secret): Promise<KeyObject | null> {
  try {
    return await unwrapKey(opened.signingKey, pin, bytesOf(opened));
  } finally {
    pin.wipe();
  }
}

/** Whom the key belongs to, as it is bound to it: no account can pass for another by an edit of the file. */
function bytesOf({ id, displayName, publicKey }: Pick<Account, 'id' | 'displayName' | 'publicKey'>): Uint8Array {
  return Buffer.from(JSON.stringify([id, displayName, publicKey.crv, publicKey.x, publicKey.y]));
}

export function readAccounts(file: string): Result<readonly Account[], AccountsError> {
  try {
    const checked = accountsFile.safeParse(JSON.parse(readFileSync(file, 'utf8')));
    if (checked.success) return ok(checked.data.operators);
    const issue = checked.error.issues[0];
    return err({ kind: 'accounts-unusable', file, detail: `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not valid'}` });
  } catch (error) {
    return err({ kind: 'accounts-unusable', file, detail: error instanceof Error ? error.message : String(error) });
  }
}

/** Adds an account to the file, which is made where absent. The file is replaced whole: after a crash it is the old or the new one. */
export function addAccount(file: string, added: Account): Result<void, AccountsError> {
  const there: Result<readonly Account[], AccountsError> = existsSync(file) ? readAccounts(file) : ok([]);
  if (!there.ok) return there;
  if (there.value.some(({ id }) => id === added.id)) return err({ kind: 'account-exists', id: added.id });
  const fresh = `${file}.${randomUUID()}`;
  try {
    writeDurably(fresh, `${JSON.stringify({ version: 1, operators: [...there.value, added] }, null, 2)}\n`);
    renameSync(fresh, file);
    syncFolder(dirname(file));
    return ok();
  } catch (error) {
    rmSync(fresh, { force: true });
    return err({ kind: 'accounts-unusable', file, detail: error instanceof Error ? error.message : String(error) });
  }
}

function writeDurably(file: string, text: string): void {
  const descriptor = openSync(file, 'wx', 0o600);
  try {
    writeSync(descriptor, text);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function syncFolder(folder: string): void {
  const descriptor = openSync(folder, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
