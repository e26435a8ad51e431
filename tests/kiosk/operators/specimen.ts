import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, onTestFinished } from 'vitest';
import { Secret } from '../../../devices/secret.ts';
import { type Account, addAccount, createAccount } from '../../../kiosk/operators/accounts.ts';
import { type OperatorsOptions, createOperators } from '../../../kiosk/operators/operators.ts';
import { type Records, openRecords } from '../../../kiosk/records/records.ts';

export const pin = (text = '271828'): Secret => Secret.fromText(text);

/** The least cost that is taken: tests make many accounts. */
export const specimenAccount = (id = 'mrossi'): Promise<Account> =>
  createAccount({ id, displayName: 'Mario Rossi', pin: pin(), cost: 2 ** 15 });

/** A folder of this test file's own, gone at its end. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sportello-operators-'));
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

export function accountsFileIn(folder: string, name: string, ...accounts: readonly Account[]): string {
  const file = join(folder, name);
  for (const account of accounts) {
    const added = addAccount(file, account);
    if (!added.ok) throw new Error(added.error.kind);
  }
  return file;
}

export function recordsIn(folder: string): Records {
  const opened = openRecords({ folder });
  if (!opened.ok) throw new Error(opened.error.kind);
  onTestFinished(() => {
    opened.value.close();
  });
  return opened.value;
}

export function operatorsOf(options: Omit<OperatorsOptions, 'deviceId' | 'log'> & Partial<OperatorsOptions>) {
  const created = createOperators({ deviceId: 'desk-1', log: { event: () => undefined }, ...options });
  if (!created.ok) throw new Error(created.error.kind);
  onTestFinished(() => {
    created.value.close();
  });
  return created.value;
}
